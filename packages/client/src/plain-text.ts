/**
 * Texts of a server end on terminals, where an escape sequence moves the cursor, hides a line or types for the user
 * (CWE-150). So an answer's texts lose whatever is not shown as itself, before anybody sees them.
 */

/** Control characters, together with what a terminal would take for their parameters, and those that turn the writing. */
const acts = /(?:\p{Cc}\[|\u009b)[0-?]*[ -/]*[@-~]|\p{Cc}|\p{Bidi_Control}/gu;

export const plainText = (text: string): string => text.replaceAll(acts, "");

/** The same value with plain texts, names of members included. */
export function plainJson(value: unknown): unknown {
  if (typeof value === "string") return plainText(value);
  if (Array.isArray(value)) return value.map(plainJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [plainText(name), plainJson(member)]));
}
