/** Signing in: new tokens take the place of those in the file, and the session of before is ended. */
import type { Credentials, Door, Refused, Said } from "./doors/door.ts";
import { FileDamaged, NotUnderstood, Unreachable, Untrusted } from "./faults.ts";
import { withLock, type LockOptions } from "./lock.ts";
import { prepareTokens, readTokens, type StoredTokens } from "./token-file.ts";

export interface At {
  readonly path: string;
  readonly door: Door;
  readonly lock: LockOptions;
}

export type SignedIn =
  | { readonly ok: true; readonly tokens: Credentials; readonly before: "none" | "ended" | "left" }
  | Refused;

/** What is there, if it is of any use: a damaged file is what a sign-in mends. */
export function readUsable(path: string): StoredTokens | undefined {
  try {
    return readTokens(path);
  } catch (fault) {
    if (fault instanceof FileDamaged) return undefined;
    throw fault;
  }
}

/** Whether the server was not reached, or not understood, where that need not stop us. */
export const isAwayFault = (fault: unknown): fault is Unreachable | Untrusted | NotUnderstood =>
  fault instanceof Unreachable || fault instanceof Untrusted || fault instanceof NotUnderstood;

/** Ends a session that nobody will use again; whether the server said so. */
async function endedAt(door: Door, { refresh_token: token }: Credentials): Promise<boolean> {
  try {
    return (await door.signOut?.(token))?.ok === true;
  } catch (fault) {
    if (isAwayFault(fault)) return false;
    throw fault;
  }
}

/**
 * `ask` is called once it is sure that the answer can be stored. `endBefore`: the tokens in the file are this server's, so
 * it may be told that they are over.
 */
export function signIn(
  { path, door, lock }: At,
  ask: (door: Door) => Promise<Said<Credentials>>,
  { endBefore }: { endBefore: boolean },
): Promise<SignedIn> {
  return withLock(path, lock, async (): Promise<SignedIn> => {
    const before = readUsable(path);
    const file = prepareTokens(path);
    try {
      const answer = await ask(door);
      if (!answer.ok) return answer;
      file.store(answer.value, before);
      const left = before === undefined || !endBefore ? "none" : (await endedAt(door, before)) ? "ended" : "left";
      return { ok: true, tokens: answer.value, before: left };
    } finally {
      file.discard();
    }
  });
}
