/**
 * Which signing key is good for what, as a function of the clock: published -> active -> retired -> gone.
 * A key is published for at least as long as verifiers may cache the key set before it signs, one is always published
 * ahead, and a retired key stays for as long as its tokens live. Nothing here reads a clock or draws a key.
 */
import { longestApiToken } from "../core/api-token.ts";
import { maxima } from "../core/policy.ts";
import { after, days, minutes, seconds, type Seconds } from "../core/units.ts";

export interface KeyTimes {
  readonly publishedAt: Seconds;
  readonly activeAt: Seconds;
}

export type KeyState = "published" | "active" | "retired" | "gone";

/** How long verifiers may keep the key set: `Cache-Control: max-age` of the JWKS. */
export const jwksMaxAge = minutes(5);

/** How long a verifier that lost touch may still use its copy; a key signs no earlier after its publication. */
const publishAhead = minutes(60);

/** What the keys of a ring sign: the short tokens of sessions, or API tokens. No key is of both. */
export type KeyPurpose = "access" | "api";

interface Plan {
  /** How long a key signs. */
  readonly period: Seconds;
  /** The longest life of what it signs. */
  readonly life: Seconds;
}

const plans: Readonly<Record<KeyPurpose, Plan>> = {
  access: { period: days(30), life: maxima.access },
  api: { period: days(365), life: longestApiToken },
};

/** Beyond the last `exp` a key stays this long, for clocks that are behind. */
const leeway = seconds(60);

/**
 * The states of one ring's keys at `now`, in the order of their activation. The last key whose time has come is
 * active. Before the first one's time, which only a clock set back can show, the first is: to sign nothing would help
 * nobody.
 */
export function keyStates<K extends KeyTimes>(
  keys: readonly K[],
  now: Seconds,
  purpose: KeyPurpose,
): readonly { key: K; state: KeyState }[] {
  const ordered = keys.toSorted((a, b) => a.activeAt - b.activeAt);
  const active = Math.max(
    ordered.findLastIndex(({ activeAt }) => activeAt <= now),
    0,
  );
  return ordered.map((key, at) => ({ key, state: stateAt(ordered, at, active, plans[purpose], now) }));
}

function stateAt(ordered: readonly KeyTimes[], at: number, active: number, { life }: Plan, now: Seconds): KeyState {
  if (at === active) return "active";
  if (at > active) return "published";
  const retiredAt = ordered[at + 1]!.activeAt;
  return now < after(after(retiredAt, life), leeway) ? "retired" : "gone";
}

/**
 * The times of the keys that must be made now, so that one is active and one is published ahead. A key that is further
 * ahead than a period was made by a clock that was wrong; it does not count, or the rotation would wait for it.
 */
export function missingKeys(keys: readonly KeyTimes[], now: Seconds, purpose: KeyPurpose): readonly KeyTimes[] {
  const { period } = plans[purpose];
  if (keys.length === 0) {
    // The very first key signs at once: nobody can have cached a key set without it.
    return [
      { publishedAt: now, activeAt: now },
      { publishedAt: now, activeAt: after(now, period) },
    ];
  }
  const begun = keys.filter(({ activeAt }) => activeAt <= now);
  // Before the first key's time the clock was set back, and will come forward again.
  const last = begun.toSorted((a, b) => a.activeAt - b.activeAt).at(-1);
  if (last === undefined) return [];
  if (keys.some(({ activeAt }) => activeAt > now && activeAt <= after(now, period))) return [];
  const due = after(last.activeAt, period);
  const soonest = after(now, publishAhead);
  return [{ publishedAt: now, activeAt: due > soonest ? due : soonest }];
}
