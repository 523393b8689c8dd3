/**
 * An API token: long-lived, named, owned by a subject, and revocable like a session. Its row decides what it is worth at
 * our own doors; what the token itself says is for those who verify it elsewhere.
 */
import type { ApiTokenId, SubjectId } from "./ids.ts";
import { everydayScopes, scopesOfRoles, type Role, type Scope } from "./scope.ts";
import type { Holder } from "./session.ts";
import { days, minutes, type Seconds } from "./units.ts";

/** `jwt` is verified anywhere by the key set; `opaque` at our doors alone, and so it may have no end. */
export type ApiTokenFormat = "jwt" | "opaque";

export interface ApiTokenRow {
  readonly id: ApiTokenId;
  readonly subject: SubjectId;
  readonly name: string;
  readonly createdAt: Seconds;
  /** Null: it has no end. */
  readonly expiresAt: Seconds | null;
  readonly endedAt: Seconds | null;
  /** What a JWT says itself of its end; null: it is opaque, and good nowhere but here. */
  readonly signedUntil: Seconds | null;
  /** The instance counter when it was made: see `isAlive`. */
  readonly born: number;
  /** The instance's epoch at birth; 16 bytes. */
  readonly epoch: Uint8Array;
  /** Null: what its owner may do with what is the owner's own, as of now. */
  readonly scopes: readonly Scope[] | null;
  /** For whom it is; null: for this instance. */
  readonly audiences: readonly string[] | null;
  /** Address ranges that it may be used from; null: from anywhere. */
  readonly networks: readonly string[] | null;
  /** Requests that it may make; null: as many as the operator allows each. */
  readonly requestsPerMinute: number | null;
  /** SHA-256 of an opaque token's secret; null: it is a JWT. */
  readonly secretHash: Uint8Array | null;
  /** The token that took its place, until whose end both are good. */
  readonly replacedBy: ApiTokenId | null;
  readonly lastUsedAt: Seconds | null;
  readonly lastUsedFrom: string | null;
}

export interface ApiTokenView {
  readonly token: ApiTokenRow;
  readonly holder: Holder;
}

/** Uses of a token that come so soon after one that is known tell nothing new. */
export const usesApart = minutes(1);

export const formatOf = ({ secretHash }: Pick<ApiTokenRow, "secretHash">): ApiTokenFormat =>
  secretHash === null ? "jwt" : "opaque";

/** The longest life of one that is a JWT; its signing keys are published as long. */
export const longestApiToken = days(366);

/** How long one lives when nobody says otherwise. */
export const usualApiToken = days(30);

/** What a token may do now: never more than its owner, and no more than was asked for. */
export function apiTokenScopes({ scopes }: Pick<ApiTokenRow, "scopes">, roles: readonly Role[]): readonly Scope[] {
  const ofOwner = scopesOfRoles(roles).scopes;
  return scopes === null
    ? ofOwner.filter((scope) => everydayScopes.has(scope))
    : ofOwner.filter((scope) => scopes.includes(scope));
}

/** `expiresAt` itself is too late (RFC 7519 section 4.1.4). */
export const isExpired = ({ expiresAt }: Pick<ApiTokenRow, "expiresAt">, now: Seconds): boolean =>
  expiresAt !== null && expiresAt <= now;
