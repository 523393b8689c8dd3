import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { basic } from "../api/asking.ts";
import { claimsOf, good, type WirePair } from "../authority.ts";
import { call, complaint, inProcess, jeton, oneLine, scratch, serve } from "./program.ts";

test("Standard output: it is data; --version and config check --json print nothing else, and nothing beside", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  using folder = scratch();
  assert.deepEqual(await jeton(["--version"], { cwd: folder.path() }), {
    code: 0,
    signal: null,
    out: `${version}\n`,
    err: "",
  });
  const { code, out, err } = await inProcess(["config", "check", "--json"]);
  assert.deepEqual([code, err], [0, ""]);
  const { settings } = JSON.parse(out) as { settings: { name: string; value: unknown; origin: string }[] };
  for (const setting of settings) assert.deepEqual(Object.keys(setting), ["name", "value", "origin"]);
  assert.equal(new Set(settings.map(({ name }) => name)).size, settings.length);
});

test("Standard output: what goes wrong is on standard error alone, in one block that says what to do", async () => {
  const wrong = [
    [],
    ["sevre"],
    ["serve", "--colour"],
    ["init", "--admin", "x"],
    ["config", "check", "--listen", "x"],
    ["help", "x"],
  ];
  for (const words of wrong) {
    oneLine(await inProcess(words), 2, /\. Do: |must be /);
  }
});

test("jeton config check: every setting is refused by its own name when its value is of no use", async () => {
  using folder = scratch();
  const { out } = await inProcess(["config", "check", "--json"]);
  const { settings } = JSON.parse(out) as { settings: { name: string }[] };
  for (const { name } of settings) {
    for (const value of [{}, [[]], 1e9, "\n"]) {
      writeFileSync(folder.path("c.json"), JSON.stringify({ [name]: value }));
      const ended = await inProcess(["config", "check", "--config", folder.path("c.json")]);
      // An empty object is no value at all, and any text is a name of a folder or an organisation.
      if (ended.code === 0) {
        assert.ok(JSON.stringify(value) === "{}" || value === "\n", `${name}: ${JSON.stringify(value)}`);
        continue;
      }
      assert.equal(ended.code, 2, ended.err);
      // Some settings are of use only together, and are told so.
      if (/ (?:need each other|need TLS|needs an authority|needs a relay)\. Do: /.test(complaint(ended.err))) continue;
      assert.match(
        complaint(ended.err),
        new RegExp(`^${name.replaceAll(".", "\\.")} \\(file \\S+\\) must be (?!Invalid|Too)[^\\n]+$`),
      );
    }
  }
});

test("jeton serve: a dialect on a listener of its own answers at the root, in its own words, as an issuer with keys", async () => {
  using folder = scratch();
  const words = ["--demo", "--dialect", "sensu=127.0.0.1:0"];
  await using server = await serve(words, { cwd: folder.path() });
  const [, sensu = ""] = await server.program.said(/^jeton: sensu on (http:\/\/\S+)$/m);
  assert.notEqual(sensu, server.url);

  const login = await fetch(`${sensu}/auth`, { headers: basic("bob", demoPassword) });
  assert.equal(login.headers.get("content-type"), "application/json");
  const first = await good<WirePair>(login);
  assert.equal(claimsOf(first.access_token)["iss"], sensu);
  const refresh = await fetch(`${sensu}/auth/token`, {
    method: "POST",
    headers: { authorization: `Bearer ${first.access_token}` },
    body: JSON.stringify({ refresh_token: first.refresh_token }),
  });
  const second = await good<WirePair>(refresh);
  assert.equal((await call(server.url, "/api/v1/me", undefined, second.access_token)).status, 200);
  const { keys } = await good<{ keys: { kid: string }[] }>(await fetch(`${sensu}/.well-known/jwks.json`));
  assert.ok(keys.length >= 2);

  // Nothing else is here, and what is refused before any route is worded by Sensu too.
  for (const path of ["/api/v1/login", "/sensu/auth", "/healthz", "/openapi.json", "/"]) {
    const nowhere = await fetch(`${sensu}${path}`);
    assert.deepEqual([nowhere.status, await nowhere.text()], [404, '{"code":2,"message":"not found"}\n'], path);
  }
  const ambiguous = await fetch(`${sensu}/auth`, { headers: { authorization: "Basic a, Basic b" } });
  assert.equal(ambiguous.status, 400);
  assert.equal(ambiguous.headers.get("content-type"), "text/plain; charset=utf-8");
  const { code } = await server.stop();
  assert.equal(code, 0);
});

test("jeton serve: under a URL of its own, a dialect's tokens name that URL; where it listens is told all the same", async () => {
  using folder = scratch();
  const environment = { JETON_DIALECTS_SENSU_URL: "https://sensu.example.test:8080" };
  await using server = await serve(["--demo"], { cwd: folder.path(), environment });
  const [, sensu = ""] = await server.program.said(/^jeton: sensu on (http:\/\/\S+)$/m);
  assert.equal(sensu, `${server.url}/sensu`);
  const { access_token } = await good<WirePair>(await fetch(`${sensu}/auth`, { headers: basic("bob", demoPassword) }));
  assert.equal(claimsOf(access_token)["iss"], environment.JETON_DIALECTS_SENSU_URL);
});
