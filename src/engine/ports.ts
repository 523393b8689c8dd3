/**
 * What the engine asks of the world: a store, keys, a password hash, clocks and chance. Each is an intent in the
 * engine's own words, so that an implementation can carry it out in one atomic step.
 */
import type { Asker } from "../core/asker.ts";
import type { KeySignature, ReadAuthKey } from "../core/auth-key.ts";
import type { AccessClaims, ApiTokenClaims, DialectClaims } from "../core/claims.ts";
import type { Revocation } from "../core/directory.ts";
import type {
  ApiTokenId,
  AuthKeyId,
  ClientId,
  ClientSecretId,
  OrganisationId,
  SessionId,
  SubjectId,
} from "../core/ids.ts";
import type { JournalEntry, JournalKind } from "../core/journal.ts";
import type { SessionPolicy } from "../core/policy.ts";
import type { Role } from "../core/scope.ts";
import type { Secret } from "../core/secret.ts";
import type { Holder, Instance, SessionBasis, SessionRow, SessionTurn, SessionView } from "../core/session.ts";
import type { Millis, Seconds } from "../core/units.ts";
import type { ApiTokenStore, Leak } from "./api-token-store.ts";
import type { AuthKeyStore } from "./auth-key-store.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientSecretStore } from "./client-secret-store.ts";
import type { DirectoryStore } from "./directory-store.ts";
import type { KeyStore } from "./key-store.ts";
import type { NoticeStore } from "./notice-store.ts";

/** Read once per use case. */
export interface Clock {
  readonly now: () => Seconds;
  readonly millis: () => Millis;
  /** Never steps; starts anywhere. */
  readonly monotonic: () => Millis;
}

/** A cryptographically secure source of bytes. */
export type Chance = (length: number) => Uint8Array;

/** How a login names its subject; the canonical form is the key. */
export interface LoginName {
  readonly kind: "username" | "email";
  readonly canonical: string;
}

/** A subject with its password hash, and the counter as it was read in the same step. */
export interface Credential {
  readonly holder: Holder;
  /** The subject and its organisation are active. */
  readonly mayHold: boolean;
  readonly passwordHash: string | null;
  /** What was born at or below this is dead. */
  readonly revokedUpto: number;
  readonly instance: Instance;
}

/** What a text says of itself when it looks like a refresh token. It proves nothing. */
export interface ClaimedRefresh {
  readonly text: string;
  readonly sid: SessionId;
  readonly seq: number;
  readonly epoch: string;
}

/** The same of an opaque API token, and of a client secret. */
export interface ClaimedOpaque<Id extends ApiTokenId | ClientSecretId = ApiTokenId> {
  readonly id: Id;
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
}

/** A text with a secret of 32 random bytes, and what to store of it. */
export interface MadeOpaque {
  readonly text: string;
  readonly secretHash: Uint8Array;
}

export type BearerClaims =
  | { readonly kind: "access"; readonly claims: AccessClaims }
  | { readonly kind: "api"; readonly claims: ApiTokenClaims };

/** What people want to see of a subject. */
export interface Profile {
  readonly displayName: string;
  readonly organisationName: string;
  /** Verified. */
  readonly emails: readonly string[];
}

export interface OpenSession {
  readonly id: SessionId;
  readonly subject: SubjectId;
  readonly client: ClientId;
  readonly policy: SessionPolicy;
  readonly salt: Uint8Array;
  readonly kid: number;
  /** As read together with the credential. */
  readonly born: number;
  readonly epoch: Uint8Array;
  readonly authTime: Seconds;
  readonly amr: string;
  /** It ends by then in any case, whatever its policy says. */
  readonly endsBy?: Seconds | undefined;
  /** The key or secret whose end is its end too. */
  readonly openedWith?: AuthKeyId | ClientSecretId | undefined;
  readonly from: Circumstances;
  readonly now: Seconds;
}

export interface Rotate {
  readonly id: SessionId;
  readonly presented: number;
  /** The client at whose door the token was presented. */
  readonly door: ClientId;
  readonly from: Circumstances;
  readonly now: Seconds;
}

