/** ECDSA signatures on P-256 that are wrong by one thing each, in the manner of Wycheproof: RFC 7518 section 3.4. */
import assert from "node:assert/strict";
import { createHash, createSign, sign, type KeyObject } from "node:crypto";
import { test } from "node:test";

import type { VerifyingMaterial } from "../../src/keys/jws.ts";
import { bytesOf, der, headerFor, modulo, numberOf, segment, signatureOf, verdict } from "./craft.ts";
import { fixedKeys } from "./fixed-keys.ts";
import { add, base, divided, firstPoint, multiply, n, p, publicKeyOf, type Point } from "./weierstrass.ts";

const key = fixedKeys.ES256;
const input = `${segment(headerFor(key))}.${segment({ sub: "bob" })}`;
const secret = numberOf(Buffer.from(key.privateJwk["d"]!, "base64url"));
const digest = (algorithm: string): bigint => numberOf(createHash(algorithm).update(input).digest());

const publicX = numberOf(Buffer.from(key.publicJwk["x"]!, "base64url"));
const good = signatureOf(key, input);
const r = numberOf(good.subarray(0, 32));
const s = numberOf(good.subarray(32));

const verdictOf = (signature: Uint8Array, under: VerifyingMaterial = key): string =>
  verdict(`${input}.${Buffer.from(signature).toString("base64url")}`, [under]);
const pair = (first: bigint, second: bigint): Buffer => Buffer.concat([bytesOf(first, 32), bytesOf(second, 32)]);

/** The public key under which (x, 7) is a signature whose nonce has the point `nonce`. */
const keyWith = (nonce: Point, x: bigint): KeyObject =>
  publicKeyOf(multiply(add(multiply(nonce, 7n), multiply(base, n - (digest("sha256") % n))), divided(1n, x)));

function refuses(vectors: Readonly<Record<string, Uint8Array>>): void {
  assert.equal(verdictOf(good), "ok");
  for (const [what, signature] of Object.entries(vectors)) assert.equal(verdictOf(signature), "bad_signature", what);
}

test("J-16: zero, the order and everything beyond are no r and no s", () => {
  const extremes: Readonly<Record<string, bigint>> = {
    0: 0n,
    n,
    "n + 1": n + 1n,
    "2^256 - 1": 2n ** 256n - 1n,
    p,
    "p - n": p - n,
    "n - 1": n - 1n,
    1: 1n,
  };
  for (const [name, value] of Object.entries(extremes)) {
    refuses({ [`r = ${name}`]: pair(value, s), [`s = ${name}`]: pair(r, value) });
    for (const [other, second] of Object.entries(extremes))
      refuses({ [`r = ${name}, s = ${other}`]: pair(value, second) });
  }
});

test("J-16: s + n and r + n are refused where there is room for them, though they mean the same remainder", () => {
  const z = digest("sha256");
  // A key for which s = 7 is right, so that s + n fits into 256 bits: nonce 1, d = (7 - z) / r.
  const forSmallS = { ...key, publicKey: publicKeyOf(multiply(base, divided(7n - z, base.x))) };
  assert.equal(verdictOf(pair(base.x, 7n), forSmallS), "ok");
  assert.equal(verdictOf(pair(base.x, 7n + n), forSmallS), "bad_signature");
  // A point with a small x as the nonce's, and the key that belongs to it: Q = (s R - z G) / r.
  const small = firstPoint(5n);
  const forSmallR = { ...key, publicKey: keyWith(small, small.x) };
  assert.equal(verdictOf(pair(small.x, 7n), forSmallR), "ok");
  assert.equal(verdictOf(pair(small.x + n, 7n), forSmallR), "bad_signature");
  // Where the nonce's x itself is beyond n, r is what remains of it.
  const large = firstPoint(n);
  const forLargeX = { ...key, publicKey: keyWith(large, large.x - n) };
  assert.equal(verdictOf(pair(large.x - n, 7n), forLargeX), "ok");
  assert.equal(verdictOf(pair(large.x, 7n), forLargeX), "bad_signature");
});

test("J-16: r and s turned around, negated or mixed are refused", () => {
  refuses({
    "s before r": pair(s, r),
    "n - r": pair(n - r, s),
    "n - r, n - s": pair(n - r, n - s),
    "r + 1": pair(r + 1n, s),
    "s + 1": pair(r, modulo(s + 1n, n)),
    "r twice": pair(r, r),
    "s twice": pair(s, s),
    "the other byte order": good.toReversed(),
  });
});

