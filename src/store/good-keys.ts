/** Authentication keys, read from rows, and the end of those of a subject. */
import type { DatabaseSync } from "node:sqlite";

import type { AuthKeyRecord, AuthKeyType } from "../core/auth-key.ts";
import { idFromBytes, type AuthKeyId } from "../core/ids.ts";
import type { Seconds } from "../core/units.ts";
import type { SigningKey } from "../engine/auth-key-store.ts";
import { prepare } from "./bind.ts";

interface AuthKeyColumns {
  readonly id: number;
  readonly public_id: Uint8Array;
  readonly subject: Uint8Array;
  readonly name: string;
  readonly fingerprint: Uint8Array;
  readonly type: string;
  readonly bits: number;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly messages: number;
  readonly last_used_at: number | null;
  readonly last_used_from: string | null;
}

const columns =
  "id, public_id, subject, name, fingerprint, type, bits, created_at, expires_at, messages, last_used_at, last_used_from";

/** It has not ended, by itself neither. Takes the time of now. */
const good = "ended_at IS NULL AND (expires_at IS NULL OR expires_at > ?)";

const authKeyFromRow = (row: AuthKeyColumns): AuthKeyRecord => ({
  id: idFromBytes(row.public_id),
  subject: idFromBytes(row.subject),
  name: row.name,
  fingerprint: row.fingerprint,
  type: row.type as AuthKeyType,
  bits: row.bits,
  createdAt: row.created_at as Seconds,
  expiresAt: row.expires_at as Seconds | null,
  messages: row.messages,
  lastUsedAt: row.last_used_at as Seconds | null,
  lastUsedFrom: row.last_used_from,
});

export interface GoodKey {
  readonly authKey: AuthKeyRecord;
  /** The short number of its row, which what was signed with it hangs on. */
  readonly row: number;
}

export interface GoodKeys {
  /** `id` in bytes. */
  readonly find: (id: Uint8Array, now: Seconds) => GoodKey | undefined;
  readonly list: (subject: Uint8Array, before: Uint8Array, now: Seconds, limit: number) => readonly AuthKeyRecord[];
  /** Newest first. */
  readonly signing: (subject: Uint8Array, now: Seconds) => readonly SigningKey[];
}

export function openGoodKeys(db: DatabaseSync): GoodKeys {
  const one = prepare<AuthKeyColumns>(db, `SELECT ${columns} FROM auth_key WHERE public_id = ? AND ${good}`);
  // A page of a subject's keys, newest first: public ids begin with their time.
  const page = prepare<AuthKeyColumns>(
    db,
    `SELECT ${columns} FROM auth_key WHERE subject = ? AND public_id < ? AND ${good} ORDER BY public_id DESC LIMIT ?`,
  );
  const signing = prepare<Pick<AuthKeyColumns, "public_id" | "fingerprint" | "expires_at"> & { spki: Uint8Array }>(
    db,
    `SELECT public_id, fingerprint, spki, expires_at FROM auth_key WHERE subject = ? AND ${good} ORDER BY id DESC`,
  );

  return {
    find: (id, now) => {
      const row = one.get(id, now);
      return row && { authKey: authKeyFromRow(row), row: row.id };
    },
    list: (subject, before, now, limit) => page.all(subject, before, now, limit).map(authKeyFromRow),
    signing: (subject, now) =>
      signing.all(subject, now).map(({ public_id, fingerprint, spki, expires_at }) => ({
        id: idFromBytes<AuthKeyId>(public_id),
        fingerprint,
        spki,
        expiresAt: expires_at as Seconds | null,
      })),
  };
}

/** They sign nobody in any more. What the journal is told of it: nothing where there were none. */
export function openKeysEnd(db: DatabaseSync): (subject: Uint8Array, now: Seconds) => { readonly auth_keys?: number } {
  const end = prepare(db, "UPDATE auth_key SET ended_at = ? WHERE subject = ? AND ended_at IS NULL");
  return (subject, now) => {
    const ended = end.run(now, subject);
    return ended === 0 ? {} : { auth_keys: ended };
  };
}

/** What a key or a secret opened ends with it; how many sessions that were. */
export function openOpenedEnd(db: DatabaseSync): (subject: Uint8Array, credential: Uint8Array, now: Seconds) => number {
  const end = prepare(db, "UPDATE session SET ended_at = ? WHERE subject = ? AND opened_with = ? AND ended_at IS NULL");
  return (subject, credential, now) => end.run(now, subject, credential);
}
