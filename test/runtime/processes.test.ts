import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { FolderInUse, lockFolder } from "../../src/store/folder.ts";
import { program } from "./child.ts";

function folder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "jeton-processes-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

test("Runtime S2: a folder that another process has locked cannot be locked, and is free when that one ends", async () => {
  using place = folder();
  const holder = program("hold-lock", place.path);
  await holder.written("held");
  assert.throws(() => lockFolder(place.path), FolderInUse);
  holder.process.stdin?.end();
  assert.deepEqual(await holder.ended, { code: 0, signal: null });
  lockFolder(place.path).release();
});

test("Runtime S2: kill -9 gives the lock back", async () => {
  using place = folder();
  const holder = program("hold-lock", place.path);
  await holder.written("held");
  assert.throws(() => lockFolder(place.path), FolderInUse);
  holder.process.kill("SIGKILL");
  assert.equal((await holder.ended).signal, "SIGKILL");
  lockFolder(place.path).release();
});

test("Runtime S2: a folder that this process has locked is closed to another process", async () => {
  using place = folder();
  const lock = lockFolder(place.path);
  const second = program("hold-lock", place.path);
  const { code } = await second.ended;
  assert.notEqual(code, 0);
  assert.ok(!second.output().includes("held"));
  lock.release();
  const third = program("hold-lock", place.path);
  await third.written("held");
  third.process.kill();
  await third.ended;
});

test("Runtime S2: the lock is the open transaction alone: no pid file, and nothing to remove by hand", () => {
  using place = folder();
  lockFolder(place.path).release();
  lockFolder(place.path).release();
  assert.deepEqual(readdirSync(place.path), ["lock"]);
});

test("Runtime S1: kill -9 in the middle of commits loses no row that was acknowledged", async () => {
  using place = folder();
  const file = join(place.path, "numbers.db");
  const writer = program("commit-rows", file);
  await writer.written("\n300\n");
  writer.process.kill("SIGKILL");
  assert.equal((await writer.ended).signal, "SIGKILL");

  const lines = writer.output().split("\n");
  lines.pop(); // the last number may have been cut
  const acknowledged = Number(lines.at(-1));
  const db = new DatabaseSync(file);
  const { count, last } = db.prepare("SELECT count(*) AS count, max(id) AS last FROM numbers").get() as Record<
    string,
    number
  >;
  assert.equal(count, last); // none is missing in between
  assert.ok(last !== undefined && last >= acknowledged, `${acknowledged} acknowledged, ${last} found`);
  assert.ok(last <= acknowledged + 1, `${acknowledged} acknowledged, ${last} found`); // the one in flight
  assert.equal(db.prepare("PRAGMA integrity_check").get()?.["integrity_check"], "ok");
  db.close();
});
