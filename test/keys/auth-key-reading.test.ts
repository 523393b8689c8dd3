/** Authentication keys as their owners paste them: each type, each form, and what is refused by which name. */
import assert from "node:assert/strict";
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { exportJWK } from "jose";

import type { AuthKeyFault } from "../../src/core/auth-key.ts";
import { authKeys } from "../../src/keys/auth-keys.ts";
import { fromSpki, fromSsh, toSsh } from "../../src/keys/public-numbers.ts";
import { sshMessage } from "../../src/keys/ssh-strings.ts";
import { fixedPairs, mpint, type KeyPair } from "./auth-key-pairs.ts";
import { bytesOf, der, numberOf } from "./craft.ts";
import { encode, base as basePoint, littleEndian, nonCanonical, smallOrderEncodings } from "./edwards.ts";
import { fixedKeys } from "./fixed-keys.ts";
import { firstPoint, p, publicJwkOf } from "./weierstrass.ts";

const { read } = authKeys({ maxRsaBits: 4096 });
const [rsa, p256, ed25519] = fixedPairs as readonly [KeyPair, KeyPair, KeyPair];

const pem = (bytes: Uint8Array, label = "PUBLIC KEY"): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString("base64")}\n-----END ${label}-----\n`;
const line = (type: string, ...parts: readonly (string | Uint8Array)[]): string =>
  `${type} ${sshMessage(type, ...parts).toString("base64")}`;
const json = (value: unknown): string => JSON.stringify(value);

function fault(text: string, by = read): AuthKeyFault | "ok" {
  const found = by(text);
  return found.ok ? "ok" : found.reason;
}

function refuses(why: AuthKeyFault, texts: Readonly<Record<string, string>>): void {
  for (const [what, text] of Object.entries(texts)) assert.equal(fault(text), why, what);
}

for (const pair of fixedPairs)
  test(`RFC 7517, RFC 7468, RFC 4253: one ${pair.type} key in any form has one fingerprint, type, size and SPKI`, async () => {
    const { privateKey } = pair;
    const jwk = await exportJWK(createPublicKey(privateKey));
    const alg = { RSA: "RS256", "P-256": "ES256", Ed25519: "EdDSA" }[pair.type];
    const forms = [
      pair.line,
      pair.line.split(" ", 2).join(" "),
      `${pair.line}\r\n`,
      pem(pair.spki),
      pem(pair.spki).replaceAll("\n", "\r\n"),
      createPublicKey(privateKey).export({ type: "spki", format: "pem" }),
      json(jwk),
      ` ${JSON.stringify({ ...jwk, kid: "k", use: "sig", alg, key_ops: ["verify"] }, null, 2)}\n`,
      json(Object.fromEntries(Object.entries(jwk).toReversed())),
    ];
    if (pair.type === "RSA") forms.push(createPublicKey(privateKey).export({ type: "pkcs1", format: "pem" }));
    for (const form of forms) {
      const found = read(form);
      assert.ok(found.ok, form);
      const { fingerprint, spki, type, bits } = found.value;
      assert.deepEqual(Buffer.from(fingerprint), createHash("sha256").update(pair.blob).digest(), form);
      assert.deepEqual(Buffer.from(spki), pair.spki, form);
      assert.deepEqual([type, bits], [pair.type, pair.type === "RSA" ? 2048 : 256]);
    }
  });

for (const [form, parse, bytes] of fixedPairs.flatMap((pair) => [
  [`SPKI of ${pair.type}`, fromSpki, pair.spki] as const,
  [`OpenSSH of ${pair.type}`, fromSsh, pair.blob] as const,
]))
  test(`R-06: ${form}: with any byte changed, added or missing it is another key or none, and nothing makes it throw`, () => {
    const same = (other: Uint8Array): boolean => {
      const numbers = parse(other);
      return typeof numbers === "object" && toSsh(numbers).equals(toSsh(parse(bytes) as never));
    };
    assert.ok(same(bytes));
    for (let at = 0; at < bytes.length; at++) {
      assert.notEqual(typeof parse(bytes.subarray(0, at)), "object", `cut at ${at}`);
      for (const bit of [1, 0x10, 0x80]) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= bit;
        assert.equal(same(changed), false, `bit ${bit} of byte ${at}`);
      }
    }
    assert.notEqual(typeof parse(Buffer.concat([bytes, Buffer.alloc(1)])), "object");
    assert.notEqual(typeof parse(Buffer.concat([bytes, sshMessage("")])), "object");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat({ max: bytes.length }), (noise, at) => {
        parse(Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]));
      }),
    );
  });

test("R-06: no text makes reading throw", async () => {
  const pieces = [
    "-----BEGIN PUBLIC KEY-----\n",
    "ssh-ed25519 ",
    "{",
    '"kty":"EC"',
    "AAAA",
    ed25519.line,
    json(p256.jwk),
  ];
  const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary" })), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(text, async (parts) => {
      read(parts.join(""));
    }),
  );
});

const pkcs8 = (key: KeyObject): Buffer => key.export({ type: "pkcs8", format: "der" });

test("R-06: whatever holds a private key is refused by that name, in any form and under any label", async () => {
  const sec1 = p256.privateKey.export({ type: "sec1", format: "der" });
  const pkcs1 = rsa.privateKey.export({ type: "pkcs1", format: "der" });
  const openssh = Buffer.concat([Buffer.from("openssh-key-v1\0"), sshMessage("none", "none", "")]);
  refuses("private", {
    ...Object.fromEntries(
      fixedPairs.flatMap(({ type, privateKey, jwk }) => [
        [`PKCS#8 of ${type}`, pem(pkcs8(privateKey), "PRIVATE KEY")],
        [`PKCS#8 of ${type}, mislabelled`, pem(pkcs8(privateKey))],
        [`PKCS#8 of ${type}, without armour`, pkcs8(privateKey).toString("base64")],
        [`JWK of ${type}`, json(privateKey.export({ format: "jwk" }))],
        [`JWK of ${type} and no key of it`, json({ ...jwk, d: null })],
        [`set with a JWK of ${type}`, json({ keys: [jwk, privateKey.export({ format: "jwk" })] })],
        [`list with a JWK of ${type}`, json([privateKey.export({ format: "jwk" })])],
      ]),
    ),
    "PKCS#1": pem(pkcs1, "RSA PRIVATE KEY"),
    "PKCS#1, mislabelled": pem(pkcs1, "RSA PUBLIC KEY"),
    "SEC 1": pem(sec1, "EC PRIVATE KEY"),
    "SEC 1, without armour": sec1.toString("base64"),
    encrypted: pem(Buffer.alloc(64), "ENCRYPTED PRIVATE KEY"),
    "openssh-key-v1": pem(openssh, "OPENSSH PRIVATE KEY"),
    "openssh-key-v1, mislabelled": pem(openssh),
    "openssh-key-v1, without armour": openssh.toString("base64"),
    PGP: "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOY\n-----END PGP PRIVATE KEY BLOCK-----",
    PuTTY: "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: bob\n",
    "the public half before it": `${rsa.line}\n${pem(pkcs1, "RSA PRIVATE KEY")}`,
    "XML of .NET": "<RSAKeyValue><Modulus>AQ==</Modulus><Exponent>AQAB</Exponent><D>AQ==</D></RSAKeyValue>",
    symmetric: json({ kty: "oct", k: "c2VjcmV0" }),
    "JWK with p and q": json({ ...rsa.jwk, p: "AQ", q: "AQ" }),
    "JWK with a member in escapes": json(ed25519.jwk).replace("{", String.raw`{"\u0064":"AQ",`),
    "JSON that is cut off": json(fixedKeys.ES256.privateJwk).slice(0, -1),
  });
});

