/**
 * When a sign-in by password has to wait: what failures cost a name, and what they cost the network they came from.
 * OWASP ASVS 6.3.1, NIST SP 800-63B section 5.2.2, CWE-307. A delay that grows and ends, and never a lock that somebody has
 * to open, so that a stranger cannot keep the owner out (L-05). Time is monotonic: setting the clock frees nobody.
 *
 * An attempt counts as a failure from the moment it is let in, and is taken back if it was none. Otherwise two hundred
 * that are under way together would all pass, since none of them has failed yet. Whoever would have to wait only because
 * of attempts under way is told nothing yet: eight jobs that sign in together, all with the right password, all get in.
 */
import { days, millis, minutes, seconds, type Millis, type Seconds } from "./units.ts";

export interface ThrottleRules {
  /** Failures of one name that cost nothing. The next costs a second, and each after it twice as much. */
  readonly free: number;
  /** The longest that a name has to wait. */
  readonly longest: Seconds;
  /** Failures of one network that cost nothing, over all names. */
  readonly networkBurst: number;
  /** How long until a network is forgiven one of them. */
  readonly networkRefill: Seconds;
}

export const throttleDefaults: ThrottleRules = {
  free: 5,
  longest: minutes(15),
  networkBurst: 100,
  networkRefill: seconds(6),
};

/**
 * After so long without a failure, those of a name are forgotten. Far longer than any delay: otherwise whoever paces
 * himself would get more guesses than whoever does not. With the defaults it is about a hundred guesses a day.
 */
export const quietTime = days(1);

/** What is known of one name, or of one name in one network. */
export interface NameBucket {
  readonly failures: number;
  /** When the last of them was found to be one. */
  readonly failedAt: Millis;
  /** Attempts under way. */
  readonly pending: number;
  /** When the last of them was let in. */
  readonly admittedAt: Millis;
}

/** What is known of one network. */
export interface NetworkBucket {
  /** Milliseconds, from `at` on, until all of its failures are forgiven. */
  readonly owed: number;
  readonly at: Millis;
  readonly pending: number;
}

export type ThrottleDecision =
  | { readonly kind: "admitted"; readonly name: NameBucket; readonly network: NetworkBucket }
  /** What others are trying just now decides: to be asked again when one of them is done. */
  | { readonly kind: "undecided" }
  /** `wait`: whole seconds after which it may be tried again. */
  | { readonly kind: "refused"; readonly because: "name" | "network"; readonly wait: Seconds };

export const freshName: NameBucket = { failures: 0, failedAt: millis(0), pending: 0, admittedAt: millis(0) };
export const freshNetwork: NetworkBucket = { owed: 0, at: millis(0), pending: 0 };

const inMillis = (span: Seconds): number => span * 1000;

/** What the failure number `failures` costs. */
export function delayAfter(failures: number, { free, longest }: Pick<ThrottleRules, "free" | "longest">): Seconds {
  if (failures <= free) return seconds(0);
  // Beyond 2^30 the doubling is over for any length of time that can be set.
  return seconds(Math.min(longest, 2 ** Math.min(failures - free - 1, 30)));
}

const remembered = ({ failures, failedAt }: NameBucket, at: Millis): number =>
  at - failedAt >= inMillis(quietTime) ? 0 : failures;

/** Milliseconds for which the name is still in lock-out; 0: it is not. */
function lockedFor(bucket: NameBucket, at: Millis, rules: ThrottleRules): number {
  const since = bucket.pending > 0 ? Math.max(bucket.failedAt, bucket.admittedAt) : bucket.failedAt;
  const delay = delayAfter(remembered(bucket, at) + bucket.pending, rules);
  return Math.max(0, since + inMillis(delay) - at);
}

const stillOwed = ({ owed, at: then }: NetworkBucket, at: Millis): number => Math.max(0, owed - (at - then));

