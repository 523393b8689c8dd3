import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf, good, type WirePair } from "../authority.ts";
import { administrator, call, initialised, inProcess, jeton, oneLine, scratch, serve } from "./program.ts";

test("jeton serve: --demo says where it is, serves its people, and leaves nothing behind when told to stop", async () => {
  using folder = scratch();
  await using server = await serve(["--demo"], { cwd: folder.path() });
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(readdirSync(folder.path()).length, 1);
  for (const username of ["ada", "bob"]) {
    const pair = await good<WirePair>(await call(server.url, "/api/v1/login", { username, password: demoPassword }));
    assert.equal(claimsOf(pair.access_token)["iss"], server.url);
    assert.equal((await call(server.url, "/api/v1/me", undefined, pair.access_token)).status, 200);
  }
  assert.equal((await call(server.url, "/readyz")).status, 200);
  const { code, out, err } = await server.stop("SIGTERM");
  assert.equal(code, 0, err);
  assert.equal(out, "");
  assert.match(err, /curl -s http/);
  assert.deepEqual(readdirSync(folder.path()), []);
});

test("FL-34: a second signal ends a server that waits for a request, and the demonstration's data is gone all the same", async () => {
  using folder = scratch();
  await using server = await serve(["--demo"], { cwd: folder.path() });
  const { hostname, port } = new URL(server.url);
  // Half a body: the server waits for the rest of it.
  const held = connect(Number(port), hostname);
  held.on("error", () => undefined);
  held.write(
    "POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
  );
  await once(held, "data");
  held.write("{");
  server.program.kill("SIGTERM");
  // It has noticed when it takes no more connections.
  for (;;) {
    const probe = connect(Number(port), hostname);
    const taken = await new Promise<boolean>((settle) => {
      probe.once("connect", () => settle(true)).once("error", () => settle(false));
    });
    probe.destroy();
    if (!taken) break;
  }
  const { code } = await server.stop("SIGINT");
  held.destroy();
  assert.equal(code, 1);
  assert.deepEqual(readdirSync(folder.path()), []);
});

test("jeton serve: --demo listens on loopback only, by its own address and by that of a dialect", async () => {
  const open = [
    ["--listen", "0.0.0.0:0"],
    ["--listen", "[::]:0"],
    ["--dialect", "sensu=0.0.0.0:0"],
  ];
  const line = /--demo has accounts with a public password and listens on loopback only\. Do: /;
  for (const words of open) oneLine(await inProcess(["serve", "--demo", ...words]), 2, line);
  const both = ["serve", "--demo", "--data", "somewhere"];
  oneLine(await inProcess(both), 2, /--demo keeps nothing and takes no --data\. Do: /);
  assert.equal(existsSync("somewhere"), false);
});

test("jeton init: init, then serve on the same folder, needs nothing else; SIGINT stops it too", async () => {
  using folder = scratch();
  const here = { cwd: folder.path() };
  await initialised(folder);
  await using server = await serve(["--data", "data"], here);
  const pair = await good<WirePair>(await call(server.url, "/api/v1/login", administrator));
  const me = await good<{ roles: string[] }>(await call(server.url, "/api/v1/me", undefined, pair.access_token));
  assert.deepEqual(me.roles, ["admin"]);
  const { code, out, err } = await server.stop("SIGINT");
  assert.equal(code, 0, err);
  assert.equal(out, "");
  assert.doesNotMatch(err, /curl|demonstration/);
  assert.ok(readdirSync(folder.path("data")).includes("jeton.db"));
});

test("FL-39: a second server on a folder, and an init beside a server, are refused with one line", async () => {
  using folder = scratch();
  const here = { cwd: folder.path() };
  await initialised(folder);
  await using server = await serve(["--data", "data"], here);
  const second = await jeton(["serve", "--data", "data", "--listen", "127.0.0.1:0"], here);
  oneLine(second, 6, /another Jeton works on data\. Do: /);
  const init = ["init", "--data", folder.path("data"), "--admin", "x", "--password-stdin"];
  oneLine(await inProcess(init), 6, /another Jeton works on \S+data\. Do: /);
  assert.equal((await call(server.url, "/readyz")).status, 200);
  assert.equal((await server.stop()).code, 0);
});

test("jeton serve: an address that is taken, or not to be had, is exit 7 and one line, for the server and for a dialect", async () => {
  using folder = scratch();
  const here = { cwd: folder.path() };
  await initialised(folder);
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  const dialect = ["serve", "--data", "data", "--listen", "127.0.0.1:0", "--dialect", `sensu=${address}`];
  oneLine(await jeton(dialect, here), 7, new RegExp(`${address} is already in use`));
  oneLine(await jeton(["serve", "--demo", "--listen", address], here), 7, /is already in use/);
  taken.close();
  // TEST-NET-3 (RFC 5737): an address that this machine does not have.
  const foreign = ["serve", "--data", "data", "--listen", "203.0.113.1:0"];
  oneLine(await jeton(foreign, here), 7, /203\.0\.113\.1:0 cannot be listened on: .+\. Do: choose another address/);
  assert.deepEqual(readdirSync(folder.path()), ["data"]);
});

test("FL-01: after kill -9 a server starts on the same folder at once, and the tokens of before are good", async () => {
  using folder = scratch();
  const here = { cwd: folder.path() };
  await initialised(folder);
  const words = ["--data", "data", "--issuer", "https://tokens.example.test"];
  let pair: WirePair;
  let lost: WirePair;
  {
    await using server = await serve(words, here);
    const first = await good<WirePair>(await call(server.url, "/api/v1/login", administrator));
    pair = await good<WirePair>(await call(server.url, "/api/v1/refresh", { refresh_token: first.refresh_token }));
    lost = first;
    const ended = await server.stop("SIGKILL");
    assert.equal(ended.signal, "SIGKILL");
  }
  await using server = await serve(words, here);
  assert.equal((await call(server.url, "/api/v1/me", undefined, pair.access_token)).status, 200);
  // The client that never saw the answer before the crash asks again, and gets it.
  const again = await good<WirePair>(await call(server.url, "/api/v1/refresh", { refresh_token: lost.refresh_token }));
  assert.equal(again.refresh_token, pair.refresh_token);
  const next = await good<WirePair>(await call(server.url, "/api/v1/refresh", { refresh_token: pair.refresh_token }));
  assert.equal(claimsOf(next.refresh_token)["seq"], 3);
  assert.equal(claimsOf(next.access_token)["iss"], "https://tokens.example.test");
});
