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

export function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: busyTimeout });
  db.exec(pragmas);
  return db;
}
