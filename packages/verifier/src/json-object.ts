/**
 * JSON objects as Jeton writes them: the text is, byte for byte, what JSON.stringify makes of the value. So a name that
 * comes twice, a number that no double holds, white space or a second spelling of a letter cannot mean one thing here and
 * another elsewhere (RFC 8725 section 3.7).
 */

export type JsonObject = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Undefined where the bytes are not the one text of an object. */
export function readObject(bytes: Uint8Array): JsonObject | undefined {
  let value: unknown;
  let text: string;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return undefined; // TypeError: not UTF-8; SyntaxError: not JSON
  }
  return isObject(value) && JSON.stringify(value) === text ? value : undefined;
}
