/** Signatures by authentication keys: their raw forms, edge values of each scheme, and what each costs. */
import assert from "node:assert/strict";
import { constants, createHash, sign, verify as runtimeVerify, type KeyObject } from "node:crypto";
import { test } from "node:test";

import type { KeySignature } from "../../src/core/auth-key.ts";
import { authKeys } from "../../src/keys/auth-keys.ts";
import { constantOf, openDecoys } from "../../src/keys/decoys.ts";
import { imported } from "../../src/keys/public-numbers.ts";
import { fixedPairs, newKeyPair, raw, rawSignature, ssh, sshBlob, type KeyPair } from "./auth-key-pairs.ts";
import { bytesOf, der, modulo, numberOf } from "./craft.ts";
import {
  challenge,
  encode,
  fromLittleEndian,
  littleEndian,
  multiply as multiplyEdwards,
  base as edwardsBase,
  order,
  scalarOf,
  smallOrderEncodings,
} from "./edwards.ts";
import { fixedKeys } from "./fixed-keys.ts";
import { base, divided, firstPoint, multiply, n, p, publicKeyOf, type Point } from "./weierstrass.ts";

const message = "jeton-login-v1:a message of some length, in UTF-8: ä€😀";
const { verify, readSignature } = authKeys({ maxRsaBits: 4096 });
const [rsa, p256, ed25519] = fixedPairs as readonly [KeyPair, KeyPair, KeyPair];

/** Whether this key alone is found to have signed. */
const isGood = (key: Uint8Array | KeyPair, signature: KeySignature, over = message): boolean =>
  verify(["spki" in key ? key.spki : key], over, signature, 1) === 0;

function refuses(pair: KeyPair, vectors: Readonly<Record<string, Uint8Array>>): void {
  assert.ok(isGood(pair, raw(rawSignature(pair, message))));
  for (const [what, bytes] of Object.entries(vectors)) assert.equal(isGood(pair, raw(bytes)), false, what);
}

const forms = (pair: KeyPair): readonly KeySignature[] => [
  raw(rawSignature(pair, message)),
  ...(pair.type === "P-256" ? [raw(rawSignature(pair, message, "der"))] : []),
  ssh(sshBlob(pair, message)),
];

for (const pair of fixedPairs)
  test(`RFC 8017 section 8.2, RFC 7518 section 3.4, RFC 8032: ${pair.type} signs in each form, for itself and this message only`, () => {
    const other = newKeyPair(pair.type);
    for (const signature of forms(pair)) {
      assert.ok(isGood(pair, signature));
      assert.equal(isGood(other, signature), false);
      assert.equal(isGood(pair, signature, `${message}\n`), false);
      assert.equal(isGood(pair, signature, ""), false);
      for (const not of fixedPairs) if (not !== pair) assert.equal(isGood(not, signature), false);
      const bytes = signature.form === "raw" ? signature.bytes : signature.blob;
      for (let at = 0; at < bytes.length; at += bytes.length > 100 ? 7 : 1) {
        const changed = Uint8Array.from(bytes);
        changed[at]! ^= 1 << (at % 8);
        assert.equal(isGood(pair, signature.form === "raw" ? raw(changed) : ssh(changed)), false, `byte ${at}`);
      }
    }
  });

test("the first key of several that signed is found, among as many as are tried and no more; those of other types and sizes take no place", () => {
  const others = [newKeyPair("Ed25519"), newKeyPair("Ed25519"), newKeyPair("P-256"), newKeyPair("P-256")];
  const keys = [...others, ...fixedPairs].map(({ spki }) => spki);
  for (const [at, pair] of fixedPairs.entries())
    for (const signature of forms(pair)) {
      const place = others.length + at;
      assert.equal(verify(keys, message, signature, 8), place);
      assert.equal(verify([...keys, ...keys], message, signature, 10), place);
      assert.equal(verify(keys, message, signature, 0), undefined);
      if (pair.type === "RSA") assert.equal(verify(keys, message, signature, 1), place);
      else assert.equal(verify(keys, message, signature, 2), undefined);
    }
});

