import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";

import { authority, good, issuer, refusal, type Authority } from "../authority.ts";

const path = "/.well-known/jwks.json";

describe("GET /.well-known/jwks.json", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());
  const conditional = (tags: string): Promise<Response> => jeton.ask(path, { headers: { "if-none-match": tags } });

  test("RFC 7517 section 5: the keys are public, complete, and named by their thumbprints", async () => {
    const { keys } = await good<JSONWebKeySet>(await jeton.ask(path));
    assert.ok(keys.length >= 2, "one signs and one is published ahead");
    for (const key of keys) {
      assert.deepEqual(Object.keys(key).toSorted(), ["alg", "crv", "kid", "kty", "use", "x"]);
      assert.deepEqual([key.kty, key.crv, key.alg, key.use], ["OKP", "Ed25519", "EdDSA", "sig"]);
    }
    assert.equal(new Set(keys.map(({ kid }) => kid)).size, keys.length);
  });

  test("RFC 7519 section 7.2: another implementation verifies an access token with them", async () => {
    const keySet = createLocalJWKSet(await good<JSONWebKeySet>(await jeton.ask(path)));
    const { access_token } = await jeton.login();
    const { payload, protectedHeader } = await jwtVerify(access_token, keySet, {
      issuer,
      audience: issuer,
      typ: "at+jwt",
      algorithms: ["EdDSA"],
      currentDate: new Date(jeton.clock.now() * 1000),
    });
    assert.equal(protectedHeader.typ, "at+jwt");
    assert.equal(payload["client_id"], "native");
  });

  test("Y-01: a token from before a change of keys verifies with the set of after it", async () => {
    const own = await authority({ settings: { "sessions.access": "24h" } });
    const { access_token } = await own.login();
    const earlier = await good<JSONWebKeySet>(await own.ask(path));
    own.clock.pass(30 * 86_400 - 3600);
    await own.doors.engine.keepHouse();
    const late = await own.login();
    own.clock.pass(3601);
    await own.doors.engine.keepHouse();
    const later = await good<JSONWebKeySet>(await own.ask(path));
    assert.ok(later.keys.length > earlier.keys.length);
    assert.equal((await own.me(late)).status, 200);
    const verified = jwtVerify(late.access_token, createLocalJWKSet(later), {
      issuer,
      currentDate: new Date(own.clock.now() * 1000),
    });
    assert.equal((await verified).payload.aud, issuer);
    assert.equal((await own.me({ access_token })).status, 401);
    await own.close();
  });

  test("RFC 9111 section 5.2: verifiers may keep it for five minutes, and it has an entity tag", async () => {
    const response = await jeton.ask(path);
    assert.equal(response.headers.get("cache-control"), "public, max-age=300");
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.match(response.headers.get("etag") ?? "", /^"[^",]+"$/);
  });

  test("RFC 9110 section 13.1.2: a copy that is still good is answered 304, with its tag and without a body", async () => {
    const etag = (await jeton.ask(path)).headers.get("etag")!;
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`, `W/"a" ,W/${etag}`, `${etag},"b"`, "*"]) {
      const response = await conditional(tags);
      assert.equal(response.status, 304, tags);
      assert.equal(response.headers.get("etag"), etag);
      assert.equal(response.headers.get("cache-control"), "public, max-age=300");
      assert.equal(await response.text(), "");
    }
  });

  test("RFC 9110 section 13.1.2: any other tag gets the whole set", async () => {
    const etag = (await jeton.ask(path)).headers.get("etag")!;
    for (const tags of ["", '"other"', etag.slice(1, -1), etag.replace('"', "'"), `"${etag}"`]) {
      assert.equal((await conditional(tags)).status, 200, tags);
    }
  });

  test("RFC 9110 section 9.3.2: HEAD has the headers of GET and no body", async () => {
    const [got, head] = [await jeton.ask(path), await jeton.ask(path, { method: "HEAD" })];
    assert.equal(head.status, 200);
    assert.equal(head.headers.get("etag"), got.headers.get("etag"));
    assert.equal(await head.text(), "");
  });

  test("RFC 8414 section 3: the issuer of a dialect serves the same keys", async () => {
    assert.deepEqual(await good(await jeton.ask(`/sensu${path}`)), await good(await jeton.ask(path)));
  });

  test("F-15: it takes no query", async () => {
    assert.equal(await refusal(jeton.ask(`${path}?kid=1`)), "400 invalid_request");
  });
});
