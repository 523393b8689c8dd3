/** P-256 in plain BigInt arithmetic (SP 800-186 section 3.2.1.3), to build keys for which a chosen signature is right. */
import { createPublicKey, type KeyObject } from "node:crypto";

import { bytesOf, inverse, modulo, power } from "./craft.ts";

/** The field, and the order of the base point. */
export const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
export const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

export const base: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

/** Of two points whose sum is not the point at infinity. */
export function add(a: Point, c: Point): Point {
  const [rise, run] = a.x === c.x ? [3n * a.x * a.x - 3n, 2n * a.y] : [c.y - a.y, c.x - a.x];
  const slope = modulo(rise * inverse(run, p), p);
  const x = modulo(slope * slope - a.x - c.x, p);
  return { x, y: modulo(slope * (a.x - x) - a.y, p) };
}

/** `factor` from 1 on. */
export function multiply(point: Point, factor: bigint): Point {
  let result: Point | undefined;
  let double = point;
  for (let rest = factor; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = result === undefined ? double : add(result, double);
    double = add(double, double);
  }
  return result!;
}

/** The first point whose x is at least this. */
export function firstPoint(from: bigint): Point {
  for (let x = from; ; x++) {
    const square = modulo(x * x * x - 3n * x + b, p);
    const y = power(square, (p + 1n) / 4n, p);
    if (modulo(y * y, p) === square) return { x, y };
  }
}

/** Modulo n. */
export const divided = (dividend: bigint, divisor: bigint): bigint => modulo(dividend * inverse(divisor, n), n);

export const publicJwkOf = ({ x, y }: Point) => ({
  kty: "EC",
  crv: "P-256",
  x: bytesOf(x, 32).toString("base64url"),
  y: bytesOf(y, 32).toString("base64url"),
});

export const publicKeyOf = (point: Point): KeyObject => createPublicKey({ key: publicJwkOf(point), format: "jwk" });
