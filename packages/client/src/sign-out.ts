/** Endings: one sign-in, at the server and here, or everything that somebody has. */
import type { Credentials, Refused, RevokeAll, Revoked, Said } from "./doors/door.ts";
import type { NotUnderstood, Unreachable, Untrusted } from "./faults.ts";
import { withLock } from "./lock.ts";
import { isAwayFault, readUsable, type At } from "./sign-in.ts";
import { deleteTokens, prepareTokens } from "./token-file.ts";

export type SignedOut =
  | { readonly kind: "nobody" }
  | { readonly kind: "ended" }
  /** The tokens are deleted here, and the server was not told: nobody wanted it, or the wire has no word for it. */
  | { readonly kind: "local"; readonly tokens: Credentials }
  /** The tokens are deleted here, and the server could not be told. */
  | {
      readonly kind: "untold";
      readonly tokens: Credentials;
      readonly why: Refused | Unreachable | Untrusted | NotUnderstood;
    };

export function signOut({ path, door, lock }: At, { keepSession }: { keepSession: boolean }): Promise<SignedOut> {
  return withLock(path, lock, async (): Promise<SignedOut> => {
    const tokens = readUsable(path);
    if (tokens === undefined) return deleteTokens(path) ? { kind: "ended" } : { kind: "nobody" };
    const tell = keepSession ? null : door.signOut;
    const why = tell === null ? undefined : await refusalOf(() => tell(tokens.refresh_token));
    deleteTokens(path);
    if (tell === null) return { kind: "local", tokens };
    return why === undefined ? { kind: "ended" } : { kind: "untold", tokens, why };
  });
}

async function refusalOf(
  ask: () => Promise<Said<null>>,
): Promise<Refused | Unreachable | Untrusted | NotUnderstood | undefined> {
  try {
    const answer = await ask();
    return answer.ok ? undefined : answer;
  } catch (fault) {
    if (isAwayFault(fault)) return fault;
    throw fault;
  }
}

/** Ends everything that somebody has. The tokens in the file go too, where they are among it. */
export function revokeAll(
  { path, door, lock }: At,
  asked: RevokeAll,
  { own }: { own: boolean },
): Promise<Said<Revoked>> {
  return withLock(path, lock, async () => {
    const file = asked.keepCurrent ? prepareTokens(path) : undefined;
    try {
      const answer = await door.revokeAll(asked);
      if (!answer.ok) return answer;
      if (answer.value.tokens !== undefined) file?.store(answer.value.tokens, readUsable(path));
      else if (own) deleteTokens(path);
      return answer;
    } finally {
      file?.discard();
    }
  });
}
