/** Many processes and one sign-in, with a real server: who refreshes, who waits, and what is left when one is killed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { program } from "../runtime/child.ts";
import { call, complaint, scratch, shell, start } from "./program.ts";
import { demoServer, desk } from "./signed-in.ts";

const server = demoServer();

const isLive = async (token: string): Promise<boolean> =>
  (await call(server.url, "/api/v1/me", undefined, token.trim())).status === 200;

test("C-03, F-02: twenty processes that find an expired token make one rotation, and all twenty print a live token", async () => {
  using bob = desk(server.url);
  await bob.login();
  assert.equal(bob.seq(), 1);
  bob.age();
  const all = await Promise.all(Array.from({ length: 20 }, () => bob.run(["token"])));
  // On a busy machine the last ones wait for more than a second, and say so.
  for (const { code, err } of all) assert.match(`${code} ${err}`, /^0 (?:Another jeton is at work[^\n]*\n)?$/);
  assert.equal(new Set(all.map(({ out }) => out)).size, 1);
  assert.equal(all[0]!.out, `${bob.tokens().access_token}\n`);
  assert.ok(await isLive(all[0]!.out));
  assert.equal(bob.seq(), 2);
});

test("C-03: a process that holds the lock is waited for, with a word about it; when it is killed the next one goes on", async () => {
  using bob = desk(server.url);
  await bob.login();
  bob.age();
  const holder = program("hold-file-lock", bob.file);
  await holder.written("held\n");
  const waiting = start(["token"], bob.surroundings());
  await waiting.said(/Another jeton is at work on this sign-in/);
  assert.equal(waiting.out, "");
  holder.process.kill("SIGKILL");
  const { code, out } = await waiting.ended;
  assert.equal(code, 0);
  assert.ok(await isLive(out));
  assert.equal(bob.seq(), 2);
});

test("C-03: sign-ins, refreshes and endings at once leave a file that is whole or none, and no temporary file", async () => {
  using bob = desk(server.url);
  await bob.login();
  const login = ["login", "-q", "--username", "bob", "--password-stdin"];
  const input = `${demoPassword}\n`;
  const all = await Promise.all(
    [login, ["logout"], login, ["refresh", "--force"], ["logout"], ["refresh", "--force"], login].map((words) =>
      bob.run(words, { input }),
    ),
  );
  // Whoever comes after a logout is not signed in, and that is all that may go wrong.
  for (const { code, err } of all) assert.ok(code === 0 || (code === 4 && /not signed in/.test(err)), `${code} ${err}`);
  if (existsSync(bob.file)) assert.ok(await isLive(bob.tokens().access_token));
  const left = readdirSync(bob.home.path(".config", "jeton")).filter((name) => name.endsWith(".tmp"));
  assert.deepEqual(left, []);
});

test("C-01: under any umask a sign-in leaves a file of 0600 in a folder of 0700", async () => {
  for (const mask of ["000", "022", "077"]) {
    using bob = desk(server.url);
    const line = `umask ${mask}; echo '${demoPassword}' | jeton login -q --username bob --password-stdin`;
    const { code, err } = await shell(line, bob.surroundings());
    assert.equal(code, 0, err);
    const folder = bob.home.path(".config", "jeton");
    assert.equal((statSync(folder).mode & 0o777).toString(8), "700", mask);
    for (const name of readdirSync(folder)) {
      assert.equal((statSync(`${folder}/${name}`).mode & 0o777).toString(8), "600", `${mask} ${name}`);
    }
  }
});

test("C-01: a token file that others can read, or that is a symbolic link, is not used: exit 4 and what to do", async () => {
  using bob = desk(server.url);
  await bob.login();
  chmodSync(bob.file, 0o644);
  for (const words of [["token"], ["logout"], ["status"], ["revoke-all", "--confirm", "bob"]]) {
    const { code, out, err } = await bob.run(words);
    assert.equal(code, 4, words.join(" "));
    assert.match(out + err, /can be read by others/);
    assert.match(out + err, /chmod 600 \S+auth-token\.json/);
  }
  chmodSync(bob.file, 0o600);
  renameSync(bob.file, `${bob.file}.real`);
  symlinkSync(`${bob.file}.real`, bob.file);
  const login = { input: `${demoPassword}\n` };
  for (const words of [["token"], ["login", "--username", "bob", "--password-stdin"]]) {
    const { code, err } = await bob.run(words, login);
    assert.equal(code, 4);
    assert.match(complaint(err), /is a symbolic link, .*Do: rm /);
  }
});

/** Makes a folder read-only, for root too; undefined where that cannot be done here. */
function readOnly(folder: string): Disposable | undefined {
  if (process.geteuid?.() !== 0) {
    chmodSync(folder, 0o500);
    return { [Symbol.dispose]: () => chmodSync(folder, 0o700) };
  }
  const mount = (...words: string[]): boolean => spawnSync("mount", words).status === 0;
  if (!mount("--bind", folder, folder)) return undefined;
  const done = { [Symbol.dispose]: () => void spawnSync("umount", ["--lazy", folder]) };
  if (mount("-o", "remount,ro,bind", folder)) return done;
  done[Symbol.dispose]();
  return undefined;
}

