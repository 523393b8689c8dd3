/** A server in this process, on a socket, from its start to its orderly end. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { openLog } from "../../src/compose/log.ts";
import { configuredPlaces } from "../../src/compose/places.ts";
import { startServer, type RunningServer } from "../../src/compose/server.ts";
import { loadConfig, type ConfigSources } from "../../src/config.ts";
import type { WirePair } from "../authority.ts";

interface Running extends AsyncDisposable {
  readonly server: RunningServer;
  readonly folder: string;
  readonly log: () => string;
}

async function running(settings: Readonly<Record<string, unknown>> = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), "jeton-drain-"));
  let written = "";
  const given = { listen: "127.0.0.1:0", data: folder, ...settings };
  const flags = Object.entries(given).map(([name, value]) => ({ name, value, flag: "test" })) as ConfigSources["flags"];
  const { config } = loadConfig({ file: undefined, environment: {}, flags });
  const server = await startServer({
    config,
    places: configuredPlaces(config),
    log: openLog({
      level: "info",
      format: "json",
      access: true,
      write: (text) => (written += text),
      now: () => Date.now(),
    }),
    version: "0.0.0",
    demo: "people",
    onFatal: (reason) => assert.fail(reason),
  });
  return {
    server,
    folder,
    log: () => written,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

const post = (url: string, path: string, body: unknown): Promise<Response> =>
  fetch(url + path, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify(body),
  });
const get = (url: string, path: string): Promise<Response> => fetch(url + path, { headers: { connection: "close" } });

test("FL-34: told to stop, it says so first, serves on for the delay, answers what is under way, and leaves a whole database", async () => {
  await using jeton = await running({ "drain.delay": "1s" });
  const { url, stop } = jeton.server;
  assert.equal((await get(url, "/readyz")).status, 200);
  const login = await post(url, "/api/v1/login", { username: "bob", password: demoPassword });
  const pair = (await login.json()) as WirePair;

  const asked = performance.now();
  const stopped = stop();
  const refused = await get(url, "/readyz");
  assert.equal(refused.status, 503);
  assert.equal(((await refused.json()) as { detail: string }).detail, "draining");
  assert.equal((await get(url, "/healthz")).status, 200);
  // New work is still taken, since whoever sends it has not heard yet.
  const next = await post(url, "/api/v1/refresh", { refresh_token: pair.refresh_token });
  assert.equal(next.status, 200);
  const late = await Promise.all(
    Array.from({ length: 3 }, () => post(url, "/api/v1/login", { username: "bob", password: demoPassword })),
  );
  assert.deepEqual(new Set(late.map(({ status }) => status)), new Set([200]));
  assert.equal(stop(), stopped, "told twice, it stops once");
  await stopped;
  const took = performance.now() - asked;
  assert.ok(took >= 990 && took < 10_000, `${took} ms`);
  await assert.rejects(get(url, "/healthz"));
  assert.deepEqual(
    readdirSync(jeton.folder).filter((name) => /wal|shm/.test(name)),
    [],
    "the WAL is in the database",
  );
});

test("FL-34: without a delay, and with nobody there, it ends at once", async () => {
  await using jeton = await running();
  const asked = performance.now();
  await jeton.server.stop();
  assert.ok(performance.now() - asked < 3000);
});

test("H-12: over a real connection from this machine /metrics needs no token; at an issuer with TLS it does", async () => {
  await using plain = await running();
  const answer = await get(plain.server.url, "/metrics");
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /^jeton_store_groups_total\{outcome="committed"\} [1-9]/m);
  await using proxied = await running({ issuer: "https://tokens.example.test" });
  assert.equal((await get(proxied.server.url, "/metrics")).status, 401);
});

test("FL-30: the event loop of a running server is held up: told once, counted, and readiness comes back", async () => {
  await using jeton = await running();
  const { url } = jeton.server;
  const { promise: beaten, resolve } = Promise.withResolvers<void>();
  const deadline = performance.now() + 15_000;
  const end = performance.now() + 2600;
  while (performance.now() < end);
  // After the timers have had their turn.
  setTimeout(resolve, 1);
  await beaten;
  const refused = await get(url, "/readyz");
  assert.equal(refused.status, 503);
  assert.equal(((await refused.json()) as { detail: string }).detail, "stalled");
  while ((await get(url, "/readyz")).status !== 200) assert.ok(performance.now() < deadline);
  assert.match(await (await get(url, "/metrics")).text(), /^jeton_stalls_total 1$/m);
  const told = jeton
    .log()
    .split("\n")
    .filter((line) => line.includes('"event":"stall"'));
  assert.equal(told.length, 1);
  const { ms } = JSON.parse(told[0]!) as { ms: number };
  assert.ok(ms >= 2000 && ms < 10_000, String(ms));
});
