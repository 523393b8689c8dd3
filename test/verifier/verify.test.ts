/** What the verifier takes, and everything that it must not: the forgeries that RFC 8725 names, one by one. */
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { before, describe, test } from "node:test";

import { importKeySet, type KeySet } from "../../packages/verifier/src/keys.ts";
import { verifyAccessToken, type Checks, type Verdict } from "../../packages/verifier/src/verify.ts";
import { segment } from "../keys/craft.ts";

const issuer = "https://tokens.example.test";
const now = 1_772_323_200;
const ours = generateKeyPairSync("ed25519");
const stranger = generateKeyPairSync("ed25519");
const jwk = { ...ours.publicKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "EdDSA" };
const header = { alg: "EdDSA", typ: "at+jwt", kid: "k1" };
const claims = { iss: issuer, sub: "bob", aud: issuer, iat: now - 10, exp: now + 290 };

const signed = (head: unknown, payload: unknown, { privateKey } = ours): string => {
  const input = `${typeof head === "string" ? head : segment(head)}.${typeof payload === "string" ? payload : segment(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString("base64url")}`;
};
const good = signed(header, claims);

let keys: KeySet;
before(async () => {
  keys = await importKeySet({ keys: [jwk] });
});

const verify = (token: string, audience = issuer): Promise<Verdict> =>
  verifyAccessToken(token, { keys, issuer, audience, now });

const text = (value: string): string => Buffer.from(value).toString("base64url");

test("RFC 9068 section 4: a token of the issuer, for this audience and in its time, is valid with all its claims", async () => {
  const verdict = await verify(good);
  assert.deepEqual(verdict, {
    valid: true,
    reason: null,
    kid: "k1",
    checks: { signature: "ok", issuer: "ok", time: "ok", audience: "ok" },
    claims,
  });
  assert.equal((await verify(signed({ ...header, typ: "application/AT+JWT" }, claims))).valid, true);
  assert.equal((await verify(signed({ jtn: "api", ...header }, { ...claims, aud: ["other", issuer] }))).valid, true);
});

const hmacWithPublicKey = (): string => {
  const input = `${segment({ ...header, alg: "HS256" })}.${segment(claims)}`;
  const secret = ours.publicKey.export({ type: "spki", format: "pem" });
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
};

