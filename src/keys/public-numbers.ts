/**
 * Public keys of each type that can sign in, as the numbers they are made of, out of the forms in which they are written,
 * and back. Strict: each form has one spelling. RFC 5480 section 2 (P-256 in SPKI, uncompressed), RFC 8410 section 4
 * (Ed25519 in SPKI), RFC 5656 section 3.1 and RFC 8709 section 4 (OpenSSH); for RSA see rsa-numbers.ts.
 */
import { keyInSpki } from "./der.ts";
import { importPublicJwk, type ImportedKey } from "./import.ts";
import { numbersFromSpki, numbersFromSsh, sshFromNumbers, type RsaNumbers } from "./rsa-numbers.ts";
import { sshMessage, sshStrings } from "./ssh-strings.ts";

/** The coordinates have 32 bytes each; that of Ed25519 is the point as RFC 8032 section 5.1.2 writes it. */
export type PublicNumbers =
  | ({ readonly type: "RSA" } & RsaNumbers)
  | { readonly type: "P-256"; readonly x: Uint8Array; readonly y: Uint8Array }
  | { readonly type: "Ed25519"; readonly x: Uint8Array };

const rsa = (numbers: RsaNumbers | undefined): PublicNumbers | undefined => numbers && { type: "RSA", ...numbers };

/** SEC 1 section 2.3.3: 4, then both coordinates. Those with one coordinate and a sign are another spelling. */
const uncompressed = 4;

const p256 = (point: Uint8Array): PublicNumbers | undefined =>
  point.length === 65 && point[0] === uncompressed
    ? { type: "P-256", x: point.subarray(1, 33), y: point.subarray(33) }
    : undefined;

const ed25519 = (point: Uint8Array): PublicNumbers | undefined =>
  point.length === 32 ? { type: "Ed25519", x: point } : undefined;

/** AlgorithmIdentifiers: id-ecPublicKey with the curve's name (RFC 5480 section 2.1.1), and id-Ed25519. */
const algorithms = [
  [Buffer.from("301306072a8648ce3d020106082a8648ce3d030107", "hex"), p256],
  [Buffer.from("300506032b6570", "hex"), ed25519],
] as const;

/** `other`: a key that cannot sign in, whatever it is good for. */
export function fromSpki(der: Uint8Array): PublicNumbers | "other" | undefined {
  for (const [algorithm, read] of algorithms) {
    const key = keyInSpki(der, algorithm);
    if (key !== "other") return key && read(key);
  }
  const found = numbersFromSpki(der);
  return found === "other" ? found : rsa(found);
}

const names = { "P-256": "ecdsa-sha2-nistp256", Ed25519: "ssh-ed25519" } as const;
const curve = "nistp256";

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("latin1");

/** What stands in the second field of a line of OpenSSH's, which says its type again. */
export function fromSsh(blob: Uint8Array): PublicNumbers | undefined {
  const [type, ...parts] = sshStrings(blob) ?? [];
  const [first, second, ...more] = parts;
  if (text(type) === names.Ed25519) return first && second === undefined ? ed25519(first) : undefined;
  if (text(type) === names["P-256"])
    return text(first) === curve && second && more.length === 0 ? p256(second) : undefined;
  return rsa(numbersFromSsh(blob));
}

/** Of which the fingerprint is. */
export function toSsh(key: PublicNumbers): Buffer {
  if (key.type === "RSA") return sshFromNumbers(key);
  if (key.type === "Ed25519") return sshMessage(names.Ed25519, key.x);
  return sshMessage(names["P-256"], curve, Buffer.concat([Uint8Array.of(uncompressed), key.x, key.y]));
}

function jwkOf(key: PublicNumbers): Readonly<Record<string, string>> {
  const inBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
  if (key.type === "RSA") return { kty: "RSA", n: inBase64(key.n), e: inBase64(key.e) };
  if (key.type === "Ed25519") return { kty: "OKP", crv: "Ed25519", x: inBase64(key.x) };
  return { kty: "EC", crv: "P-256", x: inBase64(key.x), y: inBase64(key.y) };
}

/** The one importer of foreign keys decides, at registration and again at each use. */
export const imported = (key: PublicNumbers, maxRsaBits: number): ImportedKey =>
  importPublicJwk(jwkOf(key), maxRsaBits);
