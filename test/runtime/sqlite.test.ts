import assert from "node:assert/strict";
import { test } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backup, DatabaseSync, type SQLInputValue } from "node:sqlite";
import { prepare, type Bindable } from "../../src/store/bind.ts";
import { onBun } from "./small-server.ts";

const insert = "INSERT INTO things (id, value) VALUES (?, ?)";

function memory(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE things (id INTEGER PRIMARY KEY, value ANY) STRICT");
  return db;
}

interface Folder extends Disposable {
  readonly path: string;
}

function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "jeton-sqlite-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** The value that came back, or the class of what was thrown. */
function stored(write: (db: DatabaseSync) => void): unknown {
  const db = memory();
  try {
    write(db);
    return db.prepare("SELECT value FROM things").get()?.["value"];
  } catch (error) {
    return (error as Error).constructor.name;
  } finally {
    db.close();
  }
}

/** The reason for src/store/bind.ts: what the runtimes make of these, without a word or each in its own way. */
const raw: ReadonlyArray<readonly [what: string, parameters: readonly unknown[], bun: unknown, node: unknown]> = [
  ["undefined", [1, undefined], "TypeError", null],
  ["true", [1, true], "TypeError", 1],
  ["too few parameters", [1], null, null],
  ["a Date before the parameters", [new Date(0), 1], null, null],
  ["an empty object before the parameters", [{}, 1], null, null],
];

for (const [what, parameters, bun, node] of raw) {
  test(`Runtime S2: node:sqlite itself cannot be relied on when given ${what}`, () => {
    const value = stored((db) => void db.prepare(insert).run(...(parameters as SQLInputValue[])));
    assert.equal(value, onBun ? bun : node);
  });
}

const bound: ReadonlyArray<readonly [what: string, parameters: readonly unknown[], result: unknown]> = [
  ["undefined", [1, undefined], "TypeError"],
  ["true", [1, true], 1],
  ["false", [1, false], 0],
  ["null", [1, null], null],
  ["too few parameters", [1], "TypeError"],
  ["too many parameters", [1, 2, 3], "TypeError"],
  ["a Date", [1, new Date(0)], "TypeError"],
  ["a Date before the parameters", [new Date(0), 1, 2], "TypeError"],
  ["an object", [1, {}], "TypeError"],
  ["an array", [1, [2]], "TypeError"],
  ["a symbol", [1, Symbol("x")], "TypeError"],
  ["NaN", [1, Number.NaN], "TypeError"],
  ["half a number", [1, 0.5], "TypeError"],
  ["a number over 2^53", [1, 2 ** 53], "TypeError"],
  ["a text", [1, "a"], "a"],
  ["a BigInt", [1, 5n], 5],
];

for (const [what, parameters, result] of bound) {
  test(`Runtime S2: a prepared statement of ours given ${what}: ${String(result)}`, () => {
    const value = stored((db) => void prepare(db, insert).run(...(parameters as Bindable[])));
    assert.equal(value, result);
  });
}

test("Runtime S2: the time of day is stored as an integer", () => {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE times (at INTEGER NOT NULL) STRICT");
  const now = Date.now(); // more than 32 bits, so that it is bound as a real number
  prepare(db, "INSERT INTO times (at) VALUES (?)").run(now);
  assert.deepEqual({ ...db.prepare("SELECT at, typeof(at) AS type FROM times").get() }, { at: now, type: "integer" });
  db.close();
});

test("Runtime S2: a BLOB comes back as a plain Uint8Array with a memory of its own", () => {
  const value = stored((db) => void prepare(db, insert).run(1, new Uint8Array([1, 2, 3])));
  assert.ok(value instanceof Uint8Array && !Buffer.isBuffer(value));
  assert.deepEqual([...value], [1, 2, 3]);
  assert.equal(value.byteLength, value.buffer.byteLength); // else `.buffer` would be more than was stored
});

