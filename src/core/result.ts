/**
 * A refusal is a value: a protocol answer that a caller can cause. A fault is thrown: our bug or a dead disk.
 * So a use case answers `Outcome<T>` and its callers write `if (!outcome.ok) return outcome;`.
 */
import type { RefusalCode } from "./refusals.ts";
import type { Seconds } from "./units.ts";

/** A refused request: its code in the catalogue, and what the caller may know beyond the catalogue's sentence. */
export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  readonly detail?: string;
  /** After how long the same request may be good (RFC 9110 section 10.2.3). */
  readonly retryAfter?: Seconds;
  /** For the operator alone: the reason that the client is not told, and the session that it is about. */
  readonly why?: string;
  readonly session?: string;
}

export interface Granted<T> {
  readonly ok: true;
  readonly value: T;
}

export type Outcome<T> = Granted<T> | Refusal;

export const granted = <T>(value: T): Granted<T> => ({ ok: true, value });

export const refused = (code: RefusalCode, detail?: string): Refusal =>
  detail === undefined ? { ok: false, code } : { ok: false, code, detail };

/** Ends an exhaustive switch; the compiler proves that nothing reaches it. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable case: ${JSON.stringify(value)}`);
}
