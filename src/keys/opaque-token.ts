/**
 * Opaque API tokens and client secrets: `jtn_` or `jcs_`, then 16 bytes of id, 32 of secret and 4 of CRC-32 in base 62. One
 * word without punctuation, which a double click takes whole and a secret scanner tells from everything else by its checksum. Stored is a hash of
 * the secret: with 256 bits of chance there is nothing that a slower one would add.
 */
import { createHash, timingSafeEqual } from "node:crypto";

import { crc32 } from "../core/crc32.ts";
import { bytesFromId, idFromBytes, type ApiTokenId, type ClientSecretId } from "../core/ids.ts";
import type { ClaimedOpaque, MadeOpaque } from "../engine/ports.ts";

const prefixes = { apiToken: "jtn_", clientSecret: "jcs_" } as const;
type Prefix = (typeof prefixes)[keyof typeof prefixes];

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const values: ReadonlyMap<string, bigint> = new Map(digits.split("").map((digit, value) => [digit, BigInt(value)]));

/** Digits that so many bytes need. */
const widthOf = (bytes: number): number => Math.ceil((bytes * 8) / Math.log2(digits.length));
const widths = { id: widthOf(16), secret: widthOf(32), checksum: widthOf(4) } as const;
const length = prefixes.apiToken.length + widths.id + widths.secret + widths.checksum;

function encode(bytes: Uint8Array): string {
  let rest = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  let text = "";
  for (let place = widthOf(bytes.length); place > 0; place--) {
    text = digits[Number(rest % 62n)]! + text;
    rest /= 62n;
  }
  return text;
}

/** Undefined where it is no number, or one that does not fit: each value has one text. */
function decode(text: string, bytes: number): Uint8Array | undefined {
  let number = 0n;
  for (const digit of text) {
    const value = values.get(digit);
    if (value === undefined) return undefined;
    number = number * 62n + value;
  }
  const hex = number.toString(16).padStart(bytes * 2, "0");
  return hex.length === bytes * 2 ? new Uint8Array(Buffer.from(hex, "hex")) : undefined;
}

function checksumOf(body: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return encode(sum);
}

const hashOf = (secret: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(secret).digest());

/** `secret`: 32 random bytes. */
function make(prefix: Prefix, id: ApiTokenId | ClientSecretId, secret: Uint8Array): MadeOpaque {
  if (secret.length !== 32) throw new RangeError("an opaque token needs 32 random bytes");
  const body = encode(bytesFromId(id)) + encode(secret);
  return { text: `${prefix}${body}${checksumOf(body)}`, secretHash: hashOf(secret) };
}

/** Undefined: the text is none of these, so that no row has to be looked for. */
function read<Id extends ApiTokenId | ClientSecretId>(prefix: Prefix, text: string): ClaimedOpaque<Id> | undefined {
  if (text.length !== length || !text.startsWith(prefix)) return undefined;
  const body = text.slice(prefix.length, -widths.checksum);
  if (checksumOf(body) !== text.slice(-widths.checksum)) return undefined;
  const id = decode(body.slice(0, widths.id), 16);
  const secret = decode(body.slice(widths.id), 32);
  return id && secret && { id: idFromBytes<Id>(id), secretHash: hashOf(secret) };
}

export const makeOpaque = (id: ApiTokenId, secret: Uint8Array): MadeOpaque => make(prefixes.apiToken, id, secret);
export const readOpaque = (text: string): ClaimedOpaque | undefined => read(prefixes.apiToken, text);

export const makeClientSecret = (id: ClientSecretId, secret: Uint8Array): MadeOpaque =>
  make(prefixes.clientSecret, id, secret);
export const readClientSecret = (text: string): ClaimedOpaque<ClientSecretId> | undefined =>
  read(prefixes.clientSecret, text);

export const provesOpaque = (claimed: Pick<ClaimedOpaque, "secretHash">, secretHash: Uint8Array): boolean =>
  claimed.secretHash.length === secretHash.length && timingSafeEqual(claimed.secretHash, secretHash);
