/** Access tokens as the keys of an instance make and read them: RFC 9068 section 2. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import type { AccessClaims, DialectClaims } from "../../src/core/claims.ts";
import { seconds, type Seconds } from "../../src/core/units.ts";
import type { SigningMaterial } from "../../src/keys/jws.ts";
import { authority, claimsOf, type Authority } from "../authority.ts";
import { craft, headerFor } from "./craft.ts";
import { signersOf } from "./real-keys.ts";

type Claims = Omit<AccessClaims, "jti">;

describe("access tokens", () => {
  const master = randomBytes(32);
  let jeton: Authority;
  let claims: Claims;
  let signers: readonly SigningMaterial[];
  before(async () => {
    jeton = await authority({ master });
    const { jti: _, ...rest } = claimsOf((await jeton.login()).access_token) as unknown as AccessClaims;
    claims = rest;
    signers = await signersOf(jeton.store, master);
  });
  after(() => jeton.close());

  const sign = (changes: Partial<Claims> = {}, extra: DialectClaims = {}): string =>
    jeton.keys.signAccess({ ...claims, ...changes }, extra, 1, jeton.clock.now());
  const readAt = (text: string, at: Seconds): AccessClaims | undefined => {
    const bearer = jeton.keys.readBearer(text, at);
    return bearer?.kind === "access" ? bearer.claims : undefined;
  };
  const read = (text: string): AccessClaims | undefined => readAt(text, jeton.clock.now());

  test("RFC 9068 section 2.2: the same claims make the same token, whose jti is a MAC over them", () => {
    assert.equal(sign(), sign());
    assert.match(String(claimsOf(sign())["jti"]), /^[0-9a-f]{32}$/);
    const ids = [
      sign(),
      sign({ sub: "x" }),
      sign({ exp: seconds(claims.exp + 1) }),
      sign({}, { a: 1 }),
      sign({}, { a: "1" }),
    ];
    assert.equal(new Set(ids.map((token) => claimsOf(token)["jti"])).size, ids.length);
    assert.deepEqual(read(sign()), claimsOf(sign()));
  });

  test("RFC 9068 section 2.2: the jti of another instance is another, though the claims are the same", async () => {
    const other = await authority();
    try {
      const theirs = other.keys.signAccess(claims, {}, 1, jeton.clock.now());
      assert.notEqual(claimsOf(theirs)["jti"], claimsOf(sign())["jti"]);
    } finally {
      await other.close();
    }
  });

  test("J-09: what a dialect adds comes after our claims, and replaces none of them but sub", () => {
    const added = { sub: "bob", groups: ["a"], provider: { id: 1 } };
    assert.deepEqual(Object.keys(claimsOf(sign({}, added))), [...Object.keys(claims), "groups", "provider", "jti"]);
    assert.deepEqual({ ...claimsOf(sign({}, added)), jti: 0 }, { ...claims, ...added, jti: 0 });
    for (const name of [
      "iss",
      "aud",
      "client_id",
      "iat",
      "exp",
      "sid",
      "born",
      "org",
      "scope",
      "auth_time",
      "amr",
      "roles",
    ])
      assert.deepEqual(claimsOf(sign({}, { [name]: "replaced" }))[name], claims[name as keyof Claims], name);
    const { jti } = claimsOf(sign({}, { jti: "chosen" }));
    assert.match(String(jti), /^[0-9a-f]{32}$/);
    // And once: a name that stands twice would be refused.
    assert.equal(read(sign({}, { ...added, jti: "chosen" }))?.jti, claimsOf(sign({}, added))["jti"]);
    assert.equal(claimsOf(sign({}, {}))["sub"], claims.sub);
  });

  test("J-25: a key signs and verifies only from its activation, though it is published before", async () => {
    const [active, published] = signers as [SigningMaterial, SigningMaterial];
    const early = craft(published, headerFor(published), { ...claims, jti: "x" });
    const kids = jeton.keys.publicKeySet(jeton.clock.now()).keys.map(({ kid }) => kid);
    assert.deepEqual(kids.slice(0, 2), [active.kid, published.kid]);
    assert.equal(read(early), undefined);
    assert.equal(read(craft(active, headerFor(active), { ...claims, jti: "x" }))?.jti, "x");
    assert.equal(readAt(early, seconds(jeton.clock.now() + 30 * 86_400))?.jti, "x");
  });

  test("J-09: a key signs one kind: an access token's claims by an API token's key are no token, and the other way round", async () => {
    const now = jeton.clock.now();
    const [access] = signers as [SigningMaterial];
    const [api] = (await signersOf(jeton.store, master, "api")) as [SigningMaterial];
    const { sid: _, auth_time: __, amr: ___, ...bare } = claims;
    const ofApi = { ...bare, jti: "01a2036c-21cb-7c3c-a61e-584c60070697" };
    const kindOf = (by: SigningMaterial, payload: object): string | undefined =>
      jeton.keys.readBearer(craft(by, headerFor(by), payload), now)?.kind;
    assert.equal(kindOf(access, { ...claims, jti: "x" }), "access");
    assert.equal(kindOf(api, ofApi), "api");
    assert.equal(kindOf(access, ofApi), undefined);
    assert.equal(kindOf(api, { ...claims, jti: "x" }), undefined);
    // One that has the claims of both is what its key says.
    assert.equal(kindOf(api, { ...claims, ...ofApi }), "api");
    assert.equal(kindOf(access, { ...claims, ...ofApi }), "access");
  });

  test("Y-01: a refresh key is replaced every thirty days, and the old one goes on for the sessions that carry it", async () => {
    const own = await authority();
    try {
      assert.equal(own.keys.refreshKid(), 1);
      const old = await own.login();
      own.clock.pass(30 * 86_400 - 1);
      await own.keys.ensure(own.clock.now());
      assert.equal(own.keys.refreshKid(), 1);
      const renewed = await own.refreshed(old);
      own.clock.pass(1);
      await own.keys.ensure(own.clock.now());
      assert.equal(own.keys.refreshKid(), 2);
      const again = await own.refreshed(renewed);
      const headerOf = (token: string): unknown =>
        JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString());
      assert.deepEqual(headerOf(again.refresh_token), { alg: "HS256", typ: "rt+jwt", kid: "1" });
      assert.deepEqual(headerOf((await own.login()).refresh_token), { alg: "HS256", typ: "rt+jwt", kid: "2" });
    } finally {
      await own.close();
    }
  });

  test("Y-01: a key that housekeeping makes is in the key set within the same second", async () => {
    const own = await authority();
    try {
      own.clock.pass(30 * 86_400);
      const now = own.clock.now();
      const names = (): string[] => own.keys.publicKeySet(now).keys.map(({ kid }) => kid);
      const earlier = names();
      await own.keys.ensure(now);
      const fresh = names().filter((kid) => !earlier.includes(kid));
      assert.deepEqual([fresh.length, names().length], [1, earlier.length + 1]);
    } finally {
      await own.close();
    }
  });

  test("RFC 2104: text bound to a purpose by a MAC is bound to it, to the text and to the instance", () => {
    const { macText } = jeton.keys;
    assert.equal(macText("cursor", "a"), macText("cursor", "a"));
    assert.match(macText("cursor", "a"), /^[\w-]{22}$/);
    const others = [
      macText("cursor", "b"),
      macText("cursors", "a"),
      macText("cursor\0a", ""),
      macText("", "cursor\0a"),
    ];
    assert.equal(new Set([macText("cursor", "a"), ...others]).size, 5);
  });
});
