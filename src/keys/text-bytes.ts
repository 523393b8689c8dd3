/** Texts as bytes and as base64url, in whichever way the runtime is quick at: these are made for every token. */
import { timingSafeEqual } from "node:crypto";

import { encodeBase64url, hasBase64 } from "../core/base64url.ts";

const utf8 = new TextEncoder();

export const bytesOf = (text: string): Uint8Array => utf8.encode(text);

/** The base64url text of a text's UTF-8 (RFC 7515 section 2). On Bun a Buffer takes twice as long. */
export const base64urlOf = (text: string): string =>
  hasBase64 ? encodeBase64url(bytesOf(text)) : Buffer.from(text).toString("base64url");

/** In constant time for texts of one length. */
export function isSameText(presented: string, expected: string): boolean {
  const given = bytesOf(presented);
  const own = bytesOf(expected);
  return given.length === own.length && timingSafeEqual(given, own);
}