/** What `rotate` did, and the row's changing columns after it. It has committed, also where the answer is a refusal. */
export type Rotated =
  | { readonly kind: "advance" | "repeat" | "keep"; readonly turn: SessionTurn }
  | { readonly kind: "unknown" | "ended" | "wrong-door" | "expired" | "reuse" | "ahead" };

export interface EndSession {
  readonly id: SessionId;
  /**
   * For a logout by token: ends it only if it is this client's. `leak`: somebody showed a token of it, whoever that is.
   * Otherwise by somebody who may: see `By`.
   */
  readonly of: { readonly client: ClientId; readonly from: Circumstances } | { readonly leak: Leak } | By;
  readonly now: Seconds;
}

export type Ended =
  /** `accessUntil`: no access token of the session is good after this, even where it is verified offline. */
  { readonly kind: "ended" | "already"; readonly accessUntil: Seconds } | { readonly kind: "absent" };

/** On whose behalf something is done. Whether they still may is looked at in the step that does it. */
export type By =
  | { readonly kind: "session"; readonly session: SessionId; readonly from: Circumstances }
  | { readonly kind: "api-token"; readonly token: ApiTokenId; readonly from: Circumstances }
  /** Whoever commands the machine: the command line, and the server itself. */
  | { readonly kind: "operator" };

/** Why an administrative intent did nothing. */
export type NotDone =
  /** The session or the token that asked is over. */
  | "stale"
  /** There is no such thing, or none that the asker may see. */
  | "absent"
  /** Whoever asked has fewer rights than the subject, or than the roles to be given. */
  | "forbidden"
  /** The name, or one of the addresses, is somebody else's. */
  | "taken"
  /** The instance would be left without an administrator. */
  | "last-administrator"
  /** It is not in a state that this can be done in. */
  | "wrong-state"
  /** It would be one more than there may be. */
  | "too-many"
  /** What is asked for is more than the asker has. */
  | "exceeds"
  /** It would live longer than the organisation lets it. */
  | "too-long";

export type Done<T> = ({ readonly kind: "done" } & T) | { readonly kind: NotDone };

export interface ListOf<Id> {
  readonly after: Id | undefined;
  readonly limit: number;
}

export interface JournalFilter {
  /** Null: of all. */
  readonly organisation: OrganisationId | null;
  readonly subject: SubjectId | undefined;
  readonly actor: SubjectId | undefined;
  readonly kind: JournalKind | undefined;
  readonly before: number | undefined;
  readonly limit: number;
}

/** `next`: where to go on; undefined at the end. A page may be short, even empty, and not be the last one. */
export interface JournalPage {
  readonly entries: readonly JournalEntry[];
  readonly next: number | undefined;
}

export interface SetPassword {
  readonly id: SubjectId;
  /** The hash and the line that the decision was made on; others by now mean that nothing is done. */
  readonly from: string | null;
  readonly upto: number;
  readonly to: string;
  /** A session to open in the same step, for whoever changed the password. */
  readonly open: OpenSession | undefined;
  /** Who knew the old password, in a session of theirs; or who had a token for it. */
  readonly by: Extract<By, { kind: "session" }> | { readonly kind: "token"; readonly from: Circumstances };
  readonly now: Seconds;
}

/** What a reset token is bound to, of the subject and of whoever made it. */
export interface Bearing {
  readonly revokedUpto: number;
  readonly passwordHash: string | null;
  readonly roles: readonly Role[];
}

export interface AskerOptions {
  /** An intent whose asker is seen to have gone is not decided. */
  readonly asker?: Asker | undefined;
  /**
   * It may be asked again and gets the same answer, so nothing is lost if it is decided for an asker who has just gone:
   * nobody looks before it has waited for a while.
   */
  readonly repeatable?: boolean;
}

