/**
 * Identifiers: 16 bytes, shown as a lower-case UUID (RFC 9562), never reused, and branded, so that a session cannot be
 * passed where a subject is meant. New ones are version 7: the time in front keeps the rows of a table in the order
 * in which they came, which halves what a million sessions cost on disk. An id is not a secret; nothing is granted for
 * knowing one.
 */
import type { Millis } from "./units.ts";

declare const kind: unique symbol;
type Id<Kind extends string> = string & { readonly [kind]: Kind };

export type OrganisationId = Id<"organisation">;
export type SubjectId = Id<"subject">;
export type SignInId = Id<"sign-in">;
export type SessionId = Id<"session">;
export type ApiTokenId = Id<"api-token">;
export type AuthKeyId = Id<"auth-key">;
export type ClientSecretId = Id<"client-secret">;
export type NoticeId = Id<"notice">;

/** Who asks: an OAuth client or a dialect; a short name such as `native` or `sensu`. */
export type ClientId = Id<"client">;

/** Bytes of chance that a new id needs. */
export const idEntropy = 10;

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

const pair = (bytes: Uint8Array, at: number): string => hex[bytes[at]!]!;

/** The text of 16 bytes, for any kind of id: the caller names the kind. */
export function idFromBytes<T extends Id<string>>(bytes: Uint8Array): T {
  if (bytes.length !== 16) throw new RangeError(`an id has 16 bytes, not ${bytes.length}`);
  let text = "";
  for (let at = 0; at < 16; at++)
    text += at === 4 || at === 6 || at === 8 || at === 10 ? `-${pair(bytes, at)}` : pair(bytes, at);
  return text as T;
}

/** The value of a lower-case hex digit by its character code. */
const nibble = (code: number): number => (code < 58 ? code - 48 : code - 87);

export function bytesFromId(id: Id<string>): Uint8Array {
  const bytes = new Uint8Array(16);
  let from = 0;
  for (let at = 0; at < 16; at++) {
    // A dash stands before bytes 4, 6, 8 and 10.
    if (at === 4 || at === 6 || at === 8 || at === 10) from += 1;
    bytes[at] = nibble(id.charCodeAt(from)) * 16 + nibble(id.charCodeAt(from + 1));
    from += 2;
  }
  return bytes;
}

const canonicalUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An id that came from outside; undefined unless it is in the one form that we write. */
export function parseId<T extends Id<string>>(text: string): T | undefined {
  return canonicalUuid.test(text) ? (text as T) : undefined;
}

/** A new id: 48 bits of time, then chance (RFC 9562 section 5.7). */
export function newId<T extends Id<string>>(now: Millis, random: Uint8Array): T {
  if (random.length !== idEntropy) throw new RangeError(`a new id needs ${idEntropy} random bytes`);
  const bytes = new Uint8Array(16);
  let rest: number = now;
  for (let at = 5; at >= 0; at--) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes.set(random, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return idFromBytes<T>(bytes);
}

/** 32 lower-case hex digits: the form in which some products write ids. */
export const compactId = (id: Id<string>): string => id.replaceAll("-", "");

const clientName = /^[a-z][a-z0-9-]{0,31}$/;

export function clientId(name: string): ClientId {
  if (!clientName.test(name)) throw new RangeError(`not a client name: ${name}`);
  return name as ClientId;
}
