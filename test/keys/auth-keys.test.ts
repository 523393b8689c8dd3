/** Keys for signed login: their forms (RFC 8017, RFC 5280, RFC 4253), and what verifies with them. */
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";

import { authKeys } from "../../src/keys/auth-keys.ts";
import { importPublicJwk } from "../../src/keys/import.ts";
import {
  numbersFromPkcs1,
  numbersFromSpki,
  numbersFromSsh,
  sshFromNumbers,
  type RsaNumbers,
} from "../../src/keys/rsa-numbers.ts";
import { fixedKeys } from "./fixed-keys.ts";
import { bobsPair } from "./rsa-pairs.ts";

const der = (pem: string): Uint8Array => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
const ssh = (line: string): Uint8Array => Buffer.from(line.split(" ")[1]!, "base64");

const forms = [
  ["SPKI", numbersFromSpki, der(bobsPair.spki)],
  ["PKCS#1", numbersFromPkcs1, der(bobsPair.pkcs1)],
  ["OpenSSH", numbersFromSsh, ssh(bobsPair.ssh)],
] as const;

const hex = (numbers: RsaNumbers | "other" | undefined): unknown =>
  typeof numbers === "object" ? [numbers.n, numbers.e].map((one) => Buffer.from(one).toString("hex")) : numbers;

const { n, e } = fixedKeys.RS256.publicJwk;
const expected = [n, e].map((one) => Buffer.from(one!, "base64url").toString("hex"));

for (const [form, read, bytes] of forms) {
  test(`${form}: the numbers of a key are those of its JWK`, () => {
    assert.deepEqual(hex(read(bytes)), expected);
  });

  test(`${form}: one key has one spelling; with any byte changed, added or missing it is another key or none`, () => {
    for (let at = 0; at < bytes.length; at++) {
      assert.equal(read(bytes.subarray(0, at)), undefined, `cut at ${at}`);
      for (const bit of [1, 0x10, 0x80]) {
        const changed = Uint8Array.from(bytes);
        changed[at]! ^= bit;
        assert.notDeepEqual(hex(read(changed)), expected, `bit ${bit} of byte ${at}`);
      }
    }
    assert.equal(read(Buffer.concat([bytes, Buffer.alloc(1)])), undefined);
    assert.equal(read(Buffer.concat([Buffer.alloc(1), bytes])), undefined);
  });

  test(`${form}: no bytes make it throw`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat({ max: bytes.length }), (noise, at) => {
        read(noise);
        read(Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]));
      }),
      { numRuns: 500 },
    );
  });
}

test("RFC 4251 section 5: numbers of any size go into OpenSSH's form and come back", () => {
  const number = fc.uint8Array({ minLength: 1, maxLength: 600 }).map((bytes) => {
    bytes[0] ||= 1;
    return bytes;
  });
  fc.assert(
    fc.property(number, number, (modulus, exponent) => {
      assert.deepEqual(
        hex(numbersFromSsh(sshFromNumbers({ n: modulus, e: exponent }))),
        [modulus, exponent].map((one) => Buffer.from(one).toString("hex")),
      );
    }),
  );
});

test("X.690 section 10.1: lengths and numbers that are longer than they need be are refused", () => {
  const good = [0x30, 6, 2, 1, 0x11, 2, 1, 3];
  assert.deepEqual(hex(numbersFromPkcs1(Uint8Array.from(good))), ["11", "03"]);
  for (const bad of [
    [0x30, 0x81, 6, 2, 1, 0x11, 2, 1, 3],
    [0x30, 0x82, 0, 6, 2, 1, 0x11, 2, 1, 3],
    [0x30, 0x80, 2, 1, 0x11, 2, 1, 3, 0, 0],
    [0x30, 0x83, 0, 0, 6, 2, 1, 0x11, 2, 1, 3],
    [0x30, 7, 2, 2, 0, 0x11, 2, 1, 3],
    [0x30, 6, 2, 1, 0x91, 2, 1, 3],
    [0x30, 6, 2, 1, 0, 2, 1, 3],
    [0x30, 5, 2, 0, 2, 1, 3],
    [0x30, 9, 2, 1, 0x11, 2, 1, 3, 2, 1, 1],
    [0x31, 6, 2, 1, 0x11, 2, 1, 3],
  ])
    assert.equal(numbersFromPkcs1(Uint8Array.from(bad)), undefined, bad.join(" "));
});

test("CVE-2017-15361: a modulus with the mark of ROCA is refused wherever a key comes in", () => {
  const primes = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97];
  const product = [...primes, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167].reduce(
    (so, prime) => so * BigInt(prime),
    2n,
  );
  const modulus = (power: number): bigint => ((1n << 2047n) / product + 1n) * product + 65_537n ** BigInt(power);
  const jwk = (value: bigint): Record<string, string> => ({
    kty: "RSA",
    n: Buffer.from(value.toString(16), "hex").toString("base64url"),
    e: "AQAB",
  });
  for (const power of [0, 1, 7, 20]) {
    const marked = importPublicJwk(jwk(modulus(power)));
    assert.deepEqual(marked, { ok: false, reason: "roca" }, String(power));
    // 2 is no power of 65537 modulo 11, nor is what is 2 more than 1.
    assert.equal(importPublicJwk(jwk(modulus(0) + 2n)).ok, true);
  }
});

test("R-05: a key below the policy verifies nothing, should one ever be stored", () => {
  const message = "a message of some length";
  const { verify } = authKeys({ maxRsaBits: 8192 });
  for (const options of [{ modulusLength: 1024 }, { modulusLength: 2048, publicExponent: 3 }]) {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", options);
    const spki = publicKey.export({ type: "spki", format: "der" });
    const signature = sign("sha256", Buffer.from(message), privateKey);
    assert.equal(verify([spki], message, { form: "raw", bytes: signature }, 1), undefined);
  }
  const signature = { form: "raw", bytes: bobsPair.sign(message) } as const;
  assert.equal(verify([der(bobsPair.spki)], message, signature, 1), 0);
  assert.equal(verify([], message, signature, 1), undefined);
});

test("a trace stands for its message under its key: 16 bytes, others for any other", () => {
  const { trace } = authKeys({ maxRsaBits: 4096 });
  const [one, two] = [new Uint8Array(32), new Uint8Array(32).fill(1)];
  const traces = [trace(one, "a"), trace(one, "b"), trace(two, "a"), trace(one, "a")];
  assert.ok(traces.every(({ length }) => length === 16));
  assert.equal(new Set(traces.map((bytes) => Buffer.from(bytes).toString("hex"))).size, 3);
});
