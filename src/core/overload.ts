/**
 * How much work is refused under overload. What is measured is time first: how late an answer would be says the same on
 * a large machine and on a small one. Work is refused in steps, the least important first, from half of the limit on;
 * a step is taken back only well below the mark where it was taken, and one at a time, so that those who were sent away
 * do not all come back into the next jam.
 */
import type { Millis } from "./units.ts";

export interface OverloadLimits {
  /** How late an answer may be for want of the processor or the disk. */
  readonly delay: Millis;
  /** Requests at work at once. */
  readonly requests: number;
}

/** How much of what the limits allow is used; 1: all of it. */
export const strain = (delay: number, requests: number, limits: OverloadLimits): number =>
  Math.max(delay / limits.delay, requests / limits.requests);

/** So many steps are refused, since then. */
export interface Refusing {
  readonly steps: number;
  readonly since: Millis;
}

const firstMark = 0.5;

/** A step is taken back so far below its mark. */
const slack = 0.25;

/** Between two steps back. */
const rest = 100;

/** The strain from which on step `step` of `all` is refused: the first at half of the limit, the last at all of it. */
const mark = (step: number, all: number): number =>
  all === 1 ? 1 : firstMark + ((1 - firstMark) * (step - 1)) / (all - 1);

/** What is refused at `now`, after what was refused `before`; the same object as long as nothing changes. */
export function refusing(before: Refusing, used: number, all: number, now: Millis): Refusing {
  let { steps } = before;
  while (steps < all && used >= mark(steps + 1, all)) steps += 1;
  if (steps > before.steps) return { steps, since: now };
  let { since } = before;
  while (steps > 0 && used < mark(steps, all) - slack && now - since >= rest) {
    steps -= 1;
    since = (since + rest) as Millis;
  }
  return steps === before.steps ? before : { steps, since };
}
