/** Signatures of OpenSSH's that are wrong by one thing each: PROTOCOL.sshsig. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";

import { authKeys } from "../../src/keys/auth-keys.ts";
import { sshMessage } from "../../src/keys/ssh-strings.ts";
import { fixedPairs, newKeyPair, rawSignature, ssh, sshBlob, type KeyPair, type SshWish } from "./auth-key-pairs.ts";

const message = "jeton-login-v1:a message of some length";
const { verify } = authKeys({ maxRsaBits: 4096 });
const [rsa, p256, ed25519] = fixedPairs as readonly [KeyPair, KeyPair, KeyPair];

const isGood = (pair: KeyPair, wish: SshWish): boolean =>
  verify([pair.spki], message, ssh(sshBlob(pair, message, wish)), 1) === 0;

test("PROTOCOL.sshsig: each type with either hash, and RSA with SHA-256 or SHA-512, is good", () => {
  for (const pair of fixedPairs)
    for (const hash of ["sha256", "sha512"]) assert.ok(isGood(pair, { hash }), `${pair.type} ${hash}`);
  for (const hash of ["sha256", "sha512"]) assert.ok(isGood(rsa, { hash, kind: "rsa-sha2-256", digest: "sha256" }));
});

const zero = Buffer.alloc(1);

for (const pair of fixedPairs)
  test(`R-04, R-08: ${pair.type}: another namespace, hash, version, magic, key or kind is refused, and whatever stands behind`, () => {
    assert.ok(isGood(pair, {}));
    const wishes: Readonly<Record<string, SshWish>> = {
      "for files": { namespace: "file" },
      "for git": { namespace: "git" },
      "no namespace": { namespace: "" },
      "a longer namespace": { namespace: "jeton2" },
      "another case": { namespace: "Jeton" },
      "NUL in the namespace": { namespace: "jeton\0" },
      reserved: { reserved: "x" },
      "SHA-1": { hash: "sha1" },
      "SHA-384": { hash: "sha384" },
      "version 0": { version: 0 },
      "version 2": { version: 2 },
      "another magic": { magic: "SSHSIH" },
      "no key": { by: Buffer.alloc(0) },
      "another key of the type": { by: newKeyPair(pair.type).blob },
      "another type's key": { by: pair === rsa ? ed25519.blob : rsa.blob },
      "a byte behind the key": { by: Buffer.concat([pair.blob, zero]) },
      "a certificate of the key": { by: sshMessage("ssh-ed25519-cert-v01@openssh.com", "", pair.blob) },
      "a byte inside": { inside: zero },
      "a text inside": { inside: sshMessage("") },
      "a byte behind": { behind: zero },
      "a text behind": { behind: sshMessage("") },
      "another kind": { kind: pair === ed25519 ? "rsa-sha2-512" : "ssh-ed25519" },
      "no kind": { kind: "" },
      "a kind in hardware": { kind: "sk-ssh-ed25519@openssh.com" },
      "a zero before the signature": { value: (good) => Buffer.concat([zero, good]) },
      "a zero behind the signature": { value: (good) => Buffer.concat([good, zero]) },
      "cut by a byte": { value: (good) => good.subarray(0, -1) },
      "cut by its first": { value: (good) => good.subarray(1) },
      empty: { value: () => Buffer.alloc(0) },
      zeros: { value: (good) => Buffer.alloc(good.length) },
      "the raw signature of the message": { value: () => rawSignature(pair, message) },
    };
    for (const [what, wish] of Object.entries(wishes)) assert.equal(isGood(pair, wish), false, what);
  });

test("R-08: RSA with SHA-1, by its old name, or with a hash that its name does not say, is refused", () => {
  for (const wish of [
    { kind: "ssh-rsa", digest: "sha1" },
    { kind: "ssh-rsa", digest: "sha512" },
    { kind: "rsa-sha2-512", digest: "sha256" },
    { kind: "rsa-sha2-256", digest: "sha512" },
    { kind: "rsa-sha2-256-cert-v01@openssh.com", digest: "sha256" },
  ])
    assert.equal(isGood(rsa, wish), false, wish.kind);
});

test("RFC 4251 section 5: r and s have one spelling each", () => {
  const sides = (good: Buffer): readonly [Buffer, Buffer] => {
    const length = good.readUInt32BE(0);
    return [good.subarray(4, 4 + length), good.subarray(8 + length)];
  };
  const written = (write: (r: Buffer, s: Buffer) => readonly Uint8Array[]): SshWish => ({
    value: (good) => sshMessage(...write(...sides(good))),
  });
  const withoutZero = (number: Buffer): Buffer => (number[0] === 0 ? number.subarray(1) : number);
  const wishes: Readonly<Record<string, SshWish>> = {
    "s and r": written((r, s) => [s, r]),
    "r alone": written((r) => [r]),
    "a third": written((r, s) => [r, s, zero]),
    "zero before r": written((r, s) => [Buffer.concat([zero, r]), s]),
    "zero before s": written((r, s) => [r, Buffer.concat([zero, s])]),
    "s = 0": written((r) => [r, Buffer.alloc(0)]),
    "r = 0 in a byte": written((_, s) => [zero, s]),
    "side by side": written((r, s) => [Buffer.concat([withoutZero(r), withoutZero(s)])]),
    "33 bytes": written((_, s) => [Buffer.concat([Buffer.of(1), Buffer.alloc(32)]), s]),
  };
  assert.ok(
    isGood(
      p256,
      written((r, s) => [r, s]),
    ),
  );
  for (const [what, wish] of Object.entries(wishes)) assert.equal(isGood(p256, wish), false, what);
  // Half of all numbers have a zero in front; those that lack it are negative.
  for (let count = 0; count < 8; count++) {
    const blob = sshBlob(p256, message);
    assert.equal(verify([p256.spki], message, ssh(blob), 1), 0);
  }
});

test("R-09: no blob makes it throw, and none but the whole one is good", () => {
  for (const pair of fixedPairs) {
    const blob = sshBlob(pair, message);
    for (let length = 0; length < blob.length; length += pair === rsa ? 13 : 1)
      assert.equal(verify([pair.spki], message, ssh(blob.subarray(0, length)), 1), undefined, `${length} bytes`);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 32, minLength: 1 }), fc.nat({ max: blob.length }), (noise, at) => {
        const changed = Buffer.concat([blob.subarray(0, at), noise, blob.subarray(at + noise.length)]);
        const found = verify([pair.spki], message, ssh(changed), 1);
        assert.equal(found, changed.equals(blob) ? 0 : undefined);
      }),
    );
  }
});
