/**
 * What was refused of late and why, for an operator who is asked "why was I refused?". In memory and bounded, since
 * anybody can cause a refusal; it holds ids and reasons, never what was sent.
 */
import type { RefusalCode } from "../core/refusals.ts";
import { after, hours, type Seconds } from "../core/units.ts";

export interface RecentRefusal {
  readonly at: Seconds;
  readonly requestId: string;
  /** As declared. */
  readonly route: string;
  readonly code: RefusalCode;
  /** What the client was not told. */
  readonly why: string | null;
  readonly session: string | null;
  readonly address: string;
}

export interface RecentRefusals {
  readonly add: (refusal: RecentRefusal) => void;
  /** Newest first; those of one request when it is named. */
  readonly list: (
    of: { readonly requestId: string | undefined; readonly limit: number },
    now: Seconds,
  ) => readonly RecentRefusal[];
}

const kept = { most: 10_000, longest: hours(24) };

export function recentRefusals(): RecentRefusals {
  const ring: RecentRefusal[] = [];
  let next = 0;
  return {
    add: (refusal) => {
      ring[next] = refusal;
      next = (next + 1) % kept.most;
    },
    list: ({ requestId, limit }, now) => {
      const found: RecentRefusal[] = [];
      for (let back = 1; back <= ring.length && found.length < limit; back++) {
        const refusal = ring[(next - back + kept.most) % kept.most]!;
        if (after(refusal.at, kept.longest) <= now) break;
        if (requestId === undefined || refusal.requestId === requestId) found.push(refusal);
      }
      return found;
    },
  };
}
