/**
 * How many of something one caller may do in a minute: so many at once, and then as many as time gives back. Time is
 * monotonic, so that setting the clock gives nobody more.
 */
import { minutes, seconds, type Millis, type Seconds } from "./units.ts";

/** What one caller has used up. */
export interface Allowance {
  /** Milliseconds, from `at` on, until all of it is given back. */
  readonly owed: number;
  readonly at: Millis;
}

export type Taken =
  | { readonly kind: "taken"; readonly allowance: Allowance }
  /** `wait`: whole seconds after which there is one again. */
  | { readonly kind: "spent"; readonly wait: Seconds };

/** Takes one of `perMinute`. A refused one costs nothing. */
export function takeOne(before: Allowance | undefined, perMinute: number, at: Millis): Taken {
  const whole = minutes(1) * 1000;
  const owed = (before === undefined ? 0 : Math.max(0, before.owed - (at - before.at))) + whole / perMinute;
  return owed <= whole
    ? { kind: "taken", allowance: { owed, at } }
    : { kind: "spent", wait: seconds(Math.ceil((owed - whole) / 1000)) };
}

/** Whether there is nothing left to remember. */
export const isWhole = ({ owed, at: then }: Allowance, at: Millis): boolean => at - then >= owed;
