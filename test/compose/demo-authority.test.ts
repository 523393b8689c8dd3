import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";

import { makeDemoAuthority } from "../../src/compose/demo-authority.ts";
import { Secret } from "../../src/core/secret.ts";
import { days, seconds } from "../../src/core/units.ts";
import { readTls } from "../../src/keys/tls-files.ts";
import { scratch } from "../cli/program.ts";
import { effectServer } from "../runtime/small-server.ts";
import { request } from "../runtime/raw-socket.ts";
import { secureExchange } from "../tls/clients.ts";

const today = seconds(Math.floor(Date.now() / 1000));

test("the demonstration's authority signs for this machine's own names, for a day, and its key is nowhere", async () => {
  using folder = scratch();
  const { ca, certificate, key } = await makeDemoAuthority(folder.path(), today);
  const [root, own] = [ca, certificate].map((path) => new X509Certificate(readFileSync(path)));
  assert.deepEqual(
    [root!.ca, own!.ca, own!.checkIssued(root!), own!.verify(root!.publicKey)],
    [true, false, true, true],
  );
  assert.deepEqual(
    ["localhost", "example.test"].map((name) => own!.checkHost(name) !== undefined),
    [true, false],
  );
  assert.deepEqual(
    ["127.0.0.1", "::1", "192.0.2.1"].map((name) => own!.checkIP(name) !== undefined),
    [true, true, false],
  );
  assert.equal(readTls({ certificate, key, clientAuthority: null }, today).expiresAt, today + days(1));
  assert.equal(statSync(key).mode & 0o777, 0o600);
  assert.equal(readdirSync(folder.path()).length, 3);
  assert.doesNotMatch(readFileSync(ca, "utf8"), /PRIVATE/);
  await assert.rejects(makeDemoAuthority(folder.path(), today), { code: "EEXIST" });
});

test("a client that is pointed to the demonstration's authority trusts its server by address and by name", async () => {
  using folder = scratch();
  const paths = await makeDemoAuthority(folder.path(), today);
  const [ca, certificate, key] = [paths.ca, paths.certificate, paths.key].map((path) => readFileSync(path, "utf8"));
  const material = { certificate: certificate!, key: new Secret(key!), clientAuthority: null };
  await using server = await effectServer({ tls: { material, onRefused: () => {} } });
  for (const options of [{ ca: ca! }, { ca: ca!, servername: "localhost" }])
    assert.equal((await secureExchange(server, options, request("GET", "/"))).status, 200);
  assert.equal((await secureExchange(server, {}, request("GET", "/"))).status, 0, "nobody else knows it");
});
