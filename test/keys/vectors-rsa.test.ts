/** RSA PKCS #1 v1.5 signatures that are wrong by one thing each, in the manner of Wycheproof: RFC 8017 section 8.2.2. */
import assert from "node:assert/strict";
import { constants, createHash, createPublicKey, privateEncrypt, sign } from "node:crypto";
import { test } from "node:test";

import { bytesOf, der, headerFor, numberOf, power, segment, signatureOf, verdict } from "./craft.ts";
import { fixedKeys } from "./fixed-keys.ts";

const key = fixedKeys.RS256;
const length = 256;
const modulus = numberOf(Buffer.from(key.publicJwk["n"]!, "base64url"));
const inputOf = (sub: string): string => `${segment(headerFor(key))}.${segment({ sub })}`;
const input = inputOf("bob");
const good = signatureOf(key, input);

const verdictOf = (signature: Uint8Array): string =>
  verdict(`${input}.${Buffer.from(signature).toString("base64url")}`);

/** The private operation alone, on a whole block. */
const raw = (block: Uint8Array): Buffer =>
  privateEncrypt({ key: key.privateKey, padding: constants.RSA_NO_PADDING }, Buffer.from(block));

const hash = (name: string): Buffer => createHash(name).update(input).digest();
const nullValue = Buffer.of(5, 0);
const oids = {
  md5: "2a864886f70d0205",
  sha1: "2b0e03021a",
  sha224: "608648016503040204",
  sha256: "608648016503040201",
  sha384: "608648016503040202",
  sha512: "608648016503040203",
  "sha3-256": "608648016503040208",
} as const;
const oid = (name: keyof typeof oids): Buffer => der(6, Buffer.from(oids[name], "hex"));
const digestInfo = (algorithm: Uint8Array, digest: Uint8Array): Buffer => der(0x30, algorithm, der(4, digest));
const sha256 = hash("sha256");
const algorithm = der(0x30, oid("sha256"), nullValue);
const info = digestInfo(algorithm, sha256);

/** 00 01 FF ... FF 00 and what is encoded, as long as the modulus. */
const padded = (encoded: Uint8Array, behind: Uint8Array = Buffer.of()): Buffer =>
  Buffer.concat([
    Buffer.of(0, 1),
    Buffer.alloc(length - 3 - encoded.length - behind.length, 0xff),
    Buffer.of(0),
    encoded,
    behind,
  ]);

function refuses(blocks: Readonly<Record<string, Uint8Array>>): void {
  assert.equal(verdictOf(raw(padded(info))), "ok");
  for (const [what, block] of Object.entries(blocks)) {
    assert.equal(block.length, length, what);
    assert.equal(verdictOf(raw(block)), "bad_signature", what);
  }
}

test("RFC 8017 section 8.2.1: the block of these vectors makes the one right signature", () => {
  assert.deepEqual(raw(padded(info)), good);
  assert.equal(verdictOf(good), "ok");
  assert.equal(power(numberOf(good), 65_537n, modulus), numberOf(padded(info)));
});

test("J-18: padding that is short, broken or of another block type is refused", () => {
  const block = padded(info);
  const changed = (at: number, byte: number): Buffer => Buffer.from(block.with(at, byte));
  const separator = length - info.length - 1;
  const shortened = (count: number): Buffer =>
    Buffer.concat([
      Buffer.of(0, 1),
      Buffer.alloc(count, 0xff),
      Buffer.of(0),
      info,
      Buffer.alloc(length - 3 - count - info.length, 0xab),
    ]);
  refuses({
    "first byte 1": changed(0, 1),
    "block type 0": changed(1, 0),
    "block type 2": changed(1, 2),
    "block type 2 with random padding": Buffer.concat([
      Buffer.of(0, 2),
      Buffer.alloc(separator - 2, 0x5a),
      block.subarray(separator),
    ]),
    "block type 0 with zeros": Buffer.concat([Buffer.alloc(separator + 1), info]),
    "no separator": changed(separator, 0xff),
    "separator 1": changed(separator, 1),
    "a zero inside the padding": changed(100, 0),
    "FE inside the padding": changed(100, 0xfe),
    "FE at the start of the padding": changed(2, 0xfe),
    "FE at the end of the padding": changed(separator - 1, 0xfe),
    "no padding": shortened(0),
    "one byte of padding": shortened(1),
    "eight bytes of padding": shortened(8),
    "one byte of padding less": shortened(length - 4 - info.length),
    "moved left by one": Buffer.concat([block.subarray(1), Buffer.of(0)]),
    "two separators": Buffer.concat([block.subarray(0, separator - 1), Buffer.of(0, 0), info]),
  });
});