/** Rejects with `StoreUnavailable` (core/faults.ts) when nothing was changed and it may be asked again. */
export interface Store extends KeyStore, AuthKeyStore, ApiTokenStore, ClientSecretStore, DirectoryStore, NoticeStore {
  // Reads: a consistent view of what has been committed.
  readonly findCredential: (organisation: string, login: LoginName) => Promise<Credential | undefined>;
  /** What never changes in a session, so that it may come from memory; whether it is alive is not in it. */
  readonly recallSession: (id: SessionId) => Promise<SessionBasis | undefined>;
  /** As of the last change that was answered; it may come from memory. */
  readonly findHolder: (subject: SubjectId) => Promise<Holder | undefined>;
  /** A session as it stands, alive or not. */
  readonly findSession: (id: SessionId) => Promise<SessionView | undefined>;
  /** A session that has not ended and is alive, by one snapshot. */
  readonly findLiveSession: (id: SessionId) => Promise<SessionView | undefined>;
  /** Sessions of a subject that have not ended, newest first, before the session `before` if one is given. */
  readonly listSessions: (
    subject: SubjectId,
    page: { before: SessionId | undefined; limit: number; now: Seconds },
  ) => Promise<readonly SessionRow[]>;
  readonly findCredentialOf: (subject: SubjectId) => Promise<Credential | undefined>;
  /** Newest first. */
  readonly readJournal: (filter: JournalFilter) => Promise<JournalPage>;
  readonly findProfile: (subject: SubjectId) => Promise<Profile | undefined>;
  readonly findOrganisation: (canonical: string) => Promise<OrganisationId | undefined>;
  readonly hasAdministrator: () => Promise<boolean>;