test("Runtime S2: an integer over 2^53 is an error when read, and never a rounded number", () => {
  const db = memory();
  db.exec("INSERT INTO things (id, value) VALUES (1, 9007199254740993)");
  assert.throws(() => db.prepare("SELECT value FROM things").get(), RangeError);
  const exact = db.prepare("SELECT value FROM things");
  exact.setReadBigInts(true);
  assert.equal(exact.get()?.["value"], 9007199254740993n);
  db.close();
});

test("Runtime S2: nobody waits for a lock unless asked to, so every handle is opened with a time-out", () => {
  using place = folder();
  const timeoutOf = (db: DatabaseSync): unknown => db.prepare("PRAGMA busy_timeout").get()?.["timeout"];
  const plain = new DatabaseSync(join(place.path, "db"));
  const patient = new DatabaseSync(join(place.path, "db"), { timeout: 5000 });
  assert.deepEqual([timeoutOf(plain), timeoutOf(patient)], [0, 5000]);
  plain.exec("BEGIN EXCLUSIVE");
  const other = new DatabaseSync(join(place.path, "db"));
  assert.equal(
    errcode(() => other.exec("BEGIN IMMEDIATE")),
    5,
  );
  for (const db of [plain, patient, other]) db.close();
});

/** SQLite's extended result code of what `act` throws; 0 when it throws nothing. */
function errcode(act: () => unknown): number {
  try {
    act();
    return 0;
  } catch (error) {
    assert.ok(error instanceof Error && "errcode" in error && "code" in error);
    assert.equal(error.code, "ERR_SQLITE_ERROR");
    return Number(error.errcode);
  }
}

test("Runtime S2: the codes of violated constraints are the same on both runtimes", () => {
  const db = memory();
  db.exec("CREATE TABLE strict (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, n INTEGER CHECK (n > 0)) STRICT");
  db.exec("INSERT INTO strict VALUES (1, 'a', 1)");
  const codes = ["(1, 'b', 1)", "(2, 'a', 1)", "(2, NULL, 1)", "(2, 'b', 0)", "(2, 'b', 'x')"].map((values) =>
    errcode(() => db.exec(`INSERT INTO strict VALUES ${values}`)),
  );
  assert.deepEqual(codes, [1555, 2067, 1299, 275, 3091]);
  db.close();
});

test("Runtime S2: a string in double quotes is an error, since it may be a misspelt column", () => {
  const db = memory();
  assert.notEqual(
    errcode(() => db.exec('SELECT "no such column" FROM things')),
    0,
  );
  db.close();
});

test("Runtime S1: a full disk undoes the transaction by itself, reads go on, and only isTransaction tells", () => {
  using place = folder();
  const db = new DatabaseSync(join(place.path, "db"));
  db.exec("PRAGMA journal_mode=WAL; CREATE TABLE things (id INTEGER PRIMARY KEY, value ANY) STRICT");
  prepare(db, insert).run(1, "before");
  db.exec("PRAGMA max_page_count=20"); // SQLite answers as on a full disk
  const fill = prepare(db, insert);
  db.exec("BEGIN IMMEDIATE");
  const code = errcode(() => {
    for (let id = 2; id < 100; id += 1) fill.run(id, new Uint8Array(4000));
  });
  assert.equal(code, 13);
  assert.equal(db.isTransaction, false);
  assert.throws(() => db.exec("ROLLBACK")); // so whoever rolls back looks first
  assert.deepEqual(
    db
      .prepare("SELECT id FROM things")
      .all()
      .map((row) => row["id"]),
    [1],
  );
  assert.equal(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
  db.exec("PRAGMA max_page_count=1000");
  fill.run(2, "after");
  db.close();
});

test("Runtime S2: an online backup is a whole database", async () => {
  using place = folder();
  const db = memory();
  prepare(db, insert).run(1, "kept");
  await backup(db, join(place.path, "copy"));
  const copy = new DatabaseSync(join(place.path, "copy"), { readOnly: true });
  assert.equal(copy.prepare("SELECT value FROM things").get()?.["value"], "kept");
  assert.equal(
    errcode(() => copy.exec("DELETE FROM things")),
    8,
  );
  copy.close();
  db.close();
});
