/**
 * Authentication keys: whether a public key is good enough to sign in with, and which of several has signed. RSA of 2,048
 * bits and more with an odd exponent above 2^16, P-256, Ed25519.
 *
 * It costs the same whatever is wrong (THREATS R-11): so many keys are tried as the caller says and never more, each by
 * the verifications that the signature alone asks for, and where there is no key for them, or one of another type or size,
 * a decoy is asked. The runtimes give up early at numbers that are out of range: OpenSSL makes no exponentiation for one
 * that is not below the modulus, BoringSSL none of zero, and neither multiplies points if r or s is zero or not below the
 * order, or S is not below it. So those are not handed to them: a constant under a decoy is.
 */
import { checkPrime, constants, createHash, verify, type KeyObject } from "node:crypto";

import type { ReadAuthKey } from "../core/auth-key.ts";
import type { AuthKeys } from "../engine/ports.ts";
import { constantOf, openDecoys } from "./decoys.ts";
import { isEdwardsPoint } from "./edwards-point.ts";
import { isFactoredByFermat } from "./fermat.ts";
import { bitsOf } from "./import.ts";
import { questionsOf, readKeySignature, type Question } from "./key-signature.ts";
import { fromSpki, imported, toSsh, type PublicNumbers } from "./public-numbers.ts";
import { faultOf, no, readPublicKey } from "./public-key-text.ts";

/** Below 752, as NIST SP 800-89 section 5.3.3 asks for. */
const smallPrimes: number[] = [];
for (let number = 2; number < 752; number += 1) {
  if (smallPrimes.every((prime) => number % prime !== 0)) smallPrimes.push(number);
}

/** Off this thread: for a modulus of 8,192 bits it takes a tenth of a second. */
const isPrime = (candidate: bigint): Promise<boolean> =>
  new Promise((resolve, reject) => {
    // Without a fault it is null or undefined, as the runtime likes.
    checkPrime(candidate, { checks: 1 }, (fault, prime) => (fault instanceof Error ? reject(fault) : resolve(prime)));
  });

/** Whether the modulus shows at once that anybody could take it apart (NIST SP 800-89 section 5.3.3). */
function isFactorable(n: Uint8Array): boolean {
  const modulus = BigInt(`0x${Buffer.from(n).toString("hex")}`);
  return smallPrimes.some((prime) => modulus % BigInt(prime) === 0n) || isFactoredByFermat(modulus);
}

/** Whether there is nothing to take apart: a prime, with which anybody signs. */
async function isBreakable(spki: Uint8Array): Promise<boolean> {
  const own = fromSpki(spki);
  if (own === undefined || own === "other") return true;
  return own.type === "RSA" && isPrime(BigInt(`0x${Buffer.from(own.n).toString("hex")}`));
}

const sha256 = (...parts: readonly (string | Uint8Array)[]): Uint8Array => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

function readAuthKey(text: string, maxRsaBits: number): ReadAuthKey {
  const found = readPublicKey(text, maxRsaBits);
  if (!found.ok) return found;
  const numbers = found.value;
  const { type } = numbers;
  const key = imported(numbers, maxRsaBits);
  if (!key.ok) return no(faultOf(key.reason, type !== "RSA"));
  if (type === "RSA" && isFactorable(numbers.n)) return no("factorable");
  if (type === "Ed25519" && !isEdwardsPoint(numbers.x)) return no("point");
  const spki = new Uint8Array(key.publicKey.export({ type: "spki", format: "der" }));
  const bits = type === "RSA" ? bitsOf(numbers.n) : 256;
  return { ok: true, value: { fingerprint: sha256(toSsh(numbers)), spki, type, bits } };
}

/** The order of P-256 (SP 800-186 section 3.2.1.3), and that of Ed25519 (RFC 8032 section 5.1). */
const orders = {
  "P-256": Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex"),
  Ed25519: Buffer.from("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed", "hex"),
} as const;