/** Milliseconds until the network may fail once more; 0: it may now. */
function spentFor(bucket: NetworkBucket, at: Millis, { networkBurst, networkRefill }: ThrottleRules): number {
  const others = bucket.pending + 1 - networkBurst;
  return Math.max(0, stillOwed(bucket, at) + others * inMillis(networkRefill));
}

const wholeSeconds = (span: number): Seconds => seconds(Math.ceil(span / 1000));

/** Whether an attempt may be made now, and what both buckets are if it is. A refused one changes nothing. */
export function decideAttempt(
  { name, network }: { readonly name: NameBucket; readonly network: NetworkBucket },
  at: Millis,
  rules: ThrottleRules,
): ThrottleDecision {
  const locked = lockedFor(name, at, rules);
  const spent = spentFor(network, at, rules);
  if (locked > 0 || spent > 0) {
    const settled = { name: { ...name, pending: 0 }, network: { ...network, pending: 0 } };
    const isCertain = lockedFor(settled.name, at, rules) > 0 || spentFor(settled.network, at, rules) > 0;
    if (!isCertain) return { kind: "undecided" };
    return { kind: "refused", because: locked > 0 ? "name" : "network", wait: wholeSeconds(Math.max(locked, spent)) };
  }
  return {
    kind: "admitted",
    name: { ...name, pending: name.pending + 1, admittedAt: at },
    network: { ...network, pending: network.pending + 1 },
  };
}

/**
 * What an attempt that was let in came to.
 * - `succeeded`: the password is right and may be used
 * - `failed`: everything that is answered as wrong credentials
 * - `void`: nothing was tried, or nothing came of it for a reason that is ours
 */
export type AttemptOutcome = "succeeded" | "failed" | "void";

export function settleName(bucket: NameBucket, outcome: AttemptOutcome, at: Millis): NameBucket {
  const pending = Math.max(0, bucket.pending - 1);
  switch (outcome) {
    case "succeeded":
      return { ...bucket, failures: 0, pending };
    case "failed":
      return { ...bucket, failures: remembered(bucket, at) + 1, failedAt: at, pending };
    case "void":
      return { ...bucket, pending };
  }
}

/** A success takes its own attempt back and no more: who has an account here could buy himself guesses with it (L-08). */
export function settleNetwork(
  bucket: NetworkBucket,
  outcome: AttemptOutcome,
  at: Millis,
  { networkRefill }: ThrottleRules,
): NetworkBucket {
  const owed = stillOwed(bucket, at) + (outcome === "failed" ? inMillis(networkRefill) : 0);
  return { owed, at, pending: Math.max(0, bucket.pending - 1) };
}

export const nameIsFresh = ({ failures, pending }: NameBucket): boolean => failures + pending === 0;
export const networkIsFresh = ({ owed, pending }: NetworkBucket): boolean => owed + pending === 0;

/** Above what any bucket is worth that is not in lock-out. */
export const lockedWorth = 1e9;

/** Above what any bucket is worth that nobody is waiting on. */
const pendingWorth = 1e18;

/**
 * How much is lost if a bucket is forgotten to make room: the more of its failures have faded, the less. Lock-outs are
 * worth more than everything else, the longest most. For the table, which keeps what is worth most.
 */
export function nameWorth(bucket: NameBucket, at: Millis, rules: ThrottleRules): number {
  if (bucket.pending > 0) return pendingWorth;
  const locked = lockedFor(bucket, at, rules);
  if (locked > 0) return lockedWorth + locked;
  return remembered(bucket, at) * (1 - Math.min(1, (at - bucket.failedAt) / inMillis(quietTime)));
}

export function networkWorth(bucket: NetworkBucket, at: Millis, rules: ThrottleRules): number {
  if (bucket.pending > 0) return pendingWorth;
  const spent = spentFor(bucket, at, rules);
  return spent > 0 ? lockedWorth + spent : stillOwed(bucket, at) / inMillis(rules.networkRefill);
}
