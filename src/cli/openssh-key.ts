/**
 * Private keys in OpenSSH's own format (PROTOCOL.key), which ssh-keygen writes unless it is told otherwise, and in which
 * alone it keeps Ed25519. Encrypted ones are not opened: their passphrase goes through a hash that no runtime has.
 */
import { createPrivateKey, type KeyObject } from "node:crypto";

const armour = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/;
const magic = Buffer.from("openssh-key-v1\0");

/** Strings with their lengths in front (RFC 4251 section 5), one after the other. */
class Strings {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  number(): number {
    const found = this.#bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return found;
  }

  next(): Buffer {
    const length = this.number();
    if (length > this.#bytes.length - this.#at) throw new RangeError("a string is longer than what it stands in");
    const found = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return found;
  }

  text(): string {
    return this.next().toString("latin1");
  }

  /** Of a number without its sign, as long as it is, or filled up to `size`. */
  member(size = 0): string {
    const bytes = this.next();
    const start = bytes.findIndex((byte) => byte !== 0);
    const trimmed = start === -1 ? Buffer.alloc(0) : bytes.subarray(start);
    return Buffer.concat([Buffer.alloc(Math.max(0, size - trimmed.length)), trimmed]).toString("base64url");
  }
}

const numberOf = (member: string): bigint => BigInt(`0x${Buffer.from(member, "base64url").toString("hex")}`);

function memberOf(number: bigint): string {
  const hex = number.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex").toString("base64url");
}

type Jwk = Readonly<Record<string, string>>;

function rsa(from: Strings): Jwk {
  const [n, e, d, qi, p, q] = Array.from({ length: 6 }, () => from.member()) as [string, ...string[]] & string[];
  const short = (prime: string): string => memberOf(numberOf(d!) % (numberOf(prime) - 1n));
  return { kty: "RSA", n, e: e!, d: d!, p: p!, q: q!, dp: short(p!), dq: short(q!), qi: qi! };
}

function p256(from: Strings): Jwk {
  from.next(); // the name of the curve, which is in that of the key too
  const point = from.next();
  const coordinate = (start: number): string => point.subarray(start, start + 32).toString("base64url");
  return { kty: "EC", crv: "P-256", x: coordinate(1), y: coordinate(33), d: from.member(32) };
}

function ed25519(from: Strings): Jwk {
  const x = from.next().toString("base64url");
  return { kty: "OKP", crv: "Ed25519", x, d: from.next().subarray(0, 32).toString("base64url") };
}

const readers: Readonly<Record<string, (from: Strings) => Jwk>> = {
  "ssh-rsa": rsa,
  "ecdsa-sha2-nistp256": p256,
  "ssh-ed25519": ed25519,
};

export type OpenSshKey = KeyObject | "encrypted" | "other" | "damaged";

/** `other`: of a kind that signs nobody in, one that lives in hardware among them. */
export function readOpenSshKey(text: string): OpenSshKey {
  const bytes = Buffer.from(armour.exec(text)?.[1] ?? "", "base64");
  if (!bytes.subarray(0, magic.length).equals(magic)) return "damaged";
  try {
    const from = new Strings(bytes.subarray(magic.length));
    const [cipher] = [from.text(), from.text(), from.next()];
    if (cipher !== "none") return "encrypted";
    if (from.number() !== 1) return "other";
    from.next(); // the public half
    const secret = new Strings(from.next());
    if (secret.number() !== secret.number()) return "damaged";
    const read = readers[secret.text()];
    return read === undefined ? "other" : createPrivateKey({ key: read(secret), format: "jwk" });
  } catch {
    // The runtimes' messages differ, and may quote what they were given.
    return "damaged";
  }
}
