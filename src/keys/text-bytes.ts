/** Texts as bytes and as base64url, in whichever way the runtime is quick at: these are made for every token. */
import { encodeBase64url } from "../core/base64url.ts";

const utf8 = new TextEncoder();

export const bytesOf = (text: string): Uint8Array => utf8.encode(text);

/** Node.js 24 does not have it, and a Buffer's takes twice as long on Bun. */
const builtIn = "toBase64" in Uint8Array.prototype;

/** The base64url text of a text's UTF-8 (RFC 7515 section 2). */
export const base64urlOf = (text: string): string =>
  builtIn ? encodeBase64url(bytesOf(text)) : Buffer.from(text).toString("base64url");