test("R-06: keys of other types, certificates and keys in hardware are refused by that name", async () => {
  const spkiOf = (key: KeyObject): string => key.export({ type: "spki", format: "pem" });
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey;
  const point = createPublicKey(ed25519.privateKey).export({ type: "spki", format: "der" }).subarray(-32);
  refuses("unknown_type", {
    "P-384": spkiOf(p384),
    "P-384 as JWK": json(p384.export({ format: "jwk" })),
    "X25519 as JWK": json({ kty: "OKP", crv: "X25519", x: ed25519.jwk["x"] }),
    X25519: spkiOf(generateKeyPairSync("x25519").publicKey),
    "RSA-PSS": pem(
      der(
        0x30,
        der(0x30, Buffer.from("06092a864886f70d01010a", "hex")),
        der(3, Buffer.of(0), rsa.spki.subarray(24, 90)),
      ),
    ),
    "P-256 with the parameters in full": pem(
      der(0x30, der(0x30, Buffer.from("06072a8648ce3d0201", "hex"), der(0x30)), der(3, p256.spki.subarray(-66))),
    ),
    "P-256 for ECDH alone": pem(
      der(0x30, der(0x30, Buffer.from("06052b8104010c06082a8648ce3d030107", "hex")), der(3, p256.spki.subarray(-66))),
    ),
    "Ed25519 with parameters": pem(
      der(0x30, der(0x30, Buffer.from("06032b65700500", "hex")), der(3, Buffer.of(0), point)),
    ),
    certificate: pem(der(0x30), "CERTIFICATE"),
    DSA: line("ssh-dss", "p", "q", "g", "y"),
    "P-521 of OpenSSH": line("ecdsa-sha2-nistp521", "nistp521", "x"),
    hardware: line("sk-ssh-ed25519@openssh.com", point, "ssh:"),
    "P-256 in hardware": line("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", "x", "ssh:"),
    "certificate of OpenSSH": line("ssh-ed25519-cert-v01@openssh.com", "nonce", point),
  });
});

