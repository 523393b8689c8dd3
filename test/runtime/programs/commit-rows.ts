/** Commits one row after another to the database that is its argument, and says each number once it is committed. */
import { writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const db = new DatabaseSync(process.argv[2] ?? "", { timeout: 5000 });
db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE numbers (id INTEGER PRIMARY KEY) STRICT");
const insert = db.prepare("INSERT INTO numbers (id) VALUES (?)");
for (let id = 1; ; id += 1) {
  db.exec("BEGIN IMMEDIATE");
  insert.run(id);
  db.exec("COMMIT");
  // Synchronous and not buffered: a number that was not yet committed must not be readable.
  writeSync(1, `${id}\n`);
}
