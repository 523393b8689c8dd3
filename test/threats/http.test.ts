/** What a request may try on the delivery, before any rule of ours is asked. Sockets are in test/runtime. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";

import { demoPassword } from "../../src/compose/demo.ts";
import { bobsPair } from "../keys/rsa-pairs.ts";
import { authority, claimsOf, good, issuer, type Authority, type WirePair } from "../authority.ts";
import { wrongBodies } from "../api/wrong-bodies.ts";
import { asking, basic, bearer, refused, seen, type Ask, type Sent } from "../api/asking.ts";
import { everyMethod, methods } from "../api/routes.ts";

describe("hostile requests", () => {
  let jeton: Authority;
  let ask: Ask;
  let pair: WirePair;
  let sensu: WirePair;
  /** A body that would be obeyed, for each route that takes one. */
  let bodies: Readonly<Record<string, Readonly<Record<string, string>>>>;
  let sessions: number;

  const sessionCount = async (): Promise<number> =>
    (await good<{ items: readonly unknown[] }>(await ask("/api/v1/sessions?limit=200", { headers: bearer(pair) })))
      .items.length;

  before(async () => {
    jeton = await authority();
    ask = asking(jeton.doors.main);
    pair = await jeton.login();
    sensu = await good<WirePair>(await ask("/sensu/auth", { headers: basic("bob", demoPassword) }));
    bodies = {
      "/api/v1/login": { username: "bob", password: demoPassword },
      "/api/v1/login/challenge": { username: "bob", key: bobsPair.fingerprint },
      "/api/v1/login/signature": { challenge: "jeton-login-v1:none", signature: "none" },
      "/api/v1/login/secret": { client_id: "none", client_secret: "none" },
      "/api/v1/auth-key-challenge": { public_key: "ssh-rsa none" },
      "/api/v1/auth-keys": { name: "none", public_key: "ssh-rsa none", challenge: "none", signature: "none" },
      "/api/v1/applications": { name: "no name" },
      "/api/v1/applications/01a2036c-21cb-7c3c-a61e-584c60070697/secrets": { name: "none" },
      "/api/v1/applications/01a2036c-21cb-7c3c-a61e-584c60070697/auth-key-challenge": { public_key: "ssh-rsa none" },
      "/api/v1/applications/01a2036c-21cb-7c3c-a61e-584c60070697/auth-keys": {
        name: "none",
        public_key: "none",
        challenge: "x",
        signature: "x",
      },
      "/api/v1/applications/01a2036c-21cb-7c3c-a61e-584c60070697/api-tokens": { name: "ci" },
      "/api/v1/api-tokens": { name: "ci" },
      "/api/v1/api-tokens/01a2036c-21cb-7c3c-a61e-584c60070697/rotate": {},
      "/api/v1/leaked": { token: "none" },
      "/api/v1/refresh": { refresh_token: pair.refresh_token },
      "/api/v1/logout": { refresh_token: pair.refresh_token },
      "/api/v1/me/password": { current_password: demoPassword, new_password: "a cellar door in the rain" },
      "/api/v1/password-reset": { reset_token: "jtr_none", new_password: "a cellar door in the rain" },
      "/api/v1/revoke-tokens": {},
      "/sensu/auth/token": { refresh_token: sensu.refresh_token },
    };
    sessions = await sessionCount();
  });

  after(async () => {
    // Whatever was tried above, nobody was signed in or out, no token rotated, and no object gained a member.
    assert.equal(await sessionCount(), sessions);
    assert.equal(claimsOf((await jeton.refreshed(pair)).refresh_token)["seq"], 2);
    const rotated = await ask("/sensu/auth/token", { headers: bearer(sensu), body: bodies["/sensu/auth/token"] });
    assert.equal(claimsOf((await good<WirePair>(rotated)).refresh_token)["seq"], 2);
    assert.equal(({} as { admin?: unknown }).admin, undefined);
    await jeton.close();
  });

  /** Sends to one route, with the credentials of its door. */
  const send = (path: string, { headers, ...sent }: Sent): Promise<Response> =>
    ask(path, { ...sent, headers: { ...(path.startsWith("/sensu/") ? bearer(sensu) : {}), ...headers } });

  const native = ["/api/v1/login", "/api/v1/login/challenge", "/api/v1/refresh", "/api/v1/logout"];
  const posts = [...native, "/sensu/auth/token"];

  const contentTypes = [
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/json; charset=iso-8859-1",
    "application/json; charset=utf-8; charset=utf-16",
    "application/json; profile=x",
    "application/jsonx",
    "application/json5",
    "application/problem+json",
    "text/json",
    "json",
    "*/*",
    "",
  ];
  for (const path of native) {
    test(`H-01: ${path} takes application/json only`, async () => {
      const body = new TextEncoder().encode(JSON.stringify(bodies[path]));
      assert.equal(await refused(path, await send(path, { body })), "415 unsupported_media_type");
      for (const type of contentTypes) {
        const response = await send(path, { body, headers: { "content-type": type } });
        assert.equal(await refused(path, response), "415 unsupported_media_type", type);
      }
    });
  }

  for (const [what, make, answer] of wrongBodies) {
    test(`H-02: ${what} as the body of a POST is refused: ${answer}`, async () => {
      for (const path of posts) {
        const response = await send(path, {
          body: make(bodies[path]!),
          headers: { "content-type": "application/json" },
        });
        const expected = path.startsWith("/sensu/") ? [answer.slice(0, 3), "401"] : [answer];
        const given = await refused(path, response);
        assert.ok(expected.includes(given), `${path}: ${given}`);
      }
    });
  }

  test("H-02: a body of exactly 64 KiB is read", async () => {
    const body = JSON.stringify({ refresh_token: "x" }).padEnd(65_536);
    assert.equal(await refused("/api/v1/refresh", await ask("/api/v1/refresh", { body })), "401 invalid_grant");
  });

  test("H-03: a body in any content coding is refused and not decompressed", async () => {
    for (const path of posts) {
      for (const coding of ["gzip", "br", "zstd", "deflate", "identity", "gzip, gzip", "x-unknown", ""]) {
        const response = await send(path, { body: bodies[path], headers: { "content-encoding": coding } });
        assert.match(await refused(path, response), /^415/, `${path} ${coding}`);
      }
    }
  });

  test("RFC 9110 section 15.5.6: a method that a path does not know is 405, and Allow names those that it knows", async () => {
    for (const [path, allow] of Object.entries(methods)) {
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]) {
        if (allow.split(", ").includes(method)) continue;
        const response = await send(path, { method });
        const known = response.headers.get("allow");
        assert.equal(known, method === "PROPFIND" ? everyMethod : allow, `${method} ${path}`);
        assert.match(await refused(path, response), /^405/, `${method} ${path}`);
      }
      for (const override of ["x-http-method-override", "x-http-method", "x-method-override"]) {
        const method = ["POST", "PUT", "OPTIONS"].find((other) => !allow.split(", ").includes(other))!;
        const response = await send(path, { method, headers: { [override]: allow.split(", ")[0]! } });
        assert.match(await refused(path, response), /^405/, `${override} ${path}`);
      }
    }
  });

  const absent = "/debug /debug/pprof/ /json/version /inspector /_bun/ /status /admin /.env /.git/config".split(" ");
  for (const path of [
    ...absent,
    "/package.json",
    "/src/main.ts",
    "/master.key",
    "/jeton.db",
    "/sensu/metrics",
    "/api/v1/login/",
  ]) {
    test(`H-12: there is no ${path}, by any method`, async () => {
      for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]) {
        const response = await ask(path, { method });
        assert.equal(response.status, 404, method);
      }
      assert.match(await refused(path, await ask(path)), /^404/);
    });
  }

  test("F-15, L-23: a query on a route that takes none is refused, whatever else is right", async () => {
    for (const [path, allow] of Object.entries(methods)) {
      const [method = ""] = allow.split(", ");
      const sent = {
        method,
        headers: bearer(path.startsWith("/sensu/") ? sensu : pair),
        ...(method === "POST" || method === "PUT" ? { body: bodies[path] } : {}),
      };
      // Who may not ask at all is told that first.
      if (path === "/metrics") continue;
      for (const query of ["?access_token=x", "?limit=1&x", "?=", "?%00=1"]) {
        assert.match(await refused(path, await ask(path + query, sent)), /^400/, path + query);
      }
    }
  });

  const forged = {
    host: "evil.test",
    "x-forwarded-host": "evil.test",
    "x-forwarded-proto": "https",
    "x-original-url": "/evil.test",
    "x-rewrite-url": "/evil.test",
    forwarded: "host=evil.test;proto=https",
  };
  test("H-07: a forged host is in no token, no document, no header and no refusal", async () => {
    const login = await good<WirePair>(await ask("/api/v1/login", { body: bodies["/api/v1/login"], headers: forged }));
    assert.deepEqual([claimsOf(login.access_token)["iss"], claimsOf(login.refresh_token)["iss"]], [issuer, issuer]);
    await ask("/api/v1/logout", { body: { refresh_token: login.refresh_token } });
    const byBasic = await good<WirePair>(
      await ask("/sensu/auth", { headers: { ...basic("bob", demoPassword), ...forged } }),
    );
    assert.equal(claimsOf(byBasic.access_token)["iss"], `${issuer}/sensu`);
    const { sid } = claimsOf(byBasic.access_token);
    await ask(`/api/v1/sessions/${String(sid)}`, { method: "DELETE", headers: bearer(pair) });
    for (const [path, allow] of Object.entries(methods)) {
      const answer = await seen(await send(path, { method: allow.split(", ")[0]!, headers: forged }));
      assert.doesNotMatch(answer, /evil\.test/, path);
    }
  });

  test("H-08: texts that are made to keep a validator busy are answered at once", async () => {
    const evil = [
      "a".repeat(320),
      "a@".repeat(160),
      `${"a.".repeat(150)}@b`,
      "\u0301".repeat(320),
      "xn--".repeat(80),
      " ".repeat(320),
      `${"٠".repeat(300)}a`,
    ];
    const started = performance.now();
    for (const text of evil) {
      await refused(
        "",
        await ask("/api/v1/login", { body: { username: text, password: "\u0301".repeat(4000), organisation: text } }),
      );
      await refused(
        "",
        await ask("/api/v1/me", { headers: { authorization: `Bearer ${"a.".repeat(4000)}${"=".repeat(4000)}!` } }),
      );
      await refused(
        "",
        await ask(`/api/v1/sessions?limit=${"1".repeat(4000)}x&cursor=${"-".repeat(4000)}`, { headers: bearer(pair) }),
      );
      await refused("", await ask("/api/v1/refresh", { body: { refresh_token: "a".repeat(8000) } }));
      await ask("/.well-known/jwks.json", { headers: { "if-none-match": `W/${" ,".repeat(4000)}` } });
    }
    assert.ok(performance.now() - started < 5000);
  });

  for (const path of posts) {
    test(`H-02: bytes of chance as the body of POST ${path} never make it fail`, async () => {
      const json = fc.jsonValue().map((value) => new TextEncoder().encode(JSON.stringify(value)));
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), json), async (bytes) => {
          await refused(
            path,
            await send(path, { body: Uint8Array.from(bytes), headers: { "content-type": "application/json" } }),
          );
        }),
        { numRuns: 200 },
      );
    });
  }
});
