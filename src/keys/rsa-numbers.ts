/**
 * The two numbers of an RSA public key, out of the forms in which they are written, and back. Strict: each form has one
 * spelling, and what does not have it is no key. RFC 8017 appendix A.1.1 (PKCS#1), RFC 5280 section 4.1 (SPKI),
 * RFC 4253 section 6.6 (OpenSSH).
 */
import { keyInSpki, natural, twoNaturals } from "./der.ts";
import { sshMessage, sshStrings } from "./ssh-strings.ts";

/** Big-endian, without zeros in front. */
export interface RsaNumbers {
  readonly n: Uint8Array;
  readonly e: Uint8Array;
}

export function numbersFromPkcs1(der: Uint8Array): RsaNumbers | undefined {
  const [n, e] = twoNaturals(der) ?? [];
  return n === undefined || e === undefined ? undefined : { n, e };
}

/** AlgorithmIdentifier: rsaEncryption with NULL parameters. */
const rsaEncryption = Buffer.from("300d06092a864886f70d0101010500", "hex");

/** `other`: a key of another algorithm. */
export function numbersFromSpki(der: Uint8Array): RsaNumbers | "other" | undefined {
  const key = keyInSpki(der, rsaEncryption);
  return key === undefined || key === "other" ? key : numbersFromPkcs1(key);
}

const sshRsa = "ssh-rsa";

export function numbersFromSsh(blob: Uint8Array): RsaNumbers | undefined {
  const [type, exponent, modulus, ...more] = sshStrings(blob) ?? [];
  if (type === undefined || exponent === undefined || modulus === undefined || more.length > 0) return undefined;
  const e = natural(exponent);
  const n = natural(modulus);
  return Buffer.from(type).toString("latin1") !== sshRsa || n === undefined || e === undefined ? undefined : { n, e };
}

/** With the zero in front that keeps it from being negative. */
const signed = (number: Uint8Array): Uint8Array =>
  (number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number;

/** The key as OpenSSH writes it, which its fingerprint is of. */
export const sshFromNumbers = ({ n, e }: RsaNumbers): Buffer => sshMessage(sshRsa, signed(e), signed(n));
