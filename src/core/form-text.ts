/**
 * Forms without the surprises of URLSearchParams: there a bad escape stays as it is, bytes that are not UTF-8 become
 * U+FFFD, so that two passwords are one, and whoever asks for a name gets the first of several. What can be read in two
 * ways is refused. URL Standard section 5.1 for the grammar; RFC 6749 section 3.1 for names that come twice.
 */

/**
 * Why a form is refused.
 * - `utf8`: not UTF-8, escaped or not
 * - `escape`: a percent sign without two hexadecimal digits
 * - `duplicate`: a name comes twice, compared after unescaping
 */
type FormFault = "utf8" | "escape" | "duplicate";

export type FormParse =
  | { readonly ok: true; readonly value: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly reason: FormFault };

// `ignoreBOM` keeps the mark, where it makes the first name another one; without it the decoder drops it silently.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const badEscape = /%(?![\da-f]{2})/i;

/** Parses the body of a form: names and texts, as many as came. Never throws; linear time. */
export function parseForm(bytes: Uint8Array): FormParse {
  const text = decoded(() => utf8.decode(bytes));
  if (text === undefined) return { ok: false, reason: "utf8" };
  if (badEscape.test(text)) return { ok: false, reason: "escape" };
  // Without a prototype, so that no name is there before it came.
  const members = Object.create(null) as Record<string, string>;
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = unescaped(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? "" : unescaped(pair.slice(equals + 1));
    if (name === undefined || value === undefined) return { ok: false, reason: "utf8" };
    if (name in members) return { ok: false, reason: "duplicate" };
    members[name] = value;
  }
  return { ok: true, value: members };
}

/** Undefined: the bytes that the escapes stand for are not UTF-8. */
const unescaped = (text: string): string | undefined => decoded(() => decodeURIComponent(text.replaceAll("+", " ")));

function decoded(decode: () => string): string | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
