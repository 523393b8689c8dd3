import assert from "node:assert/strict";
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";

import { administrator, initialised, inProcess, oneLine, scratch, type Scratch } from "../cli/program.ts";
import { Client, insist, login, logout, me, pairOf, refresh, sessionOf } from "./fleet.ts";
import { inData, integrity, kill, launch, started } from "./server.ts";
import type { WirePair } from "../authority.ts";

/** What of an instance its clients remember; the folder is as kill -9 left it, with the log not yet in the database. */
interface Left {
  readonly client: Client;
  /** Of a session that was ended. */
  readonly ended: WirePair;
}

const frame = 24 + 4096;

describe("FL-09: a killed server's folder", () => {
  const folder = scratch();
  let left: Left;
  before(async () => {
    await initialised(folder);
    const server = await started(folder);
    const ended = pairOf(await insist(() => login(server.url)));
    assert.equal((await insist(() => logout(server.url, ended))).status, 200);
    const [client] = (await Client.many(server.url, 1)) as [Client];
    // The heartbeat writes too; the last frame is to be a refresh's.
    for (let turn = 0; turn < 5; turn++) await client.refresh(server.url);
    await kill(server);
    left = { client, ended };
    cpSync(folder.path("data"), folder.path("kept"), { recursive: true });
  });
  after(() => folder[Symbol.dispose]());

  /** A folder with a copy of what the kill left. */
  function copy(): Scratch {
    const own = scratch();
    cpSync(folder.path("kept"), own.path("data"), { recursive: true });
    return own;
  }

  test("FL-09: without its -shm file nothing is missing, since that is made anew from the log", async () => {
    using own = copy();
    rmSync(inData(own, "jeton.db-shm"));
    await using server = await started(own);
    const again = new Client(left.client.newest);
    await again.holds(server.url);
    assert.equal((await insist(() => refresh(server.url, left.ended.refresh_token))).status, 401);
    assert.equal(integrity(own), "ok");
  });

  /** What befalls the log; in each case its end is lost. */
  const losses: readonly (readonly [what: string, lose: (log: string) => void])[] = [
    ["is cut in the middle of its last frames", (log) => truncateSync(log, statSync(log).size - 3 * frame - 100)],
    [
      "has a flipped bit in its last frames",
      (log) => {
        const bytes = readFileSync(log);
        const at = bytes.length - 4 * frame + 2000;
        bytes[at] = bytes[at]! ^ 1;
        writeFileSync(log, bytes);
      },
    ],
  ];

  for (const [what, lose] of losses) {
    test(`FL-09, FL-36: when the log ${what}, a token from the lost future ends its session and is never accepted`, async () => {
      using own = copy();
      lose(inData(own, "jeton.db-wal"));
      await using server = await started(own);
      assert.equal(integrity(own), "ok");
      assert.equal((await insist(() => refresh(server.url, left.client.newest.refresh_token))).status, 401);
      assert.match(server.said(), /"event":"database_went_back"/);
      // The one that the database believes in is dead too.
      for (const { refresh_token: token } of left.client.pairs)
        assert.equal((await insist(() => refresh(server.url, token))).status, 401);
      assert.equal((await insist(() => me(server.url, left.client.newest))).status, 401);
      assert.equal((await insist(() => refresh(server.url, left.ended.refresh_token))).status, 401);
      // Everybody may sign in again.
      await new Client(pairOf(await insist(() => login(server.url)))).holds(server.url);
    });
  }

  test("FL-09: when the whole log is gone, what was in it is refused, and the instance is the old one", async () => {
    using own = copy();
    rmSync(inData(own, "jeton.db-wal"));
    rmSync(inData(own, "jeton.db-shm"));
    await using server = await started(own);
    assert.equal(integrity(own), "ok");
    for (const { refresh_token: token } of left.client.pairs)
      assert.equal((await insist(() => refresh(server.url, token))).status, 401);
    assert.equal((await insist(() => me(server.url, left.client.newest))).status, 401);
    const again = pairOf(await insist(() => login(server.url)));
    assert.notEqual(sessionOf(again), sessionOf(left.client.newest));
  });

  /** What stands in the place of the database; none of it may be taken for a new instance. */
  const impostors: readonly (readonly [what: string, code: number, put: (file: string) => void])[] = [
    ["an empty file", 6, (file) => writeFileSync(file, "")],
    ["a text", 5, (file) => writeFileSync(file, "not a database\n".repeat(1000))],
    ["a database of another program", 5, (file) => foreign(file, "CREATE TABLE bookmarks (url TEXT)")],
    ["an SQLite database without a table", 5, (file) => foreign(file, "PRAGMA user_version = 1")],
    ["a database without its first page", 5, (file) => writeFileSync(file, readFileSync(file).fill(0xa5, 0, 4096))],
    ["a database without its second half", 5, (file) => truncateSync(file, statSync(file).size / 2)],
  ];
  for (const [what, code, put] of impostors) {
    test(`FL-09: ${what} in the database's place is refused with one line and the exit code ${code}, and no authority is made in it`, async () => {
      using own = copy();
      for (const name of ["jeton.db-wal", "jeton.db-shm"]) rmSync(inData(own, name));
      const file = inData(own, "jeton.db");
      put(file);
      const tables = tablesIn(file);
      const init = ["init", "--data", own.path("data"), "--admin", "x", "--password-stdin"];
      oneLine(await inProcess(init, administrator.password), code, /\. Do: /);
      assert.deepEqual(tablesIn(file), tables);
    });
  }

  test("FL-09: whichever page of the database is overwritten, no start makes a new instance, and the reason has a hint", async () => {
    using own = copy();
    const file = inData(own, "jeton.db");
    // All in one file, as after a stop.
    const db = new DatabaseSync(file);
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
    assert.equal(existsSync(`${file}-wal`), false);
    copyFileSync(file, own.path("whole"));
    const pages = statSync(file).size / 4096;
    for (let page = 1; page <= pages; page++) {
      const bytes = readFileSync(own.path("whole"));
      bytes.fill(0xa5, (page - 1) * 4096, page * 4096);
      writeFileSync(file, bytes);
      const init = ["init", "--data", own.path("data"), "--admin", "x", "--password-stdin"];
      const ended = await inProcess(init, administrator.password);
      // Already set up, where the page was not needed to know it; else damaged. Never done.
      assert.ok(ended.code === 6 || ended.code === 5, `page ${page}: ${ended.code} ${ended.err}`);
      oneLine(ended, ended.code, /\. Do: /);
    }
  });

  test("FL-09: a page of the sessions that is overwritten ends the process with its own exit code", async () => {
    using own = copy();
    const file = inData(own, "jeton.db");
    const db = new DatabaseSync(file);
    const row = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'session'").get();
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
    const bytes = readFileSync(file);
    const page = Number(row?.["rootpage"]);
    bytes.fill(0xa5, (page - 1) * 4096, page * 4096);
    writeFileSync(file, bytes);
    const child = launch(own);
    const { code } = await child.ended;
    assert.equal(code, 74, child.output());
    assert.match(child.output(), /"reason":"database disk image is malformed"/);
  });
});

/** The names of the tables; undefined where SQLite finds no database. */
function tablesIn(file: string): readonly unknown[] | undefined {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db.prepare("SELECT name FROM sqlite_schema ORDER BY name").all();
  } catch {
    return undefined;
  } finally {
    db.close();
  }
}

function foreign(file: string, sql: string): void {
  rmSync(file);
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}
