/**
 * Password hashes: argon2id (RFC 9106) as PHC strings, behind a bounded queue, so that a flood of logins costs memory
 * and processor time that are known beforehand and never stalls the event loop.
 */
import { hash, verify, type Algorithm } from "@node-rs/argon2";

import type { Secret } from "../core/secret.ts";
import type { Chance, Passwords } from "../engine/ports.ts";

/** OWASP's choice for argon2id: 19 MiB, two passes, one lane. `algorithm: 2` is argon2id. */
const parameters = { algorithm: 2 as Algorithm, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

export interface PasswordLimits {
  /** Hashes at work at once; each takes one core and 19 MiB. */
  readonly concurrent: number;
  /** Sign-ins that may wait for their turn; one more is answered 503. */
  readonly waiting: number;
}

const passwordLimits: PasswordLimits = { concurrent: 2, waiting: 64 };

/**
 * A missing hash costs as much as a wrong password: what is compared then is a hash of chance, made with the
 * parameters of today.
 */
export function passwords(chance: Chance, { concurrent, waiting }: PasswordLimits = passwordLimits): Passwords {
  const waitingForTurn: (() => void)[] = [];
  let working = 0;
  let decoy: Promise<string> | undefined;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (working >= concurrent) await new Promise<void>((resolve) => waitingForTurn.push(resolve));
    else working += 1;
    try {
      return await work();
    } finally {
      const next = waitingForTurn.shift();
      if (next === undefined) working -= 1;
      else next();
    }
  }

  const hashText = (text: string | Uint8Array): Promise<string> => hash(text, { ...parameters, salt: chance(16) });

  return {
    verify: async (stored, password, signal) => {
      if (waitingForTurn.length >= waiting) return undefined;
      return inTurn(async () => {
        if (signal?.aborted === true) return undefined;
        decoy ??= hashText(chance(32));
        const good = await verify(stored ?? (await decoy), password.reveal());
        return stored !== null && good;
      });
    },
    hash: (password: Secret) => inTurn(() => hashText(password.reveal())),
  };
}
