/**
 * One attempt at a sign-in, or at what proves as much, under the throttle: let in or sent away before a password is
 * hashed or a signature verified, and settled whatever happens to it. For every use case that guesses could be tried on.
 */
import type { Asker } from "../core/asker.ts";
import type { SubjectId } from "../core/ids.ts";
import { refused, type Refusal } from "../core/result.ts";
import type { AttemptOutcome } from "../core/throttle.ts";
import type { Seconds } from "../core/units.ts";
import type { Circumstances } from "./circumstances.ts";
import type { Clock } from "./ports.ts";
import type { Attempted, Throttle } from "./throttle.ts";

/** What an operator may want to hear of. It names the account only if there is one, and never what was typed. */
export type ThrottleEvent =
  /** A failure after which the password of this account is not looked at for `wait`. */
  | { readonly kind: "lock_out"; readonly subject: SubjectId | undefined; readonly wait: Seconds }
  /** An attempt that was not looked at. */
  | {
      readonly kind: "throttled";
      readonly because: "name" | "network";
      readonly subject: SubjectId | undefined;
      readonly wait: Seconds;
    };

export interface SignInAttemptDeps {
  readonly throttle: Throttle;
  readonly clock: Pick<Clock, "monotonic">;
  /** The network of an address, as failures are counted: the address, or the /64 of an IPv6 address (H-11). */
  readonly networkOf: (address: string) => string;
  readonly onThrottled: (event: ThrottleEvent, from: Circumstances) => void;
}

export interface Tried<T> {
  readonly outcome: AttemptOutcome;
  readonly value: T;
}

/**
 * What `work` says, if it may be tried at all; otherwise refuses with `too_many_attempts`. What is thrown on the way is
 * an outage of ours and no failure of the caller.
 */
export async function attemptSignIn<T>(
  { throttle, clock, networkOf, onThrottled }: SignInAttemptDeps,
  {
    subject,
    name,
    from,
    asker,
  }: Pick<Attempted, "subject" | "name"> & {
    readonly from: Circumstances;
    readonly asker: Asker | undefined;
  },
  work: () => Promise<Tried<T>>,
): Promise<T | Refusal> {
  const attempted = { subject, name, network: networkOf(from.address) };
  let admission = throttle.admit(attempted, clock.monotonic());
  while (admission.kind === "undecided") {
    await admission.change;
    if (asker?.().aborted === true) return refused("temporarily_unavailable");
    admission = throttle.admit(attempted, clock.monotonic());
  }
  if (admission.kind === "busy") return refused("temporarily_unavailable");
  if (admission.kind === "refused") {
    const { because, wait } = admission;
    onThrottled({ kind: "throttled", because, subject, wait }, from);
    return { ...refused("too_many_attempts"), retryAfter: wait };
  }
  let outcome: AttemptOutcome = "void";
  try {
    const tried = await work();
    ({ outcome } = tried);
    return tried.value;
  } finally {
    const wait = admission.settle(outcome, clock.monotonic());
    if (wait !== undefined) onThrottled({ kind: "lock_out", subject, wait }, from);
  }
}
