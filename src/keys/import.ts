/**
 * The one way in for a public key that came from outside. The runtimes accept keys that forge: RSA with e = 1, Ed25519
 * points of small order, private keys where a public one is meant. RFC 7517, RFC 7518 section 6, RFC 8037 section 2.
 */
import { createPublicKey, type KeyObject } from "node:crypto";

import { decodeBase64url } from "../core/base64url.ts";
import type { Algorithm } from "./jws.ts";
import { looksLikeRoca } from "./roca.ts";

export type KeyRefusal =
  | "private"
  | "unknown_type"
  | "member"
  | "modulus"
  | "exponent"
  | "roca"
  | "coordinate"
  | "small_order"
  | "unreadable";

export type ImportedKey =
  | { readonly ok: true; readonly alg: Algorithm; readonly publicKey: KeyObject }
  | { readonly ok: false; readonly reason: KeyRefusal };

const no = (reason: KeyRefusal): ImportedKey => ({ ok: false, reason });

/** Of a JWK of any type (RFC 7518 section 6): RSA, the curves, symmetric. */
export const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;
const knownMembers: ReadonlySet<string> = new Set([
  "kty",
  "crv",
  "x",
  "y",
  "n",
  "e",
  "kid",
  "use",
  "alg",
  "key_ops",
  "ext",
]);

/** y-coordinates (little-endian, sign bit cleared) of the points of order 1, 2, 4 and 8, canonical or not. */
const smallOrder: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** A public JWK, checked member by member before a runtime sees it. RSA has 2,048 to `maxRsaBits` bits. */
export function importPublicJwk(jwk: Readonly<Record<string, unknown>>, maxRsaBits = 4096): ImportedKey {
  if (privateMembers.some((name) => Object.hasOwn(jwk, name))) return no("private");
  if (!Object.keys(jwk).every((name) => knownMembers.has(name))) return no("member");
  if (jwk["use"] !== undefined && jwk["use"] !== "sig") return no("member");
  if (jwk["key_ops"] !== undefined && !isVerifyOnly(jwk["key_ops"])) return no("member");
  // Compared and never turned into text: a list of one text would pass, and some objects throw.
  const { kty, crv } = jwk;
  if (kty === "OKP" && crv === "Ed25519") return importEd25519(jwk);
  if (kty === "EC" && crv === "P-256") return importP256(jwk);
  if (kty === "RSA" && crv === undefined) return importRsa(jwk, maxRsaBits);
  return no("unknown_type");
}

/** RFC 7517 section 4.3: what else a key may do, it may do for somebody else. */
const isVerifyOnly = (operations: unknown): boolean =>
  Array.isArray(operations) && operations.length === 1 && operations[0] === "verify";

const bytesOf = (value: unknown): Uint8Array | undefined =>
  typeof value === "string" ? decodeBase64url(value) : undefined;

function importEd25519({ x, alg }: Readonly<Record<string, unknown>>): ImportedKey {
  const point = bytesOf(x);
  if (alg !== undefined && alg !== "EdDSA" && alg !== "Ed25519") return no("member");
  if (point?.length !== 32) return no("coordinate");
  const unsigned = Buffer.from(point);
  unsigned[31]! &= 0x7f;
  if (smallOrder.has(unsigned.toString("hex"))) return no("small_order");
  if (!isBelowFieldPrime(unsigned)) return no("coordinate");
  return toKeyObject({ kty: "OKP", crv: "Ed25519", x }, "EdDSA");
}

/** y < 2^255 - 19, little-endian: every other spelling of a point is not canonical (RFC 8032 section 5.1.3). */
const isBelowFieldPrime = (y: Uint8Array): boolean =>
  y[31] !== 0x7f || y[0]! < 0xed || y.subarray(1, 31).some((byte) => byte !== 0xff);

function importP256({ x, y, alg }: Readonly<Record<string, unknown>>): ImportedKey {
  if (alg !== undefined && alg !== "ES256") return no("member");
  if (bytesOf(x)?.length !== 32 || bytesOf(y)?.length !== 32) return no("coordinate");
  return toKeyObject({ kty: "EC", crv: "P-256", x, y }, "ES256");
}

/** Of a number without zeros in front. */
export const bitsOf = (number: Uint8Array): number => number.length * 8 - Math.clz32(number[0] ?? 0) + 24;

function importRsa({ n, e, alg }: Readonly<Record<string, unknown>>, maxBits: number): ImportedKey {
  if (alg !== undefined && alg !== "RS256") return no("member");
  const modulus = bytesOf(n);
  const exponent = bytesOf(e);
  if (modulus === undefined || modulus[0] === undefined || modulus[0] === 0) return no("modulus");
  const bits = bitsOf(modulus);
  if (bits < 2048 || bits > maxBits || modulus.at(-1)! % 2 === 0) return no("modulus");
  if (exponent === undefined || exponent.length > 4 || exponent[0] === 0) return no("exponent");
  const value = exponent.reduce((sum, byte) => sum * 256 + byte, 0);
  if (value < 65_537 || value % 2 === 0) return no("exponent");
  if (looksLikeRoca(BigInt(`0x${Buffer.from(modulus).toString("hex")}`))) return no("roca");
  return toKeyObject({ kty: "RSA", n, e }, "RS256");
}

function toKeyObject(jwk: Record<string, unknown>, alg: Algorithm): ImportedKey {
  try {
    const publicKey = createPublicKey({ key: jwk, format: "jwk" });
    return publicKey.type === "public" ? { ok: true, alg, publicKey } : no("private");
  } catch {
    // The runtimes' messages differ and may quote the input; the reason is enough.
    return no("unreadable");
  }
}
