/**
 * Password hashes: argon2id (RFC 9106) as PHC strings for all that are made here, and those of other products as they
 * were imported, behind one bounded queue.
 *
 * Every failure costs at least one hash of today's strength. A failure at a hash of another strength costs that hash
 * too, so until the first good sign-in has made it anew, many timings can tell that such an account exists; never that
 * one does not. Hiding that would take the costliest of all imported hashes for every wrong password.
 */
import { availableParallelism } from "node:os";
import { hash, verify, type Algorithm } from "@node-rs/argon2";

import { isWeaker, judgeImportedHash, type Argon2Strength, type PasswordHash } from "../core/password-hash.ts";
import type { Secret } from "../core/secret.ts";
import type { Chance, Passwords } from "../engine/ports.ts";
import { verifyForeign } from "./foreign-hash.ts";
import { hashQueue, type QueueLimits, type QueueLoad } from "./hash-queue.ts";

/** OWASP's choice for argon2id: 19 MiB, two passes, one lane. `algorithm: 2` is argon2id. */
const parameters = { algorithm: 2 as Algorithm, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

const today: Argon2Strength = { memory: parameters.memoryCost, passes: parameters.timeCost };

/** Who sets or resets passwords in bulk is told to come back. */
const newPasswordLimits: QueueLimits = { concurrent: 1, waiting: 8 };

/** One core is left to everybody who is not signing in: a flood of wrong passwords must not slow a refresh (H-10). */
const passwordLimits: QueueLimits = { concurrent: Math.max(1, availableParallelism() - 1), waiting: 64 };

const isOfToday = (judged: PasswordHash): boolean =>
  judged.kind === "argon2" &&
  judged.variant === "argon2id" &&
  judged.memory === today.memory &&
  judged.passes === today.passes &&
  judged.lanes === parameters.parallelism;

/**
 * A missing hash costs as much as a wrong password: what is compared then is a hash of chance, made with the
 * parameters of today. So does one that is beyond the bounds, however it got into the store.
 */
export function passwords(
  chance: Chance,
  limits: QueueLimits = passwordLimits,
): Passwords & { readonly load: () => QueueLoad } {
  const queue = hashQueue(limits);
  // New passwords have a short queue of their own, so that whoever sends many takes no sign-in's place.
  const newOnes = hashQueue(newPasswordLimits);
  let decoy: Promise<string> | undefined;

  const hashText = (text: string | Uint8Array): Promise<string> => hash(text, { ...parameters, salt: chance(16) });

  async function compare(stored: string | null, password: string): Promise<boolean> {
    // Awaited also by those who do not need it: the first of all would otherwise tell by its time what it is.
    const stranger = await (decoy ??= hashText(chance(32)));
    const judged = stored === null ? undefined : judgeImportedHash(stored);
    if (stored !== null && judged?.ok === true) {
      const { hash: found } = judged;
      const good =
        found.kind === "argon2" ? await verify(stored, password) : await verifyForeign(stored, found, password);
      if (good || isOfToday(found)) return good;
    }
    await verify(stranger, password);
    return false;
  }

  return {
    verify: (stored, password, asker) => queue.tryInTurn(() => compare(stored, password.reveal()), asker),
    hash: (password: Secret) => newOnes.tryInTurn(() => hashText(password.reveal()), undefined),
    load: queue.load,
    isStale: (stored) => {
      const judged = judgeImportedHash(stored);
      return !judged.ok || isWeaker(judged.hash, today);
    },
  };
}
