/**
 * The floor's one table and its two connections, with the durability that Jeton promises: WAL and synchronous=FULL,
 * so a commit is one fsync of the log and nothing is answered before it.
 */
import { randomBytes } from "node:crypto";
import { DatabaseSync, type StatementSync } from "node:sqlite";

const BUSY_MS = 5_000;

export interface Advance {
  readonly sid: string;
  readonly seq: number;
  readonly at: number;
}

export interface SessionRow {
  readonly seq: number;
  readonly expires_at: number;
}

export function openWriter(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  database.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
  return database;
}

/** Makes the table and its rows; answers their ids. */
export function seed(path: string, count: number, at: number): string[] {
  const database = openWriter(path);
  database.exec(
    "CREATE TABLE session (sid BLOB PRIMARY KEY, seq INTEGER NOT NULL, rotated_at INTEGER NOT NULL, salt BLOB NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  );
  const insert = database.prepare("INSERT INTO session VALUES (?, 1, ?, ?, ?)");
  const ids = Array.from({ length: count }, () => randomBytes(16));
  database.exec("BEGIN IMMEDIATE");
  for (const id of ids) insert.run(id, at, randomBytes(16), at + 2_592_000);
  database.exec("COMMIT");
  database.close();
  return ids.map((id) => id.toString("base64url"));
}

/** The one point read, on a connection of its own that never waits for the writer. */
export function openReader(path: string): (sid: string) => SessionRow | undefined {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  const select = database.prepare("SELECT seq, expires_at FROM session WHERE sid = ?");
  return (sid) => select.get(Buffer.from(sid, "base64url")) as SessionRow | undefined;
}

export interface Group {
  readonly begin: StatementSync;
  readonly advance: StatementSync;
  readonly commit: StatementSync;
}

export function prepareGroup(database: DatabaseSync): Group {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    advance: database.prepare("UPDATE session SET seq = seq + 1, rotated_at = ? WHERE sid = ? AND seq = ?"),
    commit: database.prepare("COMMIT"),
  };
}

/** One transaction, one fsync, for all intents of a group. A fault ends the process: the floor has no error path to measure. */
export function commitGroup(group: Group, intents: readonly Advance[]): boolean[] {
  group.begin.run();
  const moved = intents.map(
    ({ sid, seq, at }) => group.advance.run(at, Buffer.from(sid, "base64url"), seq).changes === 1,
  );
  group.commit.run();
  return moved;
}
