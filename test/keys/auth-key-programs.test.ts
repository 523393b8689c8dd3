/** Authentication keys and signatures as other programs make them: OpenSSH, OpenSSL, PyCryptodome, jose. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exportJWK, exportSPKI, FlattenedSign, generateKeyPair } from "jose";

import type { AuthKey } from "../../src/core/auth-key.ts";
import { authKeys } from "../../src/keys/auth-keys.ts";
import { scratch } from "../cli/program.ts";
import { raw } from "./auth-key-pairs.ts";
import { fileWith, printed, python, withoutOpenssl, withoutPython, withoutSsh } from "./programs.ts";

const { read, readSignature, verify } = authKeys({ maxRsaBits: 4096 });
const message = "jeton-login-v1:what a person signs, with the programs of the day: ä€😀";

async function keyIn(text: string): Promise<AuthKey> {
  const found = read(text);
  assert.ok(found.ok, `${found.ok ? "" : found.reason}: ${text}`);
  return found.value;
}

/** That a signature is good, and for this key and message only. */
function verifies({ spki }: AuthKey, bytes: Uint8Array | string, over = message): void {
  const signature =
    typeof bytes === "string" ? readSignature(bytes) : readSignature(Buffer.from(bytes).toString("base64url"));
  assert.ok(signature !== undefined);
  assert.equal(verify([spki], over, signature, 1), 0);
  assert.equal(verify([spki], `${over}\n`, signature, 1), undefined);
}

const opensshTypes = [
  ["RSA", ["rsa", "-b", "2048"], 2048],
  ["P-256", ["ecdsa", "-b", "256"], 256],
  ["Ed25519", ["ed25519"], 256],
] as const;

for (const [type, words, bits] of opensshTypes)
  test(
    `PROTOCOL.sshsig, RFC 4253: a ${type} key of ssh-keygen has its fingerprint, and what it signs with -Y sign is good`,
    { skip: withoutSsh },
    async () => {
      using folder = scratch();
      const file = folder.path("id");
      printed("ssh-keygen", ["-q", "-t", ...words, "-N", "", "-C", "bob's laptop", "-f", file]);
      const key = await keyIn(readFileSync(`${file}.pub`, "utf8"));
      const [size, fingerprint] = printed("ssh-keygen", ["-l", "-f", `${file}.pub`])
        .toString()
        .split(" ");
      const text = `SHA256:${Buffer.from(key.fingerprint).toString("base64").replace(/=+$/, "")}`;
      assert.deepEqual([key.type, key.bits, text], [type, bits, fingerprint]);
      assert.equal(String(bits), size);

      // ssh-keygen exports no Ed25519 but in its own form.
      if (type !== "Ed25519")
        for (const form of ["PKCS8", "PEM"])
          assert.deepEqual(await keyIn(printed("ssh-keygen", ["-e", "-m", form, "-f", `${file}.pub`]).toString()), key);

      const signed = (namespace: string, ...options: readonly string[]): string =>
        printed(
          "ssh-keygen",
          ["-q", "-Y", "sign", "-n", namespace, ...options.flatMap((option) => ["-O", option]), "-f", file],
          message,
        ).toString();
      verifies(key, signed("jeton"));
      verifies(key, signed("jeton", "hashalg=sha256"));
      assert.equal(verify([key.spki], message, readSignature(signed("git")), 1), undefined);
      // The file's exact bytes, its line end among them.
      const written = fileWith(folder, "challenge", `${message}\n`);
      printed("ssh-keygen", ["-q", "-Y", "sign", "-n", "jeton", "-f", file, written]);
      verifies(key, readFileSync(`${written}.sig`, "utf8"), `${message}\n`);

      assert.deepEqual(read(readFileSync(file, "utf8")), { ok: false, reason: "private" });
    },
  );

test(
  "R-06: private keys of ssh-keygen -m PEM and PKCS8, and certificates that it signs, are refused",
  { skip: withoutSsh },
  async () => {
    using folder = scratch();
    for (const form of ["PEM", "PKCS8"]) {
      const file = folder.path(form);
      printed("ssh-keygen", ["-q", "-t", "ecdsa", "-b", "256", "-m", form, "-N", "", "-f", file]);
      assert.deepEqual(read(readFileSync(file, "utf8")), { ok: false, reason: "private" });
      printed("ssh-keygen", ["-q", "-s", file, "-I", "bob", `${file}.pub`]);
      assert.deepEqual(read(readFileSync(`${file}-cert.pub`, "utf8")), { ok: false, reason: "unknown_type" });
    }
  },
);

const opensslTypes = [
  ["RSA", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]],
  ["P-256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]],
  ["Ed25519", ["-algorithm", "ED25519"]],
] as const;

for (const [type, words] of opensslTypes)
  test(
    `RFC 8017, RFC 3279, RFC 8410: a ${type} key of openssl, and what dgst and pkeyutl sign with it, is good`,
    { skip: withoutOpenssl },
    async () => {
      using folder = scratch();
      const file = folder.path("key.pem");
      printed("openssl", ["genpkey", ...words, "-out", file]);
      const key = await keyIn(printed("openssl", ["pkey", "-in", file, "-pubout"]).toString());
      assert.equal(key.type, type);
      const input = fileWith(folder, "challenge", message);
      const digest = type === "Ed25519" ? [] : ["-digest", "sha256"];
      const bytes = printed("openssl", ["pkeyutl", "-sign", "-rawin", ...digest, "-in", input, "-inkey", file]);
      verifies(key, bytes);
      if (type !== "Ed25519") verifies(key, printed("openssl", ["dgst", "-sha256", "-sign", file], message));
      // SHA-512 over P-256 is cut to 256 bits, and is another scheme.
      if (type !== "Ed25519") {
        const other = raw(printed("openssl", ["dgst", "-sha512", "-sign", file], message));
        assert.equal(verify([key.spki], message, other, 1), undefined);
      }
      assert.deepEqual(read(readFileSync(file, "utf8")), { ok: false, reason: "private" });
    },
  );

