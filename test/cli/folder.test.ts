import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { after, before, describe, test } from "node:test";

import {
  administrator,
  call,
  initialised,
  inProcess,
  jeton,
  oneLine,
  scratch,
  serve,
  shell,
  type Ended,
  type Scratch,
} from "./program.ts";

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);
const start = (folder: Scratch, environment: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  jeton(["serve", "--data", "data", "--listen", "127.0.0.1:0"], { cwd: folder.path(), environment });

test("C-07: the data folder is 0700 and every file in it 0600, whatever the umask, while the server writes too", async () => {
  using folder = scratch();
  const init = `umask 000; exec jeton init --data data --admin ${administrator.username} --password-stdin`;
  const made = await shell(init, { cwd: folder.path(), input: administrator.password });
  assert.equal(made.code, 0, made.err);
  // The server inherits the umask of the shell that starts it.
  const mask = process.umask(0);
  await using server = await serve(["--data", "data"], { cwd: folder.path() }).finally(() => process.umask(mask));
  assert.equal((await call(server.url, "/api/v1/login", administrator)).status, 200);
  assert.equal(modeOf(folder.path("data")), "700");
  // A folder that somebody opened up stays as it is; what is in it does not open with it.
  chmodSync(folder.path("data"), 0o755);
  const files = readdirSync(folder.path("data"));
  assert.ok(files.length >= 5, files.join(" "));
  for (const file of files) assert.equal(modeOf(folder.path("data", file)), "600", file);
});

/** What happens to the key, and what the one line says. */
const damages: readonly (readonly [what: string, damage: (key: string, folder: Scratch) => void, line: RegExp])[] = [
  ["missing", (key) => rmSync(key), /master\.key is missing\. Do: put the file back/],
  ["readable for all", (key) => chmodSync(key, 0o644), /can be read by others\. Do: chmod 600 \S+master\.key/],
  ["readable for the group", (key) => chmodSync(key, 0o640), /can be read by others\. Do: chmod 600 \S+master\.key/],
  ["writable for others", (key) => chmodSync(key, 0o602), /can be read by others\. Do: chmod 600 \S+master\.key/],
  ["cut short", (key) => writeFileSync(key, readFileSync(key, "utf8").slice(0, -5)), /master\.key is damaged\. Do: /],
  ["empty", (key) => writeFileSync(key, ""), /master\.key is damaged\. Do: /],
  [
    "of another format",
    (key) => writeFileSync(key, readFileSync(key, "utf8").replace("-1:", "-2:")),
    /master\.key is damaged\. Do: /,
  ],
  [
    "in other letters",
    (key) => writeFileSync(key, readFileSync(key, "utf8").toLowerCase()),
    /the master key .*(?:damaged|is not the one that sealed this database)/,
  ],
  [
    "that of another folder",
    (key, folder) => copyFileSync(folder.path("other.key"), key),
    /the master key is not the one that sealed this database\. Do: /,
  ],
  [
    "a folder",
    (key) => {
      rmSync(key);
      mkdirSync(key, { mode: 0o700 });
    },
    /master\.key cannot be read: .+\. Do: /,
  ],
];
/** Those that a server is started on; the others are told by `init`, which opens a folder in the same way. */
const served = ["missing", "readable for all"];

describe("FL-23: a master key", () => {
  const folder = scratch();
  const key = folder.path("data", "master.key");
  let good: Buffer;
  before(async () => {
    await initialised(folder);
    good = readFileSync(key);
    // Another key of the right form.
    writeFileSync(folder.path("other.key"), `jeton-master-key-1:${"A".repeat(43)}\n`, { mode: 0o600 });
  });
  after(() => folder[Symbol.dispose]());

  const text = (): string | undefined =>
    existsSync(key) && statSync(key).isFile() ? readFileSync(key, "utf8") : undefined;

  for (const [what, damage, line] of damages) {
    test(`FL-23: a master key that is ${what} stops the start with one line, and no other is made`, async () => {
      damage(key, folder);
      const found = text();
      const init = ["init", "--data", folder.path("data"), "--admin", "x", "--password-stdin"];
      oneLine(served.includes(what) ? await start(folder) : await inProcess(init, administrator.password), 5, line);
      assert.equal(text(), found);
      rmSync(key, { recursive: true, force: true });
      writeFileSync(key, good, { mode: 0o600 });
    });
  }

  test("FL-23: with the right key back in its place the folder opens as if nothing had been", async () => {
    const init = ["init", "--data", folder.path("data"), "--admin", "x", "--password-stdin"];
    oneLine(await inProcess(init, administrator.password), 6, /is already set up\. Do: jeton serve/);
  });
});

test("FL-23: JETON_MASTER_KEY_FILE names the key's place; without a key there nothing starts, and none is made anywhere", async () => {
  using folder = scratch();
  await initialised(folder);
  const environment = { JETON_MASTER_KEY_FILE: folder.path("elsewhere", "key") };
  mkdirSync(folder.path("elsewhere"));
  oneLine(await start(folder, environment), 5, /elsewhere\/key is missing\. Do: put the file back/);
  renameSync(folder.path("data", "master.key"), environment.JETON_MASTER_KEY_FILE);
  await using server = await serve(["--data", "data"], { cwd: folder.path(), environment });
  assert.equal((await call(server.url, "/api/v1/login", administrator)).status, 200);
  assert.equal((await server.stop()).code, 0);
  assert.equal(existsSync(folder.path("data", "master.key")), false);

  const fresh = ["init", "--data", "fresh", "--admin", "x", "--password-stdin"];
  const nowhere = {
    cwd: folder.path(),
    environment: { JETON_MASTER_KEY_FILE: folder.path("nowhere") },
    input: administrator.password,
  };
  oneLine(await jeton(fresh, nowhere), 5, /nowhere is missing, and none is made in a place that you name\. Do: /);
  assert.equal(existsSync(folder.path("nowhere")), false);
  assert.equal(existsSync(folder.path("fresh", "master.key")), false);
});

test("FL-09: a folder that has lost its database, or whose path is a file, is refused with one line", async () => {
  using folder = scratch();
  await initialised(folder);
  for (const name of readdirSync(folder.path("data")))
    if (name.startsWith("jeton.db")) rmSync(folder.path("data", name));
  const init = ["init", "--data", folder.path("data"), "--admin", "x", "--password-stdin"];
  oneLine(await inProcess(init), 6, /data has a master key and no database\. Do: put jeton\.db back from a backup/);
  assert.equal(
    readdirSync(folder.path("data")).some((name) => name.startsWith("jeton.db")),
    false,
  );
  rmSync(folder.path("data"), { recursive: true });
  writeFileSync(folder.path("data"), "a file");
  oneLine(await inProcess(init), 6, /the data folder \S+data cannot be used: /);
});

test("L-15: of two set-ups at once one makes the administrator, the other one is told why not, and a third is too late", async () => {
  using folder = scratch();
  const set = (name: string): Promise<Ended> =>
    jeton(["init", "--data", "data", "--admin", name, "--password-stdin"], {
      cwd: folder.path(),
      input: "a cellar door in the rain",
    });
  const codes = (await Promise.all([set("ada"), set("eve")])).map(({ code }) => code);
  assert.deepEqual(new Set(codes), new Set([0, 6]));
  oneLine(await set("mallory"), 6, /is already set up\. Do: jeton serve/);
});
