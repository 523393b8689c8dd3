/** Client secrets, read from rows, and the end of those of a subject. */
import type { DatabaseSync } from "node:sqlite";

import type { ClientSecretRecord } from "../core/client-secret.ts";
import { idFromBytes } from "../core/ids.ts";
import type { Seconds } from "../core/units.ts";
import { prepare } from "./bind.ts";

interface ClientSecretColumns {
  readonly id: Uint8Array;
  readonly subject: Uint8Array;
  readonly name: string;
  readonly secret: Uint8Array;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly last_used_at: number | null;
  readonly last_used_from: string | null;
}

const columns = "id, subject, name, secret, created_at, expires_at, last_used_at, last_used_from";

export interface FoundSecret {
  readonly record: ClientSecretRecord;
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
}

export interface ClientSecrets {
  /** One that has not ended; `id` in bytes. */
  readonly find: (id: Uint8Array) => FoundSecret | undefined;
  /** Those that are good, newest first. */
  readonly list: (subject: Uint8Array, now: Seconds) => readonly ClientSecretRecord[];
}

const recordFromRow = (row: ClientSecretColumns): ClientSecretRecord => ({
  id: idFromBytes(row.id),
  subject: idFromBytes(row.subject),
  name: row.name,
  createdAt: row.created_at as Seconds,
  expiresAt: row.expires_at as Seconds | null,
  lastUsedAt: row.last_used_at as Seconds | null,
  lastUsedFrom: row.last_used_from,
});

export function openClientSecrets(db: DatabaseSync): ClientSecrets {
  const one = prepare<ClientSecretColumns>(
    db,
    `SELECT ${columns} FROM client_secret WHERE id = ? AND ended_at IS NULL`,
  );
  const good = prepare<ClientSecretColumns>(
    db,
    `SELECT ${columns} FROM client_secret
     WHERE subject = ? AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > ?) ORDER BY id DESC`,
  );

  return {
    find: (id) => {
      const row = one.get(id);
      return row && { record: recordFromRow(row), secretHash: row.secret };
    },
    list: (subject, now) => good.all(subject, now).map(recordFromRow),
  };
}

/** They sign nobody in any more. What the journal is told of it: nothing where there were none. */
export function openSecretsEnd(
  db: DatabaseSync,
): (subject: Uint8Array, now: Seconds) => { readonly client_secrets?: number } {
  const end = prepare(db, "UPDATE client_secret SET ended_at = ? WHERE subject = ? AND ended_at IS NULL");
  return (subject, now) => {
    const ended = end.run(now, subject);
    return ended === 0 ? {} : { client_secrets: ended };
  };
}
