/**
 * Reads, in SQL: each one statement, or one transaction, and so one consistent snapshot of what has been committed. They
 * never wait for the writer.
 */
import type { DatabaseSync } from "node:sqlite";

import { bytesFromId, idFromBytes } from "../core/ids.ts";
import type { Seconds } from "../core/units.ts";
import type { KeyStore, Store } from "../engine/ports.ts";
import { prepare } from "./bind.ts";
import { sessionColumns, sessionFromRow, subjectFromRow, type SessionColumns, type SubjectColumns } from "./rows.ts";
import { openView } from "./view.ts";

type Reads = Pick<
  Store,
  "findCredential" | "findSession" | "listSessions" | "listEmails" | "findOrganisation" | "hasAdministrator"
> &
  Pick<KeyStore, "loadKeys">;

interface CredentialColumns extends SubjectColumns {
  readonly password: string | null;
  readonly epoch: Uint8Array;
  readonly counter: number;
}

const credentialSql = `SELECT u.id AS subject_id, u.username, u.display_name, u.roles, u.status AS subject_status, u.password,
    o.id AS organisation_id, o.name AS organisation_name, o.status AS organisation_status,
    max(u.revoked_upto, o.revoked_upto) AS revoked_upto, i.epoch, i.counter
  FROM organisation o
  JOIN subject u ON u.organisation = o.id
  JOIN instance i ON i.id = 1`;

/** Above every id: where a list without a cursor begins. */
const lastId = new Uint8Array(16).fill(0xff);

export function openReads(db: DatabaseSync): Reads {
  // A subject by user name, with the counter of the same snapshot.
  const byUsername = prepare<CredentialColumns>(db, `${credentialSql} WHERE o.canonical = ? AND u.canonical = ?`);

  // A subject by one of its verified addresses, with the counter of the same snapshot.
  const byEmail = prepare<CredentialColumns>(
    db,
    `${credentialSql} JOIN subject_email e ON e.organisation = o.id AND e.subject = u.id WHERE o.canonical = ? AND e.canonical = ?`,
  );

  const view = openView(db);
  const begin = prepare(db, "BEGIN");
  const commit = prepare(db, "COMMIT");

  /** Several reads of one state of the database; nothing is written, so the end cannot fail. */
  function snapshot<T>(work: () => T): T {
    begin.run();
    try {
      return work();
    } finally {
      commit.run();
    }
  }

  // A subject's live sessions, newest first.
  const sessions = prepare<SessionColumns>(
    db,
    `SELECT ${sessionColumns} FROM session s
     JOIN subject u ON u.id = s.subject
     JOIN organisation o ON o.id = u.organisation
     JOIN client c ON c.id = s.client
     JOIN instance i ON i.id = 1
     WHERE s.subject = ? AND s.id < ? AND s.ended_at IS NULL AND s.expires_at > ?
       AND s.epoch = i.epoch AND s.born > max(u.revoked_upto, o.revoked_upto, c.revoked_upto)
     ORDER BY s.id DESC LIMIT ?`,
  );

  const emails = prepare<{ address: string }>(
    db,
    "SELECT address FROM subject_email WHERE subject = ? ORDER BY canonical",
  );
  const organisation = prepare<{ id: Uint8Array }>(db, "SELECT id FROM organisation WHERE canonical = ?");

  // Roles are names separated by one space, so a name is found with a space on either side.
  const administrator = prepare<{ found: number }>(
    db,
    "SELECT 1 AS found FROM subject WHERE status = 'active' AND instr(' ' || roles || ' ', ' admin ') > 0 LIMIT 1",
  );

  const signingKeys = prepare<{
    kid: string;
    alg: string;
    published_at: number;
    active_at: number;
    sealed: Uint8Array;
  }>(db, "SELECT kid, alg, published_at, active_at, sealed FROM signing_key");
  const refreshKeys = prepare<{ kid: number; created_at: number; sealed: Uint8Array }>(
    db,
    "SELECT kid, created_at, sealed FROM refresh_key",
  );
  const secrets = prepare<{ purpose: string; sealed: Uint8Array }>(db, "SELECT purpose, sealed FROM instance_secret");

  return {
    findCredential: async (canonicalOrganisation, { kind, canonical }) => {
      const row = (kind === "email" ? byEmail : byUsername).get(canonicalOrganisation, canonical);
      return (
        row && {
          holder: subjectFromRow(row),
          passwordHash: row.password,
          instance: { epoch: row.epoch, counter: row.counter },
        }
      );
    },
    findSession: async (id) => snapshot(() => view(id)),
    listSessions: async (subject, { before, limit, now }) =>
      sessions
        .all(bytesFromId(subject), before === undefined ? lastId : bytesFromId(before), now, limit)
        .map(sessionFromRow),
    listEmails: async (subject) => emails.all(bytesFromId(subject)).map(({ address }) => address),
    findOrganisation: async (canonical) => {
      const row = organisation.get(canonical);
      return row && idFromBytes(row.id);
    },
    hasAdministrator: async () => administrator.get() !== undefined,
    loadKeys: async () => ({
      signing: signingKeys.all().map(({ kid, alg, published_at, active_at, sealed }) => ({
        kid,
        alg,
        publishedAt: published_at as Seconds,
        activeAt: active_at as Seconds,
        sealed,
      })),
      refresh: refreshKeys
        .all()
        .map(({ kid, created_at, sealed }) => ({ kid, createdAt: created_at as Seconds, sealed })),
      secrets: secrets.all(),
    }),
  };
}
