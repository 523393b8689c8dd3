/** Jeton beside jose: what one signs, the other verifies. RFC 7515, RFC 7517, RFC 7638, RFC 9068. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as fc from "fast-check";
import {
  calculateJwkThumbprint,
  CompactSign,
  compactVerify,
  createLocalJWKSet,
  decodeProtectedHeader,
  jwtVerify,
  SignJWT,
  type JSONWebKeySet,
  type JWTVerifyOptions,
} from "jose";

import { importPublicJwk } from "../../src/keys/import.ts";
import { headerText, signJws, verifyJws } from "../../src/keys/jws.ts";
import { authority, claimsOf, good, issuer, type Authority } from "../authority.ts";
import { headerFor, verdict } from "../keys/craft.ts";
import { allKeys, type FixedKey } from "../keys/fixed-keys.ts";

const keySetOf = async (jeton: Authority, door = ""): Promise<JSONWebKeySet> =>
  good<JSONWebKeySet>(await jeton.ask(`${door}/.well-known/jwks.json`));

const expects = (jeton: Authority, changes: JWTVerifyOptions = {}): JWTVerifyOptions => ({
  typ: "at+jwt",
  issuer,
  audience: issuer,
  algorithms: ["EdDSA"],
  currentDate: new Date(jeton.clock.millis()),
  ...changes,
});

describe("access tokens of Jeton in jose", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  test("RFC 9068 section 4: a native access token verifies by the published key set, with type, issuer and audience", async () => {
    const { access_token } = await jeton.login();
    const { payload, protectedHeader } = await jwtVerify(
      access_token,
      createLocalJWKSet(await keySetOf(jeton)),
      expects(jeton, { requiredClaims: ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"] }),
    );
    assert.deepEqual(payload, claimsOf(access_token));
    assert.deepEqual(Object.keys(protectedHeader), ["alg", "typ", "kid"]);
  });

  test("RFC 9068 section 4: it is refused there for another audience, issuer, type, algorithm and time", async () => {
    const { access_token } = await jeton.login();
    const keySet = createLocalJWKSet(await keySetOf(jeton));
    const verify = (changes: JWTVerifyOptions, text = access_token): Promise<unknown> =>
      jwtVerify(text, keySet, expects(jeton, changes));
    const later = (span: number): Date => new Date(jeton.clock.millis() + span * 1000);
    await verify({ currentDate: later(299) });
    await assert.rejects(verify({ currentDate: later(300) }), { code: "ERR_JWT_EXPIRED" });
    await assert.rejects(verify({ audience: `${issuer}/` }), { code: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
    await assert.rejects(verify({ issuer: `${issuer}/sensu` }), { code: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
    await assert.rejects(verify({ typ: "rt+jwt" }), { code: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
    await assert.rejects(verify({ algorithms: ["ES256", "RS256"] }), { code: "ERR_JOSE_ALG_NOT_ALLOWED" });
    const [header, claims, signature] = access_token.split(".") as [string, string, string];
    const other = Buffer.from(Buffer.from(claims, "base64url").toString().replace('"sub"', '"sux"')).toString(
      "base64url",
    );
    await assert.rejects(verify({}, `${header}.${other}.${signature}`), {
      code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    });
  });

  test("RFC 9068 section 4: a token of the Sensu door verifies under that door's issuer and key set", async () => {
    const answer = await jeton.ask("/sensu/auth", {
      headers: { authorization: `Basic ${Buffer.from("bob:correct horse battery staple").toString("base64")}` },
    });
    const { access_token } = await good<{ access_token: string }>(answer);
    const keySet = await keySetOf(jeton, "/sensu");
    const { payload } = await jwtVerify(
      access_token,
      createLocalJWKSet(keySet),
      expects(jeton, { issuer: `${issuer}/sensu` }),
    );
    assert.equal(payload.sub, "bob");
    assert.deepEqual(keySet, await keySetOf(jeton));
  });

  test("F-14: a refresh token does not verify as an access token, nor by any key of the set", async () => {
    const { refresh_token } = await jeton.login();
    const keySet = createLocalJWKSet(await keySetOf(jeton));
    await assert.rejects(jwtVerify(refresh_token, keySet, expects(jeton)), { code: "ERR_JOSE_ALG_NOT_ALLOWED" });
    const { algorithms: _, ...lax } = expects(jeton, { typ: "rt+jwt" });
    await assert.rejects(jwtVerify(refresh_token, keySet, lax));
  });

  test("RFC 7638 section 3: each key is public, has its thumbprint as its name, and passes our own import", async () => {
    const { keys } = await keySetOf(jeton);
    assert.equal(keys.length, 4);
    for (const jwk of keys) {
      assert.deepEqual(Object.keys(jwk).toSorted(), ["alg", "crv", "kid", "kty", "use", "x"]);
      assert.equal(jwk.kid, await calculateJwkThumbprint(jwk));
      assert.ok(importPublicJwk({ ...jwk }).ok);
    }
  });

  test("Y-01: a copy of the key set from before a rotation verifies tokens from after it, and the other way round", async () => {
    const oldSet = createLocalJWKSet(await keySetOf(jeton));
    const { access_token: oldToken } = await jeton.login();
    const oldTime = expects(jeton);
    jeton.clock.pass(30 * 86_400);
    await jeton.keys.ensure(jeton.clock.now());
    const { access_token: newToken } = await jeton.login();
    assert.notEqual(decodeProtectedHeader(newToken).kid, decodeProtectedHeader(oldToken).kid);
    await jwtVerify(newToken, oldSet, expects(jeton));
    const duringRetirement = await keySetOf(jeton);
    assert.equal(duringRetirement.keys.length, 5);
    await jwtVerify(oldToken, createLocalJWKSet(duringRetirement), oldTime);
    // The longest token lives a day; a minute later the old key leaves.
    jeton.clock.pass(86_400 + 60);
    const afterRetirement = createLocalJWKSet(await keySetOf(jeton));
    await assert.rejects(jwtVerify(oldToken, afterRetirement, oldTime), { code: "ERR_JWKS_NO_MATCHING_KEY" });
  });
});

/** Claims as somebody else may write them, none of ours among them. */
const claims = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 12 }).filter((name) => !["__proto__", "iat", "nbf", "exp"].includes(name)),
  fc.oneof(fc.string({ unit: "grapheme" }), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string())),
  { maxKeys: 6 },
);
const isClean = (value: unknown): boolean => !/\\u0000|\\ud[89a-f]/i.test(JSON.stringify(value));

