/**
 * Ed25519 in plain BigInt arithmetic (RFC 8032 section 5.1), to build what no signer makes: points of small order,
 * their other spellings, and signatures that are wrong by one exact thing. Slow and not constant in time.
 */
import { createHash } from "node:crypto";

import { inverse, modulo, power } from "./craft.ts";

const p = 2n ** 255n - 19n;
/** The order of the base point. */
export const order = 2n ** 252n + 27742317777372353535851937790883648493n;
const d = modulo(-121665n * inverse(121666n, p), p);
const root = power(2n, (p - 1n) / 4n, p);

export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

const neutral: Point = { x: 0n, y: 1n };

/** Without division: x and y are over `z` (twisted Edwards, a = -1, unified addition). */
type Projective = Point & { readonly z: bigint };

function addProjective(a: Projective, b: Projective): Projective {
  const z = (a.z * b.z) % p;
  const x = (a.x * b.x) % p;
  const y = (a.y * b.y) % p;
  const product = modulo(d * x * y, p);
  const less = z * z - product;
  const more = z * z + product;
  return {
    x: modulo(z * less * ((a.x + a.y) * (b.x + b.y) - x - y), p),
    y: modulo(z * more * (y + x), p),
    z: modulo(less * more, p),
  };
}

function affine({ x, y, z }: Projective): Point {
  const overZ = inverse(z, p);
  return { x: modulo(x * overZ, p), y: modulo(y * overZ, p) };
}

export const add = (a: Point, b: Point): Point => affine(addProjective({ ...a, z: 1n }, { ...b, z: 1n }));

export function multiply(point: Point, factor: bigint): Point {
  let result: Projective = { ...neutral, z: 1n };
  let double: Projective = { ...point, z: 1n };
  for (let rest = factor; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = addProjective(result, double);
    double = addProjective(double, double);
  }
  return affine(result);
}

/** The point with this y and an even or odd x, if there is one. */
function pointAt(y: bigint, odd: boolean): Point | undefined {
  const square = modulo((y * y - 1n) * inverse(d * y * y + 1n, p), p);
  let x = power(square, (p + 3n) / 8n, p);
  if (modulo(x * x, p) !== square) x = modulo(x * root, p);
  if (modulo(x * x, p) !== square) return undefined;
  return { x: odd === (x % 2n === 1n) ? x : modulo(-x, p), y };
}

export const base = pointAt(modulo(4n * inverse(5n, p), p), false)!;

/** 32 bytes, little-endian. */
export const littleEndian = (value: bigint): Buffer<ArrayBuffer> =>
  Buffer.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex").toReversed());

export const fromLittleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toReversed().toHex()}`);

const encoding = (y: bigint, odd: boolean): Buffer => littleEndian(y + (odd ? 2n ** 255n : 0n));

export const encode = ({ x, y }: Point): Buffer => encoding(y, x % 2n === 1n);

/** The eight points whose order divides 8: what is left of a point when its part of large order is multiplied away. */
export const smallOrderPoints: readonly Point[] = (() => {
  for (let y = 2n; ; y++) {
    const point = pointAt(y, false);
    const torsion = point === undefined ? neutral : multiply(point, order);
    const isOfOrderEight = encode(multiply(torsion, 4n)).compare(encode(neutral)) !== 0;
    if (isOfOrderEight) return Array.from({ length: 8 }, (_, times) => multiply(torsion, BigInt(times)));
  }
})();

/** Each way to write a point of small order: y itself or y + p where that still fits, with either sign. */
export const smallOrderEncodings: readonly Buffer[] = [...new Set(smallOrderPoints.map(({ y }) => y))]
  .flatMap((y) => (y + p < 2n ** 255n ? [y, y + p] : [y]))
  .flatMap((y) => [encoding(y, false), encoding(y, true)]);

/** y-coordinates from p on, which are other spellings of 0 to 18. */
export const nonCanonical: readonly Buffer[] = Array.from({ length: 19 }, (_, above) => p + BigInt(above)).flatMap(
  (y) => [encoding(y, false), encoding(y, true)],
);

const sha512 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 8032 section 5.1.5: the secret scalar of a seed. */
export function scalarOf(seed: Uint8Array): bigint {
  const half = sha512(seed).subarray(0, 32);
  half[0]! &= 0xf8;
  half[31] = (half[31]! & 0x7f) | 0x40;
  return fromLittleEndian(half);
}

/** The hash that ties a signature to its message; `prefix` is dom2 of Ed25519ctx and Ed25519ph, and empty for Ed25519. */
export const challenge = (
  r: Uint8Array,
  a: Uint8Array,
  message: Uint8Array,
  prefix: Uint8Array = Buffer.of(),
): bigint => fromLittleEndian(sha512(prefix, r, a, message)) % order;