test("R-06: another spelling of a key is refused: compressed points, types that disagree, whatever is behind", async () => {
  const { x, y } = firstPoint(5n);
  const [xs, ys] = [bytesOf(x, 32), bytesOf(y, 32)];
  const point = Buffer.from(String(ed25519.jwk["x"]), "base64url");
  const compressed = Buffer.concat([Buffer.of(2 + Number(y % 2n)), xs]);
  const hybrid = Buffer.concat([Buffer.of(6 + Number(y % 2n)), xs, ys]);
  const full = Buffer.concat([Buffer.of(4), xs, ys]);
  const algorithm = Buffer.from("301306072a8648ce3d020106082a8648ce3d030107", "hex");
  const spki = (bytes: Uint8Array, unused = 0): string => pem(der(0x30, algorithm, der(3, Buffer.of(unused), bytes)));
  assert.equal(fault(spki(full)), "ok");
  assert.equal(fault(line("ecdsa-sha2-nistp256", "nistp256", full)), "ok");
  refuses("unreadable", {
    "compressed, SPKI": spki(compressed),
    "compressed, OpenSSH": line("ecdsa-sha2-nistp256", "nistp256", compressed),
    "hybrid, SPKI": spki(hybrid),
    "hybrid, OpenSSH": line("ecdsa-sha2-nistp256", "nistp256", hybrid),
    infinity: spki(Buffer.of(0)),
    "unused bits": spki(full, 1),
    "no point": spki(Buffer.of()),
    "trailing bytes, SPKI": pem(Buffer.concat([ed25519.spki, Buffer.of(0)])),
    "another curve's name": line("ecdsa-sha2-nistp256", "nistp384", full),
    "type in front of another's key": `ssh-ed25519 ${p256.blob.toString("base64")}`,
    "RSA in front of another's key": `ssh-rsa ${ed25519.blob.toString("base64")}`,
    "another's in front of RSA": `ecdsa-sha2-nistp256 ${rsa.blob.toString("base64")}`,
    "31 bytes": line("ssh-ed25519", point.subarray(1)),
    "33 bytes": line("ssh-ed25519", Buffer.concat([point, Buffer.of(0)])),
    "a text more": line("ssh-ed25519", point, ""),
    "no padding": p256.line.replace(/=+ /, " ").replace(/ \S+$/, ""),
    "the point in hexadecimal digits": point.toString("hex"),
    "SPKI under PKCS#1's label": pem(p256.spki, "RSA PUBLIC KEY"),
    "public SPKI without armour": p256.spki.toString("base64"),
    "RFC 4716": `---- BEGIN SSH2 PUBLIC KEY ----\n${ed25519.blob.toString("base64")}\n---- END SSH2 PUBLIC KEY ----`,
    "JSON that is no key": json({ kty: 1 }),
    "JSON text": json("ssh-ed25519"),
    "a member twice": json(ed25519.jwk).replace("{", '{"x":"AA",'),
    nothing: "",
  });
});

test("R-06: more than one key, and a set of keys, is refused by that name", async () => {
  refuses("several", {
    "two lines": `${ed25519.line}\n${p256.line}`,
    "two of PEM": pem(p256.spki) + pem(ed25519.spki),
    "PEM and a line": pem(p256.spki) + ed25519.line,
    "a line and a JWK": `${ed25519.line}\n${json(p256.jwk)}`,
    "two JWKs": `${json(p256.jwk)}\n${json(ed25519.jwk)}`,
    "a list": json([p256.jwk, ed25519.jwk]),
    "a set": json({ keys: [p256.jwk, ed25519.jwk] }),
    "a set of one": json({ keys: [p256.jwk] }),
  });
});