for (const key of allKeys) {
  const runs = { numRuns: key.alg === "RS256" ? 40 : 80 };

  test(`RFC 7515 section 5: tokens by signJws verify in jose, ${key.alg}`, async () => {
    const keySet = createLocalJWKSet({ keys: [{ ...key.publicJwk, kid: key.kid, alg: key.alg, use: "sig" }] });
    const property = fc.asyncProperty(claims, async (payload) => {
      const token = signJws(headerText(key, "at+jwt"), JSON.stringify(payload), key);
      const verified = await compactVerify(token, keySet, { algorithms: [key.alg] });
      assert.deepEqual(JSON.parse(new TextDecoder().decode(verified.payload)), JSON.parse(JSON.stringify(payload)));
      assert.deepEqual(verified.protectedHeader, headerFor(key));
    });
    await fc.assert(property, runs);
  });

  test(`RFC 7515 section 5: tokens by jose verify in verifyJws, ${key.alg}`, async () => {
    const property = fc.asyncProperty(claims.filter(isClean), async (payload) => {
      const token = await new CompactSign(Buffer.from(JSON.stringify(payload)))
        .setProtectedHeader(headerFor(key))
        .sign(key.privateKey);
      const verified = verifyJws(token, { types: ["at+jwt"], key: (kid) => (kid === key.kid ? key : undefined) });
      assert.deepEqual(verified, { ok: true, kid: key.kid, payload: JSON.parse(JSON.stringify(payload)) as unknown });
    });
    await fc.assert(property, runs);
  });

  test(`J-10, J-08: what jose signs with another type, another member or another key is refused, ${key.alg}`, async () => {
    const signed = (header: object, by: FixedKey = key): Promise<string> =>
      new SignJWT({ sub: "bob" }).setProtectedHeader({ ...headerFor(key), ...header }).sign(by.privateKey);
    assert.equal(verdict(await signed({})), "ok");
    assert.equal(verdict(await signed({ typ: "application/AT+JWT" })), "ok");
    assert.equal(verdict(await signed({ typ: "JWT" })), "type_not_allowed");
    assert.equal(verdict(await signed({ kid: "another" })), "unknown_key");
    assert.equal(verdict(await signed({ cty: "json" })), "header");
    assert.equal(verdict(await signed({ jku: "https://example.com/jwks.json" })), "header");
    assert.equal(verdict(await signed({ jwk: key.publicJwk })), "header");
    if (key.alg === "RS256") assert.equal(verdict(await signed({ alg: "PS256" })), "alg_not_allowed");
    for (const other of allKeys.filter(({ alg }) => alg !== key.alg))
      assert.equal(verdict(await signed({ alg: other.alg }, other)), "alg_not_allowed");
  });
}
