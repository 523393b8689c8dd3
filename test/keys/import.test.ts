/** Public keys from outside: RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2, RFC 8725 section 3.1. */
import assert from "node:assert/strict";
import { createPublicKey, randomBytes } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";

import { importPublicJwk, type KeyRefusal } from "../../src/keys/import.ts";
import { allKeys, fixedKeys } from "./fixed-keys.ts";

const { EdDSA, ES256, RS256 } = fixedKeys;
type Jwk = Readonly<Record<string, unknown>>;

const outcome = (jwk: Jwk, maxRsaBits?: number): string => {
  const imported = importPublicJwk(jwk, maxRsaBits);
  if (!imported.ok) return imported.reason;
  assert.equal(imported.publicKey.type, "public");
  return imported.alg;
};

function refuses(reason: KeyRefusal, jwks: Readonly<Record<string, Jwk>>): void {
  for (const [what, jwk] of Object.entries(jwks)) assert.equal(outcome(jwk), reason, what);
}

const text = (bytes: Uint8Array | readonly number[]): string => Buffer.from(bytes).toString("base64url");

test("RFC 7517 section 4: good keys come in, each with its one algorithm, bare or with the usual members", () => {
  for (const { alg, publicJwk, publicKey } of allKeys) {
    for (const jwk of [
      publicJwk,
      { ...publicJwk, alg },
      { ...publicJwk, kid: "a key", use: "sig" },
      { ...publicJwk, key_ops: ["verify"], ext: true },
      JSON.parse(JSON.stringify({ ...publicJwk, alg, use: "sig", kid: "k" })) as Jwk,
    ]) {
      const imported = importPublicJwk(jwk);
      assert.ok(imported.ok, JSON.stringify(imported));
      assert.equal(imported.alg, alg);
      assert.deepEqual(imported.publicKey.export({ format: "jwk" }), publicKey.export({ format: "jwk" }));
    }
  }
  assert.equal(outcome({ ...EdDSA.publicJwk, alg: "Ed25519" }), "EdDSA");
});

test("Runtime S1: RSA with e = 1 or a small e is refused, since Node verifies forgeries under it", () => {
  for (const e of [[1], [3], [5], [17], [1, 1], [0xff, 0xff]])
    refuses("exponent", { [`e ${e.join(" ")}`]: { ...RS256.publicJwk, e: text(e) } });
});

test("RFC 7518 section 6.3.1.2: an exponent that is even, too long, empty, padded or no text is refused", () => {
  refuses("exponent", {
    zero: { ...RS256.publicJwk, e: text([0]) },
    two: { ...RS256.publicJwk, e: text([2]) },
    "65,536": { ...RS256.publicJwk, e: text([1, 0, 0]) },
    "65,538": { ...RS256.publicJwk, e: text([1, 0, 2]) },
    "five bytes": { ...RS256.publicJwk, e: text([1, 0, 0, 0, 1]) },
    "a modulus": { ...RS256.publicJwk, e: RS256.publicJwk["n"] },
    "a zero in front": { ...RS256.publicJwk, e: text([0, 1, 0, 1]) },
    empty: { ...RS256.publicJwk, e: "" },
    missing: { kty: "RSA", n: RS256.publicJwk["n"] },
    "a number": { ...RS256.publicJwk, e: 65_537 },
    "a list": { ...RS256.publicJwk, e: ["AQAB"] },
    padding: { ...RS256.publicJwk, e: "AQAB=" },
    "a space": { ...RS256.publicJwk, e: "AQ AB" },
  });
  for (const e of [
    [1, 0, 1],
    [1, 0, 3],
    [0xff, 0xff, 0xff, 0xff],
  ])
    assert.equal(outcome({ ...RS256.publicJwk, e: text(e) }), "RS256", e.join(" "));
});

/** An odd number of exactly so many bits; whether it has two prime factors, nobody can see. */
function modulusOf(bits: number): Buffer {
  const bytes = randomBytes(Math.ceil(bits / 8));
  const top = 1 << ((bits - 1) % 8);
  bytes[0] = (bytes[0]! & (top - 1)) | top;
  bytes[bytes.length - 1]! |= 1;
  return bytes;
}

