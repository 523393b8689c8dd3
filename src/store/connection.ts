/** Connections to the database file, each with the settings that make a commit durable. */
import { DatabaseSync } from "node:sqlite";

/** How long another process may hold the file, as a backup does, before an intent is answered 503; milliseconds. */
const busyTimeout = 2000;

/** `trusted_schema` off: a prepared database cannot make us call functions. */
const pragmas = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
`;

/** SQLite's result codes for a file that is damaged or no database (sqlite.org/rescode.html). */
const damaged: ReadonlySet<unknown> = new Set([11, 26]);

/** The file is damaged or is no database. It is not touched. */
class DatabaseDamaged extends Error {
  readonly code = "DATABASE_DAMAGED";
}

/** For looking only, beside whoever writes. */
export const readDatabase = (file: string): DatabaseSync =>
  new DatabaseSync(file, { readOnly: true, timeout: busyTimeout });

/** The fault of a damaged file in the operator's words; any other as it is. */
export const asDamaged = (file: string, cause: unknown): unknown =>
  cause instanceof Error && "errcode" in cause && damaged.has(cause.errcode)
    ? new DatabaseDamaged(`${file} is damaged or no database. Do: put it back from a backup`, { cause })
    : cause;

export function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: busyTimeout });
  try {
    db.exec(pragmas);
    return db;
  } catch (cause) {
    db.close();
    throw asDamaged(file, cause);
  }
}
