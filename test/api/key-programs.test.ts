/**
 * Keys of other programs at our doors: each type and size in each form in which OpenSSL, ssh-keygen and PyCryptodome write
 * it is added with a proof by the program itself, and then signs in with each form of signature that the program makes.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { answered } from "../admin/house.ts";
import { authority, claimsOf, good, type Authority, type WirePair } from "../authority.ts";
import { scratch, type Scratch } from "../cli/program.ts";
import { fileWith, printed, python, withoutOpenssl, withoutPython, withoutSsh } from "../keys/programs.ts";
import { bearer } from "./asking.ts";
import { challengeFor, setaToken } from "./signing.ts";

interface Kind {
  readonly type: "RSA" | "P-256" | "Ed25519";
  readonly bits: number;
}

const rsa = (bits: number): Kind => ({ type: "RSA", bits });
const p256: Kind = { type: "P-256", bits: 256 };
const ed25519: Kind = { type: "Ed25519", bits: 256 };

/** A key pair that a program has made and keeps; by the name of each form, its public half and how it signs. */
interface Made {
  readonly forms: Readonly<Record<string, string>>;
  /** As the native door takes it: text, or bytes that go as base64url. */
  readonly signatures: Readonly<Record<string, (text: string) => string | Buffer>>;
}

interface Program {
  readonly name: string;
  /** Beside the sections of the schemes themselves. */
  readonly also?: string;
  readonly skip: string | false;
  readonly kinds: readonly Kind[];
  readonly make: (folder: Scratch, kind: Kind) => Made;
}

const opensslWords = ({ type, bits }: Kind): readonly string[] => {
  switch (type) {
    case "Ed25519":
      return ["-algorithm", "ED25519"];
    case "P-256":
      return ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    case "RSA": {
      // From five primes (RFC 8017 section 3.1) a large one is made in no time, and nobody sees it from outside.
      const primes = bits < 8192 ? [] : ["-pkeyopt", "rsa_keygen_primes:5"];
      return ["-algorithm", "RSA", "-pkeyopt", `rsa_keygen_bits:${bits}`, ...primes];
    }
  }
};

const withOpenssl = (kind: Kind): string => printed("openssl", ["genpkey", "-quiet", ...opensslWords(kind)]).toString();

/** Large ones take seconds: one of each size is made, and handed from program to program as people do it. */
const isShared = ({ bits }: Kind): boolean => bits === 3072 || bits === 4096;
const shared = new Map<number, string>();

function sharedKey(kind: Kind): string {
  const key = shared.get(kind.bits) ?? withOpenssl(kind);
  shared.set(kind.bits, key);
  return key;
}

function byOpenssl(folder: Scratch, kind: Kind): Made {
  const file = fileWith(folder, "key.pem", isShared(kind) ? sharedKey(kind) : withOpenssl(kind));
  const raw = (text: string, ...words: readonly string[]): Buffer =>
    printed("openssl", [
      "pkeyutl",
      "-sign",
      "-rawin",
      ...words,
      "-in",
      fileWith(folder, "challenge", text),
      "-inkey",
      file,
    ]);
  const spki = printed("openssl", ["pkey", "-in", file, "-pubout"]).toString();
  if (kind.type === "Ed25519") return { forms: { spki }, signatures: { pkeyutl: (text) => raw(text) } };
  return {
    forms: {
      spki,
      ...(kind.type === "RSA" && { pkcs1: printed("openssl", ["rsa", "-in", file, "-RSAPublicKey_out"]).toString() }),
    },
    signatures: {
      dgst: (text) => printed("openssl", ["dgst", "-sha256", "-sign", file], text),
      pkeyutl: (text) => raw(text, "-digest", "sha256"),
    },
  };
}

const sshTypes = { RSA: "rsa", "P-256": "ecdsa", Ed25519: "ed25519" } as const;

