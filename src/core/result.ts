/**
 * A refusal is a value: a protocol answer that a caller can cause. A fault is thrown: our bug or a dead disk.
 * So a use case answers `Outcome<T>` and its callers write `if (!outcome.ok) return outcome;`.
 */
import type { RefusalCode } from "./refusals.ts";

/** A refused request: its code in the catalogue, and what the caller may know beyond the catalogue's sentence. */
export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  readonly detail?: string;
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
