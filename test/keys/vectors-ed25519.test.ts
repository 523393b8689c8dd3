/** Ed25519 signatures that are wrong by one thing each, in the manner of Wycheproof: RFC 8032 section 5.1.7. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { bytesOf, headerFor, modulo, segment, signatureOf, verdict } from "./craft.ts";
import {
  add,
  base,
  challenge,
  encode,
  fromLittleEndian,
  littleEndian,
  multiply,
  nonCanonical,
  order,
  scalarOf,
  smallOrderEncodings,
  smallOrderPoints,
  type Point,
} from "./edwards.ts";
import { fixedKeys } from "./fixed-keys.ts";

const key = fixedKeys.EdDSA;
const input = `${segment(headerFor(key))}.${segment({ sub: "bob" })}`;
const message = Buffer.from(input);
const seed = Buffer.from(key.privateJwk["d"]!, "base64url");
const publicPoint = Buffer.from(key.publicJwk["x"]!, "base64url");
const secret = scalarOf(seed);
const good = signatureOf(key, input);
const r = good.subarray(0, 32);
const s = fromLittleEndian(good.subarray(32));

const verdictOf = (signature: Uint8Array): string =>
  verdict(`${input}.${Buffer.from(signature).toString("base64url")}`);
const joined = (first: Uint8Array, second: bigint | Uint8Array): Buffer =>
  Buffer.concat([first, typeof second === "bigint" ? littleEndian(second) : second]);

/** A signature by the book with nonce `nonce`, over whatever `prefix` and `said` make of the message. */
function signed(wish: { nonce?: bigint; prefix?: Buffer; said?: Buffer; shown?: Point } = {}): Buffer {
  const { nonce = 12345n, prefix = Buffer.of(), said = message, shown = multiply(base, nonce) } = wish;
  const shownBytes = encode(shown);
  return joined(shownBytes, modulo(nonce + challenge(shownBytes, publicPoint, said, prefix) * secret, order));
}

function refuses(vectors: Readonly<Record<string, Uint8Array>>, reason = "bad_signature"): void {
  assert.equal(verdictOf(good), "ok");
  for (const [what, signature] of Object.entries(vectors)) assert.equal(verdictOf(signature), reason, what);
}

test("RFC 8032 section 5.1: the arithmetic of these vectors makes the key and signatures that verify", () => {
  assert.deepEqual(encode(multiply(base, secret)), publicPoint);
  for (const nonce of [1n, 2n, 12345n, order - 1n]) assert.equal(verdictOf(signed({ nonce })), "ok");
  assert.equal(smallOrderEncodings.length, 14);
  assert.equal(new Set(smallOrderPoints.map((point) => encode(point).toString("hex"))).size, 8);
});

test("J-17: S is below the order of the base point: S + L, every multiple that fits, and set top bits are refused", () => {
  const multiples: Record<string, Uint8Array> = {};
  for (let times = 1n; s + times * order < 2n ** 256n; times++)
    multiples[`S + ${times} L`] = joined(r, s + times * order);
  assert.ok(Object.keys(multiples).length >= 14);
  refuses(multiples);
  refuses(Object.fromEntries([253n, 254n, 255n].map((bit) => [`bit ${bit}`, joined(r, s | (1n << bit))] as const)));
  refuses({
    "S = 0": joined(r, 0n),
    "S = 1": joined(r, 1n),
    "S = L": joined(r, order),
    "S = L - 1": joined(r, order - 1n),
    "S = L + 1": joined(r, order + 1n),
    "S = 2^256 - 1": joined(r, 2n ** 256n - 1n),
    "S = L - S": joined(r, order - s),
    "S in the other byte order": joined(r, bytesOf(s, 32)),
  });
});

