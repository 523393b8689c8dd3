/**
 * Refresh-token rotation: what a presented token is worth, without the database.
 * RFC 6749 section 6, RFC 9700 section 4.14.2. A second use after the retry window ends the session, because we cannot
 * tell the thief from the owner.
 */
import type { SessionRow, SessionTurn } from "./session.ts";
import { after, between, earlier, type Moment, type Seconds } from "./units.ts";

export type Rotation =
  /** No such session. */
  | { readonly kind: "unknown" }
  /** The session is over: ended, revoked, of another epoch, or its holder may hold nothing. */
  | { readonly kind: "ended" }
  /** A token that this database has not issued yet, under a good MAC: the database went back in time. */
  | { readonly kind: "ahead" }
  /** The reply to the last rotation was lost, and its client asks again. */
  | { readonly kind: "repeat" }
  /** A rotated token came back too late: somebody has a copy. */
  | { readonly kind: "reuse" }
  | { readonly kind: "expired" }
  /** The session is `stable`: its one refresh token stays. */
  | { readonly kind: "keep" }
  | { readonly kind: "advance" };

/** What of a session decides on a refresh token, and what the next turn is made of. */
export type RotatingRow = SessionTurn &
  Pick<SessionRow, "endedAt" | "absoluteEnd" | "idleLifetime" | "onRefresh" | "retryWindow">;

/**
 * What refresh token number `presented` of `row` is worth at `at`. `alive` is `isAlive` of the same read. The caller
 * has checked the MAC, and carries the answer out in the same atomic step as the read.
 */
export function decideRotation(row: RotatingRow | undefined, presented: number, at: Moment, alive: boolean): Rotation {
  if (row === undefined) return { kind: "unknown" };
  if (row.endedAt !== null || !alive) return { kind: "ended" };
  if (presented > row.seq) return { kind: "ahead" };
  if (presented < row.seq) {
    const lostReply =
      presented === row.seq - 1 && row.retryWindow > 0 && between(row.rotatedServed, at.served) <= row.retryWindow;
    return { kind: lostReply ? "repeat" : "reuse" };
  }
  if (row.expiresAt <= at.now || row.absoluteEnd <= at.now) return { kind: "expired" };
  return { kind: row.onRefresh === "stable" ? "keep" : "advance" };
}

/** What `advance` at `at` writes: the next number, and a new idle end that never passes the absolute one. */
export function advanced(row: RotatingRow, at: Moment): SessionTurn {
  return {
    seq: row.seq + 1,
    rotatedAt: at.now,
    rotatedServed: at.served,
    expiresAt: earlier(after(at.now, row.idleLifetime), row.absoluteEnd),
  };
}

/**
 * When the access token that belongs to `row` was issued. It is the time of the rotation, so that a repeat makes the
 * same bytes; once less than half of its life is left it is made anew.
 */
export function accessIssuedAt(row: SessionRow, now: Seconds): Seconds {
  const age = between(row.rotatedAt, now);
  return age >= 0 && age * 2 <= row.accessLifetime ? row.rotatedAt : now;
}
