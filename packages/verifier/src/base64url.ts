/** Base64url with one spelling per value, by what every runtime has. RFC 4648 sections 3.5 and 5, RFC 7515 section 2. */

const spelled = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/**
 * The bytes of a text, or undefined where it is not their one spelling: padding, white space, a foreign character, an
 * impossible length, unused bits that are not zero. What is keyed by a token's text could be bypassed by a second one.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  // In groups of four, and a last one of two or three: atob takes nothing else without padding.
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return spelled(bytes) === text ? bytes : undefined;
}
