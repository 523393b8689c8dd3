/** Listeners of one server that speak TLS each in their own way. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { makeDemoAuthority } from "../../src/compose/demo-authority.ts";
import { openLog } from "../../src/compose/log.ts";
import { startServer } from "../../src/compose/server.ts";
import { systemClock } from "../../src/compose/system.ts";
import { loadConfig, type ConfigSources } from "../../src/config.ts";
import { dialectNames } from "../../src/core/dialect-names.ts";
import { claimsOf, type WirePair } from "../authority.ts";
import { scratch } from "../cli/program.ts";
import { until } from "../faults/fleet.ts";
import { request } from "../runtime/raw-socket.ts";
import { secureExchange, serialShown } from "./clients.ts";
import { launch, secured } from "./secured.ts";

test("one listener has a certificate of its own while the main one stays plain, without a word to browsers", async () => {
  using folder = scratch();
  const { ca, certificate, key } = await makeDemoAuthority(folder.path(), systemClock.now());
  const settings = { listen: "127.0.0.1:0", data: folder.path("data"), "dialects.sensu.listen": "127.0.0.2:0" };
  const flags = Object.entries(settings).map(([name, value]) => ({
    name,
    value,
    flag: "test",
  })) as ConfigSources["flags"];
  const { config } = loadConfig({ file: undefined, environment: {}, flags });
  const own = { certificate, key, clientAuthority: null, strict: false };
  const server = await startServer({
    config,
    places: {
      main: { address: config.listen, tls: null },
      dialects: new Map([["sensu", { address: config.dialects.sensu.listen!, tls: own }]]),
    },
    log: openLog({ level: "info", format: "json", access: false, write: () => undefined, now: Date.now }),
    version: "0.0.0",
    demo: "people",
    onFatal: (reason) => assert.fail(reason),
  });
  try {
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:/);
    assert.equal(server.issuer, server.url);
    const sensu = server.dialects.get("sensu")!;
    assert.match(sensu, /^https:\/\/127\.0\.0\.2:\d+$/);
    const options = { ca: readFileSync(ca), host: "127.0.0.2", servername: "localhost" };
    const basic = Buffer.from(`bob:${demoPassword}`).toString("base64");
    const ask = request("GET", "/auth", [`Authorization: Basic ${basic}`]);
    const answer = await secureExchange({ port: Number(new URL(sensu).port) }, options, ask);
    assert.equal(answer.status, 200, answer.text);
    assert.doesNotMatch(answer.head, /strict-transport-security/i);
    const { access_token: token } = JSON.parse(answer.body) as WirePair;
    assert.equal(claimsOf(token)["iss"], sensu);
    const keys = await fetch(`${server.url}/.well-known/jwks.json`, { headers: { connection: "close" } });
    assert.equal(keys.status, 200);
  } finally {
    await server.stop();
  }
});

test("jeton serve --demo --guides: https where the guide says so, by the demonstration's authority; with TLS configured, that everywhere", async () => {
  const anywhere = dialectNames.flatMap((name) => ["--dialect", `${name}=127.0.0.1:0`]);
  const listening = (output: string): Record<string, string> =>
    Object.fromEntries(
      Array.from(output.matchAll(/^jeton: (\w+) on (https?:\/\/\S+)$/gm), ([, name, url]) => [name!, url!]),
    );

  await using configured = await secured("--guides", ...anywhere);
  const theirs = Object.entries(listening(configured.child.output()));
  assert.equal(theirs.length, dialectNames.length + 1);
  const serial = new X509Certificate(readFileSync(configured.folder.path("server.pem"))).serialNumber;
  for (const [name, url] of theirs) {
    assert.match(url, /^https:/, name);
    const port = Number(new URL(url).port);
    assert.equal(await serialShown({ port }, configured.authority.certificate), serial, name);
  }

  using folder = scratch();
  const child = launch(folder, ["serve", "--demo", "--guides", "--listen", "127.0.0.1:0", ...anywhere]);
  await until(() => child.output().includes("jeton: ready on "), "ready");
  const schemes = Object.entries(listening(child.output())).map(([name, url]) => `${name} ${new URL(url).protocol}`);
  child.process.kill("SIGTERM");
  assert.equal((await child.ended).code, 0);
  assert.deepEqual(schemes.toSorted(), [
    "featurebase https:",
    "ready http:",
    "sensu http:",
    "seta https:",
    "textual http:",
    "weka http:",
  ]);
});