test(
  "R-06: P-256 in openssl's other spellings, compressed or with its parameters in full, is refused",
  { skip: withoutOpenssl },
  async () => {
    using folder = scratch();
    const file = folder.path("key.pem");
    printed("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file]);
    assert.equal((await keyIn(printed("openssl", ["ec", "-in", file, "-pubout"]).toString())).type, "P-256");
    for (const [words, reason] of [
      [["-conv_form", "compressed"], "unreadable"],
      [["-conv_form", "hybrid"], "unreadable"],
      [["-param_enc", "explicit"], "unknown_type"],
    ] as const) {
      const text = printed("openssl", ["ec", "-in", file, "-pubout", ...words]).toString();
      assert.deepEqual(read(text), { ok: false, reason }, words.join(" "));
    }
  },
);

/** Each form of a public key that the library writes, and each form of its signatures. */
const inPython = String.raw`
import base64, json, sys
from Cryptodome.Hash import SHA256
from Cryptodome.PublicKey import ECC, RSA
from Cryptodome.Signature import DSS, pkcs1_15

message = sys.argv[1].encode()
text = lambda value: value if isinstance(value, str) else value.decode()
armour = lambda der: "-----BEGIN PUBLIC KEY-----\n" + text(base64.encodebytes(der)) + "-----END PUBLIC KEY-----"
rsa, ec = RSA.generate(2048), ECC.generate(curve="P-256")
rsa_public, ec_public = rsa.publickey(), ec.public_key()
print(json.dumps({
    "RSA": {
        "keys": [text(rsa_public.export_key(format)) for format in ("PEM", "OpenSSH")]
            + [armour(rsa_public.export_key("DER"))],
        "private": [text(rsa.export_key("PEM")), text(rsa.export_key("PEM", pkcs=8)), text(base64.b64encode(rsa.export_key("DER")))],
        "signatures": [pkcs1_15.new(rsa).sign(SHA256.new(message)).hex()],
    },
    "P-256": {
        "keys": [text(ec_public.export_key(format=format)) for format in ("PEM", "OpenSSH")]
            + [armour(ec_public.export_key(format="DER"))],
        "private": [text(ec.export_key(format="PEM")), text(ec.export_key(format="PEM", use_pkcs8=False)),
            text(base64.b64encode(ec.export_key(format="DER")))],
        "signatures": [DSS.new(ec, mode, encoding=encoding).sign(SHA256.new(message)).hex()
            for mode in ("fips-186-3", "deterministic-rfc6979") for encoding in ("binary", "der")],
    },
    "compressed": text(ec_public.export_key(format="PEM", compress=True)),
}))
`;

interface FromPython {
  readonly keys: readonly string[];
  readonly private: readonly string[];
  readonly signatures: readonly string[];
}

test(
  "RFC 8017, RFC 7518 section 3.4: RSA and P-256 of PyCryptodome in PEM, OpenSSH and DER, and all that it signs, is good",
  { skip: withoutPython },
  async () => {
    const made = JSON.parse(printed(python, ["-c", inPython, message]).toString()) as Readonly<
      Record<"RSA" | "P-256", FromPython> & { compressed: string }
    >;
    for (const type of ["RSA", "P-256"] as const) {
      const { keys, private: secrets, signatures } = made[type];
      const key = await keyIn(keys[0]!);
      assert.equal(key.type, type);
      for (const text of keys) assert.deepEqual(await keyIn(text), key, text);
      for (const text of secrets) assert.deepEqual(read(text), { ok: false, reason: "private" });
      for (const signature of signatures) verifies(key, Buffer.from(signature, "hex"));
    }
    assert.deepEqual(read(made.compressed), { ok: false, reason: "unreadable" });
  },
);

for (const [alg, type] of [
  ["RS256", "RSA"],
  ["ES256", "P-256"],
  ["EdDSA", "Ed25519"],
] as const)
  test(`RFC 7517, RFC 7515: a ${type} key of jose, as JWK and as SPKI, and what it signs, is good`, async () => {
    const { publicKey, privateKey } = await generateKeyPair(alg, {
      extractable: true,
      ...(type === "Ed25519" && { crv: type }),
    });
    const jwk = await exportJWK(publicKey);
    const key = await keyIn(JSON.stringify({ ...jwk, alg, use: "sig", kid: "bob" }));
    assert.equal(key.type, type);
    assert.deepEqual(await keyIn(await exportSPKI(publicKey)), key);
    assert.deepEqual(read(JSON.stringify(await exportJWK(privateKey))), { ok: false, reason: "private" });
    const jws = await new FlattenedSign(Buffer.from(message)).setProtectedHeader({ alg }).sign(privateKey);
    verifies(key, jws.signature, `${jws.protected}.${jws.payload}`);
  });
