/**
 * JSON without the surprises of JSON.parse: there the last of two equal names wins, 1e400 is Infinity (an `exp` that
 * never comes), nesting has no end and `__proto__` becomes a member. RFC 8259 sections 4 (unique names), 6 (numbers),
 * 8.1 (UTF-8, no byte order mark), 8.2 (no lone surrogates) and 9 (limits); RFC 7493 section 2 (I-JSON); RFC 8725
 * section 3.7. JSON.parse stays the judge of the grammar: a scan of the text before it limits the depth and counts
 * the members, and a walk through the value after it misses one when a name came twice. Nobody compares names.
 */

/**
 * Why a text is refused.
 * - `utf8`: not Unicode: malformed UTF-8, UTF-16, or a lone surrogate, escaped or not
 * - `syntax`: not JSON; a byte order mark and an empty text included
 * - `depth`: more objects and arrays inside each other than allowed
 * - `duplicate`: an object has a member twice, compared after unescaping
 * - `number`: a number that no finite double can hold
 * - `name`: a member is called `__proto__`; a careless copy would take it for the prototype
 */
type JsonFault = "utf8" | "syntax" | "depth" | "duplicate" | "number" | "name";

/** A parsed value, or the reason why not; `at` counts UTF-16 units of the text, where the place is known. */
export type JsonParse =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: JsonFault; readonly at?: number };

interface JsonLimits {
  /** The most objects and arrays inside each other; `[]` is one. */
  readonly depth: number;
}

const usual: JsonLimits = { depth: 32 };

// `ignoreBOM` keeps the mark in the text, where it is a syntax error; without it the decoder drops it silently.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Parses a request body: UTF-8 bytes that hold exactly one JSON value. Never throws; linear time. */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = usual): JsonParse {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return { ok: false, reason: "utf8" };
  }
  return parseUnicode(text, limits);
}

/** Parses text that is a string already (a JWT payload). The same rules. Never throws; linear time. */
export function parseJsonText(text: string, limits: JsonLimits = usual): JsonParse {
  return text.isWellFormed() ? parseUnicode(text, limits) : { ok: false, reason: "utf8" };
}

function parseUnicode(text: string, limits: JsonLimits): JsonParse {
  const outline = scan(text, limits.depth);
  if ("reason" in outline) return { ok: false, ...outline };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: "syntax" };
  }
  const walk: Walk = { members: 0, escapes: outline.escapes };
  const reason = faultOf(value, walk) ?? (walk.members === outline.members ? undefined : "duplicate");
  return reason === undefined ? { ok: true, value } : { ok: false, reason };
}

const maskOfCase = ~0x20; // "{" and "}" are "[" and "]" with this bit set

interface Outline {
  /** Colons outside strings: how many members the objects of the text have, repeated ones included. */
  readonly members: number;
  /** Whether a backslash stands anywhere: without one there is no escaped surrogate to look for. */
  readonly escapes: boolean;
}

/**
 * The shape of a text that may or may not be JSON. It tells strings from the rest and counts; whatever else is wrong
 * is left to JSON.parse, whose stack the depth limit protects.
 */
function scan(text: string, deepest: number): Outline | { reason: JsonFault; at: number } {
  // The next backslash is kept until passed: looking for it again from every string would be quadratic.
  let backslash = indexFrom(text, "\\", 0);
  const escapes = backslash < text.length;
  let depth = 0;
  let members = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) {
      let close = at + 1;
      // Most strings are short: a few steps cost less than a call, a long token is worth one.
      const near = Math.min(close + 24, text.length);
      while (close < near && text.charCodeAt(close) !== 0x22) close++;
      if (close === near) close = indexFrom(text, '"', near);
      if (backslash < close) {
        close = endOfString(text, backslash);
        backslash = indexFrom(text, "\\", close);
      }
      if (close === text.length) return { reason: "syntax", at };
      at = close;
    } else if (unit === 0x3a) {
      members++;
    } else if ((unit & maskOfCase) === 0x5b) {
      if (++depth > deepest) return { reason: "depth", at };
    } else if ((unit & maskOfCase) === 0x5d) {
      depth--;
    }
  }
  return { members, escapes };
}

/** The end of the text when there is none: an integer like every other index, which the engines compile better. */
function indexFrom(text: string, what: string, from: number): number {
  const index = text.indexOf(what, from);
  return index === -1 ? text.length : index;
}

/** The closing quote of a string that has a backslash at `from`, or the end of the text. */
function endOfString(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1;
  return Math.min(at, text.length);
}

interface Walk {
  members: number;
  readonly escapes: boolean;
}

/** What is wrong inside a value that JSON.parse made; counts its members. The scan has limited the recursion. */
function faultOf(value: unknown, walk: Walk): JsonFault | undefined {
  if (typeof value === "string") return walk.escapes && !value.isWellFormed() ? "utf8" : undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "number";
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = faultOf(item, walk);
      if (fault !== undefined) return fault;
    }
  } else if (isObject(value)) {
    for (const name of Object.keys(value)) {
      walk.members++;
      if (name === "__proto__") return "name";
      const fault = faultOf(name, walk) ?? faultOf(value[name], walk);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
