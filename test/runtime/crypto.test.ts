import assert from "node:assert/strict";
import * as crypto from "node:crypto";
import { test } from "node:test";
import { importPublicJwk } from "../../src/keys/import.ts";
import { onBun } from "./small-server.ts";

const ed25519 = () => crypto.generateKeyPairSync("ed25519");
const p256 = () => crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = (bits: number) => crypto.generateKeyPairSync("rsa", { modulusLength: bits });
const message = Buffer.from("a message");

type Jwk = Readonly<Record<string, unknown>>;
const jwkOf = (key: crypto.KeyObject): Jwk => ({ ...key.export({ format: "jwk" }) });
const verdict = (jwk: Jwk): string => {
  const imported = importPublicJwk(jwk);
  return imported.ok ? imported.alg : imported.reason;
};

/** The kinds of keys that Jeton signs with, as private DER. */
const privateDer: ReadonlyArray<readonly [what: string, der: () => { der: Buffer; type: "pkcs8" | "sec1" | "pkcs1" }]> =
  [
    [
      "Ed25519 in PKCS #8",
      () => ({ der: ed25519().privateKey.export({ format: "der", type: "pkcs8" }), type: "pkcs8" }),
    ],
    ["P-256 in PKCS #8", () => ({ der: p256().privateKey.export({ format: "der", type: "pkcs8" }), type: "pkcs8" })],
    ["P-256 in SEC 1", () => ({ der: p256().privateKey.export({ format: "der", type: "sec1" }), type: "sec1" })],
    ["RSA in PKCS #1", () => ({ der: rsa(2048).privateKey.export({ format: "der", type: "pkcs1" }), type: "pkcs1" })],
  ];

for (const [what, make] of privateDer) {
  test(`Runtime S1: the public key of ${what} is public when it is taken from the private KeyObject`, () => {
    const { der, type } = make();
    const privateKey = crypto.createPrivateKey({ key: der, format: "der", type });
    assert.equal(crypto.createPublicKey(privateKey).type, "public");
  });

  test(`Runtime S1: the public key of ${what} is not taken from the bytes, as Bun gives the private key`, () => {
    const { der, type } = make();
    // The types allow public encodings only, for good reason; callers with a variable get past them.
    const fromBytes = crypto.createPublicKey({ key: der, format: "der", type: type as "pkcs1" });
    assert.equal(fromBytes.type, onBun ? "private" : "public");
  });
}

const digestInfo = Buffer.from("3031300d060960864801650304020105000420", "hex");

/** What any signature would be if e were 1: the padded hash itself (RFC 8017 section 9.2). */
function paddedHash(length: number): Buffer {
  const tail = Buffer.concat([digestInfo, crypto.createHash("sha256").update(message).digest()]);
  return Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(length - tail.length - 3, 0xff), Buffer.from([0]), tail]);
}

function verifies(jwk: Jwk, algorithm: string | null, signature: Buffer): boolean {
  try {
    const key = crypto.createPublicKey({ key: { ...jwk }, format: "jwk" });
    return crypto.verify(algorithm, message, key, signature);
  } catch {
    return false;
  }
}

test("Runtime S1: an RSA key with e = 1 makes a signature out of any hash on Node, and our importer refuses it", () => {
  const forger = { ...jwkOf(rsa(2048).publicKey), e: "AQ" };
  assert.equal(verifies(forger, "sha256", paddedHash(256)), !onBun);
  assert.equal(verdict(forger), "exponent");
});

/** RFC 8032 section 5.1: the points of order 1, 2, 4 and 8, with their spellings that are not canonical. */
const smallOrder = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
].map((hex) => Buffer.from(hex, "hex"));

const okp = (point: Buffer): Jwk => ({ kty: "OKP", crv: "Ed25519", x: point.toString("base64url") });

test("Runtime S1: under the neutral Ed25519 key one signature fits every message on Bun", () => {
  const [neutral = Buffer.alloc(0)] = smallOrder;
  assert.equal(verifies(okp(neutral), null, Buffer.concat([neutral, Buffer.alloc(32)])), onBun);
});

for (const point of smallOrder) {
  test(`Runtime S1: our importer refuses the Ed25519 key ${point.toString("hex").slice(0, 4)}...${point.toString("hex").slice(-4)}`, () => {
    assert.equal(verdict(okp(point)), "small_order");
  });
}

