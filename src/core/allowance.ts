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

const whole = minutes(1) * 1000;

/** Milliseconds. A share of a minute is seldom a binary fraction, and what is lost by adding shares up is nobody's fault. */
const rounding = 0.001;

/** Takes one of `perMinute`. A refused one costs nothing. */
export function takeOne(before: Allowance | undefined, perMinute: number, at: Millis): Taken {
  const owed = (before === undefined ? 0 : Math.max(0, before.owed - (at - before.at))) + whole / perMinute;
  return owed <= whole + rounding
    ? { kind: "taken", allowance: { owed, at } }
    : { kind: "spent", wait: inSeconds(owed - whole) };
}

const inSeconds = (span: number): Seconds => seconds(Math.max(1, Math.ceil((span - rounding) / 1000)));

/** Whether there is nothing left to remember. */
export const isWhole = ({ owed, at: then }: Allowance, at: Millis): boolean => at - then >= owed;

/** What is known of a caller's minute after one was taken of it, or refused. */
export interface Quota {
  readonly perMinute: number;
  readonly left: number;
  /** Whole seconds until there is one more. */
  readonly more: Seconds;
  /** There was none to take. */
  readonly isSpent: boolean;
}

export function quotaAfter(taken: Taken, perMinute: number): Quota {
  if (taken.kind === "spent") return { perMinute, left: 0, more: taken.wait, isSpent: true };
  const share = whole / perMinute;
  const { owed } = taken.allowance;
  const left = Math.max(0, Math.floor((whole - owed + rounding) / share));
  return { perMinute, left, more: inSeconds(owed - whole + (left + 1) * share), isSpent: false };
}