test("J-18: garbage behind the hash, and garbage hidden in the encoding, are refused", () => {
  const garbage = Buffer.alloc(20, 0x5a);
  refuses({
    "a zero behind": padded(info, Buffer.of(0)),
    "20 bytes behind": padded(info, garbage),
    "NULL behind": padded(info, nullValue),
    "inside the outer sequence": padded(der(0x30, algorithm, der(4, sha256), garbage)),
    "inside the algorithm": padded(digestInfo(der(0x30, oid("sha256"), nullValue, garbage), sha256)),
    "in front of the algorithm": padded(der(0x30, nullValue, algorithm, der(4, sha256))),
    "NULL with content": padded(digestInfo(der(0x30, oid("sha256"), der(5, garbage)), sha256)),
    "a longer hash": padded(digestInfo(algorithm, Buffer.concat([sha256, Buffer.of(0)]))),
    "a zero before the hash": padded(digestInfo(algorithm, Buffer.concat([Buffer.of(0), sha256]))),
    "a shorter hash": padded(digestInfo(algorithm, sha256.subarray(0, 31))),
    "no hash": padded(digestInfo(algorithm, Buffer.of())),
    "the hash alone": padded(sha256),
    nothing: padded(Buffer.of()),
    "the message itself": padded(Buffer.from(input).subarray(0, 200)),
  });
});

test("J-18: BER where DER is demanded is refused: long and endless lengths, other tags, other NULLs", () => {
  const body = Buffer.concat([algorithm, der(4, sha256)]);
  const inner = Buffer.concat([oid("sha256"), nullValue]);
  const long = (tag: number, content: Buffer, ...extra: number[]): Buffer =>
    Buffer.concat([Buffer.from([tag, 0x81 + extra.length, ...extra, content.length]), content]);
  const endless = (tag: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.of(tag, 0x80), content, Buffer.of(0, 0)]);
  refuses({
    "long length of the sequence": padded(long(0x30, body)),
    "longer length of the sequence": padded(long(0x30, body, 0)),
    "long length of the algorithm": padded(digestInfo(long(0x30, inner), sha256)),
    "long length of the OID": padded(
      digestInfo(der(0x30, long(6, Buffer.from(oids.sha256, "hex")), nullValue), sha256),
    ),
    "long length of NULL": padded(digestInfo(der(0x30, oid("sha256"), Buffer.of(5, 0x81, 0)), sha256)),
    "long length of the hash": padded(der(0x30, algorithm, long(4, sha256))),
    "endless sequence": padded(endless(0x30, body)),
    "endless algorithm": padded(digestInfo(endless(0x30, inner), sha256)),
    "endless NULL": padded(digestInfo(der(0x30, oid("sha256"), Buffer.of(5, 0x80, 0, 0)), sha256)),
    "the hash in pieces": padded(der(0x30, algorithm, endless(0x24, der(4, sha256)))),
    "a set": padded(der(0x31, body)),
    "the hash as a bit string": padded(der(0x30, algorithm, der(3, sha256))),
    "the hash as a context tag": padded(der(0x30, algorithm, der(0x80, sha256))),
    "a length one too long": padded(Buffer.concat([Buffer.of(0x30, body.length + 1), body])),
    "a length one too short": padded(Buffer.concat([Buffer.of(0x30, body.length - 1), body])),
  });
});

test("J-18: parameters that are not NULL, absent ones among them, are refused", () => {
  const withParameters = (...parameters: readonly Uint8Array[]): Buffer =>
    padded(digestInfo(der(0x30, oid("sha256"), ...parameters), sha256));
  refuses({
    "missing NULL": withParameters(),
    "an empty sequence": withParameters(der(0x30)),
    "an empty octet string": withParameters(der(4)),
    zero: withParameters(der(2, Buffer.of(0))),
    false: withParameters(der(1, Buffer.of(0))),
    "NULL before the OID": padded(digestInfo(der(0x30, nullValue, oid("sha256")), sha256)),
    "no algorithm": padded(der(0x30, der(4, sha256))),
  });
});

