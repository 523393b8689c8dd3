/** What the engine asks of the store about authentication keys. A part of the `Store` port. */
import type { AuthKey, AuthKeyRecord } from "../core/auth-key.ts";
import type { SubjectId } from "../core/ids.ts";
import type { SessionView } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import type { By, Credential, Done, LoginName, OpenSession, SignalOptions } from "./ports.ts";

/** A subject with its good key, and the counter as it was read in the same step. */
export interface SigningCredential extends Credential {
  readonly authKey: (Pick<AuthKey, "fingerprint" | "spki"> & { readonly id: number }) | undefined;
}

export interface OpenSigned {
  readonly open: OpenSession;
  /** The key that the signature was verified with. */
  readonly authKey: number;
  /** Of the message that was signed: see `AuthKeys`. */
  readonly trace: Uint8Array;
  /** When the message itself is over, and need not be known any more; null: it is good as long as its key. */
  readonly until: Seconds | null;
}

type BySession = Extract<By, { readonly kind: "session" }>;

export interface AuthKeyStore {
  readonly findSigningCredential: (organisation: string, login: LoginName) => Promise<SigningCredential | undefined>;
  /** The good one. */
  readonly findAuthKey: (subject: SubjectId) => Promise<AuthKeyRecord | undefined>;
  /**
   * Puts the key in the place of the one before; the same key once more changes nothing. Ends the sessions that were
   * opened by a signature. `by`: the subject itself. `wrong-state`: the subject had this key once, or nobody has it now and
   * somebody had, so that what was signed with it may be forgotten.
   */
  readonly setAuthKey: (intent: {
    readonly subject: SubjectId;
    readonly key: AuthKey;
    readonly by: BySession;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly authKey: AuthKeyRecord }>>;
  /** Ends the sessions that were opened by a signature. */
  readonly deleteAuthKey: (intent: {
    readonly subject: SubjectId;
    readonly by: BySession;
    readonly now: Seconds;
  }) => Promise<Done<object>>;
  /** Undefined as for `openSession`, when the key is not the good one any more, and when the message was used before. */
  readonly openSigned: (intent: OpenSigned, options?: SignalOptions) => Promise<SessionView | undefined>;
  /** Forgets up to `limit` messages that are over, or were signed with keys that nobody has any more; how many. */
  readonly sweepSignatures: (intent: { readonly limit: number; readonly now: Seconds }) => Promise<number>;
}
