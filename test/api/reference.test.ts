import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { refusals, type RefusalCode } from "../../src/core/refusals.ts";
import { authority, good, refusal, type Authority } from "../authority.ts";
import { reopened } from "./asking.ts";

describe("what the server says of itself", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  for (const code of Object.keys(refusals) as RefusalCode[]) {
    test(`RFC 9457 section 3.1.1: the type of the problem ${code} is a page that says what to do`, async () => {
      const response = await jeton.ask(`/problems/${code}`);
      const page = await response.text();
      assert.deepEqual([response.status, response.headers.get("content-type")], [200, "text/plain; charset=utf-8"]);
      const { status, title, advice, source } = refusals[code];
      for (const part of [code, title, `HTTP status ${status}`, source, advice]) assert.ok(page.includes(part), part);
    });
  }

  test("RFC 9457 section 3.1.1: a real problem's type leads to its page", async () => {
    const { type, code } = (await (await jeton.ask("/api/v1/me")).json()) as { type: string; code: string };
    assert.ok((await (await jeton.ask(type)).text()).startsWith(`${code}: `));
  });

  test("RFC 9110 section 15.5.5: a problem that does not exist has no page, whatever objects are made of", async () => {
    for (const code of [
      "nothing",
      "constructor",
      "__proto__",
      "toString",
      "hasOwnProperty",
      "x".repeat(100),
      "Not_Found",
    ])
      assert.equal(await refusal(jeton.ask(`/problems/${code}`)), "404 not_found", code);
    assert.equal(await refusal(jeton.ask("/problems/")), "404 not_found");
  });

  test("H-12: /healthz and /readyz say that it is well and nothing else", async () => {
    for (const path of ["/healthz", "/readyz"]) {
      const response = await jeton.ask(path);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.deepEqual(await good(response), { status: "ok" });
    }
  });

  test("RFC 9110 section 15.6.4: a server that is not ready says so at /readyz, with a time to come back, and lives", async () => {
    const { ask } = await reopened(jeton, { unready: () => "starting" });
    const response = await ask("/readyz");
    assert.equal(response.headers.get("retry-after"), "1");
    assert.equal(await refusal(response), "503 temporarily_unavailable");
    assert.equal((await ask("/healthz")).status, 200);
  });

  test("H-12: the API description is public on purpose", async () => {
    const response = await jeton.ask("/openapi.json");
    assert.equal(response.headers.get("cache-control"), "public, max-age=300");
    assert.equal((await good<{ openapi: string }>(response)).openapi, "3.1.0");
  });
});
