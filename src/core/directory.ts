/** Subjects and organisations as administrators see them, and what a revocation did to them. */
import type { OrganisationId, SubjectId } from "./ids.ts";
import type { Role } from "./scope.ts";
import type { SubjectStatus } from "./session.ts";
import type { Seconds } from "./units.ts";

/** A subject as administrators see it. */
export interface SubjectRecord {
  readonly id: SubjectId;
  readonly organisation: OrganisationId;
  readonly kind: "user" | "application";
  readonly username: string;
  readonly displayName: string;
  readonly emails: readonly string[];
  readonly roles: readonly Role[];
  readonly status: SubjectStatus;
  /** Of an application, the user whose it is; null: its organisation's. A user has none. */
  readonly owner: SubjectId | null;
  readonly createdAt: Seconds;
}

/** What is set for everybody in an organisation, within what the operator has set for all. */
export interface OrganisationSettings {
  /** The longest life of an API token that is made; null: as the operator has set it. */
  readonly longestApiToken: Seconds | null;
  readonly signedLogin: SignedLogin;
}

/** What may be signed for a login: a challenge of this server only, or also what the client thought of itself. */
export type SignedLogin = "any" | "challenge";

export interface OrganisationRecord extends OrganisationSettings {
  readonly id: OrganisationId;
  readonly name: string;
  readonly status: OrganisationStatus;
  readonly createdAt: Seconds;
}

export type OrganisationStatus = "active" | "disabled" | "deleted";

/** What a revocation did, and by when it is known everywhere. */
export interface Revocation {
  /** Whatever was born at or below this is dead. */
  readonly upto: number;
  /** Sessions that it ended. */
  readonly sessions: number;
  /** API tokens that it ended. */
  readonly apiTokens: number;
  /** No access token of what it ended is good after this, even where it is verified offline. */
  readonly accessUntil: Seconds;
}
