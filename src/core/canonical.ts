/**
 * One key per name. Uniqueness, the lock-out bucket and every look-up use the canonical form, so that `Bob`, `bob ` and
 * `ｂｏｂ` are one account and one bucket on every path. User names: RFC 8265 section 3.3 (UsernameCaseMapped) over
 * RFC 8264 sections 4.2, 7, 8 and 9 (IdentifierClass) and the Bidi Rule of RFC 5893 section 2. Organisations: RFC 8266
 * section 2 (Nickname). E-mail addresses: RFC 5321 section 4.1.2, RFC 6531 section 3.3.
 *
 * The tables are those of the runtime's Unicode version. Stricter than the profile, each because of an attack:
 * - scripts that do not belong together are refused (UTS #39 section 5.2): no Cyrillic letter in a Latin `bob`;
 * - joiners (CONTEXTJ) are refused: they are invisible;
 * - `@` belongs to e-mail addresses, or a user could take somebody's address as a name;
 * - `:` ends the name in Basic credentials (RFC 7617 section 2);
 * - a name has a letter or a digit, begins with no combining mark, and piles up at most four (UTS #39 section 5.4).
 */
import { isIdentifier, isOfOneScript, isReadable } from "./identifier.ts";

/** What was typed at a sign-in: a user name never has an `@`, an address always has one, so keys never meet. */
export interface LoginName {
  readonly kind: "username" | "email";
  readonly canonical: string;
}

/**
 * The key of a user name, 1 to 128 code points, or undefined when the text is not a user name. White space around it
 * is not removed here. The key of a key is the key.
 */
export function canonicalUsername(typed: string): string | undefined {
  return stable(typed, toNfc, isUsername, 128);
}

/**
 * The key of an e-mail address, at most 254 octets of UTF-8, or undefined. The local part is a dot-atom; its case is
 * folded although RFC 5321 section 2.4 lets a host tell the cases apart, because hardly one does. The domain has two
 * labels or more (RFC 5321 section 2.3.5) in its own letters: a label with "--" in third place (`xn--`, RFC 5891
 * section 4.2.3.1) would be a second spelling. No quoted local part, comment or address literal. Nothing is trimmed.
 */
export function canonicalEmail(typed: string): string | undefined {
  const address = stable(typed, toNfc, isAddress, 254);
  return address !== undefined && octets(address) <= 254 ? address : undefined;
}

/** The key of a user name or e-mail address as typed at a sign-in; white space around it is a slip of the paste. */
export function canonicalLogin(typed: string): LoginName | undefined {
  const name = typed.trim();
  const email = canonicalEmail(name);
  if (email !== undefined) return { kind: "email", canonical: email };
  const username = canonicalUsername(name);
  return username === undefined ? undefined : { kind: "username", canonical: username };
}

/**
 * The key of an organisation's name, 1 to 64 code points, or undefined. One space or several between words are the
 * same, punctuation and symbols are allowed; controls, invisible characters and words of mixed scripts are not.
 */
export function canonicalOrganisation(typed: string): string | undefined {
  return stable(typed.trim(), toNickname, isOrganisation, 64);
}

/**
 * What a name looks like to a hurried reader: two names with one skeleton are confusable. For comparing a new name with
 * reserved ones (`admin`, `root`), not for uniqueness: it merges innocent names too. It knows the usual stand-ins of
 * the Latin letters (digits, accents, separators, Cyrillic, Greek, Armenian), not the whole table of UTS #39.
 */
export function confusableSkeleton(canonical: string): string {
  const letters = Array.from(
    canonical.normalize("NFKD").toLowerCase(),
    (character) => lookalikes.get(character) ?? character.replace(decoration, ""),
  );
  return letters.join("").replaceAll("rn", "m").replaceAll("vv", "w").replaceAll("cl", "d");
}