test("J-16: ECDSA itself gives each signature a twin, n - s, so no list may be keyed by an ES256 token's text", () => {
  assert.equal(verdictOf(pair(r, n - s)), "ok");
});

test("J-16: unusual but right signatures are accepted: nonce 1, nonce n - 1, r or s with zeros in front", () => {
  const z = digest("sha256");
  assert.equal(verdictOf(pair(base.x, modulo(z + base.x * secret, n))), "ok");
  assert.equal(verdictOf(pair(base.x, modulo(-(z + base.x * secret), n))), "ok");
  assert.equal(verdictOf(withZeroInFront(0)), "ok");
  assert.equal(verdictOf(withZeroInFront(32)), "ok");
});

/** A good signature whose r (0) or s (32) begins with a zero byte. */
function withZeroInFront(at: 0 | 32): Buffer {
  for (;;) {
    const signature = signatureOf(key, input);
    if (signature[at] === 0) return signature;
  }
}

test("J-16: a signature of any length but 64 bytes is refused, a number without its leading zero among them", () => {
  const shortR = withZeroInFront(0);
  const shortS = withZeroInFront(32);
  assert.equal(verdictOf(Buffer.of()), "malformed");
  refuses({
    "r without its leading zero": shortR.subarray(1),
    "s without its leading zero": Buffer.concat([shortS.subarray(0, 32), shortS.subarray(33)]),
    "33 bytes each": Buffer.concat([Buffer.of(0), good.subarray(0, 32), Buffer.of(0), good.subarray(32)]),
    "a zero in front": Buffer.concat([Buffer.of(0), good]),
    "a zero behind": Buffer.concat([good, Buffer.of(0)]),
    "48 bytes each": Buffer.concat([Buffer.alloc(16), good.subarray(0, 32), Buffer.alloc(16), good.subarray(32)]),
    twice: Buffer.concat([good, good]),
  });
  for (const length of [1, 31, 32, 33, 62, 63]) refuses({ [`the first ${length}`]: good.subarray(0, length) });
});

test("J-16: DER is refused in place of r and s side by side, in its shape and cut or filled to 64 bytes", () => {
  const inDer = sign("sha256", Buffer.from(input), { key: key.privateKey, dsaEncoding: "der" });
  const zeros = der(0x30, der(2, Buffer.of(0)), der(2, Buffer.of(0)));
  const long = der(0x30, der(2, Buffer.of(0), good.subarray(0, 32)), der(2, Buffer.of(0), good.subarray(32)));
  const fill = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(64)]).subarray(0, 64);
  refuses({
    DER: inDer,
    "the same signature in DER": long,
    "DER cut to 64 bytes": inDer.subarray(0, 64),
    "the last 64 bytes of DER": inDer.subarray(-64),
    "DER of r = s = 0": zeros,
    "DER of r = s = 0, filled": fill(zeros),
    "DER of r = s = 1": fill(der(0x30, der(2, Buffer.of(1)), der(2, Buffer.of(1)))),
    "DER with no numbers": fill(der(0x30)),
    "DER of two numbers of 29 bytes, 64 in all": der(0x30, der(2, good.subarray(3, 32)), der(2, good.subarray(35))),
  });
});

test("J-16: a signature of another message or of another digest of it is refused", () => {
  const nonceOne = (z: bigint): Buffer => pair(base.x, modulo(z + base.x * secret, n));
  assert.equal(verdictOf(nonceOne(digest("sha256"))), "ok");
  const twice = createHash("sha256").update(createHash("sha256").update(input).digest()).digest();
  const other = createSign("sha512").update(input).sign({ key: key.privateKey, dsaEncoding: "ieee-p1363" });
  refuses({
    "SHA-1": nonceOne(digest("sha1")),
    "SHA-384, cut to 256 bits": nonceOne(digest("sha384") >> 128n),
    "SHA-512, cut to 256 bits": nonceOne(digest("sha512") >> 256n),
    "SHA-512 by the runtime": other,
    "SHA3-256": nonceOne(digest("sha3-256")),
    "the hash of the hash": nonceOne(numberOf(twice)),
    "no hash": nonceOne(0n),
    "another message": signatureOf(key, `${input}x`),
    // It is one for a hash of zero, and anybody can make it.
    "made without the key": pair(publicX, publicX),
  });
});