/** A character of the signature in the middle, where every bit counts. */
const flipped = (token: string): string => {
  const at = token.lastIndexOf(".") + 20;
  return `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
};

const forgeries: readonly (readonly [what: string, token: string, reason: string])[] = [
  ["with alg none and no signature", `${segment({ ...header, alg: "none" })}.${segment(claims)}.`, "alg_not_allowed"],
  ["with alg none and a good signature", signed({ ...header, alg: "none" }, claims), "alg_not_allowed"],
  ["of HMAC with the public key as its secret", hmacWithPublicKey(), "alg_not_allowed"],
  ["with alg as a list", signed({ ...header, alg: ["EdDSA"] }, claims), "alg_not_allowed"],
  ["of somebody else's key", signed(header, claims, stranger), "bad_signature"],
  ["with a flipped character in its signature", flipped(good), "bad_signature"],
  [
    "with other claims under its signature",
    good.replace(/\.[^.]+\./, `.${segment({ ...claims, sub: "ada" })}.`),
    "bad_signature",
  ],
  ["with a signature that was cut", good.slice(0, -2), "bad_signature"],
  ["of type rt+jwt", signed({ ...header, typ: "rt+jwt" }, claims), "type_not_allowed"],
  ["of type JWT", signed({ ...header, typ: "JWT" }, claims), "type_not_allowed"],
  ["without a type", signed({ alg: "EdDSA", kid: "k1" }, claims), "type_not_allowed"],
  ["of a key that is not in the set", signed({ ...header, kid: "k2" }, claims), "unknown_key"],
  ["without kid", signed({ alg: "EdDSA", typ: "at+jwt" }, claims), "unknown_key"],
  [
    "with its own key in the header",
    signed({ ...header, jwk: stranger.publicKey.export({ format: "jwk" }) }, claims, stranger),
    "header",
  ],
  ["with crit", signed({ ...header, crit: ["exp"] }, claims), "header"],
  ["with jku", signed({ ...header, jku: "https://evil.example" }, claims), "header"],
  ["with padding", `${good}=`, "malformed"],
  ["with a line end", `${good}\n`, "malformed"],
  ["with a fourth part", `${good}.x`, "malformed"],
  ["with white space in its header", signed(text(JSON.stringify(header, null, 1)), claims), "malformed"],
  ["with kid twice", signed(text('{"alg":"EdDSA","typ":"at+jwt","kid":"k1","kid":"k1"}'), claims), "malformed"],
  ["with exp twice", signed(header, text(`{"exp":1,"iss":"${issuer}","exp":${now + 1}}`)), "malformed"],
  ["with claims that are a list", signed(header, text("[]")), "malformed"],
  ["that is longer than any of ours", signed(header, { ...claims, x: "x".repeat(9000) }), "malformed"],
  ["that is empty", "", "malformed"],
];

describe("RFC 8725 section 3: refused without a claim being believed is a token", () => {
  for (const [what, token, reason] of forgeries) {
    test(`RFC 8725: ${what}`, async () => {
      const verdict = await verify(token);
      assert.deepEqual([verdict.valid, verdict.reason, verdict.claims], [false, reason, null]);
    });
  }
});

const claimed: readonly (readonly [what: string, change: object, reason: string, failed: keyof Checks])[] = [
  ["of another issuer", { iss: "https://evil.example" }, "issuer_mismatch", "issuer"],
  ["of an issuer that only begins so", { iss: `${issuer}/` }, "issuer_mismatch", "issuer"],
  ["whose exp is now", { exp: now }, "expired", "time"],
  ["without exp", { exp: undefined }, "expired", "time"],
  ["whose exp is a text", { exp: String(now + 100) }, "expired", "time"],
  ["that was issued in the future", { iat: now + 61 }, "not_yet_valid", "time"],
  ["whose nbf is ahead", { nbf: now + 61 }, "not_yet_valid", "time"],
  ["for another audience", { aud: "search-api" }, "audience_mismatch", "audience"],
  ["for nobody", { aud: undefined }, "audience_mismatch", "audience"],
  ["for a list of others", { aud: ["search-api"] }, "audience_mismatch", "audience"],
];

for (const [what, change, reason, failed] of claimed) {
  test(`RFC 9068 section 4: a token ${what} is not valid, and that check alone fails`, async () => {
    const verdict = await verify(signed(header, { ...claims, ...change }));
    assert.deepEqual([verdict.valid, verdict.reason], [false, reason]);
    const all = { signature: "ok", issuer: "ok", time: "ok", audience: "ok" };
    assert.deepEqual(verdict.checks, { ...all, [failed]: "failed" });
  });
}

const hexPoint = (hex: string): object => ({ ...jwk, x: Buffer.from(hex, "hex").toString("base64url") });

const sets: readonly (readonly [what: string, set: unknown, why: RegExp])[] = [
  ["a private key", { keys: [{ ...ours.privateKey.export({ format: "jwk" }), kid: "k1" }] }, /private/],
  ["two keys of one name", { keys: [jwk, jwk] }, /one name/],
  ["a point of order 1", { keys: [hexPoint(`01${"00".repeat(31)}`)] }, /small order/],
  [
    "a point of order 8",
    { keys: [hexPoint("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")] },
    /small order/,
  ],
  ["a point that is too short", { keys: [{ ...jwk, x: "AAAA" }] }, /32 bytes/],
  ["no list", {}, /no list/],
];

for (const [what, set, why] of sets) {
  test(`RFC 8037 section 2: a key set with ${what} is not used`, async () => {
    await assert.rejects(importKeySet(set), why);
  });
}

test("RFC 7517 section 5: keys of other kinds and for other uses are passed over", async () => {
  const { publicKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const others = [
    { ...rsa.export({ format: "jwk" }), kid: "rsa" },
    { ...jwk, kid: "enc", use: "enc" },
    { ...jwk, kid: "other", alg: "ES256" },
    { ...jwk, kid: undefined },
  ];
  assert.deepEqual([...(await importKeySet({ keys: [...others, jwk] })).keys()], ["k1"]);
});
