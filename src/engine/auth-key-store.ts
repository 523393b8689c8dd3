/** What the engine asks of the store about authentication keys. A part of the `Store` port. */
import type { AuthKey, AuthKeyRecord } from "../core/auth-key.ts";
import type { AuthKeyId, SubjectId } from "../core/ids.ts";
import type { SessionView } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import type { AskerOptions, By, Credential, Done, LoginName, OpenSession } from "./ports.ts";

/** A good key as a sign-in needs it. */
export interface SigningKey extends Pick<AuthKey, "fingerprint" | "spki"> {
  readonly id: AuthKeyId;
  readonly expiresAt: Seconds | null;
}

/** A subject with its good keys, newest first, and the counter as it was read in the same step. */
export interface SigningCredential extends Credential {
  readonly authKeys: readonly SigningKey[];
}

export interface OpenSigned {
  readonly open: OpenSession;
  /** The key that the signature was verified with. */
  readonly authKey: AuthKeyId;
  /** Of the message that was signed: see `AuthKeys`. */
  readonly trace: Uint8Array;
  /** When the message itself is over, and need not be known any more; null: it is good as long as its key. */
  readonly until: Seconds | null;
  /** Messages of the second kind that the key may open sessions with. */
  readonly most: number;
}

export type OpenedSigned =
  | { readonly kind: "opened"; readonly view: SessionView }
  /** The key has used up what its client may choose itself, or its organisation takes challenges alone. */
  | { readonly kind: "challenge-needed" }
  /** As for `openSession`, when the key is not good any more, and when the message was used before. */
  | { readonly kind: "refused" };

type BySession = Extract<By, { readonly kind: "session" }>;

export interface AuthKeyStore {
  readonly findSigningCredential: (
    organisation: string,
    login: LoginName,
    now: Seconds,
  ) => Promise<SigningCredential | undefined>;
  /** Good ones of a subject, newest first, before `before` if one is given. */
  readonly listAuthKeys: (
    subject: SubjectId,
    page: { readonly before: AuthKeyId | undefined; readonly limit: number; readonly now: Seconds },
  ) => Promise<readonly AuthKeyRecord[]>;
  /** A good one. */
  readonly findAuthKey: (id: AuthKeyId, now: Seconds) => Promise<AuthKeyRecord | undefined>;
  /**
   * `taken`: the subject has this key. `wrong-state`: the subject had it once, or nobody has it now and somebody had, so
   * that what was signed with it may be forgotten. `too-many`: `cap` keys are good, or `ofOneSize` of its type and size.
   */
  readonly addAuthKey: (intent: {
    readonly id: AuthKeyId;
    readonly subject: SubjectId;
    readonly name: string;
    readonly key: AuthKey;
    readonly expiresAt: Seconds | null;
    readonly cap: number;
    readonly ofOneSize: number;
    readonly by: BySession;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly authKey: AuthKeyRecord }>>;
  readonly renameAuthKey: (intent: {
    readonly id: AuthKeyId;
    readonly name: string;
    readonly by: By;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly authKey: AuthKeyRecord }>>;
  /** Ends the sessions that it opened, too. */
  readonly endAuthKey: (intent: {
    readonly id: AuthKeyId;
    readonly by: BySession;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly authKey: AuthKeyRecord }>>;
  readonly openSigned: (intent: OpenSigned, options?: AskerOptions) => Promise<OpenedSigned>;
  /** Forgets up to `limit` messages that are over, or were signed with keys that nobody has any more; how many. */
  readonly sweepSignatures: (intent: { readonly limit: number; readonly now: Seconds }) => Promise<number>;
}
