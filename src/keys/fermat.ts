/**
 * Fermat's factorisation: n = a² - b² = (a - b)(a + b), found from the root of n on. Primes that lie close together, or
 * are one and the same, are found in a few steps, and generators that make such primes were sold (CVE-2022-26320).
 */

/** Steps, beginning at the root itself. Two random primes of 1,024 bits would take some 2^1000. */
const steps = 100;

/** The largest whole number whose square is not above `value`, by Newton's method from above. */
function rootOf(value: bigint): bigint {
  if (value === 0n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** What the last six bits of a square may be: most numbers are told apart from squares without a root. */
const squareEnds: ReadonlySet<bigint> = new Set(Array.from({ length: 64 }, (_, at) => BigInt((at * at) % 64)));

const isSquare = (value: bigint): boolean => squareEnds.has(value & 63n) && rootOf(value) ** 2n === value;

export function isFactoredByFermat(n: bigint): boolean {
  const floor = rootOf(n);
  const first = floor * floor === n ? floor : floor + 1n;
  for (let a = first; a < first + BigInt(steps); a++) if (isSquare(a * a - n)) return true;
  return false;
}