const rsaOf = (bits: number): Jwk => ({ kty: "RSA", n: text(modulusOf(bits)), e: "AQAB" });

test("Runtime S1: RSA moduli below 2,048 bits are refused, since both runtimes work with 512", () => {
  for (const bits of [8, 16, 512, 768, 1024, 1536, 2040, 2047]) refuses("modulus", { [`${bits} bits`]: rsaOf(bits) });
  assert.equal(outcome(rsaOf(2048)), "RS256");
});

test("RFC 7518 section 6.3.1.1: 4,096 bits are the most unless more are asked for, and 16,384 are never reached", () => {
  for (const bits of [2049, 3072, 4095, 4096]) assert.equal(outcome(rsaOf(bits)), "RS256", `${bits} bits`);
  for (const bits of [4097, 4104, 8192, 16_384, 65_536]) refuses("modulus", { [`${bits} bits`]: rsaOf(bits) });
  assert.equal(outcome(rsaOf(8192), 8192), "RS256");
  assert.equal(outcome(rsaOf(8193), 8192), "modulus");
  assert.equal(outcome(rsaOf(16_384), 8192), "modulus");
});

test("RFC 7518 section 6.3.1.1: an even, zero-led, empty or otherwise written modulus is refused", () => {
  const n = Buffer.from(RS256.publicJwk["n"]!, "base64url");
  const even = Buffer.from(n);
  even[255]! &= 0xfe;
  refuses("modulus", {
    even: { ...RS256.publicJwk, n: text(even) },
    "a zero in front": { ...RS256.publicJwk, n: text([0, ...n]) },
    "a zero in front of 2,040 bits": { ...RS256.publicJwk, n: text([0, ...n.subarray(1)]) },
    zeros: { ...RS256.publicJwk, n: text(Buffer.alloc(256)) },
    empty: { ...RS256.publicJwk, n: "" },
    missing: { kty: "RSA", e: "AQAB" },
    padding: { ...RS256.publicJwk, n: `${RS256.publicJwk["n"]}==` },
    "a line break": { ...RS256.publicJwk, n: `${RS256.publicJwk["n"]}\n` },
    "the other alphabet": { ...RS256.publicJwk, n: n.toString("base64") },
    "spare bits": { ...RS256.publicJwk, n: RS256.publicJwk["n"]!.replace(/.$/, "R") },
    bytes: { ...RS256.publicJwk, n: [...n] },
  });
});