function bySsh(folder: Scratch, kind: Kind): Made {
  const { type, bits } = kind;
  const file = folder.path("id");
  if (isShared(kind)) {
    writeFileSync(file, sharedKey(kind), { mode: 0o600 });
    fileWith(folder, "id.pub", printed("ssh-keygen", ["-y", "-f", file]).toString());
  } else printed("ssh-keygen", ["-q", "-t", sshTypes[type], "-b", `${bits}`, "-N", "", "-C", "the laptop", "-f", file]);
  const exported = (form: string): string => printed("ssh-keygen", ["-e", "-m", form, "-f", `${file}.pub`]).toString();
  const signed =
    (...words: readonly string[]) =>
    (text: string): string =>
      printed("ssh-keygen", ["-q", "-Y", "sign", "-n", "jeton", ...words, "-f", file], text).toString();
  return {
    forms: {
      line: readFileSync(`${file}.pub`, "utf8"),
      // It exports no Ed25519 but in its own form.
      ...(type !== "Ed25519" && { spki: exported("PKCS8") }),
      ...(type === "RSA" && { pkcs1: exported("PEM") }),
    },
    signatures: { "SHA-512": signed(), "SHA-256": signed("-O", "hashalg=sha256") },
  };
}

const inPython = {
  make: String.raw`
import json, sys
from Cryptodome.PublicKey import ECC, RSA

bits, file, given = int(sys.argv[1]), sys.argv[2], sys.stdin.read()
key = RSA.import_key(given) if given else ECC.generate(curve="P-256") if bits == 256 else RSA.generate(bits)
public = key.public_key()
text = lambda value: value if isinstance(value, str) else value.decode()
with open(file, "w") as opened:
    opened.write(text(key.export_key(format="PEM")))
print(json.dumps({"spki": text(public.export_key(format="PEM")), "line": text(public.export_key(format="OpenSSH"))}))
`,
  sign: String.raw`
import sys
from Cryptodome.Hash import SHA256
from Cryptodome.PublicKey import ECC, RSA
from Cryptodome.Signature import DSS, pkcs1_15

file, mode, encoding = sys.argv[1:4]
with open(file) as opened:
    text = opened.read()
digest = SHA256.new(sys.stdin.buffer.read())
signer = pkcs1_15.new(RSA.import_key(text)) if mode == "pkcs1_15" else DSS.new(ECC.import_key(text), mode, encoding=encoding)
sys.stdout.buffer.write(signer.sign(digest))
`,
} as const;

function byPython(folder: Scratch, kind: Kind): Made {
  const file = folder.path("key.pem");
  const words = ["-c", inPython.make, `${kind.bits}`, file];
  const forms = JSON.parse(printed(python, words, isShared(kind) ? sharedKey(kind) : "").toString()) as Made["forms"];
  const signed =
    (mode: string, encoding = "") =>
    (text: string): Buffer =>
      printed(python, ["-c", inPython.sign, file, mode, encoding], text);
  return {
    forms,
    signatures:
      kind.type === "RSA"
        ? { pkcs1_15: signed("pkcs1_15") }
        : {
            "r and s": signed("fips-186-3", "binary"),
            DER: signed("fips-186-3", "der"),
            "RFC 6979": signed("deterministic-rfc6979", "binary"),
          },
  };
}

const programs: readonly Program[] = [
  {
    name: "OpenSSL",
    skip: withoutOpenssl,
    kinds: [rsa(2048), rsa(3072), rsa(4096), p256, ed25519],
    make: byOpenssl,
  },
  {
    name: "ssh-keygen",
    also: ", PROTOCOL.sshsig",
    skip: withoutSsh,
    kinds: [rsa(2048), rsa(3072), rsa(4096), p256, ed25519],
    make: bySsh,
  },
  {
    name: "PyCryptodome",
    skip: withoutPython,
    kinds: [rsa(2048), rsa(3072), rsa(4096), p256],
    make: byPython,
  },
];

const sections = {
  RSA: "RFC 8017 section 8.2",
  "P-256": "FIPS 186-5 section 6.4",
  Ed25519: "RFC 8032 section 5.1",
} as const;

const asSent = (signature: string | Buffer): string =>
  typeof signature === "string" ? signature : signature.toString("base64url");

