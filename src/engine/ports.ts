/**
 * What the engine asks of the world: a store, keys, a password hash, clocks and chance. Each is an intent in the
 * engine's own words, so that an implementation can carry it out in one atomic step.
 */
import type { AccessClaims, DialectClaims } from "../core/claims.ts";
import type { ClientId, OrganisationId, SessionId, SubjectId } from "../core/ids.ts";
import type { SessionPolicy } from "../core/policy.ts";
import type { Role } from "../core/scope.ts";
import type { Secret } from "../core/secret.ts";
import type {
  Holder,
  Instance,
  SessionBasis,
  SessionRow,
  SessionTurn,
  SessionView,
  SubjectStatus,
} from "../core/session.ts";
import type { Millis, Seconds } from "../core/units.ts";

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
  readonly instance: Instance;
}

/** What a text says of itself when it looks like a refresh token. It proves nothing. */
export interface ClaimedRefresh {
  readonly text: string;
  readonly sid: SessionId;
  readonly seq: number;
  readonly epoch: string;
}

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
  readonly now: Seconds;
}

export interface Rotate {
  readonly id: SessionId;
  readonly presented: number;
  /** The client at whose door the token was presented. */
  readonly door: ClientId;
  readonly now: Seconds;
}

/** What `rotate` did, and the row's changing columns after it. It has committed, also where the answer is a refusal. */
export type Rotated =
  | { readonly kind: "advance" | "repeat" | "keep"; readonly turn: SessionTurn }
  | { readonly kind: "unknown" | "ended" | "wrong-door" | "expired" | "reuse" | "ahead" };

export interface EndSession {
  readonly id: SessionId;
  /** Ends it only if it belongs to this subject or, for a logout by token, to this client. */
  readonly of: { readonly subject: SubjectId } | { readonly client: ClientId };
  readonly now: Seconds;
}

export type Ended =
  /** `accessUntil`: no access token of the session is good after this, even where it is verified offline. */
  { readonly kind: "ended" | "already"; readonly accessUntil: Seconds } | { readonly kind: "absent" };

export interface NewSubject {
  readonly id: SubjectId;
  readonly organisation: OrganisationId;
  readonly kind: "user" | "application";
  readonly username: string;
  readonly canonical: string;
  readonly displayName: string;
  readonly emails: readonly { readonly address: string; readonly canonical: string }[];
  readonly roles: readonly Role[];
  readonly status: SubjectStatus;
  readonly passwordHash: string | null;
  readonly owner: SubjectId | null;
  readonly now: Seconds;
}

export interface SealedSigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly publishedAt: Seconds;
  readonly activeAt: Seconds;
  readonly sealed: Uint8Array;
}

export interface SealedRefreshKey {
  readonly kid: number;
  readonly createdAt: Seconds;
  readonly sealed: Uint8Array;
}

export interface SealedSecret {
  readonly purpose: string;
  readonly sealed: Uint8Array;
}

export interface SealedKeys {
  readonly signing: readonly SealedSigningKey[];
  readonly refresh: readonly SealedRefreshKey[];
  readonly secrets: readonly SealedSecret[];
}

/** Where keys rest, sealed. A key is stored before anything is made with it. */
export interface KeyStore {
  readonly loadKeys: () => Promise<SealedKeys>;
  readonly addKeys: (keys: SealedKeys) => Promise<void>;
}

export interface SignalOptions {
  /** An intent whose caller has gone is not decided. */
  readonly signal?: AbortSignal | undefined;
}

/** Rejects with `StoreUnavailable` (core/faults.ts) when nothing was changed and it may be asked again. */
export interface Store extends KeyStore {
  // Reads: a consistent view of what has been committed.
  readonly findCredential: (organisation: string, login: LoginName) => Promise<Credential | undefined>;
  /** What never changes in a session, so that it may come from memory; whether it is alive is not in it. */
  readonly recallSession: (id: SessionId) => Promise<SessionBasis | undefined>;
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
  readonly findProfile: (subject: SubjectId) => Promise<Profile | undefined>;
  readonly findOrganisation: (canonical: string) => Promise<OrganisationId | undefined>;
  readonly hasAdministrator: () => Promise<boolean>;

  // Intents: decided and committed in one step, or not at all.
  /** Undefined: what was checked is no longer so (revoked, disabled, another epoch). */
  readonly openSession: (intent: OpenSession, options?: SignalOptions) => Promise<SessionView | undefined>;
  readonly rotate: (intent: Rotate, options?: SignalOptions) => Promise<Rotated>;
  readonly endSession: (intent: EndSession) => Promise<Ended>;
  readonly createOrganisation: (intent: {
    id: OrganisationId;
    name: string;
    canonical: string;
    now: Seconds;
  }) => Promise<"created" | "taken">;
  readonly createSubject: (intent: NewSubject) => Promise<"created" | "taken">;
  /** Makes sure that the clients exist; leaves those that do. */
  readonly registerClients: (intent: { ids: readonly ClientId[]; now: Seconds }) => Promise<void>;
  /** Draws the line of a restore: whatever was born in another epoch is dead. */
  readonly beginEpoch: (intent: { epoch: Uint8Array }) => Promise<void>;
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
  /** The claims of an access token with a good signature of ours; expiry, issuer and audience are the caller's. */
  readonly readAccess: (text: string, now: Seconds) => AccessClaims | undefined;
  /** The same for a token of whatever age: the keys that signed once are kept. It gives nothing by itself. */
  readonly readOldAccess: (text: string) => AccessClaims | undefined;
  /** The server key that new sessions are given. */
  readonly refreshKid: () => number;
  readonly mintRefresh: (row: SessionRow, issuer: string) => string;
  /** Undefined: the text is no refresh token of ours, whatever its MAC. */
  readonly readRefresh: (text: string) => ClaimedRefresh | undefined;
  /** Whether the text is, to the last character, a refresh token of this session; which one is for the row to say. */
  readonly provesRefresh: (claimed: ClaimedRefresh, row: SessionBasis) => boolean;
  /** Binds text that a client carries for us, such as a cursor, to its purpose. */
  readonly macText: (purpose: string, text: string) => string;
}

export interface Passwords {
  /**
   * Compares in the same time for every reason to fail, a missing hash included. Undefined: too busy, or the caller has
   * gone before its turn came.
   */
  readonly verify: (hash: string | null, password: Secret, signal?: AbortSignal) => Promise<boolean | undefined>;
  readonly hash: (password: Secret) => Promise<string>;
}