test("Runtime S1: a private key is refused as such, because createPublicKey would take it", () => {
  for (const { publicJwk, privateJwk } of allKeys) {
    refuses("private", { whole: privateJwk, "with labels": { ...privateJwk, use: "sig", kid: "k" } });
    for (const name of ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
      for (const value of [privateJwk[name] ?? "AAAA", null, undefined, "", []])
        refuses("private", { [name]: { ...publicJwk, [name]: value } });
  }
});

test("RFC 7517 section 4.1: symmetric keys and keys of unknown kinds are refused", () => {
  refuses("private", { oct: { kty: "oct", k: "AAAA" } });
  const { x } = EdDSA.publicJwk;
  refuses("unknown_type", {
    "oct without its key": { kty: "oct" },
    nothing: {},
    Ed448: { kty: "OKP", crv: "Ed448", x: text(randomBytes(57)) },
    X25519: { kty: "OKP", crv: "X25519", x },
    "P-384": { kty: "EC", crv: "P-384", x: text(randomBytes(48)), y: text(randomBytes(48)) },
    "P-521": { kty: "EC", crv: "P-521", x: text(randomBytes(66)), y: text(randomBytes(66)) },
    secp256k1: { ...ES256.publicJwk, crv: "secp256k1" },
    "EC of Ed25519": { ...ES256.publicJwk, crv: "Ed25519" },
    "OKP of P-256": { ...EdDSA.publicJwk, crv: "P-256" },
    "no curve": { kty: "OKP", x },
    "RSA with a curve": { ...RS256.publicJwk, crv: "P-256" },
    "RSA with an empty curve": { ...RS256.publicJwk, crv: "" },
    "small letters": { ...RS256.publicJwk, kty: "rsa" },
    "a space": { ...EdDSA.publicJwk, crv: "Ed25519 " },
    "both in one": { kty: "OKP Ed25519", x },
    AKP: { kty: "AKP", alg: "ML-DSA-44" },
  });
});

test("RFC 7517 section 4.1: a kty or crv that is no text is refused, whatever it would be turned into", () => {
  refuses("unknown_type", {
    "kty in a list": { ...RS256.publicJwk, kty: ["RSA"] },
    "crv in a list": { ...EdDSA.publicJwk, crv: ["Ed25519"] },
    "kty null": { ...RS256.publicJwk, kty: null },
    "crv null": { ...RS256.publicJwk, crv: null },
    "an empty list as crv": { ...RS256.publicJwk, crv: [] },
    "kty that cannot become text": { ...RS256.publicJwk, kty: { toString: 1, valueOf: 1 } },
    "crv that cannot become text": { ...EdDSA.publicJwk, crv: { toString: null, valueOf: null } },
    "kty without a prototype": { ...RS256.publicJwk, kty: Object.create(null) as unknown },
  });
});

test("J-06: a member that is not of the list is refused: certificates, addresses, and what nobody knows", () => {
  for (const name of ["x5c", "x5u", "x5t", "x5t#S256", "jku", "jwk", "iat", "exp", "nbf", "revoked", "D", "__proto__"])
    for (const { publicJwk } of allKeys)
      refuses("member", { [name]: Object.defineProperty({ ...publicJwk }, name, { value: "AAAA", enumerable: true }) });
});

test("RFC 7517 section 4.2 and 4.3: a key that is for something else than verifying is refused", () => {
  for (const { publicJwk } of allKeys) {
    for (const use of ["enc", "Sig", "", null, ["sig"], true])
      refuses("member", { [`use ${JSON.stringify(use)}`]: { ...publicJwk, use } });
    for (const ops of [
      ["sign"],
      ["encrypt"],
      ["verify", "sign"],
      ["verify", "verify"],
      [],
      "verify",
      null,
      {},
      [["verify"]],
    ])
      refuses("member", { [`key_ops ${JSON.stringify(ops)}`]: { ...publicJwk, key_ops: ops } });
  }
});

test("J-03: a label that is not the key's own algorithm is refused", () => {
  for (const { alg: own, publicJwk } of allKeys)
    for (const alg of ["EdDSA", "Ed25519", "ES256", "RS256", "PS256", "RS512", "HS256", "none", "", null, ["RS256"]]) {
      if (alg === own || (own === "EdDSA" && alg === "Ed25519")) continue;
      refuses("member", { [`${own} labelled ${JSON.stringify(alg)}`]: { ...publicJwk, alg } });
    }
});

test("RFC 7517 section 4: nothing that JSON can say makes the import throw or let something in that is not a public key", () => {
  const names = fc.constantFrom("kty", "crv", "x", "y", "n", "e", "alg", "use", "kid", "key_ops", "ext", "d");
  const words = fc.constantFrom("OKP", "EC", "RSA", "Ed25519", "P-256", "AQAB", "sig", "toString", "valueOf");
  const awkward = fc.constantFrom({ toString: 1, valueOf: 1 }, { toString: null }, ["RSA"], [["sig"]]);
  const values = fc.oneof(
    words,
    awkward,
    fc.jsonValue(),
    fc.constantFrom(...allKeys.flatMap((key) => Object.values(key.publicJwk))),
  );
  fc.assert(
    fc.property(fc.constantFrom(...allKeys), fc.dictionary(names, values, { maxKeys: 3 }), (key, changes) => {
      const result = outcome({ ...key.publicJwk, ...changes });
      if (!(result in fixedKeys)) return;
      const imported = createPublicKey({ key: { ...key.publicJwk, ...(changes as object) }, format: "jwk" });
      assert.equal(imported.type, "public");
    }),
    { numRuns: 1500 },
  );
});
