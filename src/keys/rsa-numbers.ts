/**
 * The two numbers of an RSA public key, out of the forms in which they are written, and back. Strict: each form has one
 * spelling, and what does not have it is no key. RFC 8017 appendix A.1.1 (PKCS#1), RFC 5280 section 4.1 (SPKI),
 * RFC 4253 section 6.6 (OpenSSH).
 */

/** Big-endian, without zeros in front. */
export interface RsaNumbers {
  readonly n: Uint8Array;
  readonly e: Uint8Array;
}

const tags = { integer: 0x02, bitString: 0x03, sequence: 0x30 } as const;

interface Part {
  readonly content: Uint8Array;
  readonly rest: Uint8Array;
}

/** The element at the beginning of `bytes`, of this type and of a length in its shortest form (X.690 section 10.1). */
function element(bytes: Uint8Array, tag: number): Part | undefined {
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
function natural(content: Uint8Array): Uint8Array | undefined {
  const [first, second] = content;
  if (first === undefined || first >= 0x80) return undefined;
  if (first !== 0) return content;
  return second !== undefined && second >= 0x80 ? content.subarray(1) : undefined;
}

export function numbersFromPkcs1(der: Uint8Array): RsaNumbers | undefined {
  const whole = element(der, tags.sequence);
  const first = whole?.rest.length === 0 ? element(whole.content, tags.integer) : undefined;
  const second = first && element(first.rest, tags.integer);
  const n = first && natural(first.content);
  const e = second?.rest.length === 0 ? natural(second.content) : undefined;
  return n === undefined || e === undefined ? undefined : { n, e };
}

/** AlgorithmIdentifier: rsaEncryption with NULL parameters. */
const rsaEncryption = Buffer.from("300d06092a864886f70d0101010500", "hex");

/** `other`: a key of another algorithm. */
export function numbersFromSpki(der: Uint8Array): RsaNumbers | "other" | undefined {
  const whole = element(der, tags.sequence);
  if (whole?.rest.length !== 0) return undefined;
  if (!rsaEncryption.equals(whole.content.subarray(0, rsaEncryption.length)))
    return element(whole.content, tags.sequence) === undefined ? undefined : "other";
  const bits = element(whole.content.subarray(rsaEncryption.length), tags.bitString);
  // The first byte counts the bits that are not used.
  if (bits?.rest.length !== 0 || bits.content[0] !== 0) return undefined;
  return numbersFromPkcs1(bits.content.subarray(1));
}

/** The texts of an SSH message, each with its length in front (RFC 4251 section 5). */
function sshStrings(blob: Uint8Array): readonly Uint8Array[] | undefined {
  const strings: Uint8Array[] = [];
  let rest = blob;
  while (rest.length > 0) {
    if (rest.length < 4) return undefined;
    const length = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
    if (rest.length < 4 + length) return undefined;
    strings.push(rest.subarray(4, 4 + length));
    rest = rest.subarray(4 + length);
  }
  return strings;
}

const sshRsa = "ssh-rsa";

export function numbersFromSsh(blob: Uint8Array): RsaNumbers | undefined {
  const [type, exponent, modulus, ...more] = sshStrings(blob) ?? [];
  if (type === undefined || exponent === undefined || modulus === undefined || more.length > 0) return undefined;
  const e = natural(exponent);
  const n = natural(modulus);
  return Buffer.from(type).toString("latin1") !== sshRsa || n === undefined || e === undefined ? undefined : { n, e };
}

const sshString = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** With the zero in front that keeps it from being negative. */
const signed = (number: Uint8Array): Uint8Array =>
  (number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number;

/** The key as OpenSSH writes it, which its fingerprint is of. */
export const sshFromNumbers = ({ n, e }: RsaNumbers): Buffer =>
  Buffer.concat([Buffer.from(sshRsa), signed(e), signed(n)].map(sshString));