test("R-09: a signature as text has one spelling: base64url of its bytes, or OpenSSH's armour", () => {
  const bytes = rawSignature(ed25519, message);
  const text = bytes.toString("base64url");
  assert.deepEqual(readSignature(text), raw(Uint8Array.from(bytes)));
  const base64 = sshBlob(rsa, message).toString("base64").replaceAll(/.{70}/g, "$&\n");
  const armoured = `-----BEGIN SSH SIGNATURE-----\n${base64}\n-----END SSH SIGNATURE-----\n`;
  const blob = Uint8Array.from(sshBlob(rsa, message));
  for (const good of [armoured, armoured.trimEnd(), armoured.replaceAll("\n", "\r\n")])
    assert.deepEqual(readSignature(good), ssh(blob));
  for (const bad of [
    "",
    ` ${text}`,
    `${text}\n`,
    `${text}==`,
    `${text.slice(0, -1)}_`,
    bytes.toString("base64"),
    `0x${bytes.toString("hex")} `,
    "x".repeat(4097),
    "ä",
    `${armoured}${armoured}`,
    `\n${armoured}`,
    `x${armoured}`,
    armoured.replaceAll("SSH SIGNATURE", "SSH SIGNATURES"),
    armoured.replaceAll("SSH SIGNATURE", "PGP SIGNATURE"),
    armoured.replace("-----END", "=-----END"),
    armoured.replace("\n", " "),
    base64,
  ])
    assert.equal(readSignature(bad), undefined, bad);
});

test("R-08: RSA in the raw form is RSASSA-PKCS1-v1_5 with SHA-256 and nothing else", () => {
  const bytes = Buffer.from(message);
  const { privateKey } = rsa;
  refuses(rsa, {
    "SHA-1": sign("sha1", bytes, privateKey),
    "SHA-512": sign("sha512", bytes, privateKey),
    PSS: sign("sha256", bytes, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }),
    "the hash of the hash": sign("sha256", createHash("sha256").update(bytes).digest(), privateKey),
    "a zero in front": Buffer.concat([Buffer.alloc(1), rawSignature(rsa, message)]),
    "a zero behind": Buffer.concat([rawSignature(rsa, message), Buffer.alloc(1)]),
    cut: rawSignature(rsa, message).subarray(1),
    zero: Buffer.alloc(256),
    ones: Buffer.alloc(256, 0xff),
  });
});

test("R-05: a stored RSA key of more bits than the operator allows now verifies nothing", () => {
  const large = newKeyPair("RSA", 4224);
  const signature = raw(rawSignature(large, message));
  assert.equal(large.spki.length > 550, true);
  assert.equal(authKeys({ maxRsaBits: 8192 }).verify([large.spki], message, signature, 1), 0);
  assert.equal(verify([large.spki], message, signature, 1), undefined);
});

const pair64 = (r: bigint, s: bigint): Buffer => Buffer.concat([bytesOf(r, 32), bytesOf(s, 32)]);
const integer = (value: bigint, length = 32): Buffer => {
  const digits = bytesOf(value, length);
  return der(2, digits[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits);
};
const shortest = (value: bigint): Buffer => integer(value, Math.max(1, Math.ceil(value.toString(16).length / 2)));
const inDer = (r: bigint, s: bigint): Buffer => der(0x30, shortest(r), shortest(s));

const good = rawSignature(p256, message);
const r = numberOf(good.subarray(0, 32));
const s = numberOf(good.subarray(32));
const z = numberOf(createHash("sha256").update(message).digest());

test("R-08: ECDSA: zero, the order and all beyond are no r and no s, side by side and in DER", () => {
  const extremes = [0n, 1n, n - 1n, n, n + 1n, p, p - n, 2n ** 256n - 1n];
  for (const value of extremes) {
    for (const [first, second] of [[value, s], [r, value], ...extremes.map((other) => [value, other])] as const)
      refuses(p256, {
        [`${first}, ${second}`]: pair64(first, second),
        [`${first}, ${second} in DER`]: inDer(first, second),
      });
  }
  refuses(p256, {
    "s before r": pair64(s, r),
    "n - r": pair64(n - r, s),
    "s + 1": pair64(r, modulo(s + 1n, n)),
    "64 zeros": Buffer.alloc(64),
    "63 bytes": good.subarray(0, 63),
    "65 bytes": Buffer.concat([good, Buffer.alloc(1)]),
    "66 bytes, each with a zero in front": Buffer.concat([
      Buffer.alloc(1),
      good.subarray(0, 32),
      Buffer.alloc(1),
      good.subarray(32),
    ]),
    "made without the key": pair64(
      ...(() => {
        const x = numberOf(p256.blob.subarray(-64, -32));
        return [x, x] as const;
      })(),
    ),
  });
  // Of ECDSA itself: each signature has a twin.
  assert.ok(isGood(p256, raw(pair64(r, n - s))));
});

test("R-08: ECDSA: r + n and s + n are refused where there is room for them, and right numbers with zeros in front taken", () => {
  const spkiOf = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });
  // A key for which s = 7 is right: nonce 1, d = (7 - z) / r.
  const forSmallS = spkiOf(publicKeyOf(multiply(base, divided(7n - z, base.x))));
  // And one under which a point with a small x is the nonce's: Q = (s R - z G) / r.
  const small: Point = firstPoint(5n);
  const forSmallR = spkiOf(keyWith(small, small.x));
  for (const write of [pair64, inDer]) {
    assert.ok(isGood(forSmallS, raw(write(base.x, 7n))));
    assert.equal(isGood(forSmallS, raw(write(base.x, 7n + n))), false);
    assert.ok(isGood(forSmallR, raw(write(small.x, 7n))));
    assert.equal(isGood(forSmallR, raw(write(small.x + n, 7n))), false);
  }
});

