/**
 * Authentication keys: reading a public key as its owner pasted it, and verifying what was signed with it. RSASSA-PKCS1-v1_5
 * with SHA-256 (RFC 8017 section 8.2), 2,048 to 8,192 bits, an odd exponent above 2^16.
 *
 * A verification costs the same whatever is wrong: one exponentiation, under a modulus of the presented signature's own
 * size. OpenSSL makes none for a number that is not below the modulus, and BoringSSL none of zero, so what is no such
 * number is not handed to them: a constant under a decoy is, as where there is no key, or one of another size.
 */
import { checkPrime, constants, createHash, verify, type KeyObject } from "node:crypto";

import type { AuthKey, AuthKeyFault } from "../core/auth-key.ts";
import { decodeBase64Strict } from "../core/base64url.ts";
import type { AuthKeys } from "../engine/ports.ts";
import { isFactoredByFermat } from "./fermat.ts";
import { importPublicJwk, type ImportedKey, type KeyRefusal } from "./import.ts";
import { numbersFromPkcs1, numbersFromSpki, numbersFromSsh, sshFromNumbers, type RsaNumbers } from "./rsa-numbers.ts";

const maxBits = 8192;

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: AuthKeyFault };

const no = (reason: AuthKeyFault): Read<never> => ({ ok: false, reason });
const numbersOr = (numbers: RsaNumbers | undefined): Read<RsaNumbers> =>
  numbers === undefined ? no("unreadable") : { ok: true, value: numbers };

/** PEM in any spelling, OpenSSH's own, PuTTY's, a JWK with `d`: told apart, so that its owner hears of the mistake. */
const privateKey = /PRIVATE KEY|^PuTTY-User-Key-File|"d"\s*:/m;

/** RFC 7468, with nothing around it. */
const pem = /^-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----$/;

/** One line: type, key, and a comment that nobody reads. */
const ssh = /^([a-z0-9@.-]+) ([A-Za-z0-9+/]+={0,2})(?: \P{Cc}*)?$/u;

function numbersFromText(typed: string): Read<RsaNumbers> {
  const text = typed.trim();
  if (privateKey.test(text)) return no("private");
  const [, label, base64 = ""] = pem.exec(text) ?? [];
  if (label !== undefined) return numbersFromPem(label, decodeBase64Strict(base64.replaceAll(/[\r\n]/g, "")));
  const [, type, encoded = ""] = ssh.exec(text) ?? [];
  if (type !== undefined) {
    const blob = type === "ssh-rsa" ? decodeBase64Strict(encoded) : undefined;
    return type === "ssh-rsa" ? numbersOr(blob && numbersFromSsh(blob)) : no("unknown_type");
  }
  const beginnings = text.match(/^(?:-----BEGIN |ssh-)/gm) ?? [];
  return no(beginnings.length > 1 ? "several" : "unreadable");
}

function numbersFromPem(label: string, der: Uint8Array | undefined): Read<RsaNumbers> {
  if (label !== "PUBLIC KEY" && label !== "RSA PUBLIC KEY") return no("unknown_type");
  if (der === undefined) return no("unreadable");
  const numbers = label === "PUBLIC KEY" ? numbersFromSpki(der) : numbersFromPkcs1(der);
  return numbers === "other" ? no("unknown_type") : numbersOr(numbers);
}

/** The one importer of foreign keys decides, at registration and again at each use. */
const imported = ({ n, e }: RsaNumbers): ImportedKey =>
  importPublicJwk(
    { kty: "RSA", n: Buffer.from(n).toString("base64url"), e: Buffer.from(e).toString("base64url") },
    maxBits,
  );

const faultOf = (reason: KeyRefusal): AuthKeyFault =>
  reason === "modulus" || reason === "exponent" ? reason : reason === "roca" ? "factorable" : "unreadable";

/** Below 752, as NIST SP 800-89 section 5.3.3 asks for. */
const smallPrimes = Array.from({ length: 752 }, (_, number) => number).filter(
  (number) => number > 1 && !Array.from({ length: number - 2 }, (_, at) => at + 2).some((of) => number % of === 0),
);

