/** Tokens put together by hand, past signJws: whatever a header and a payload can be, with a signature that is good. */
import { sign } from "node:crypto";

import { verifyJws, type SigningMaterial, type VerifyingMaterial } from "../../src/keys/jws.ts";
import { allKeys } from "./fixed-keys.ts";

/** base64url; whatever is neither text nor bytes becomes JSON first. */
export const segment = (value: unknown): string =>
  Buffer.from(
    typeof value === "string" || value instanceof Uint8Array ? value : (JSON.stringify(value) ?? "undefined"),
  ).toString("base64url");

export function signatureOf({ alg, privateKey }: SigningMaterial, input: string): Buffer {
  const key = alg === "ES256" ? ({ key: privateKey, dsaEncoding: "ieee-p1363" } as const) : privateKey;
  return sign(alg === "EdDSA" ? null : "sha256", Buffer.from(input), key);
}

/** A token under any header, with the good signature of `key` over it. */
export function craft(key: SigningMaterial, header: unknown, payload: unknown): string {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${signatureOf(key, input).toString("base64url")}`;
}

/** The header of an access token under `key`. */
export const headerFor = ({ alg, kid }: SigningMaterial): { alg: string; typ: string; kid: string } => ({
  alg,
  typ: "at+jwt",
  kid,
});

/** `ok`, or why `verifyJws` refuses the text as an access token under one of `keys`. */
export function verdict(text: string, keys: readonly VerifyingMaterial[] = allKeys): string {
  const verified = verifyJws(text, { types: ["at+jwt"], key: (kid) => keys.find((key) => key.kid === kid) });
  return verified.ok ? "ok" : verified.reason;
}

export const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);

/** Big-endian, as long as asked. */
export const bytesOf = (value: bigint, length: number): Buffer =>
  Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex");

/** A remainder that is never negative. */
export const modulo = (value: bigint, modulus: bigint): bigint => ((value % modulus) + modulus) % modulus;

/** By Euclid's algorithm; the modulus is prime. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [rest, next] = [modulus, modulo(value, modulus)];
  let [factor, other] = [0n, 1n];
  while (next !== 0n) {
    const times = rest / next;
    [rest, next] = [next, rest - times * next];
    [factor, other] = [other, factor - times * other];
  }
  return modulo(factor, modulus);
}

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = modulo(base, modulus);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** ASN.1 in definite form, of the shortest length. */
export const der = (tag: number, ...content: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from(body.length < 128 ? [tag, body.length] : [tag, 0x81, body.length]), body]);
};
