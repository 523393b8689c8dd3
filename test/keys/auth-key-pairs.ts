/** Keys of each type for signed login, in the forms in which people have them, and what their programs sign. */
import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

import type { AuthKeyType, KeySignature } from "../../src/core/auth-key.ts";
import { fromSpki, toSsh } from "../../src/keys/public-numbers.ts";
import { sshMessage } from "../../src/keys/ssh-strings.ts";
import { fixedKeys } from "./fixed-keys.ts";

export interface KeyPair {
  readonly type: AuthKeyType;
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
  /** As OpenSSH writes it, out of its base64. */
  readonly blob: Buffer;
  readonly line: string;
  readonly jwk: Readonly<Record<string, unknown>>;
}

const sshNames = { RSA: "ssh-rsa", "P-256": "ecdsa-sha2-nistp256", Ed25519: "ssh-ed25519" } as const;

function keyPair(type: AuthKeyType, privateKey: KeyObject): KeyPair {
  const publicKey = createPublicKey(privateKey);
  const spki = publicKey.export({ type: "spki", format: "der" });
  const numbers = fromSpki(spki);
  if (typeof numbers !== "object") throw new TypeError("no key that can sign in");
  const blob = toSsh(numbers);
  const line = `${sshNames[type]} ${blob.toString("base64")} bob@example.com`;
  return { type, privateKey, spki, blob, line, jwk: { ...publicKey.export({ format: "jwk" }) } };
}

/** The same in every run. */
export const fixedPairs: readonly KeyPair[] = [
  keyPair("RSA", fixedKeys.RS256.privateKey),
  keyPair("P-256", fixedKeys.ES256.privateKey),
  keyPair("Ed25519", fixedKeys.EdDSA.privateKey),
];

export function newKeyPair(type: AuthKeyType, bits = 2048): KeyPair {
  if (type === "RSA") return keyPair(type, generateKeyPairSync("rsa", { modulusLength: bits }).privateKey);
  if (type === "Ed25519") return keyPair(type, generateKeyPairSync("ed25519").privateKey);
  return keyPair(type, generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
}

export const raw = (bytes: Uint8Array): KeySignature => ({ form: "raw", bytes });

/** The raw form: of P-256 r and s side by side, or DER. */
export function rawSignature({ type, privateKey }: KeyPair, message: string, form?: "der"): Buffer {
  const bytes = Buffer.from(message);
  if (type === "Ed25519") return sign(null, bytes, privateKey);
  return sign("sha256", bytes, type === "RSA" ? privateKey : { key: privateKey, dsaEncoding: form ?? "ieee-p1363" });
}

/** An mpint (RFC 4251 section 5). */
export function mpint(number: Uint8Array): Buffer {
  const digits = Buffer.from(number);
  const start = digits.findIndex((byte) => byte !== 0);
  const rest = start === -1 ? Buffer.alloc(0) : digits.subarray(start);
  return rest.length > 0 && rest[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), rest]) : rest;
}

/** What of an SSHSIG blob a test may have otherwise than `ssh-keygen -Y sign -n jeton` has it. */
export interface SshWish {
  readonly magic?: string;
  readonly version?: number;
  readonly by?: Uint8Array;
  readonly namespace?: string;
  readonly reserved?: string;
  readonly hash?: string;
  readonly kind?: string;
  /** The scheme's own hash, for RSA. */
  readonly digest?: string;
  readonly value?: (good: Buffer) => Uint8Array;
  /** What is behind the signature's bytes, inside its text, and behind all. */
  readonly inside?: Uint8Array;
  readonly behind?: Uint8Array;
}

const kinds = { RSA: "rsa-sha2-512", "P-256": "ecdsa-sha2-nistp256", Ed25519: "ssh-ed25519" } as const;
const nothing = Buffer.alloc(0);

/** Made by hand, and right but for what was wished. */
export function sshBlob(pair: KeyPair, message: string, wish: SshWish = {}): Buffer {
  const { type, privateKey, blob } = pair;
  const { magic = "SSHSIG", version = 1, by = blob, namespace = "jeton", reserved = "", hash = "sha512" } = wish;
  const { kind = kinds[type], digest = "sha512", inside = nothing, behind = nothing } = wish;
  const hashed = createHash(hash).update(message).digest();
  const signed = Buffer.concat([Buffer.from(magic), sshMessage(namespace, reserved, hash, hashed)]);
  const good = ((): Buffer => {
    if (type === "Ed25519") return sign(null, signed, privateKey);
    if (type === "RSA") return sign(digest, signed, privateKey);
    const both = sign("sha256", signed, { key: privateKey, dsaEncoding: "ieee-p1363" });
    return sshMessage(mpint(both.subarray(0, 32)), mpint(both.subarray(32)));
  })();
  const signature = Buffer.concat([sshMessage(kind, wish.value?.(good) ?? good), inside]);
  const head = Buffer.concat([Buffer.from(magic), Uint8Array.of(0, 0, 0, version)]);
  return Buffer.concat([head, sshMessage(by, namespace, reserved, hash, signature), behind]);
}

export const ssh = (blob: Uint8Array): KeySignature => ({ form: "ssh", blob });
