/**
 * The throttle of sign-ins by password: which buckets an attempt counts in, and what became of it. One for all doors.
 * It stops passwords only; sessions, refreshes and access tokens never ask it.
 *
 * What it tells by design, since an account's names share one bucket: whoever fails six times at one name of an account
 * and finds another one shut as well knows that both are of one account.
 *
 * The table is in memory: what a restart forgets is worth as many guesses as are free. What it tells by design: whoever
 * is in a network that a subject uses, and in another one too, can see that a lock-out there does not hold here.
 */
import type { SubjectId } from "../core/ids.ts";
import {
  decideAttempt,
  delayAfter,
  freshName,
  freshNetwork,
  nameIsFresh,
  networkIsFresh,
  nameWorth,
  networkWorth,
  settleName,
  settleNetwork,
  type AttemptOutcome,
  type NameBucket,
  type NetworkBucket,
  type ThrottleRules,
} from "../core/throttle.ts";
import { unreachable } from "../core/result.ts";
import type { Millis, Seconds } from "../core/units.ts";
import { bucketTable } from "./bucket-table.ts";
import { usualNetworks } from "./usual-networks.ts";

/** Whose password is tried, and from where. */
export interface Attempted {
  /** The account, so that its user name and all its addresses share one bucket. */
  readonly subject: SubjectId | undefined;
  /**
   * Stands for the name where there is no account. It is of bounded length and no longer the name, since people type
   * their password there. Undefined: a text that no account can have; it counts for its network only.
   */
  readonly name: string | undefined;
  /** The network of the client, as failures are counted. */
  readonly network: string;
}

export type Admission =
  | {
      readonly kind: "admitted";
      /** Must be called once, whatever happens. The length of the lock-out that it begins, if it begins one. */
      readonly settle: (outcome: AttemptOutcome, at: Millis) => Seconds | undefined;
    }
  | { readonly kind: "refused"; readonly because: "name" | "network"; readonly wait: Seconds }
  /** To be tried again once `change` has come. */
  | { readonly kind: "undecided"; readonly change: Promise<void> }
  /** More are waiting for a decision than may. */
  | { readonly kind: "busy" };

export interface Throttle {
  readonly admit: (attempted: Attempted, at: Millis) => Admission;
}

/** Attempts that may wait for those under way; as many as may wait for a hash, for each of a few names. */
const mostUndecided = 256;

/** Each bucket is some hundred bytes, so a full table is some ten megabytes. */
const mostBuckets = 65_536;

export function throttle(rules: ThrottleRules): Throttle {
  const names = bucketTable<NameBucket>(mostBuckets, (bucket, at) => nameWorth(bucket, at, rules));
  const networks = bucketTable<NetworkBucket>(mostBuckets, (bucket, at) => networkWorth(bucket, at, rules));
  const usual = usualNetworks();
  let undecided: (() => void)[] = [];

  /** All of them are decided anew: which of them the change concerns is not worth knowing. */
  const decideAnew = (): void => {
    const waiting = undecided;
    undecided = [];
    for (const wake of waiting) wake();
  };

  function keyOf({ subject, name, network }: Attempted): string | undefined {
    if (subject === undefined) return name === undefined ? undefined : `name ${name}`;
    return usual.includes(subject, network) ? `subject ${subject} ${network}` : `subject ${subject}`;
  }

  const keepName = (key: string | undefined, bucket: NameBucket, at: Millis): void => {
    if (key === undefined) return;
    if (nameIsFresh(bucket)) names.delete(key);
    else names.set(key, bucket, at);
  };
  const keepNetwork = (key: string, bucket: NetworkBucket, at: Millis): void => {
    if (networkIsFresh(bucket)) networks.delete(key);
    else networks.set(key, bucket, at);
  };

  return {
    admit: (attempted, at) => {
      const { subject, network } = attempted;
      // The same bucket from beginning to end, also where the network becomes a usual one in between.
      const key = keyOf(attempted);
      const nameNow = (): NameBucket => (key === undefined ? undefined : names.get(key)) ?? freshName;
      const networkNow = (): NetworkBucket => networks.get(network) ?? freshNetwork;
      const decision = decideAttempt({ name: nameNow(), network: networkNow() }, at, rules);
      switch (decision.kind) {
        case "refused":
          return decision;
        case "undecided":
          if (undecided.length >= mostUndecided) return { kind: "busy" };
          return { kind: "undecided", change: new Promise((resolve) => undecided.push(resolve)) };
        case "admitted":
          break;
        default:
          return unreachable(decision);
      }
      keepName(key, decision.name, at);
      keepNetwork(network, decision.network, at);
      return {
        kind: "admitted",
        settle: (outcome, end) => {
          const settled = settleName(nameNow(), outcome, end);
          keepName(key, settled, end);
          keepNetwork(network, settleNetwork(networkNow(), outcome, end, rules), end);
          if (outcome === "succeeded" && subject !== undefined) usual.add(subject, network);
          decideAnew();
          const delay = outcome === "failed" && key !== undefined ? delayAfter(settled.failures, rules) : 0;
          return delay === 0 ? undefined : delay;
        },
      };
    },
  };
}
