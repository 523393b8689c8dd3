import assert from "node:assert/strict";
import { chmodSync, readdirSync, rmSync } from "node:fs";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf, type WirePair } from "../authority.ts";
import { initialised, scratch, type Scratch } from "../cli/program.ts";
import { until } from "../faults/fleet.ts";
import { exchange, head, request } from "../runtime/raw-socket.ts";
import { put, testAuthority } from "./certificates.ts";
import { hasCurl, secureExchange, secureOpen, serialShown } from "./clients.ts";
import { launch, secured, tlsFlags } from "./secured.ts";

const needsCurl = { skip: hasCurl ? false : "curl is not installed" };

const json = ["-H", "content-type: application/json", "-d"] as const;
const bob = JSON.stringify({ username: "bob", password: demoPassword });

test(
  "jeton serve: with a certificate and its key, every listener speaks TLS, and URLs and issuers say so",
  needsCurl,
  async () => {
    await using server = await secured("--dialect", "sensu=127.0.0.1:0");
    assert.match(server.url, /^https:\/\/127\.0\.0\.1:\d+$/);
    const login = await server.curl("/api/v1/login", "--fail", ...json, bob);
    const pair = JSON.parse(login.output) as WirePair;
    assert.equal(claimsOf(pair.access_token)["iss"], server.url);
    const me = await server.curl("/api/v1/me", "--fail", "-H", `authorization: Bearer ${pair.access_token}`);
    assert.equal(me.code, 0, me.output);

    const [, sensu = ""] = /^jeton: sensu on (https:\/\/127\.0\.0\.1:\d+)$/m.exec(server.child.output()) ?? [];
    assert.notEqual(new URL(sensu).port, String(server.port));
    const { socket, closed } = secureOpen({ port: Number(new URL(sensu).port) }, { ca: server.authority.certificate });
    const basic = Buffer.from(`bob:${demoPassword}`).toString("base64");
    socket.write(request("GET", "/auth", [`Authorization: Basic ${basic}`]));
    const { body } = await closed;
    const { access_token } = JSON.parse(body) as WirePair;
    assert.equal(claimsOf(access_token)["iss"], sensu);
  },
);

test(
  "jeton serve: a client that does not know the authority, or does not speak TLS, gets nowhere, and is counted",
  needsCurl,
  async () => {
    await using server = await secured();
    const wrong = await server.curl("/readyz", "--cacert", "/dev/null");
    assert.notEqual(wrong.code, 0);
    const plain = await exchange(
      { hostname: "127.0.0.1", port: server.port },
      request("POST", "/api/v1/login", [], bob),
    );
    assert.doesNotMatch(plain.text, /200/);
    await server.says("a connection ended before TLS was agreed");
    const line = server.child
      .output()
      .split("\n")
      .findLast((one) => one.includes("before TLS was agreed"))!;
    const { level, reason, address } = JSON.parse(line) as Record<string, unknown>;
    assert.deepEqual([level, address], ["debug", "127.0.0.1"]);
    assert.match(String(reason), /^[A-Z_\d]+$/);
    assert.doesNotMatch(server.child.output(), /correct horse[^\n]*"level"/);
    const metrics = await server.curl("/metrics");
    assert.match(metrics.output, /^jeton_tls_handshakes_failed_total [1-9]\d*$/m);
    const [, left] = /^jeton_tls_certificate_expires_seconds (\d+)$/m.exec(metrics.output) ?? [];
    assert.ok(Number(left) > 9 * 86_400 && Number(left) <= 10 * 86_400, String(left));
  },
);

test(
  "RFC 6797 section 7.1: with an issuer of its own name, browsers are told to come back by TLS; without one, they are not",
  needsCurl,
  async () => {
    await using named = await secured("--issuer", "https://tokens.example.test");
    for (const path of ["/healthz", "/nowhere", "/sensu/auth"]) {
      const { output } = await named.curl(path, "-i");
      assert.match(output, /^strict-transport-security: max-age=31536000\r?$/im, path);
    }
    await using local = await secured();
    assert.doesNotMatch((await local.curl("/healthz", "-i")).output, /strict-transport-security/i);
  },
);

test(
  "H-12: with TLS of our own, /metrics is for this machine; at an issuer with another name it wants a token",
  needsCurl,
  async () => {
    await using server = await secured();
    assert.match((await server.curl("/metrics", "--fail")).output, /^jeton_store_groups_total/m);
    await using named = await secured("--issuer", "https://tokens.example.test");
    assert.match((await named.curl("/metrics", "-i")).output, /^HTTP\/1\.1 401/);
  },
);

