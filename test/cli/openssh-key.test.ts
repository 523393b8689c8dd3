/** The reader of OpenSSH's own format for private keys, without a program that writes it. */
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, test } from "node:test";

import { signingKey } from "../../packages/client/src/signing-key.ts";
import { readOpenSshKey } from "../../src/cli/openssh-key.ts";

const string = (content: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(content as Uint8Array);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

const uint = (number: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
};

const member = (value: string | undefined): Buffer => Buffer.from(value!, "base64url");
const mpint = (value: string | undefined): Buffer => {
  const bytes = member(value);
  return string(bytes[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
};

interface Outside {
  readonly cipher?: string;
  readonly keys?: number;
  readonly checks?: readonly [number, number];
}

/** PROTOCOL.key; `secret` is what stands after the two numbers that must be equal. */
function written(secret: Buffer, { cipher = "none", keys = 1, checks = [7, 7] }: Outside = {}): string {
  const inside = Buffer.concat([uint(checks[0]), uint(checks[1]), secret]);
  const parts = [string(cipher), string("none"), string(""), uint(keys), string("public"), string(inside)];
  const base64 = Buffer.concat([Buffer.from("openssh-key-v1\0"), ...parts]).toString("base64");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${base64.replaceAll(/.{70}/g, "$&\n")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

type Jwk = Readonly<Record<string, string | undefined>>;
const jwkOf = (key: KeyObject): Jwk => key.export({ format: "jwk" }) as Jwk;

const secrets: Readonly<Record<string, (jwk: Jwk) => Buffer>> = {
  rsa: ({ n, e, d, qi, p, q }) => Buffer.concat([string("ssh-rsa"), ...[n, e, d, qi, p, q].map(mpint)]),
  ec: ({ x, y, d }) =>
    Buffer.concat([
      string("ecdsa-sha2-nistp256"),
      string("nistp256"),
      string(Buffer.concat([Uint8Array.of(4), member(x), member(y)])),
      mpint(d),
    ]),
  ed25519: ({ x, d }) =>
    Buffer.concat([string("ssh-ed25519"), string(member(x)), string(Buffer.concat([member(d), member(x)]))]),
};

const secretOf = (key: KeyObject): Buffer => secrets[key.asymmetricKeyType!]!(jwkOf(key));

const pairs = {
  RSA: () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  "P-256": () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  Ed25519: () => generateKeyPairSync("ed25519").privateKey,
} as const;

/** A scalar with a byte of zeros in front, which is left out where it is a number; nobody can wait for one by chance. */
const short = createPrivateKey(
  `-----BEGIN PRIVATE KEY-----
MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ==
-----END PRIVATE KEY-----
`,
);

const ed25519 = generateKeyPairSync("ed25519").privateKey;
const good = secretOf(ed25519);

describe("PROTOCOL.key: private keys in OpenSSH's own format", () => {
  for (const [type, make] of Object.entries(pairs)) {
    test(`a key of ${type} is the one that was written`, () => {
      for (let count = 0; count < (type === "RSA" ? 2 : 20); count++) {
        const key = make();
        const read = readOpenSshKey(written(secretOf(key)));
        assert.ok(typeof read !== "string", String(read));
        assert.ok(createPublicKey(read).equals(createPublicKey(key)));
        const [own, other] = [signingKey(read), signingKey(key)];
        assert.equal(own?.type, type);
        assert.equal(own.publicLine, other?.publicLine);
        if (type !== "P-256") assert.deepEqual(own.sign(Buffer.from("text")), other?.sign(Buffer.from("text")));
      }
    });
  }

  test("a number that is shorter than its curve is filled up", () => {
    const read = readOpenSshKey(written(secretOf(short)));
    assert.ok(typeof read !== "string", String(read));
    assert.ok(createPublicKey(read).equals(createPublicKey(short)));
  });

  const others: readonly (readonly [what: string, text: string, expected: string])[] = [
    ["an encrypted one", written(good, { cipher: "aes256-ctr" }), "encrypted"],
    ["two in one file", written(good, { keys: 2 }), "other"],
    ["one of DSA", written(string("ssh-dss")), "other"],
    ["one in hardware", written(string("sk-ssh-ed25519@openssh.com")), "other"],
    ["checks that differ", written(good, { checks: [7, 8] }), "damaged"],
    ["a secret that ends too soon", written(good.subarray(0, 40)), "damaged"],
    ["a kind without a key", written(string("ssh-ed25519")), "damaged"],
    ["a length beyond the end", written(Buffer.concat([string("ssh-ed25519"), uint(0xffff_ffff)])), "damaged"],
    ["nothing in it", "-----BEGIN OPENSSH PRIVATE KEY-----\n\n-----END OPENSSH PRIVATE KEY-----\n", "damaged"],
    ["no end", written(good).split("-----END")[0]!, "damaged"],
    ["another magic", written(good).replace("b3Blbn", "b3Blbm"), "damaged"],
  ];
  for (const [what, text, expected] of others) {
    test(`${what}: ${expected}`, () => assert.equal(readOpenSshKey(text), expected));
  }
});
