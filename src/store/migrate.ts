/**
 * Forward-only migrations: each runs once, in one transaction, and its checksum is kept. A database that was written by
 * a newer Jeton, or whose history differs from ours, is refused and not touched.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

import { prepare } from "./bind.ts";

class SchemaMismatch extends Error {
  readonly code = "SCHEMA_MISMATCH";
}

/** The file is a database, but none of ours. No table is made in it. */
class NotOurDatabase extends Error {
  readonly code = "DATABASE_DAMAGED";
}

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

const folder = new URL("./migrations/", import.meta.url);

/** The migrations that this program knows, in order. */
export function knownMigrations(): readonly Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map((name) => {
      const sql = readFileSync(new URL(name, folder), "utf8");
      return { number: Number.parseInt(name, 10), name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    });
}

const historySql = `CREATE TABLE IF NOT EXISTS migration (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL
) STRICT`;

/**
 * Tables without our history are another program's; none at all, where ours must be, are what is left of a lost
 * database. An authority made in their place would know nothing of what it had revoked.
 */
function refuseOthers(db: DatabaseSync, mustBeOurs: boolean): void {
  const { tables, history } = prepare<{ tables: number; history: number | null }>(
    db,
    "SELECT count(*) AS tables, max(name = 'migration') AS history FROM sqlite_schema WHERE type = 'table'",
  ).get()!;
  if (history === 1 || (tables === 0 && !mustBeOurs)) return;
  throw new NotOurDatabase(
    "the database in the data folder is not one of Jeton's. Do: put jeton.db back from a backup, or choose an empty folder with --data",
  );
}

/**
 * Brings the schema to the newest form that `migrations` describe; the number of those that ran. With `mustBeOurs` it
 * makes no schema where there is none.
 */
export function migrate(
  db: DatabaseSync,
  migrations: readonly Migration[] = knownMigrations(),
  mustBeOurs = false,
): number {
  db.exec("BEGIN IMMEDIATE");
  try {
    refuseOthers(db, mustBeOurs);
    db.exec(historySql);
    const applied = prepare<{ number: number; name: string; checksum: string }>(
      db,
      "SELECT number, name, checksum FROM migration ORDER BY number",
    ).all();
    applied.forEach((row, at) => {
      const known = migrations[at];
      if (known === undefined) {
        throw new SchemaMismatch(
          `the database was written by a newer Jeton (migration ${row.name}). Do: run that version, or a newer one`,
        );
      }
      if (known.number !== row.number || known.checksum !== row.checksum) {
        throw new SchemaMismatch(
          `migration ${row.name} of the database is not the one that this Jeton knows. Do: run the version that made it`,
        );
      }
    });
    const pending = migrations.slice(applied.length);
    const record = prepare(db, "INSERT INTO migration (number, name, checksum) VALUES (?, ?, ?)");
    for (const { number, name, sql, checksum } of pending) {
      db.exec(sql);
      record.run(number, name, checksum);
    }
    db.exec("COMMIT");
    return pending.length;
  } catch (fault) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw fault;
  }
}