test(
  "jeton serve: only clients with a certificate of the authority are let in, when that is asked for",
  needsCurl,
  async () => {
    await using server = await secured("--tls.ca-certificate", "ca.pem", "--tls.enable-client-verification");
    const own = await server.authority.certify({ usage: "client" });
    const strange = await (await testAuthority()).certify({ usage: "client" });
    for (const [name, pair] of [
      ["own", own],
      ["strange", strange],
    ] as const) {
      put(server.folder.path(`${name}.pem`), pair.certificate);
      put(server.folder.path(`${name}.key`), pair.key);
    }
    const as = (name: string) =>
      server.curl(
        "/readyz",
        "--fail",
        "--cert",
        server.folder.path(`${name}.pem`),
        "--key",
        server.folder.path(`${name}.key`),
      );
    const good = await as("own");
    assert.equal(good.code, 0, good.output);
    assert.notEqual((await as("strange")).code, 0);
    assert.notEqual((await server.curl("/readyz", "--fail")).code, 0);
  },
);

test("FL-24: told by SIGHUP, it takes a renewed certificate over, and no request fails meanwhile", async () => {
  await using server = await secured();
  const trust = { ca: server.authority.certificate };
  const get = request("GET", "/healthz");
  const over = new AbortController();
  let answered = 0;
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!over.signal.aborted) {
        assert.equal((await secureExchange(server, trust, get)).status, 200);
        answered += 1;
      }
    }),
  );
  const serials = new Set([await serialShown(server, server.authority.certificate)]);
  for (let round = 0; round < 5; round++) {
    server.renew(await server.authority.certify());
    server.child.process.kill("SIGHUP");
    const before = serials.size;
    await until(
      async () => serials.add(await serialShown(server, server.authority.certificate)).size > before,
      "a new certificate",
    );
  }
  over.abort();
  await load;
  assert.ok(answered > 10, String(answered));
  assert.match(server.child.output(), /"level":"info"[^\n]*"msg":"the TLS certificate was read again"/);
});

test("FL-24: new files that cannot be used leave the old certificate in its place, with a warning, until they are good", async () => {
  await using server = await secured();
  const shown = await serialShown(server, server.authority.certificate);
  const fresh = await server.authority.certify();
  const bad = [
    ["does not fit", { certificate: fresh.certificate }],
    ["has expired", await server.authority.certify({ from: -9, to: -1 })],
    ["is not valid before", await server.authority.certify({ from: 1, to: 9 })],
    ["has no certificate in PEM", { certificate: fresh.certificate.slice(0, 200) }],
  ] as const;
  for (const [reason, files] of bad) {
    server.renew(files);
    server.child.process.kill("SIGHUP");
    await server.says(reason);
    assert.equal(await serialShown(server, server.authority.certificate), shown);
  }
  chmodSync(server.folder.path("server.key"), 0o640);
  server.renew({ certificate: fresh.certificate });
  server.child.process.kill("SIGHUP");
  await server.says("can be read by others");
  rmSync(server.folder.path("server.key"));
  server.child.process.kill("SIGHUP");
  await server.says("cannot be read");
  assert.equal(await serialShown(server, server.authority.certificate), shown);

  const warned = server.child
    .output()
    .split("\n")
    .filter((line) => line.includes("the certificate from before stays"));
  assert.equal(warned.length, bad.length + 2);
  for (const line of warned) assert.match(line, /"level":"warn".*"event":"tls"/);
  assert.doesNotMatch(server.child.output(), /PRIVATE KEY/);

  server.renew(fresh);
  server.child.process.kill("SIGHUP");
  await until(async () => (await serialShown(server, server.authority.certificate)) !== shown, "the good certificate");
});

test("jeton serve: SIGHUP on a server without TLS is told of and does nothing", async () => {
  using folder = scratch();
  const child = launch(folder, ["serve", "--demo", "--listen", "127.0.0.1:0"]);
  await until(() => child.output().includes("jeton: ready on http://"), "ready");
  child.process.kill("SIGHUP");
  await until(() => child.output().includes("this server has none"), "told");
  const [, url] = /ready on (\S+)/.exec(child.output())!;
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  child.process.kill("SIGTERM");
  assert.equal((await child.ended).code, 0);
});

