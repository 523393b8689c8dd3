/**
 * How long tokens live and what a refresh does. A session takes its policy at birth and keeps it for life: a door that
 * is configured otherwise later changes new sessions only.
 */
import { days, earlier, hours, minutes, seconds, type Seconds } from "./units.ts";

/** `rotate`: each refresh makes a new refresh token. `stable`: the one refresh token stays, and the session is short. */
export type OnRefresh = "rotate" | "stable";

export interface SessionPolicy {
  /** Life of an access token. */
  readonly access: Seconds;
  /** Life of a refresh token; renewed by each rotation. */
  readonly idle: Seconds;
  /** Life of the session, whatever happens. */
  readonly absolute: Seconds;
  readonly onRefresh: OnRefresh;
  /** For how much served time the refresh token before the current one is still answered, with the current one. 0: never. */
  readonly retryWindow: Seconds;
  /** Live sessions of one subject; one more ends the least used. */
  readonly sessionCap: number;
}

/** No configuration reaches beyond these. */
export const maxima = {
  access: hours(24),
  idle: days(366),
  absolute: days(366),
  /** A refresh token that does not rotate and is not bound to a key: its theft cannot be noticed, so it is short. */
  stableAbsolute: hours(24),
  retryWindow: minutes(10),
  sessionCap: 10_000,
} as const;

const floors = {
  access: seconds(30),
  idle: minutes(1),
  absolute: minutes(1),
  retryWindow: seconds(0),
  sessionCap: 1,
} as const;

export const nativePolicy: SessionPolicy = {
  access: minutes(5),
  idle: days(30),
  absolute: days(90),
  onRefresh: "rotate",
  retryWindow: minutes(1),
  sessionCap: 200,
};

const clamp = (value: Seconds, low: Seconds, high: Seconds): Seconds => (value < low ? low : earlier(value, high));

/**
 * The wish, brought within the maxima. A longer wish is clamped and not refused; `expires_in` tells the truth. The
 * retry window is at most half of an access token's life, so that a repeat still has a useful token to repeat.
 */
export function settlePolicy(wish: SessionPolicy): SessionPolicy {
  const access = clamp(wish.access, floors.access, maxima.access);
  const absolute = clamp(
    wish.absolute,
    floors.absolute,
    wish.onRefresh === "stable" ? maxima.stableAbsolute : maxima.absolute,
  );
  const idle = earlier(clamp(wish.idle, floors.idle, maxima.idle), absolute);
  const longestWindow = earlier(earlier(maxima.retryWindow, seconds(Math.floor(access / 2))), idle);
  return {
    access,
    absolute,
    idle,
    onRefresh: wish.onRefresh,
    retryWindow: clamp(wish.retryWindow, floors.retryWindow, longestWindow),
    sessionCap: Math.min(Math.max(Math.trunc(wish.sessionCap), floors.sessionCap), maxima.sessionCap),
  };
}
