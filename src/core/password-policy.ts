/**
 * What a password may be. Length and a list of known passwords, no composition rule (NIST SP 800-63B section 3.1.1.2);
 * prepared by the OpaqueString profile of RFC 8265 section 4.2, so that every keyboard and client makes the same bytes.
 * The limits are checked before anything is normalised or hashed: both would cost an attacker nothing and us a lot.
 */
import { commonPasswords } from "./common-passwords.ts";

const longest = 1024;
const shortest = 12;

// Normalising takes quadratic time on a pile of combining marks; 30 is the limit of UAX #15 section 13.
const pileOfMarks = /\p{M}{31}/u;

/**
 * Why a new password is refused.
 * - `short`, `long`: fewer than 12, more than 1,024 code points
 * - `malformed`: a lone surrogate, a control character or a pile of combining marks; it could not be typed again
 * - `common`: in the list of passwords that are tried first, or one character repeated
 * - `own_name`: the user name or an e-mail address of the account
 */
type PasswordFault = "short" | "long" | "malformed" | "common" | "own_name";

interface PasswordOwner {
  readonly username: string;
  readonly emails?: readonly string[];
}

/**
 * Whether the text could be a password of somebody: 1 to 1,024 code points as typed, Unicode, not a pile of marks.
 * For sign-ins, where old and imported passwords need not satisfy the rules for new ones. Linear and cheap.
 */
export function isPlausiblePassword(text: string): boolean {
  return text !== "" && !isLong(text) && text.isWellFormed() && !pileOfMarks.test(text);
}

/** RFC 8265 section 4.2.2: other spaces become U+0020, then NFC; nothing is trimmed, case is kept. Plausible text only. */
export function normalisePassword(text: string): string {
  return text.replace(/\p{Zs}/gu, " ").normalize("NFC");
}

/** Judges a password that somebody wants to have; `owner` names the account, in any spelling. */
export function checkNewPassword(
  password: string,
  owner: PasswordOwner,
): { readonly ok: true } | { readonly ok: false; readonly reason: PasswordFault } {
  const reason = faultOf(password, owner);
  return reason === undefined ? { ok: true } : { ok: false, reason };
}

function faultOf(password: string, owner: PasswordOwner): PasswordFault | undefined {
  if (isLong(password)) return "long";
  // RFC 7617 section 2 and RFC 8264 section 4.3.1: control characters have no place in a password.
  if (!password.isWellFormed() || pileOfMarks.test(password) || /\p{Cc}/u.test(password)) return "malformed";
  const folded = fold(password);
  const points = Array.from(normalisePassword(password));
  if (points.length < shortest) return "short";
  if (commonPasswords.has(folded) || points.every((point) => point === points[0])) return "common";
  return [owner.username, ...(owner.emails ?? [])].some((name) => fold(name) === folded) ? "own_name" : undefined;
}

function fold(text: string): string {
  return normalisePassword(text).toLowerCase();
}

/** Stops counting at the limit: a code point is at most two units. */
function isLong(text: string): boolean {
  return text.length > 2 * longest || Array.from(text).length > longest;
}