/** Off this thread: for a modulus of 8,192 bits it takes a tenth of a second. */
const isPrime = (candidate: bigint): Promise<boolean> =>
  new Promise((resolve, reject) => {
    // Without a fault it is null or undefined, as the runtime likes.
    checkPrime(candidate, { checks: 1 }, (fault, prime) => (fault instanceof Error ? reject(fault) : resolve(prime)));
  });

/** Whether anybody could take the modulus apart, or has nothing to take apart (NIST SP 800-89 section 5.3.3). */
async function isFactorable(n: Uint8Array): Promise<boolean> {
  const modulus = BigInt(`0x${Buffer.from(n).toString("hex")}`);
  return smallPrimes.some((prime) => modulus % BigInt(prime) === 0n) || isFactoredByFermat(modulus) || isPrime(modulus);
}

const bitsOf = ({ n }: RsaNumbers): number => n.length * 8 - Math.clz32(n[0]!) + 24;

const fingerprintOf = (numbers: RsaNumbers): Uint8Array =>
  new Uint8Array(createHash("sha256").update(sshFromNumbers(numbers)).digest());

const spkiOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ type: "spki", format: "der" }));

async function readAuthKey(text: string): Promise<Read<AuthKey>> {
  const found = numbersFromText(text);
  if (!found.ok) return found;
  const numbers = found.value;
  const key = imported(numbers);
  if (!key.ok) return no(faultOf(key.reason));
  if (await isFactorable(numbers.n)) return no("factorable");
  const value = { fingerprint: fingerprintOf(numbers), spki: spkiOf(key.publicKey), bits: bitsOf(numbers) };
  return { ok: true, value };
}

const sizes = { smallest: 2048 / 8, largest: maxBits / 8 } as const;

/** An odd number of so many bytes whose factors nobody knows; whoever found them would sign for nobody. */
function decoyOf(size: number): RsaNumbers {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, at) =>
    createHash("sha256").update(`jeton decoy ${size} ${at}`).digest(),
  );
  const n = Buffer.concat(blocks).subarray(0, size);
  n[0]! |= 0x80;
  n[size - 1]! |= 1;
  return { n, e: Uint8Array.of(1, 0, 1) };
}

/** Below every decoy, and of full size. */
const constantOf = (size: number): Uint8Array => new Uint8Array(size).fill(0x55);

/** Whether it is one of the numbers that signatures by this key are (RFC 8017 section 5.2.2), but for zero. */
const isInRange = (signature: Uint8Array, { n }: RsaNumbers): boolean =>
  signature.length === n.length && Buffer.compare(signature, n) < 0 && signature.some((byte) => byte !== 0);

function ownKey(spki: Uint8Array | undefined, signature: Uint8Array): KeyObject | undefined {
  const own = spki === undefined ? undefined : numbersFromSpki(spki);
  if (own === undefined || own === "other" || !isInRange(signature, own)) return undefined;
  const key = imported(own);
  return key.ok ? key.publicKey : undefined;
}

/** `verify` of `node:crypto`, as it is used here. */
type RawVerify = (
  digest: string,
  message: Uint8Array,
  by: { readonly key: KeyObject; readonly padding: number },
  signature: Uint8Array,
) => boolean;

export function authKeys(rsaVerify: RawVerify = verify): AuthKeys {
  const decoys = new Map<number, RsaNumbers>();
  const decoyKey = (size: number): KeyObject => {
    const numbers = decoys.get(size) ?? decoyOf(size);
    decoys.set(size, numbers);
    // Imported each time, as a key of somebody's is.
    const key = imported(numbers);
    if (!key.ok) throw new TypeError(`the decoy of ${size} bytes is no key`);
    return key.publicKey;
  };

  return {
    read: readAuthKey,
    verify: (spki, message, signature = new Uint8Array(0)) => {
      const { length } = signature;
      const size = length >= sizes.smallest && length <= sizes.largest ? length : sizes.smallest;
      const own = ownKey(spki, signature);
      const by = { key: own ?? decoyKey(size), padding: constants.RSA_PKCS1_PADDING };
      const good = rsaVerify("sha256", Buffer.from(message), by, own === undefined ? constantOf(size) : signature);
      return own !== undefined && good;
    },
    trace: (fingerprint, message) =>
      new Uint8Array(createHash("sha256").update(fingerprint).update(message).digest().subarray(0, 16)),
  };
}