test("FL-34: with TLS, SIGTERM lets a request that is under way have its answer, and the process ends with 0", async () => {
  await using server = await secured();
  const { socket, closed, received } = secureOpen(server, { ca: server.authority.certificate });
  const lines = ["Host: a", "Content-Type: application/json", "Expect: 100-continue", `Content-Length: ${bob.length}`];
  socket.write(head("POST /api/v1/login HTTP/1.1", lines));
  await received("100 Continue");
  socket.write(bob.slice(0, 9));
  server.child.process.kill("SIGTERM");
  // It has noticed when it takes no more connections.
  await until(
    async () =>
      (await exchange({ hostname: "127.0.0.1", port: server.port }, "x")).text === "" && !(await isOpen(server.port)),
    "no more",
  );
  socket.write(bob.slice(9));
  const { text } = await closed;
  assert.match(text, /HTTP\/1\.1 200 OK[^]*"access_token"/);
  assert.equal((await server.child.ended).code, 0);
});

async function isOpen(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/`).then(
    () => "answered",
    (fault: unknown) => JSON.stringify((fault as { cause?: { code?: string }; code?: string }).cause ?? fault),
  );
  return !/REFUSED|ConnectionRefused/i.test(answer);
}

test("jeton serve: beyond this machine, tokens in the clear are warned of; with TLS there is nothing to warn of", async () => {
  using folder = scratch();
  await initialised(folder);
  const pair = await (await testAuthority()).certify();
  put(folder.path("server.pem"), pair.certificate);
  put(folder.path("server.key"), pair.key);
  const warning = /beyond this machine without TLS/;
  for (const flags of [[], tlsFlags]) {
    const child = launch(folder, ["serve", "--data", folder.path("data"), "--listen", "0.0.0.0:0", ...flags]);
    await until(() => child.output().includes("jeton: ready on "), "ready");
    child.process.kill("SIGTERM");
    assert.equal((await child.ended).code, 0, child.output());
    assert.equal(warning.test(child.output()), flags.length === 0);
  }
});

/** A start that is refused: its exit code, what it says, and that it never was ready. */
async function refused(folder: Scratch, words: readonly string[], code: number, pattern: RegExp): Promise<void> {
  const child = launch(folder, words);
  assert.equal((await child.ended).code, code, child.output());
  assert.match(child.output(), pattern);
  assert.match(child.output(), /Do:/);
  assert.doesNotMatch(child.output(), /ready on|failed unexpectedly|PRIVATE/);
}

test("jeton serve: half of a TLS configuration is refused with 2, and it says what is missing", async () => {
  using folder = scratch();
  const demo = ["serve", "--demo", "--listen", "127.0.0.1:0"];
  const both = /tls\.certificate and tls\.key need each other/;
  const pair = ["--tls.certificate", "a.pem", "--tls.key", "a.key"];
  await refused(folder, [...demo, ...pair.slice(0, 2)], 2, both);
  await refused(folder, [...demo, ...pair.slice(2)], 2, both);
  await refused(folder, ["config", "check", ...pair.slice(2)], 2, both);
  const needsTls = /client certificates need TLS/i;
  await refused(folder, [...demo, "--tls.ca-certificate", "ca.pem"], 2, needsTls);
  await refused(folder, [...demo, "--tls.enable-client-verification"], 2, needsTls);
  const unnamed = [...demo, ...pair, "--tls.enable-client-verification"];
  await refused(folder, unnamed, 2, /tls\.enable_client_verification needs an authority/);
});

test("FL-24: at the start, files that cannot be used are refused with 5, and it says why", async () => {
  using folder = scratch();
  const start = ["serve", "--demo", "--listen", "127.0.0.1:0", ...tlsFlags];
  const house = await testAuthority();
  const good = await house.certify();
  put(folder.path("server.pem"), good.certificate);
  await refused(folder, start, 5, /the TLS key server\.key cannot be read: ENOENT/i);
  put(folder.path("server.key"), good.key);
  chmodSync(folder.path("server.key"), 0o644);
  await refused(folder, start, 5, /the TLS key server\.key can be read by others\.?\s+Do:\s+chmod 600 server\.key/i);
  put(folder.path("server.key"), (await house.certify()).key);
  await refused(folder, start, 5, /does not fit the certificate server\.pem/i);
  const old = await house.certify({ from: -3, to: -1 });
  put(folder.path("server.pem"), old.certificate);
  put(folder.path("server.key"), old.key);
  await refused(folder, start, 5, /the TLS certificate server\.pem has expired/i);
  assert.deepEqual(readdirSync(folder.path()).toSorted(), ["server.key", "server.pem"]);
});
