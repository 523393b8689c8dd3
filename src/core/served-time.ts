/**
 * Served time: seconds during which Jeton could answer. The retry window is counted in it, because a client that lost
 * a reply can only ask again while there is somebody to ask: a crash, a suspended machine, a stalled disk or a stepped
 * clock must not use up the window, and a thief must not be able to wait it out.
 *
 * The counter moves only with a commit that carries it, by the monotonic time since the commit before, and never by
 * more than two seconds at once.
 */
import { seconds, type Millis, type Seconds } from "./units.ts";

const longestStep = 2000;

export interface ServedTime {
  /** Whole milliseconds served, as the last commit left them. */
  readonly served: Millis;
  /** Monotonic clock at that commit. */
  readonly at: Millis;
}

/** The served time that a commit at `monotonic` would write. */
export function serve(last: ServedTime, monotonic: Millis): ServedTime {
  const passed = Math.floor(Math.max(monotonic - last.at, 0));
  return passed > longestStep
    ? { served: (last.served + longestStep) as Millis, at: monotonic }
    : { served: (last.served + passed) as Millis, at: (last.at + passed) as Millis };
}

export const servedSeconds = ({ served }: ServedTime): Seconds => seconds(Math.floor(served / 1000));

/** Whether the process stood still (suspended, stopped) between two beats of its heart, which come once a second. */
export const stoodStill = (lastBeat: Millis, now: Millis): boolean => now - lastBeat > longestStep;

/**
 * Whether a request was received before a standstill that ended at `gapEnd`. Its client may have given up and acted
 * since, so it is answered 503 and not decided.
 */
export const fromBeforeTheGap = (receivedAt: Millis, gapEnd: Millis): boolean => gapEnd - receivedAt > longestStep;

/** How much longer than the retry window the counter is kept moving after the youngest rotation. */
const margin = 5;

/** Whether a rotation at `rotatedServed` may still be asked again, so that time must be counted. */
export const windowIsOpen = (rotatedServed: Seconds, retryWindow: Seconds, served: Seconds): boolean =>
  served - rotatedServed <= retryWindow + margin;