  // Intents: decided and committed in one step, or not at all.
  /** Undefined: what was checked is no longer so (revoked, disabled, another epoch). */
  readonly openSession: (intent: OpenSession, options?: AskerOptions) => Promise<SessionView | undefined>;
  readonly rotate: (intent: Rotate, options?: AskerOptions) => Promise<Rotated>;
  readonly endSession: (intent: EndSession) => Promise<Ended>;
  /** Ends every session of a subject; `open` is opened in the same step and outlives it. */
  readonly revokeTokens: (intent: {
    readonly subject: SubjectId;
    readonly open: OpenSession | undefined;
    readonly by: By;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly revocation: Revocation; readonly opened: SessionView | undefined }>>;
  /** Ends every session of the subject, and its key. `wrong-state`: what it was decided on is no longer so. */
  readonly setPassword: (
    intent: SetPassword,
  ) => Promise<Done<{ readonly opened: SessionView | undefined; readonly revocation: Revocation }>>;
  /** Puts another hash of the same password in the place of `from`; false when that is no longer the stored one. */
  readonly rehashPassword: (intent: { subject: SubjectId; from: string; to: string }) => Promise<boolean>;
  /** Whether `by` may make a token for the subject to set a password with, and what to bind it to, as of that step. */
  readonly allowPasswordReset: (intent: {
    readonly subject: SubjectId;
    readonly by: Extract<By, { kind: "session" }>;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly subject: Bearing; readonly issuer: Bearing }>>;
  /** Tells the journal of something that no other intent tells of. */
  readonly note: (event: {
    readonly kind: "lock_out";
    readonly subject: SubjectId | null;
    readonly from: Circumstances;
    readonly now: Seconds;
  }) => Promise<void>;
  /** Makes sure that the clients exist; leaves those that do. */
  readonly registerClients: (intent: { ids: readonly ClientId[]; now: Seconds }) => Promise<void>;
  /** Draws the line of a restore: whatever was born in another epoch is dead. */
  readonly beginEpoch: (intent: { epoch: Uint8Array; now: Seconds }) => Promise<void>;
  /** Removes up to `limit` sessions that nothing can refer to any more, from `after` on; the last id looked at. */
  readonly sweepSessions: (intent: {
    after: SessionId | undefined;
    limit: number;
    now: Seconds;
  }) => Promise<{ removed: number; last: SessionId | undefined }>;
  /** The heart, once a second: counts served time, and notices when the process stood still. */
  readonly beat: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What tokens are made and read with; see keys/. */
export interface Tokens {
  /** `turn`: the number of the refresh token beside it, so that no two turns of a session make one token. */
  readonly signAccess: (claims: Omit<AccessClaims, "jti">, extra: DialectClaims, turn: number, now: Seconds) => string;
  readonly signApiToken: (claims: ApiTokenClaims, now: Seconds) => string;
  /**
   * The claims of an access or API token with a good signature of ours; expiry, issuer and audience are the caller's.
   * Which of the two it is, is told by the key that signed it.
   */
  readonly readBearer: (text: string, now: Seconds) => BearerClaims | undefined;
  /** The same for a token of whatever age: the keys that signed once are kept. It gives nothing by itself. */
  readonly readOldAccess: (text: string) => AccessClaims | undefined;
  readonly makeOpaque: (id: ApiTokenId, secret: Uint8Array) => MadeOpaque;
  readonly makeClientSecret: (id: ClientSecretId, secret: Uint8Array) => MadeOpaque;
  /** What a text that looks like an opaque API token says of itself. It proves nothing. */
  readonly readOpaque: (text: string) => ClaimedOpaque | undefined;
  readonly readClientSecret: (text: string) => ClaimedOpaque<ClientSecretId> | undefined;
  /** Compares in constant time. */
  readonly provesOpaque: (claimed: Pick<ClaimedOpaque, "secretHash">, secretHash: Uint8Array) => boolean;
  /** The server key that new sessions are given. */
  readonly refreshKid: () => number;
  readonly mintRefresh: (row: SessionRow, issuer: string) => string;
  /** Undefined: the text is no refresh token of ours, whatever its MAC. */
  readonly readRefresh: (text: string) => ClaimedRefresh | undefined;
  /** Whether the text is, to the last character, a refresh token of this session; which one is for the row to say. */
  readonly provesRefresh: (claimed: ClaimedRefresh, row: SessionBasis) => boolean;
  /** Binds text that a client carries for us, such as a cursor, to its purpose. */
  readonly macText: (purpose: string, text: string) => string;
  /** Compares in constant time. */
  readonly macIs: (purpose: string, text: string, presented: string) => boolean;
}

/** Public keys of subjects, and what was signed with them; see keys/. */
export interface AuthKeys {
  /** A public key in any form that its owner may paste: OpenSSH, PEM (SPKI, PKCS#1), JWK as JSON text. */
  readonly read: (text: string) => ReadAuthKey;
  /** Whether anybody could sign with it: for RSA of 8,192 bits a quarter of a second of work, so what is cheap comes before. */
  readonly isBreakable: (spki: Uint8Array) => Promise<boolean>;
  /** A signature as text: base64url of its bytes, or the armour of `ssh-keygen -Y sign`. Undefined: it is neither. */
  readonly readSignature: (text: string) => KeySignature | undefined;
  /**
   * The place in `keys` (SPKI, DER) of the one that signed; undefined: none did. Makes exactly `tries` verifications
   * whatever is wrong, of the kind that the signature asks for, and never looks at more keys than that.
   */
  readonly verify: (
    keys: readonly Uint8Array[],
    message: string,
    signature: KeySignature | undefined,
    tries: number,
  ) => number | undefined;
  /** 16 bytes that stand for this message and no other, under this key. */
  readonly trace: (fingerprint: Uint8Array, message: string) => Uint8Array;
}

export interface Passwords {
  /**
   * Compares in the same time for every reason to fail, a missing hash included. Undefined: too busy, or the caller has
   * gone before its turn came.
   */
  readonly verify: (hash: string | null, password: Secret, asker?: Asker) => Promise<boolean | undefined>;
  /** Undefined: too busy. */
  readonly hash: (password: Secret) => Promise<string | undefined>;
  /** Whether a stored hash is of another kind, or of weaker parameters, than those that are made today. */
  readonly isStale: (hash: string) => boolean;
}
