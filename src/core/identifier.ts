/**
 * Which texts may be names: the IdentifierClass of RFC 8264, the Bidi Rule of RFC 5893 section 2, and scripts that belong
 * together (UTS #39 section 5.2). Nearly every name is ASCII, for which one look is enough; the tables for all others take
 * longer to make than a server may take to start, so they are made when the first such name comes.
 */

const ascii = /^[\x21-\x7E]*$/;

/** What user names, atoms of addresses and labels of domains have in common. */
export function isIdentifier(text: string): boolean {
  // Every visible ASCII character is in the class, has no other form, runs left to right, and is Latin or common.
  if (ascii.test(text)) return text !== "";
  const { japanese, identifierClass: ofIdentifiers } = unicode();
  if (text.includes("\u30FB") && !japanese.test(text)) return false;
  return ofIdentifiers.test(text) && text.normalize("NFKC") === text && obeysBidiRule(text) && isReadable(text);
}

/** Whether a word is of one script, begins with no combining mark and piles up at most four. */
export function isReadable(text: string): boolean {
  return isOfOneScript(text) && !/^\p{M}|\p{Mn}{5}/u.test(text);
}

export function isOfOneScript(text: string): boolean {
  return ascii.test(text) || unicode().scriptFamilies.some((family) => family.test(text));
}

/** RFC 5893 section 2, for text of the IdentifierClass; it concerns names with right-to-left characters only. */
function obeysBidiRule(text: string): boolean {
  const { isRightToLeft, europeanDigit, arabicDigit, rightToLeftBody, rightToLeftEnd } = unicode();
  if (!isRightToLeft.test(text)) return true;
  const mixesDigits = europeanDigit.test(text) && arabicDigit.test(text);
  return rightToLeftBody.test(text) && rightToLeftEnd.test(text) && !mixesDigits;
}

type Table =
  | "identifierClass"
  | "japanese"
  | "isRightToLeft"
  | "europeanDigit"
  | "arabicDigit"
  | "rightToLeftBody"
  | "rightToLeftEnd";

type Tables = Readonly<Record<Table, RegExp>> & { readonly scriptFamilies: readonly RegExp[] };

let made: Tables | undefined;

const unicode = (): Tables => (made ??= makeTables());

function makeTables(): Tables {
  return {
    identifierClass: identifierClass(),
    japanese: /[\p{sc=Hira}\p{sc=Kana}\p{sc=Hani}]/u,
    scriptFamilies: scriptFamilies(),
    ...directions(),
  };
}

/**
 * RFC 8264 section 9: ASCII7 (K), LetterDigits (A) and the exceptions (F), without the old jamo (I), the ignorables (M)
 * and what F disallows; then the contextual rules of RFC 5892 appendix A.3 to A.7. Unassigned code points are in no
 * category; those with compatibility equivalents (Q) are found by normalising. Digits (A.8, A.9): the Bidi Rule.
 */
function identifierClass(): RegExp {
  return new RegExp(
    [
      String.raw`^(?:[\x21-\x7E[[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}\u06FD\u06FE\u0F0B\u3007]`,
      String.raw`--[\p{Default_Ignorable_Code_Point}\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF`,
      String.raw`\u0640\u07FA\u302E\u302F\u3031-\u3035\u303B]]]`,
      String.raw`|(?<=l)\u00B7(?=l)|\u0375(?=\p{sc=Grek})|(?<=\p{sc=Hebr})[\u05F3\u05F4]|\u30FB)+$`,
    ].join(""),
    "v",
  );
}

/** Bidi classes R and AL by block, AN and EN by digit; a class that ECMAScript's regular expressions do not know. */
function directions(): Pick<
  Tables,
  "isRightToLeft" | "europeanDigit" | "arabicDigit" | "rightToLeftBody" | "rightToLeftEnd"
> {
  const arabicDigits = String.raw`\u0660-\u0669\u{10D30}-\u{10D39}`;
  const europeanDigits = String.raw`0-9\u06F0-\u06F9`;
  const rightToLeft =
    String.raw`[[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFE\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]` +
    String.raw`--[\p{M}${arabicDigits}${europeanDigits}]]`;
  const asciiNeutral = String.raw`\x21-\x2F\x3A-\x40\x5B-\x60\x7B-\x7E`;
  return {
    arabicDigit: new RegExp(`[${arabicDigits}]`, "v"),
    europeanDigit: new RegExp(`[${europeanDigits}]`, "v"),
    isRightToLeft: new RegExp(`[${rightToLeft}${arabicDigits}]`, "v"),
    rightToLeftBody: new RegExp(
      String.raw`^${rightToLeft}[${rightToLeft}${arabicDigits}${europeanDigits}${asciiNeutral}\p{Mn}]*$`,
      "v",
    ),
    rightToLeftEnd: new RegExp(String.raw`[${rightToLeft}${arabicDigits}${europeanDigits}]\p{Mn}*$`, "v"),
  };
}

/**
 * UTS #39 section 5.2, moderately restrictive: one script, or Latin beside one that is not mistaken for it, or the scripts
 * of East Asia together; the scripts of UAX #31 table 5 by name and all rarer ones as the last family.
 */
function scriptFamilies(): readonly RegExp[] {
  const eastAsian = ["Hani", "Hira", "Kana", "Hang", "Bopo"];
  const alone = ["Grek", "Cyrl", "Armn", "Geor", "Arab", "Hebr", "Thaa"];
  const besideLatin = "Beng Deva Ethi Gujr Guru Knda Khmr Laoo Mlym Mymr Orya Sinh Taml Telu Thai Tibt".split(" ");
  return [
    textOf("Latn", ...eastAsian),
    ...besideLatin.map((script) => textOf("Latn", script)),
    ...alone.map((script) => textOf(script)),
    new RegExp(`^[^${scripts("sc", ["Latn", ...eastAsian, ...besideLatin, ...alone])}]*$`, "v"),
  ];
}

function textOf(...names: string[]): RegExp {
  return new RegExp(String.raw`^[\p{scx=Zyyy}\p{sc=Zinh}${scripts("scx", names)}]*$`, "v");
}

function scripts(property: "sc" | "scx", names: readonly string[]): string {
  return names.map((name) => String.raw`\p{${property}=${name}}`).join("");
}
