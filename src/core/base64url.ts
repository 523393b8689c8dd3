/**
 * Base64 with one spelling per value. A denylist, a replay cache or a journal search that is keyed by text is
 * bypassed when the same bytes have several encodings, so whatever is not the canonical text is refused.
 * RFC 4648 section 3.3 (no foreign characters), section 3.5 (unused bits are zero), section 5 (the URL alphabet);
 * RFC 7515 section 2 (no padding, no white space); RFC 7617 section 2 (Basic credentials, padded: section 4).
 */

/** Whether the engine has base64 of its own; Node.js 24 does not yet. */
export const hasBase64 = "fromBase64" in Uint8Array;

const binaryOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
const toUrl = (text: string): string => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fromUrl = (text: string): string => text.replaceAll("-", "+").replaceAll("_", "/");

/** As the built-in decodes; what is not the one spelling of its bytes throws. */
function decodeByAtob(text: string, url: boolean): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(url ? fromUrl(text) : text), (char) => char.charCodeAt(0));
  const again = btoa(binaryOf(bytes));
  if ((url ? toUrl(again) : again) !== text) throw new SyntaxError("not the canonical text");
  return bytes;
}

// What the last character of a partial group may be for its unused four or two bits to be zero.
const lastOfTwo = "AQgw";
const lastOfThree = "AEIMQUYcgkosw048";

/**
 * The bytes of a base64url text, or undefined when it is not canonical: padding, white space, a character outside
 * `A-Z a-z 0-9 - _`, an impossible length, unused bits that are not zero. The empty text is the spelling of no bytes.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const rest = text.length % 4;
  const last = text.charAt(text.length - 1);
  if (rest === 1 || (rest === 2 && !lastOfTwo.includes(last)) || (rest === 3 && !lastOfThree.includes(last))) {
    return undefined;
  }
  return decodeExactly(text, Math.floor((text.length * 3) / 4), { alphabet: "base64url" });
}

/** Whether the text is the one base64url spelling of some bytes, so that it may serve as a key. */
export function isCanonicalBase64url(text: string): boolean {
  return decodeBase64url(text) !== undefined;
}

/** The one text that `decodeBase64url` takes for these bytes. */
export function encodeBase64url(bytes: Uint8Array): string {
  if (hasBase64) return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return toUrl(btoa(binaryOf(bytes)));
}

/**
 * The bytes of a standard base64 text (RFC 4648 section 4), or undefined: the padding must be there and exact, the
 * unused bits zero, and nothing else may stand in the text. For Basic credentials (RFC 7617 section 2).
 */
export function decodeBase64Strict(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return decodeExactly(text, (text.length / 4) * 3 - padding, { lastChunkHandling: "strict" });
}

/** The built-in skips ASCII white space and optional padding; either leaves fewer bytes than the length promises. */
function decodeExactly(
  text: string,
  length: number,
  options: Parameters<typeof Uint8Array.fromBase64>[1],
): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = hasBase64
      ? Uint8Array.fromBase64(text, options)
      : decodeByAtob(text, options?.alphabet === "base64url");
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined; // SyntaxError: a foreign character, stray bits or wrong padding
  }
}
