/**
 * What each subject may change in a minute, at the doors and by signed logins together. Whoever has a token may write in
 * his own name, and each change is a row on the disk and an event in the journal: a loop in a script must not fill either
 * (CWE-770).
 */
import { isWhole, takeOne, type Allowance } from "../core/allowance.ts";
import type { Millis, Seconds } from "../core/units.ts";

/** Looking at all of them takes a millisecond, so it is done when there are so many more than after the last look. */
const sweepEvery = 4096;

/** Takes one; undefined, or the seconds to wait. Only callers who proved who they are have an entry. */
export function allowances(perMinute: number): (caller: string, at: Millis) => Seconds | undefined {
  const spent = new Map<string, Allowance>();
  let sweepAt = sweepEvery;

  function sweep(at: Millis): void {
    for (const [caller, allowance] of spent) if (isWhole(allowance, at)) spent.delete(caller);
    sweepAt = spent.size + sweepEvery;
  }

  return (caller, at) => {
    const taken = takeOne(spent.get(caller), perMinute, at);
    if (taken.kind === "spent") return taken.wait;
    spent.set(caller, taken.allowance);
    if (spent.size >= sweepAt) sweep(at);
    return undefined;
  };
}