test("J-17: R of small order in each of its encodings is refused, with S = 0 and with the S of a good signature", () => {
  for (const encoded of smallOrderEncodings)
    refuses({
      [`R ${encoded.toHex()}, S = 0`]: joined(encoded, 0n),
      [`R ${encoded.toHex()}, S`]: joined(encoded, s),
      [`R ${encoded.toHex()}, S = L`]: joined(encoded, order),
    });
});

test("J-17: an R that is not canonical is refused, also where the equation holds for the point that it means", () => {
  refuses(Object.fromEntries(nonCanonical.map((encoded) => [encoded.toHex(), joined(encoded, s)] as const)));
  // The neutral element as R, whose equation holds for nonce 0; then its other spellings, each in its own hash.
  const [, ...spellings] = smallOrderEncodings.filter((encoded) => {
    const y = fromLittleEndian(encoded) % 2n ** 255n;
    return y === 1n || y === 2n ** 255n - 18n;
  });
  assert.equal(spellings.length, 3);
  for (const spelling of spellings)
    refuses({
      [spelling.toHex()]: joined(spelling, modulo(challenge(spelling, publicPoint, message) * secret, order)),
    });
});

test("J-17: R with a part of small order is refused, though the equation times eight holds", () => {
  for (const [order8, torsion] of smallOrderPoints.entries()) {
    const shown = add(multiply(base, 777n), torsion);
    assert.equal(verdictOf(signed({ nonce: 777n, shown })), order8 === 0 ? "ok" : "bad_signature");
  }
});

test("J-17: a signature of any length but 64 bytes is refused", () => {
  assert.equal(verdictOf(Buffer.of()), "malformed");
  for (const length of [1, 31, 32, 33, 62, 63])
    refuses({ [`the first ${length}`]: good.subarray(0, length), [`the last ${length}`]: good.subarray(-length) });
  for (const more of [1, 2, 32, 64, 192])
    refuses({
      [`${more} zeros behind`]: Buffer.concat([good, Buffer.alloc(more)]),
      [`${more} zeros before`]: Buffer.concat([Buffer.alloc(more), good]),
      [`${more} zeros between`]: Buffer.concat([r, Buffer.alloc(more), good.subarray(32)]),
    });
  refuses({
    "64 zeros": Buffer.alloc(64),
    "64 bytes of ones": Buffer.alloc(64, 0xff),
    twice: Buffer.concat([good, good]),
  });
});

test("J-17: signatures of another message, of a hash, in another variant or turned around are refused", () => {
  const dom2 = (flag: number, context: string): Buffer =>
    Buffer.concat([
      Buffer.from("SigEd25519 no Ed25519 collisions"),
      Buffer.of(flag, context.length),
      Buffer.from(context),
    ]);
  const hashed = createHash("sha512").update(message).digest();
  assert.equal(verdictOf(signed()), "ok");
  refuses({
    "another message": signed({ said: Buffer.from(`${input}x`) }),
    "no message": signed({ said: Buffer.of() }),
    "the SHA-512 of the message": signed({ said: hashed }),
    "the SHA-256 of the message": signed({ said: createHash("sha256").update(message).digest() }),
    Ed25519ph: signed({ said: hashed, prefix: dom2(1, "") }),
    "Ed25519ctx without a context": signed({ prefix: dom2(0, "") }),
    "Ed25519ctx with one": signed({ prefix: dom2(0, "jeton") }),
    "S before R": Buffer.concat([good.subarray(32), r]),
    "R with the other sign": Buffer.concat([r.subarray(0, 31), Buffer.of(r[31]! ^ 0x80), good.subarray(32)]),
    "R in the other byte order": Buffer.concat([r.toReversed(), good.subarray(32)]),
    "A in place of R": Buffer.concat([publicPoint, good.subarray(32)]),
  });
});

test("J-17: every single changed bit of a signature is seen", () => {
  for (let bit = 0; bit < 512; bit++) {
    const changed = Buffer.from(good);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(verdictOf(changed), "bad_signature", `bit ${bit}`);
  }
});