/** RFC 8264 section 7: the rules are applied until the text no longer changes, at most three times more. */
function stable(
  typed: string,
  map: (text: string) => string,
  accepts: (text: string) => boolean,
  longest: number,
): string | undefined {
  // Normalising takes quadratic time on a pile of combining marks (UAX #15 section 13), so both are limited first.
  if (typed.length > 1024 || longPile.test(typed)) return undefined;
  let text = typed;
  for (let round = 0; round < 4; round++) {
    const mapped = map(text);
    // Before the case mapping too: it would turn some refused compatibility characters into letters.
    if (!accepts(mapped)) return undefined;
    const next = map(mapped.toLowerCase());
    if (next === text) return Array.from(text).length <= longest ? text : undefined;
    text = next;
  }
  return undefined;
}

/** RFC 8265 section 3.3.2, width mapping, then NFC: canonically equivalent spellings meet the same rules. */
function toNfc(text: string): string {
  return text.replace(wideOrNarrow, (character) => character.normalize("NFKC")).normalize("NFC");
}

/** RFC 8266 section 2.1: NFKC, every space is U+0020, none at the ends, one in between. */
function toNickname(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/\p{Zs}+/gu, " ")
    .trim();
}

function isUsername(text: string): boolean {
  return isIdentifier(text) && letterOrDigit.test(text) && !/[@:]/.test(text);
}

function isAddress(text: string): boolean {
  const at = text.indexOf("@");
  const local = text.slice(0, at);
  const labels = text.slice(at + 1).split(".");
  return (
    at > 0 &&
    octets(local) <= 64 &&
    local.split(".").every((atom) => isIdentifier(atom) && !notInAtom.test(atom)) &&
    isOfOneScript(local) &&
    labels.length > 1 &&
    labels.every(isLabel) &&
    !/^[0-9]+$/.test(labels.at(-1) ?? "")
  );
}

function isLabel(text: string): boolean {
  const hyphenAtEdge = text.startsWith("-") || text.endsWith("-") || text.startsWith("--", 2);
  return inLabel.test(text) && !hyphenAtEdge && text.length <= 63 && isIdentifier(text);
}

function isOrganisation(text: string): boolean {
  return nickname.test(text) && letterOrDigit.test(text) && text.split(" ").every(isReadable);
}

function octets(text: string): number {
  return new TextEncoder().encode(text).length;
}

const longPile = /\p{M}{31}/u;
const letterOrDigit = /[\p{L}\p{Nd}]/u;
const notInAtom = /["(),:;<>@[\\\]]/;
const inLabel = /^[\p{L}\p{M}\p{Nd}-]+$/u;

// Halfwidth jamo (U+FFA0 to U+FFDC) map to characters that are refused; unmapped they are refused as well.
const wideOrNarrow = /[\uFF01-\uFF9F]/g;

/** RFC 8264 section 4.3, FreeformClass, as far as it is printable. */
const nickname =
  /^[[\p{L}\p{M}\p{N}\p{P}\p{S} ]--[\p{Default_Ignorable_Code_Point}\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF]]+$/v;

const decoration = /[\p{M}\p{P}\p{S}\p{Lm}\s]/u;

const lookalikes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: "4@\u0430\u03B1\u0251",
    b: "8\u0432\u03B2\u00DF",
    c: "\u0441\u03C2",
    d: "\u0501\u0111",
    e: "3\u0435\u03B5\u0454",
    g: "9\u0261\u0581",
    h: "\u04BB\u0570\u0127",
    j: "\u0458\u0575",
    k: "\u043A\u03BA",
    l: "i1!|\u0456\u04CF\u03B9\u0131\u0142\u0269\u01C0",
    m: "\u043C",
    n: "\u043F\u0438\u03B7\u0578",
    o: "0\u043E\u03BF\u03C3\u0585\u00F8",
    p: "\u0440\u03C1\u00FE",
    q: "\u051B\u0566",
    r: "\u0433\u044F",
    s: "5$\u0455",
    t: "7\u0442\u03C4\u0167",
    u: "\u03C5\u057D",
    v: "\u0475\u03BD",
    w: "\u051D\u0448\u03C9\u0561",
    x: "\u0445\u03C7",
    y: "\u0443\u03B3",
  }).flatMap(([letter, stand]) => Array.from(stand, (character) => [character, letter] as const)),
);
