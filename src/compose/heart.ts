/**
 * The heart of the server: a beat four times a second tells how late the event loop is, and whether it stood still;
 * once a second the store's served time goes on and the log is written out. From the same facts comes the answer to
 * whether requests should be sent here. Nothing in here is asked to do work when somebody only wants to know.
 */
import { millis, type Millis } from "../core/units.ts";
import type { Pulse } from "../store/group-commit.ts";

/** Why requests should go elsewhere for now, in the one word that `/readyz` says. */
export type Unready = "starting" | "draining" | "stalled" | "store" | "keys";

export interface HeartDeps {
  readonly monotonic: () => Millis;
  readonly pulse: Pick<Pulse, "wellAt" | "isFailing">;
  readonly beatStore: () => Promise<void>;
  readonly hasSigningKey: () => boolean;
  readonly flush: () => void;
  /** Each beat's lateness; milliseconds. */
  readonly onLag: (late: number, now: Millis) => void;
  /** The event loop, or the whole process, stood still for so long; milliseconds. */
  readonly onStall: (length: number) => void;
  readonly onFault: (fault: unknown) => void;
}

export interface Heart {
  readonly beat: () => void;
  /**
   * How late the event loop is, beat after beat; half as much with each good one. A single hiccup, of the collector or of
   * the machine, is over when it is seen, and no reason to send anybody away.
   */
  readonly lag: () => number;
  readonly unready: () => Unready | undefined;
  readonly opened: () => void;
  readonly draining: () => void;
}

/** Between two beats; milliseconds. */
export const beatEvery = 250;

/** Every so many beats the store beats too: once a second. */
const storeBeat = 4;

/** From here on a delay is a stall: nobody was answered for so long. */
const stall = 2000;

/** For so long after a stall requests had better go elsewhere: what has piled up comes first. */
const recovery = 2000;

/** The store says that it is well once a second; after so long without it, it is not. */
const storeSilence = 5000;

export function openHeart(deps: HeartDeps): Heart {
  const { monotonic, pulse } = deps;
  let phase: "starting" | "draining" | undefined = "starting";
  let last = monotonic();
  let beats = 0;
  let lag = 0;
  let before = 0;
  let stalledAt: number | undefined;

  return {
    beat: () => {
      const now = monotonic();
      const late = Math.max(now - last - beatEvery, 0);
      last = now;
      // What has piled up during a stall does not grow with its length: clients give up.
      lag = Math.max(Math.min(late, before, stall), lag / 2);
      before = late;
      deps.onLag(late, millis(now));
      if (late > stall) {
        stalledAt = now;
        deps.onStall(late);
      }
      beats += 1;
      if (beats % storeBeat !== 0) return;
      deps.beatStore().catch(deps.onFault);
      deps.flush();
    },
    lag: () => lag,
    unready: () => {
      if (phase !== undefined) return phase;
      const now = monotonic();
      // Also when the question comes before the beat that would notice.
      if (now - last - beatEvery > stall) return "stalled";
      if (stalledAt !== undefined && now - stalledAt < recovery) return "stalled";
      if (pulse.isFailing() || now - pulse.wellAt() > storeSilence) return "store";
      return deps.hasSigningKey() ? undefined : "keys";
    },
    opened: () => {
      phase = undefined;
    },
    draining: () => {
      phase = "draining";
    },
  };
}