test("J-18: another digest is refused, under its own name and under the name of SHA-256", () => {
  for (const name of Object.keys(oids) as (keyof typeof oids)[]) {
    if (name === "sha256") continue;
    refuses({
      [name]: padded(digestInfo(der(0x30, oid(name), nullValue), hash(name))),
      [`${name}, called SHA-256`]: padded(digestInfo(algorithm, hash(name))),
      [`SHA-256, called ${name}`]: padded(digestInfo(der(0x30, oid(name), nullValue), sha256)),
    });
  }
});

test("J-18: RSASSA-PSS under RS256 is refused, whatever the length of its salt", () => {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  for (const saltLength of [0, 20, 32, 64, 222])
    for (const digest of ["sha256", "sha1"])
      assert.equal(
        verdictOf(sign(digest, Buffer.from(input), { key: key.privateKey, padding, saltLength })),
        "bad_signature",
      );
});

test("J-18: signatures of another length, or beyond the modulus, are refused", () => {
  const s = numberOf(good);
  assert.equal(verdictOf(Buffer.of()), "malformed");
  const wrong: Record<string, Uint8Array> = {
    "a zero in front": Buffer.concat([Buffer.of(0), good]),
    "a zero behind": Buffer.concat([good, Buffer.of(0)]),
    "the first 255": good.subarray(0, 255),
    "the last 255": good.subarray(1),
    "one byte": Buffer.of(1),
    twice: Buffer.concat([good, good]),
    "s + n in 257 bytes": bytesOf(s + modulus, 257),
    "n - s": bytesOf(modulus - s, length),
    0: Buffer.alloc(length),
    1: bytesOf(1n, length),
    n: bytesOf(modulus, length),
    "n - 1": bytesOf(modulus - 1n, length),
    "n + 1": bytesOf(modulus + 1n, length),
    "2^2048 - 1": Buffer.alloc(length, 0xff),
    "the block itself": padded(info),
    "the other byte order": good.toReversed(),
  };
  for (const [what, signature] of Object.entries(wrong)) assert.equal(verdictOf(signature), "bad_signature", what);
});

test("J-18: s + n is refused where it fits, and s without its leading zero", () => {
  const seen = { room: false, zero: false };
  for (let number = 0; !seen.room || !seen.zero; number++) {
    const text = inputOf(`bob${number}`);
    const signature = signatureOf(key, text);
    const s = numberOf(signature);
    const check = (bytes: Buffer): string => verdict(`${text}.${bytes.toString("base64url")}`);
    if (!seen.room && s + modulus < 2n ** 2048n) {
      seen.room = true;
      assert.equal(check(bytesOf(s + modulus, length)), "bad_signature");
    }
    if (signature[0] !== 0) continue;
    seen.zero = true;
    assert.equal(check(signature), "ok");
    assert.equal(check(signature.subarray(1)), "bad_signature");
  }
});

/** The smallest number whose cube is at least `value`. */
function cubeRoot(value: bigint): bigint {
  let [low, high] = [0n, 1n << 700n];
  while (low < high) {
    const middle = (low + high) >> 1n;
    if (middle ** 3n < value) low = middle + 1n;
    else high = middle;
  }
  return low;
}

test("J-18: a signature forged by cube root for a key with e = 3 is refused (Bleichenbacher 2006)", () => {
  const publicKey = createPublicKey({ key: { ...key.publicJwk, e: "Aw" }, format: "jwk" });
  const weak = { ...key, publicKey };
  // oxfmt-ignore
  const attempts = [[8, info], [0, info], [1, info], [8, digestInfo(der(0x30, oid("sha256")), sha256)]] as const;
  for (const [paddingLength, encoded] of attempts) {
    const head = Buffer.concat([Buffer.of(0, 1), Buffer.alloc(paddingLength, 0xff), Buffer.of(0), encoded]);
    const forged = cubeRoot(numberOf(Buffer.concat([head, Buffer.alloc(length - head.length)])));
    // For whoever reads the block from the left and stops behind the hash, the signature is good.
    assert.deepEqual(bytesOf(forged ** 3n, length).subarray(0, head.length), head);
    const text = `${input}.${bytesOf(forged, length).toString("base64url")}`;
    assert.equal(verdict(text, [weak]), "bad_signature");
  }
});
