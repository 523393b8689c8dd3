/**
 * Time with its unit in the type. Protocol, database and rotation count in seconds; timers and metrics in
 * milliseconds. The two do not mix: a lifetime that is off by a thousand is a security hole that no test notices.
 */

declare const unit: unique symbol;

/** Whole seconds: an instant since 1970-01-01 UTC (RFC 7519 NumericDate) or a length of time. */
export type Seconds = number & { readonly [unit]: "seconds" };

/** Milliseconds, for timers, deadlines and measurements only. */
export type Millis = number & { readonly [unit]: "milliseconds" };

/** Both clocks, read once per use case: wall time for `iat` and `exp`, served time for the retry window. */
export interface Moment {
  readonly now: Seconds;
  readonly served: Seconds;
}

export function seconds(value: number): Seconds {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a whole number of seconds: ${value}`);
  return value as Seconds;
}

export function millis(value: number): Millis {
  if (!Number.isFinite(value)) throw new RangeError(`not a number of milliseconds: ${value}`);
  return value as Millis;
}

export const minutes = (value: number): Seconds => seconds(value * 60);
export const hours = (value: number): Seconds => seconds(value * 3600);
export const days = (value: number): Seconds => seconds(value * 86_400);

/** The instant `span` after `start`. */
export const after = (start: Seconds, span: Seconds): Seconds => (start + span) as Seconds;

/** The time from `start` to `end`; negative when `end` comes first. */
export const between = (start: Seconds, end: Seconds): Seconds => (end - start) as Seconds;

export const later = (a: Seconds, b: Seconds): Seconds => (a > b ? a : b);
export const earlier = (a: Seconds, b: Seconds): Seconds => (a < b ? a : b);

export const secondsFromMillis = (value: Millis): Seconds => Math.floor(value / 1000) as Seconds;