function withoutReadOnly(): string | false {
  using folder = scratch();
  mkdirSync(folder.path("home"));
  using made = readOnly(folder.path("home"));
  return made === undefined
    ? "a folder cannot be mounted here. Do: allow mount, or run the tests as another user than root"
    : false;
}

test(
  "C-03: with a read-only home a live token is printed; one that must be renewed is not asked for, and nothing is lost",
  { skip: withoutReadOnly() },
  async () => {
    using bob = desk(server.url);
    await bob.login();
    const folder = bob.home.path(".config", "jeton");
    {
      using _ = readOnly(folder);
      assert.equal((await bob.run(["token"])).code, 0);
    }
    bob.age();
    const kept = readFileSync(bob.file, "utf8");
    {
      using _ = readOnly(folder);
      const { code, out, err } = await bob.run(["token"]);
      assert.deepEqual([code, out], [74, ""]);
      assert.match(complaint(err), /auth-token\.json cannot be written: .*Why: .*Do: make its folder writable/);
    }
    assert.equal(readFileSync(bob.file, "utf8"), kept);
    assert.equal((await bob.run(["token"])).code, 0);
    assert.equal(bob.seq(), 2);
  },
);

test("C-03, rule 6: a session that was ended at the server is over here: exit 4, and the tokens are deleted", async () => {
  using bob = desk(server.url);
  await bob.login();
  const { refresh_token } = bob.tokens();
  assert.equal((await call(server.url, "/api/v1/logout", { refresh_token })).status, 204);
  bob.age();
  const { code, out, err } = await bob.run(["token", "--json"]);
  assert.deepEqual([code, out], [4, ""]);
  const { error } = JSON.parse(err) as { error: Record<string, unknown> };
  assert.deepEqual([error["code"], error["status"], error["exit_code"]], ["invalid_grant", 401, 4]);
  assert.equal(existsSync(bob.file), false);
});

test("UX, logout: where the server is away the tokens are deleted all the same, and the exit code is 7", async () => {
  using bob = desk(server.url);
  await bob.login();
  const config = bob.home.path(".config", "jeton", "config.json");
  const away = readFileSync(config, "utf8").replace(server.url, "http://127.0.0.1:1");
  const { code, err } = await shell(
    `cat >'${config}'; unset JETON_SERVER; exec jeton logout`,
    bob.surroundings({ input: away }),
  );
  assert.equal(code, 7, err);
  assert.match(err, /Could not tell the server .*; the refresh token stays valid until .*revoke-all later/);
  assert.equal(existsSync(bob.file), false);
});
