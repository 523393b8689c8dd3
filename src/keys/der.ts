/**
 * What is needed of DER, and of the numbers of SSH, whose spelling is the same. Strict: an element has one spelling, and
 * what does not have it is none. X.690 sections 8.3 and 10.1, RFC 4251 section 5 (`mpint`).
 */

export const tags = { integer: 0x02, bitString: 0x03, sequence: 0x30 } as const;

interface Part {
  readonly content: Uint8Array;
  readonly rest: Uint8Array;
}

/** The element at the beginning of `bytes`, of this type and of a length in its shortest form (X.690 section 10.1). */
export function element(bytes: Uint8Array, tag: number): Part | undefined {
  const [found, first, second = 0, third = 0] = bytes;
  if (found !== tag || first === undefined) return undefined;
  const long = first === 0x81 ? 1 : first === 0x82 ? 2 : 0;
  if (first > 0x82 || first === 0x80) return undefined;
  const length = long === 0 ? first : long === 1 ? second : second * 256 + third;
  if (long > 0 && length < (long === 1 ? 0x80 : 0x100)) return undefined;
  const start = 2 + long;
  if (bytes.length < start + length) return undefined;
  return { content: bytes.subarray(start, start + length), rest: bytes.subarray(start + length) };
}

/** A number that is not negative and has its one spelling, as DER and SSH both have it; without the zero in front. */
export function natural(content: Uint8Array): Uint8Array | undefined {
  const [first, second] = content;
  if (first === undefined || first >= 0x80) return undefined;
  if (first !== 0) return content;
  return second !== undefined && second >= 0x80 ? content.subarray(1) : undefined;
}

/** SEQUENCE of two INTEGERs and nothing else: an RSA key (RFC 8017 appendix A.1.1), an ECDSA signature (RFC 3279). */
export function twoNaturals(der: Uint8Array): readonly [Uint8Array, Uint8Array] | undefined {
  const whole = element(der, tags.sequence);
  const first = whole?.rest.length === 0 ? element(whole.content, tags.integer) : undefined;
  const second = first && element(first.rest, tags.integer);
  const one = first && natural(first.content);
  const other = second?.rest.length === 0 ? natural(second.content) : undefined;
  return one === undefined || other === undefined ? undefined : [one, other];
}

/** What an SPKI (RFC 5280 section 4.1) holds under this very AlgorithmIdentifier; `other`: it has another one. */
export function keyInSpki(der: Uint8Array, algorithm: Uint8Array): Uint8Array | "other" | undefined {
  const whole = element(der, tags.sequence);
  if (whole?.rest.length !== 0) return undefined;
  if (Buffer.compare(whole.content.subarray(0, algorithm.length), algorithm) !== 0)
    return element(whole.content, tags.sequence) === undefined ? undefined : "other";
  const bits = element(whole.content.subarray(algorithm.length), tags.bitString);
  // The first byte counts the bits that are not used.
  return bits?.rest.length !== 0 || bits.content[0] !== 0 ? undefined : bits.content.subarray(1);
}