const isBelow = (number: Uint8Array, limit: Uint8Array): boolean => Buffer.compare(number, limit) < 0;
const isNotZero = (number: Uint8Array): boolean => number.some((byte) => byte !== 0);

/** Whether it is among the numbers that signatures by this key are (RFC 8017 section 5.2.2), but for zero. */
function isInRange(bytes: Uint8Array, key: PublicNumbers): boolean {
  if (key.type === "RSA") return bytes.length === key.n.length && isBelow(bytes, key.n) && isNotZero(bytes);
  if (bytes.length !== 64) return false;
  const [first, second] = [bytes.subarray(0, 32), bytes.subarray(32)];
  if (key.type === "Ed25519") return isBelow(second.toReversed(), orders.Ed25519);
  return [first, second].every((number) => isBelow(number, orders["P-256"]) && isNotZero(number));
}

/** `verify` of `node:crypto`, as it is used here. */
type RawVerify = (
  digest: string | null,
  message: Uint8Array,
  by: { readonly key: KeyObject; readonly padding?: number; readonly dsaEncoding?: "ieee-p1363" },
  signature: Uint8Array,
) => boolean;

/** DER is read here: the runtimes differ in what they take for it. */
const schemes = {
  RSA: { padding: constants.RSA_PKCS1_PADDING },
  "P-256": { dsaEncoding: "ieee-p1363" },
  Ed25519: {},
} as const;

const smallest = 2048 / 8;

export function authKeys(
  { maxRsaBits }: { readonly maxRsaBits: 4096 | 8192 },
  rawVerify: RawVerify = verify,
): AuthKeys {
  const decoyOf = openDecoys();
  const decoy = (type: Question["type"], size: number): KeyObject => {
    // Imported each time, as a key of somebody's is.
    const key = imported(decoyOf(type, size), maxRsaBits);
    if (!key.ok) throw new TypeError(`the ${type} decoy of ${size} bytes is no key`);
    return key.publicKey;
  };

  const ownKey = (spki: Uint8Array | undefined, { type, bytes, by }: Question): KeyObject | undefined => {
    const own = spki && fromSpki(spki);
    if (own === undefined || own === "other" || own.type !== type || !isInRange(bytes, own)) return undefined;
    if (by !== undefined && !toSsh(own).equals(by)) return undefined;
    const key = imported(own, maxRsaBits);
    return key.ok ? key.publicKey : undefined;
  };

  /** Whether a signature of this type and size could be by the key at all. */
  const fits = (spki: Uint8Array | undefined, { type, bytes }: Question): boolean => {
    const own = spki && fromSpki(spki);
    if (own === undefined || own === "other" || own.type !== type) return false;
    return own.type !== "RSA" || own.n.length === bytes.length;
  };

  /** One verification, of the signature by the key or else of a constant by a decoy of the signature's own size. */
  function isBy(spki: Uint8Array | undefined, question: Question): boolean {
    const { type, digest, message, bytes } = question;
    const own = ownKey(spki, question);
    const size = bytes.length >= smallest && bytes.length <= maxRsaBits / 8 ? bytes.length : smallest;
    const by = { key: own ?? decoy(type, size), ...schemes[type] };
    const good = rawVerify(digest, message, by, own === undefined ? constantOf(type, size) : bytes);
    return own !== undefined && good;
  }

  return {
    read: (text) => readAuthKey(text, maxRsaBits),
    isBreakable,
    readSignature: readKeySignature,
    verify: (keys, message, signature, tries) => {
      const questions = questionsOf(message, signature);
      // Which keys a signature is tried on is told by its type and size, so that none stands in another's place.
      const places = [...keys.keys()].filter((place) => questions.some((question) => fits(keys[place], question)));
      const signers: number[] = [];
      // All of them, also after one that is good.
      for (let at = 0; at < tries; at++) {
        const place = places[at];
        const key = place === undefined ? undefined : keys[place];
        for (const question of questions) if (isBy(key, question) && place !== undefined) signers.push(place);
      }
      return signers[0];
    },
    trace: (fingerprint, message) => sha256(fingerprint, message).slice(0, 16),
  };
}
