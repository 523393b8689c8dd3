/** The journal of a data folder, read and checked beside a server that may be at work on it. */
import { existsSync } from "node:fs";

import { readDatabase } from "../store/connection.ts";
import { databaseFile } from "../store/folder.ts";
import { verifyJournal, type JournalVerdict } from "../store/journal.ts";

/** There is no database where one was looked for. */
class NoDatabase extends Error {
  readonly code = "NO_DATABASE";
}

export function checkJournal(
  folder: string,
  noted: { readonly seq: number; readonly hash: Uint8Array } | undefined,
): JournalVerdict {
  const file = databaseFile(folder);
  if (!existsSync(file)) throw new NoDatabase(`${folder} has no database. Do: name the data folder with --data`);
  const db = readDatabase(file);
  try {
    return verifyJournal(db, noted);
  } finally {
    db.close();
  }
}