test("RFC 7517 section 4: a JWK that is for something else, or has a member nobody knows, is refused by that name", async () => {
  const jwk = ed25519.jwk;
  refuses("member", {
    "for encryption": json({ ...jwk, use: "enc" }),
    "to sign": json({ ...jwk, key_ops: ["sign"] }),
    "to verify and more": json({ ...jwk, key_ops: ["verify", "encrypt"] }),
    "another algorithm": json({ ...jwk, alg: "ES256" }),
    "RSA with another hash": json({ ...rsa.jwk, alg: "RS512" }),
    "RSA-PSS": json({ ...rsa.jwk, alg: "PS256" }),
    none: json({ ...p256.jwk, alg: "none" }),
    unknown: json({ ...p256.jwk, x5u: "https://example.com/" }),
  });
});

test("R-05: points of small order, off the curve or in a spelling not their own are refused in each form", async () => {
  const algorithm = Buffer.from("301306072a8648ce3d020106082a8648ce3d030107", "hex");
  const { x, y } = firstPoint(5n);
  for (const [a, b] of [
    [x, y + 1n],
    [y, x],
    [0n, 0n],
    [x + p, y],
    [2n ** 256n - 1n, y],
  ] as const) {
    const point = Buffer.concat([Buffer.of(4), bytesOf(a, 32), bytesOf(b, 32)]);
    refuses("point", {
      SPKI: pem(der(0x30, algorithm, der(3, Buffer.of(0), point))),
      OpenSSH: line("ecdsa-sha2-nistp256", "nistp256", point),
      JWK: json(publicJwkOf({ x: a, y: b })),
    });
  }
  const bad = [...smallOrderEncodings, ...nonCanonical];
  const inForms = (point: Uint8Array): Readonly<Record<string, string>> => ({
    SPKI: pem(Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), point])),
    OpenSSH: line("ssh-ed25519", point),
    JWK: json({ kty: "OKP", crv: "Ed25519", x: Buffer.from(point).toString("base64url") }),
  });
  for (const point of bad) refuses("point", inForms(point));
  // Half of all numbers belong to no point, and both runtimes import them.
  const outcomes = new Set<string>();
  for (let number = 2n; number < 40n; number++)
    for (const text of Object.values(inForms(littleEndian(number)))) outcomes.add(fault(text));
  assert.deepEqual(outcomes, new Set(["point", "ok"]));
  assert.equal(fault(line("ssh-ed25519", encode(basePoint))), "ok");
  // A JWK may have its coordinates too short or too long, which are none either.
  refuses("point", {
    short: json({ ...p256.jwk, x: "AQ" }),
    missing: json({ kty: "OKP", crv: "Ed25519" }),
  });
});

test("R-05: RSA is refused in each form below 2,048 bits, above what the operator allows, and with a bad exponent", async () => {
  const rsaIn = (n: unknown, e: unknown): readonly string[] => {
    const [modulus, exponent] = [n, e].map((number) => Buffer.from(String(number), "base64url"));
    const key = createPublicKey({ key: { kty: "RSA", n: String(n), e: String(e) }, format: "jwk" });
    return [
      key.export({ type: "spki", format: "pem" }),
      key.export({ type: "pkcs1", format: "pem" }),
      line("ssh-rsa", mpint(exponent!), mpint(modulus!)),
      json({ kty: "RSA", n, e }),
    ];
  };
  const each = async (texts: readonly string[], why: AuthKeyFault | "ok", by = read): Promise<void> => {
    for (const text of texts) assert.equal(fault(text, by), why, text);
  };
  const { n, e } = rsa.jwk;
  await each(rsaIn(n, e), "ok");
  await each(
    rsaIn(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" }).n, e),
    "modulus",
  );
  await each(rsaIn(n, "Aw"), "exponent");
  const modulus = numberOf(Buffer.from(String(n), "base64url"));
  const third = (modulus / 6n) * 6n + 3n;
  await each(rsaIn(bytesOf(third, 256).toString("base64url"), e), "factorable");
  // Of 4,104 bits, without a factor below 752.
  const large = modulus * (2n ** 2056n + 7n);
  await each(rsaIn(bytesOf(large, 513).toString("base64url"), e), "modulus");
  const wide = authKeys({ maxRsaBits: 8192 }).read;
  await each(rsaIn(bytesOf(large, 513).toString("base64url"), e), "ok", wide);
});