const foreign: ReadonlyArray<readonly [what: string, jwk: () => Jwk, verdict: string]> = [
  ["Ed25519", () => jwkOf(ed25519().publicKey), "EdDSA"],
  ["P-256", () => jwkOf(p256().publicKey), "ES256"],
  ["RSA of 2,048 bits", () => jwkOf(rsa(2048).publicKey), "RS256"],
  ["RSA of 512 bits", () => jwkOf(rsa(512).publicKey), "modulus"],
  ["RSA of 1,024 bits", () => jwkOf(rsa(1024).publicKey), "modulus"],
  ["RSA with e = 3", () => ({ ...jwkOf(rsa(2048).publicKey), e: "Aw" }), "exponent"],
  ["RSA with an even e", () => ({ ...jwkOf(rsa(2048).publicKey), e: "AQAC" }), "exponent"],
  [
    "RSA with an e of 300 bytes",
    () => ({ ...jwkOf(rsa(2048).publicKey), e: Buffer.alloc(300, 1).toString("base64url") }),
    "exponent",
  ],
  ["a private Ed25519 key", () => jwkOf(ed25519().privateKey), "private"],
  ["a private P-256 key", () => jwkOf(p256().privateKey), "private"],
  ["a private RSA key", () => jwkOf(rsa(2048).privateKey), "private"],
  ["a secret", () => ({ kty: "oct", k: "c2VjcmV0" }), "private"],
  [
    "a P-256 coordinate with a byte too many",
    () => ({ ...jwkOf(p256().publicKey), x: Buffer.alloc(33, 1).toString("base64url") }),
    "coordinate",
  ],
  [
    "a point that is not on P-256",
    () => ({ ...jwkOf(p256().publicKey), y: Buffer.alloc(32, 1).toString("base64url") }),
    "unreadable",
  ],
  ["an Ed25519 point of 31 bytes", () => okp(Buffer.alloc(31, 9)), "coordinate"],
  ["secp256k1, which Bun does not have", () => ({ kty: "EC", crv: "secp256k1", x: "AA", y: "AA" }), "unknown_type"],
];

for (const [what, jwk, expected] of foreign) {
  test(`Runtime S1: a key from outside, ${what}: ${expected}`, () => {
    assert.equal(verdict(jwk()), expected);
  });
}

test("Runtime S2: a private Ed25519 JWK whose x is another key's is not trusted: refused, or x computed anew", () => {
  const own = jwkOf(ed25519().privateKey);
  const mixed: Record<string, unknown> = { ...own, x: jwkOf(ed25519().publicKey)["x"] };
  let x: unknown = "refused";
  try {
    const key = crypto.createPrivateKey({ key: mixed, format: "jwk" });
    x = jwkOf(crypto.createPublicKey(key))["x"];
  } catch {
    // Node compares.
  }
  assert.equal(x, onBun ? own["x"] : "refused");
});

test("Runtime S2: every algorithm that Jeton uses exists on this runtime", () => {
  const [ed, ec, big] = [ed25519(), p256(), rsa(2048)];
  const signings = [
    [null, ed.privateKey, ed.publicKey],
    ["sha256", { key: ec.privateKey, dsaEncoding: "ieee-p1363" }, { key: ec.publicKey, dsaEncoding: "ieee-p1363" }],
    ["sha256", big.privateKey, big.publicKey],
  ] as const;
  for (const [hash, privateKey, publicKey] of signings) {
    const signature = crypto.sign(hash, message, privateKey);
    assert.ok(crypto.verify(hash, message, publicKey, signature));
    assert.ok(!crypto.verify(hash, Buffer.from("another"), publicKey, signature));
  }
  assert.ok(crypto.getCiphers().includes("aes-256-gcm"));
  assert.equal(crypto.createHmac("sha256", "key").update("data").digest().length, 32);
  assert.equal(crypto.hkdfSync("sha256", "key", "salt", "info", 32).byteLength, 32);
});

test("RFC 8037 appendix A.4: an Ed25519 signature is the same bytes on every runtime", () => {
  const d = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
  const x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
  const privateKey = crypto.createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", d, x }, format: "jwk" });
  const signed = crypto.sign(null, Buffer.from("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"), privateKey);
  assert.equal(
    signed.toString("base64url"),
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
  );
});

test("Runtime S2: AES-256-GCM refuses a tag that is wrong or too short", () => {
  const [key, iv] = [crypto.randomBytes(32), crypto.randomBytes(12)];
  const cipher = crypto.createCipheriv("aes-256-gcm", key, iv);
  const sealed = Buffer.concat([cipher.update(message), cipher.final()]);
  const tag = cipher.getAuthTag();
  const opened = (given: Buffer): string => {
    const decipher = crypto.createDecipheriv("aes-256-gcm", key, iv, { authTagLength: 16 });
    decipher.setAuthTag(given);
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString();
  };
  assert.equal(opened(tag), message.toString());
  assert.throws(() => opened(Buffer.alloc(16)));
  assert.throws(() => opened(tag.subarray(0, 4)));
});
