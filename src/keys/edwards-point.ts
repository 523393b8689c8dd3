/**
 * Whether a y-coordinate is one of Ed25519 (RFC 8032 section 5.1.3): half of all numbers are not, the runtimes import them
 * all the same, and nothing ever verifies under them.
 */

const p = 2n ** 255n - 19n;
const d = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

/** Of the 32 bytes of a key whose y is below p. x² = (y² - 1) / (dy² + 1) has a root if u·v has one (Euler's criterion). */
export function isEdwardsPoint(point: Uint8Array): boolean {
  const littleEndian = Buffer.from(point.toReversed());
  littleEndian[0]! &= 0x7f;
  const y = BigInt(`0x${littleEndian.toString("hex")}`);
  const u = (y * y - 1n) % p;
  const v = (d * y * y + 1n) % p;
  return power((u * v) % p, (p - 1n) / 2n) === 1n;
}
