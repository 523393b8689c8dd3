/**
 * What each caller may do in a minute. A loop in a script must not fill the disk with rows and events, nor keep the
 * server from everybody else (CWE-770).
 */
import { isWhole, quotaAfter, takeOne, type Allowance, type Quota, type Taken } from "../core/allowance.ts";
import type { ApiTokenRow } from "../core/api-token.ts";
import type { Millis, Seconds } from "../core/units.ts";

/** Looking at all of them takes a millisecond, so it is done when there are so many more than after the last look. */
const sweepEvery = 4096;

/** What callers have used up, each remembered until all of it is given back. Only who proved who they are have an entry. */
function ledger(): (caller: string, perMinute: number, at: Millis) => Taken {
  const spent = new Map<string, Allowance>();
  let sweepAt = sweepEvery;

  function sweep(at: Millis): void {
    for (const [caller, allowance] of spent) if (isWhole(allowance, at)) spent.delete(caller);
    sweepAt = spent.size + sweepEvery;
  }

  return (caller, perMinute, at) => {
    const taken = takeOne(spent.get(caller), perMinute, at);
    if (taken.kind === "spent") return taken;
    spent.set(caller, taken.allowance);
    if (spent.size >= sweepAt) sweep(at);
    return taken;
  };
}

/**
 * Changes of a subject, at the doors and by signed logins together. Takes one; undefined, or the seconds to wait.
 */
export function allowances(perMinute: number): (caller: string, at: Millis) => Seconds | undefined {
  const take = ledger();
  return (caller, at) => {
    const taken = take(caller, perMinute, at);
    return taken.kind === "spent" ? taken.wait : undefined;
  };
}

/**
 * Requests with an API token, by the token's id, so that it has one count however and wherever it is shown. Takes one of
 * `most` a minute, or of as many as the token has of its own where those are fewer: the operator may have set less since.
 */
export function requestQuotas(
  most: number,
): (token: Pick<ApiTokenRow, "id" | "requestsPerMinute">, at: Millis) => Quota {
  const take = ledger();
  return ({ id, requestsPerMinute }, at) => {
    const perMinute = Math.min(requestsPerMinute ?? most, most);
    return quotaAfter(take(id, perMinute, at), perMinute);
  };
}
