/**
 * The journal: what happened that matters to security, in an order that cannot be changed unseen. Each event's hash
 * covers the hash before it, so a changed, missing or inserted event breaks the chain from there on. Whoever can write
 * the database can also make a new chain; a hash that was noted elsewhere shows that.
 */
import type { ClientId, OrganisationId, SessionId, SubjectId } from "./ids.ts";
import type { Seconds } from "./units.ts";

/** What the journal tells of. A plain refresh is counted and not told. */
export const journalKinds = [
  "sign_in",
  "session_ended",
  "refresh_reuse",
  "database_went_back",
  "tokens_revoked",
  "lock_out",
  "password_changed",
  "password_reset_issued",
  "password_reset",
  "auth_key_set",
  "auth_key_changed",
  "auth_key_deleted",
  "client_secret_made",
  "client_secret_ended",
  "client_secret_leaked",
  "api_token_minted",
  "api_token_changed",
  "api_token_rotated",
  "api_token_ended",
  "api_token_leaked",
  "subject_created",
  "subject_changed",
  "subject_disabled",
  "subject_enabled",
  "subject_locked",
  "subject_unlocked",
  "subject_deleted",
  "organisation_created",
  "organisation_changed",
  "organisation_disabled",
  "organisation_enabled",
  "organisation_deleted",
  "epoch_begun",
] as const;
export type JournalKind = (typeof journalKinds)[number];

/** Values that can be told: names of things and what they became, never a secret. */
export type JournalDetail = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export interface JournalEvent {
  readonly at: Seconds;
  readonly kind: JournalKind;
  readonly organisation: OrganisationId | null;
  readonly actor: SubjectId | null;
  readonly subject: SubjectId | null;
  readonly session: SessionId | null;
  readonly client: ClientId | null;
  readonly address: string | null;
  readonly request: string | null;
  readonly detail: JournalDetail;
}

/** An event in its place. */
export interface JournalEntry extends JournalEvent {
  /** 1, 2, 3 and so on, without a gap. */
  readonly seq: number;
  /** SHA-256, 32 bytes. */
  readonly hash: Uint8Array;
}

/** What the first event's hash covers in the place of one before it. */
export const beforeTheFirst = new Uint8Array(32);

type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** The hash of an event whose detail is written as `detail`, after one with the hash `previous`. */
export function chain(
  previous: Uint8Array,
  event: Omit<JournalEntry, "hash" | "detail"> & { readonly detail: string },
  sha256: Sha256,
): Uint8Array {
  const { seq, at, kind, organisation, actor, subject, session, client, address, request, detail } = event;
  const text = JSON.stringify([seq, at, kind, organisation, actor, subject, session, client, address, request, detail]);
  const bytes = new TextEncoder().encode(text);
  const input = new Uint8Array(previous.length + bytes.length);
  input.set(previous);
  input.set(bytes, previous.length);
  return sha256(input);
}
