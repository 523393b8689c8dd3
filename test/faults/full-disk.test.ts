import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { test } from "node:test";

import { initialised, oneLine, scratch, type Scratch } from "../cli/program.ts";
import { ask, busy, Client, insist, login, logout, me, pairOf, Tally, until, Visitor } from "./fleet.ts";
import { inData, integrity, launch, started } from "./server.ts";

const mount = (folder: string): boolean =>
  spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0700", "none", folder]).status === 0;
const unmount = (folder: string): unknown => spawnSync("umount", ["--lazy", folder]);

/** The reason to skip a test that needs a small disk; false where one can be had. */
function withoutSmallDisk(): string | false {
  using folder = scratch();
  mkdirSync(folder.path("disk"));
  if (!mount(folder.path("disk"))) return "a tmpfs cannot be mounted here. Do: run the tests as root";
  unmount(folder.path("disk"));
  return false;
}

/** A data folder on a disk of its own, of one megabyte. */
function smallDisk(): Disposable & { readonly folder: Scratch } {
  const folder = scratch();
  mkdirSync(folder.path("data"));
  const give = (): void => {
    unmount(folder.path("data"));
    folder[Symbol.dispose]();
  };
  assert.ok(mount(folder.path("data")));
  return { folder, [Symbol.dispose]: give };
}

/** Takes all space that is left, to the last byte. */
function fill(folder: Scratch): void {
  const file = openSync(inData(folder, "filler"), "a");
  try {
    for (let size = 4096; size >= 1; size /= 2) {
      const bytes = Buffer.alloc(size);
      try {
        while (writeSync(file, bytes) === size);
      } catch (cause) {
        assert.equal((cause as NodeJS.ErrnoException).code, "ENOSPC");
      }
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const skip = withoutSmallDisk();

test(
  "FL-06: on a full disk every write is 503 with Retry-After and nothing is half done; reads go on, and it heals by itself",
  { skip },
  async () => {
    using disk = smallDisk();
    const { folder } = disk;
    await initialised(folder);
    await using server = await started(folder);
    const clients = await Client.many(server.url, 8);
    const visitors = [new Visitor(), new Visitor()];
    const guest = pairOf(await login(server.url));

    const tally = new Tally();
    let stop = false;
    const work = busy(server.url, { clients, visitors }, () => stop, tally);
    await until(() => tally.count("refresh", 200) > 20, "the clients work");
    fill(folder);
    await until(() => tally.count("refresh", 503) > 50 && tally.count("login", 503) > 5, "the disk is full");
    // Only what ends is told loudly that it did not; it is still there.
    const left = await logout(server.url, guest);
    assert.equal(left.status, 503);
    assert.notEqual(left.retryAfter, null);
    for (let round = 0; round < 20; round++) {
      assert.equal((await insist(() => me(server.url, guest))).status, 200);
      assert.equal((await ask(server.url, "/healthz")).status, 200);
      assert.equal((await ask(server.url, "/.well-known/jwks.json")).status, 200);
    }
    stop = true;
    await work;
    for (const what of ["refresh", "login", "logout"]) tally.only(what, [200, 503]);

    rmSync(inData(folder, "filler"));
    await Promise.all(clients.map((client) => client.holds(server.url)));
    for (const visitor of visitors) await visitor.holds(server.url);
    assert.equal((await insist(() => logout(server.url, guest))).status, 200);
    assert.equal((await insist(() => me(server.url, guest))).status, 401);
    assert.equal(integrity(folder), "ok");
    assert.equal(server.isOver(), false);
  },
);

test("FL-06: a start on a full disk is refused with one line, and with space it starts", { skip }, async () => {
  using disk = smallDisk();
  const { folder } = disk;
  await initialised(folder);
  fill(folder);
  const child = launch(folder);
  const { code } = await child.ended;
  oneLine({ code, signal: null, out: "", err: child.output() }, 6, /the lock in \S+ cannot be taken: .*full\. Do: /);
  rmSync(inData(folder, "filler"));
  await using server = await started(folder);
  assert.equal((await login(server.url)).status, 200);
});

test("FL-07: when the process may open no more files it goes on accepting as soon as it may again", async () => {
  using folder = scratch();
  await initialised(folder);
  await using server = await started(folder, { through: ["sh", "-c", 'ulimit -n 96; exec "$@"', "sh"] });
  const [client] = (await Client.many(server.url, 1)) as [Client];
  const { hostname, port } = new URL(server.url);
  const idle: Socket[] = [];
  for (let opened = 0; opened < 200; opened++) idle.push(connect(Number(port), hostname).on("error", () => undefined));
  // The kernel takes them; the server cannot have them all.
  await until(() => idle.every((socket) => !socket.connecting), "the connections are made or refused");
  for (const socket of idle) socket.destroy();
  await until(async () => (await ask(server.url, "/healthz")).status === 200, "it answers again");
  await client.holds(server.url);
  assert.equal(server.isOver(), false);
});