/** The public key under which (x, 7) is a signature whose nonce has the point `nonce`. */
function keyWith(nonce: Point, x: bigint): KeyObject {
  const first = multiply(nonce, 7n);
  const second = multiply(base, n - (z % n));
  const run = modulo(second.x - first.x, p);
  const slope = modulo((second.y - first.y) * inverseOf(run), p);
  const sumX = modulo(slope * slope - first.x - second.x, p);
  const sum = { x: sumX, y: modulo(slope * (first.x - sumX) - first.y, p) };
  return publicKeyOf(multiply(sum, divided(1n, x)));
}

function inverseOf(value: bigint): bigint {
  let [result, square] = [1n, value];
  for (let rest = p - 2n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

test("X.690 section 10, RFC 3279 section 2.2.3: ECDSA in DER has one spelling", () => {
  const [first, second] = [shortest(r), shortest(s)];
  const body = Buffer.concat([first, second]);
  assert.ok(isGood(p256, raw(inDer(r, s))));
  const negative = der(2, Buffer.concat([Buffer.of(0x80), bytesOf(s, 32).subarray(1)]));
  refuses(p256, {
    "a byte behind": Buffer.concat([inDer(r, s), Buffer.of(0)]),
    "a byte behind, inside": der(0x30, body, Buffer.of(0)),
    "a third number": der(0x30, body, shortest(1n)),
    "one number": der(0x30, first),
    "no numbers": der(0x30),
    "length in long form": Buffer.concat([Buffer.of(0x30, 0x81, body.length), body]),
    "length in longer form": Buffer.concat([Buffer.of(0x30, 0x82, 0, body.length), body]),
    "no end": Buffer.concat([Buffer.of(0x30, 0x80), body, Buffer.of(0, 0)]),
    "a zero too many before r": der(0x30, der(2, Buffer.alloc(2), bytesOf(r, 32)), second),
    "a zero too many before s": der(0x30, first, der(2, Buffer.alloc(2), bytesOf(s, 32))),
    "negative s": der(0x30, first, negative),
    "length of r too large": Buffer.concat([Buffer.of(0x30, body.length, 2, 0x7f), body.subarray(2)]),
    "a set": der(0x31, body),
    "s and r": der(0x30, second, first),
    cut: inDer(r, s).subarray(0, -1),
  });
});

test("R-08: Ed25519: S from the order on, R of small order, and every other length are refused", () => {
  const signature = rawSignature(ed25519, message);
  const shown = signature.subarray(0, 32);
  const scalar = fromLittleEndian(signature.subarray(32));
  const joined = (first: Uint8Array, second: bigint): Buffer => Buffer.concat([first, littleEndian(second)]);
  const multiples: Record<string, Uint8Array> = {};
  for (let times = 1n; scalar + times * order < 2n ** 256n; times++)
    multiples[`S + ${times} L`] = joined(shown, scalar + times * order);
  assert.ok(Object.keys(multiples).length >= 14);
  refuses(ed25519, {
    ...multiples,
    "S = 0": joined(shown, 0n),
    "S = L": joined(shown, order),
    "S = L - 1": joined(shown, order - 1n),
    "S = 2^256 - 1": joined(shown, 2n ** 256n - 1n),
    "64 zeros": Buffer.alloc(64),
    "64 bytes of ones": Buffer.alloc(64, 0xff),
    "63 bytes": signature.subarray(0, 63),
    "65 bytes": Buffer.concat([signature, Buffer.alloc(1)]),
    "the hash's": sign(null, createHash("sha512").update(message).digest(), ed25519.privateKey),
  });
  for (const point of smallOrderEncodings)
    refuses(ed25519, { [`R ${point.toString("hex")}`]: joined(point, 0n), "and S": joined(point, scalar) });
  // One by the book, of a nonce that no signer would have.
  const secret = scalarOf(Buffer.from(fixedKeys.EdDSA.privateJwk["d"]!, "base64url"));
  const nonce = encode(multiplyEdwards(edwardsBase, 12345n));
  const hash = challenge(nonce, encode(multiplyEdwards(edwardsBase, secret)), Buffer.from(message));
  assert.ok(isGood(ed25519, raw(joined(nonce, modulo(12345n + hash * secret, order)))));
});

test("R-05: a stored key of small order or off the curve verifies nothing, whatever the runtime takes for a forgery", () => {
  const head = Buffer.from("302a300506032b6570032100", "hex");
  for (const key of smallOrderEncodings)
    for (const shown of smallOrderEncodings)
      assert.equal(isGood(Buffer.concat([head, key]), raw(Buffer.concat([shown, Buffer.alloc(32)]))), false);
  const off = Buffer.from(p256.spki);
  off[90]! ^= 1;
  assert.equal(isGood(off, raw(good)), false);
  assert.equal(isGood(Buffer.alloc(0), raw(good)), false);
});

interface Call {
  readonly kind: string;
  readonly own: boolean;
}

/** An instance that writes down what it asks of the runtime, and whether it asked one of these keys. */
function watched(of: readonly KeyPair[]) {
  const calls: Call[] = [];
  const known = new Set(of.map(({ spki }) => spki.toString("hex")));
  const { verify: watchedVerify } = authKeys({ maxRsaBits: 4096 }, (digest, bytes, by, signature) => {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = by.key;
    const size = type === "rsa" ? details!.modulusLength! : 256;
    assert.ok(isFull(by.key, signature), "a runtime gives up early at this");
    const own = known.has(by.key.export({ type: "spki", format: "der" }).toString("hex"));
    calls.push({
      kind: [type, size, digest, by.padding, by.dsaEncoding, signature.length, bytes.length].join(" "),
      own,
    });
    return runtimeVerify(digest, bytes, by, signature);
  });
  return (keys: readonly Uint8Array[], signature: KeySignature | undefined, tries: number) => {
    const found = watchedVerify(keys, message, signature, tries);
    return { found, calls: calls.splice(0) };
  };
}

/** Whether the numbers of a signature are such that both runtimes do all of the work. */
function isFull(key: KeyObject, signature: Uint8Array): boolean {
  const [first, second] = [numberOf(signature.subarray(0, 32)), numberOf(signature.subarray(32))];
  if (key.asymmetricKeyType === "ed25519") return fromLittleEndian(signature.subarray(32)) < order;
  if (key.asymmetricKeyType === "ec") return first > 0n && first < n && second > 0n && second < n;
  const number = numberOf(signature);
  const modulus = numberOf(Buffer.from(key.export({ format: "jwk" }).n!, "base64url"));
  return number > 0n && number < modulus && signature.length * 8 === key.asymmetricKeyDetails!.modulusLength;
}

test("R-11: the verifications are the same in number and kind, whatever keys there are and whichever signed", () => {
  const others = [newKeyPair("RSA"), newKeyPair("P-256"), newKeyPair("Ed25519")];
  const rsa3072 = newKeyPair("RSA", 3072);
  const all = [...fixedPairs, ...others, rsa3072];
  const ask = watched(all);
  const stores = [
    [],
    ...all.map((pair) => [pair]),
    [p256, ed25519, rsa],
    [ed25519, ed25519, ed25519, ed25519],
    [rsa, p256, ed25519, rsa3072],
    [...others, rsa3072, ...fixedPairs],
  ].map((pairs) => pairs.map(({ spki }) => spki));
  // What is no key any more, or never was.
  stores.push([Buffer.alloc(3)], [Buffer.concat([rsa.spki, Buffer.alloc(1)])]);
  const changed = (bytes: Uint8Array, at: number): Buffer => {
    const other = Buffer.from(bytes);
    other[at]! ^= 1;
    return other;
  };
  const rsaRaw = rawSignature(rsa, message);
  const kinds: Readonly<Record<string, readonly (KeySignature | undefined)[]>> = {
    "RSA of 2,048 bits": [
      raw(rsaRaw),
      raw(changed(rsaRaw, 9)),
      raw(Buffer.alloc(256)),
      raw(Buffer.alloc(256, 0xff)),
      raw(Buffer.from(String(rsa.jwk["n"]), "base64url")),
      // Too large for any key that may be set here.
      raw(Buffer.alloc(1024, 1)),
      raw(Buffer.alloc(513, 1)),
    ],
    "RSA of 3,072 bits": [raw(rawSignature(rsa3072, message)), raw(Buffer.alloc(384)), raw(Buffer.alloc(384, 0x11))],
    "64 bytes": [
      raw(rawSignature(ed25519, message)),
      raw(rawSignature(p256, message)),
      raw(Buffer.alloc(64)),
      raw(Buffer.alloc(64, 0xff)),
      raw(pair64(0n, 1n)),
      raw(pair64(n, n)),
    ],
    "DER, or nothing": [
      raw(rawSignature(p256, message, "der")),
      raw(inDer(n, 1n)),
      raw(Buffer.alloc(0)),
      raw(Buffer.alloc(63, 1)),
      raw(Buffer.alloc(255, 1)),
      raw(Buffer.alloc(1025, 1)),
      ssh(Buffer.alloc(0)),
      ssh(Buffer.from("SSHSIG")),
      ssh(sshBlob(p256, message, { namespace: "git" })),
      ssh(sshBlob(ed25519, message, { kind: "sk-ssh-ed25519@openssh.com" })),
      ssh(sshBlob(rsa, message, { kind: "ssh-rsa", digest: "sha1" })),
      undefined,
    ],
    "RSA of OpenSSH": [
      ssh(sshBlob(rsa, message)),
      ssh(sshBlob(rsa, message, { by: rsa3072.blob })),
      ssh(sshBlob(rsa, message, { value: () => Buffer.alloc(256) })),
      ssh(sshBlob(rsa, message, { value: () => Buffer.alloc(3) })),
    ],
    "P-256 of OpenSSH": [
      ssh(sshBlob(p256, message)),
      ssh(sshBlob(p256, message, { by: ed25519.blob })),
      ssh(sshBlob(p256, message, { value: () => Buffer.alloc(64) })),
    ],
    "Ed25519 of OpenSSH": [
      ssh(sshBlob(ed25519, message)),
      ssh(sshBlob(ed25519, message, { by: others[2]!.blob })),
      ssh(sshBlob(ed25519, message, { value: () => Buffer.alloc(64, 0xff) })),
      ssh(sshBlob(ed25519, message, { value: () => Buffer.alloc(3) })),
    ],
  };
  let found = 0;
  let asked = 0;
  for (const [kind, signatures] of Object.entries(kinds))
    for (const tries of [1, 4]) {
      const seen = new Set<string>();
      for (const keys of stores)
        for (const signature of signatures) {
          const made = ask(keys, signature, tries);
          const perTry = kind === "64 bytes" ? 2 : 1;
          assert.equal(made.calls.length, perTry * tries, kind);
          seen.add(made.calls.map((call) => call.kind).join("\n"));
          if (made.found !== undefined) found++;
          if (made.calls.some(({ own }) => own)) asked++;
        }
      assert.equal(seen.size, 1, `${kind}, ${tries} tries:\n${[...seen].join("\n\n")}`);
    }
  // Those keys are asked that can have signed, so that none of this is for nothing.
  assert.ok(found > 40 && asked > found, `${found} ${asked}`);
});

test("R-11: the decoys are points and numbers of full size, which nobody chose", () => {
  const decoyOf = openDecoys();
  const x = createHash("sha256").update("jeton decoy P-256 3").digest();
  const { y } = firstPoint(numberOf(x));
  const first = [0, 1, 2].map((count) => numberOf(createHash("sha256").update(`jeton decoy P-256 ${count}`).digest()));
  assert.ok(first.every((number) => firstPoint(number).x !== number));
  assert.deepEqual(decoyOf("P-256", 0), { type: "P-256", x, y: bytesOf(y, 32) });
  const point = createHash("sha256").update("jeton decoy Ed25519 0").digest();
  point[31]! &= 0x7f;
  assert.deepEqual(decoyOf("Ed25519", 0), { type: "Ed25519", x: point });
  for (const type of ["P-256", "Ed25519"] as const) {
    const key = imported(decoyOf(type, 0), 4096);
    assert.ok(key.ok && isFull(key.publicKey, constantOf(type, 0)));
  }
  for (let size = 256; size <= 1024; size++) {
    const key = imported(decoyOf("RSA", size), 8192);
    assert.ok(key.ok && isFull(key.publicKey, constantOf("RSA", size)), String(size));
  }
});