type Sign = Made["signatures"][string];

interface Place {
  /** Who signs in with the key, and who adds it. */
  readonly who: string;
  readonly by: string;
  readonly base: string;
}

const bobs: Place = { who: "bob", by: "bob", base: "/api/v1" };

/** A key is taken once by each, so each form of it is somebody's. */
async function places(jeton: Authority): Promise<readonly Place[]> {
  const mine = jeton.ask("/api/v1/applications", { headers: bearer(await jeton.login()) });
  const { items } = await good<{ items: { id: string; name: string }[] }>(await mine);
  const ofBobs = items.map(({ id, name }) => ({ who: name, by: "bob", base: `/api/v1/applications/${id}` }));
  return [bobs, { who: "ada", by: "ada", base: "/api/v1" }, ...ofBobs];
}

async function added(
  jeton: Authority,
  { by, base }: Place,
  text: string,
  sign: Sign,
): Promise<Kind & { readonly fingerprint: string }> {
  const headers = bearer(await jeton.login(by));
  const asked = await jeton.ask(`${base}/auth-key-challenge`, { headers, body: { public_key: text } });
  const { challenge } = await good<{ challenge: string }>(asked);
  const body = { name: "laptop", public_key: text, challenge, signature: asSent(sign(challenge)) };
  return answered(await jeton.ask(`${base}/auth-keys`, { headers, body }), 201);
}

for (const { name, also = "", skip, kinds, make } of programs)
  describe(`keys and signatures of ${name}`, () => {
    let jeton: Authority;
    before(async () => {
      jeton = await authority();
    });
    after(() => jeton.close());

    for (const kind of kinds)
      test(
        `${sections[kind.type]}${also}: ${kind.type} of ${kind.bits} bits is added in each form and signs in by each form of signature`,
        { skip: skip || (isShared(kind) && withoutOpenssl) },
        async () => {
          using folder = scratch();
          const { forms, signatures } = make(folder, kind);
          const signers = Object.entries(signatures);
          const everybody = await places(jeton);
          const prints = new Set<string>();
          for (const [at, [form, text]] of Object.entries(forms).entries()) {
            const place = everybody[at]!;
            const { type, bits, fingerprint } = await added(jeton, place, text, signers[at % signers.length]![1]);
            assert.deepEqual({ type, bits }, kind, form);
            prints.add(fingerprint);
            for (const [how, sign] of signers) {
              const challenge = await challengeFor(jeton, { username: place.who, pair: { fingerprint } });
              const body = { challenge, signature: asSent(sign(challenge)) };
              const answer = await jeton.ask("/api/v1/login/signature", { body });
              assert.equal(answer.status, 200, `${form}, ${how}`);
              const me = await good<{ username: string }>(await jeton.me(await good<WirePair>(answer)));
              assert.equal(me.username, place.who);
            }
          }
          assert.equal(prints.size, 1);
        },
      );
  });

for (const bits of [2048, 8192])
  test(
    `SeTA 6, SeTA 7, R-01: RSA of ${bits} bits by OpenSSL opens SeTA's door by a message in hex, once, and by a challenge`,
    { skip: withoutOpenssl },
    async () => {
      using folder = scratch();
      const jeton = await authority();
      const { forms, signatures } = byOpenssl(folder, rsa(bits));
      const sign = signatures["dgst"]!;
      const { fingerprint } = await added(jeton, bobs, forms["pkcs1"]!, sign);
      const token = (message: string): Promise<Response> =>
        setaToken(jeton, {
          username: "bob",
          provider: "local",
          rsa_original_message: message,
          rsa_message_signature: Buffer.from(sign(message)).toString("hex"),
        });
      for (const message of ["made for one login alone", await challengeFor(jeton, { pair: { fingerprint } })]) {
        const { access_token: access } = await good<WirePair>(await token(message));
        assert.deepEqual(claimsOf(access)["amr"], ["swk"]);
        assert.equal((await token(message)).status, 403);
      }
      await jeton.close();
    },
  );
