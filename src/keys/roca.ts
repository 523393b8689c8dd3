/**
 * ROCA (CVE-2017-15361): a library in smart cards and TPMs made primes of the form k*M + (65537^a mod M), so that their
 * product can be factored. Such a modulus shows: modulo each small prime that divides M it is a power of 65537.
 * Nemec et al., "The Return of Coppersmith's Attack", section 4; one of some 2^27 other moduli looks the same.
 */

const generator = 65_537;

/** Those up to 167 that divide the smallest M. Modulo 2 everything odd is a power. */
const primes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const;

function powersModulo(prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * generator) % prime) powers.add(power);
  return powers;
}

const marks = primes.map((prime) => ({ prime: BigInt(prime), powers: powersModulo(prime) }));
const product = marks.reduce((so, { prime }) => so * prime, 1n);

export function looksLikeRoca(modulus: bigint): boolean {
  const rest = modulus % product;
  return marks.every(({ prime, powers }) => powers.has(Number(rest % prime)));
}
