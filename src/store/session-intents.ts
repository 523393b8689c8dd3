/**
 * Intents on sessions, in SQL: open, rotate, end, sweep. Each reads what it decides on and writes what it decided in
 * one transaction of the single writer.
 */
import type { DatabaseSync } from "node:sqlite";

import { bytesFromId, idFromBytes } from "../core/ids.ts";
import { advanced, decideRotation } from "../core/rotation.ts";
import type { SessionTurn, SessionView } from "../core/session.ts";
import { unreachable } from "../core/result.ts";
import { after, earlier, type Seconds } from "../core/units.ts";
import type { Ended, EndSession, OpenSession, Rotate, Rotated, Store } from "../engine/ports.ts";
import { prepare } from "./bind.ts";
import { manyRows, oneRow, type Step } from "./step.ts";
import { openDecisive, openView } from "./view.ts";

type Sweep = Parameters<Store["sweepSessions"]>[0];
type Swept = Awaited<ReturnType<Store["sweepSessions"]>>;

export function sessionIntents(db: DatabaseSync) {
  const read = openView(db);
  const readDecisive = openDecisive(db);

  // A new session of a subject for a client, with the first refresh token's number.
  const insert = prepare(
    db,
    `INSERT INTO session (id, subject, client, sign_in, created_at, seq, rotated_at, rotated_served, expires_at, absolute_end,
       ended_at, born, epoch, kid, salt, access_lifetime, idle_lifetime, stable, retry_window, auth_time, amr)
     VALUES (?, ?, ?, NULL, ?, 1, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );

  const remove = prepare(db, "DELETE FROM session WHERE id = ?");

  // What counts against the cap: a subject's sessions that have not ended, are not expired and were not revoked.
  const live = "subject = ? AND ended_at IS NULL AND expires_at > ? AND born > ? AND epoch = ?";

  const countLive = prepare<{ live: number }>(db, `SELECT count(*) AS live FROM session WHERE ${live}`);

  // Those that the cap ends: never refreshed ones first, oldest first, those of a person's sign-in last; never the one
  // that was just opened.
  const endLeastUsed = prepare(
    db,
    `UPDATE session SET ended_at = ? WHERE id IN (
       SELECT id FROM session WHERE ${live} AND id <> ?
       ORDER BY sign_in IS NOT NULL, seq > 1, rotated_at, id LIMIT ?)`,
  );

  // The next refresh token becomes the good one.
  const advance = prepare(
    db,
    "UPDATE session SET seq = ?, rotated_at = ?, rotated_served = ?, expires_at = ? WHERE id = ?",
  );

  // The session is over; an end once written stays.
  const end = prepare(db, "UPDATE session SET ended_at = ? WHERE id = ? AND ended_at IS NULL");

  // A page of all sessions in the order of their ids, for the sweep.
  const page = prepare<{ id: Uint8Array }>(db, "SELECT id FROM session WHERE id > ? ORDER BY id LIMIT ?");

  // Removes what nothing can refer to any more: over for longer than any access token of it lives.
  const sweep = prepare(
    db,
    `DELETE FROM session WHERE id > ? AND id <= ?
       AND (expires_at + access_lifetime < ? OR (ended_at IS NOT NULL AND ended_at + access_lifetime < ?))`,
  );

  return {
    openSession: manyRows((intent: OpenSession, step: Step): SessionView | undefined => {
      const { policy, now } = intent;
      const id = bytesFromId(intent.id);
      const subject = bytesFromId(intent.subject);
      const absoluteEnd = after(now, policy.absolute);
      const expiresAt = earlier(after(now, policy.idle), absoluteEnd);
      insert.run(
        id,
        subject,
        intent.client,
        now,
        now,
        step.served,
        expiresAt,
        absoluteEnd,
        intent.born,
        intent.epoch,
        intent.kid,
        intent.salt,
        policy.access,
        policy.idle,
        policy.onRefresh === "stable",
        policy.retryWindow,
        intent.authTime,
        intent.amr,
      );
      const { alive, revokedUpto, epoch } = readDecisive(id)!;
      if (!alive) {
        // What was checked with the credential is no longer so: revoked, disabled or restored since.
        remove.run(id);
        return undefined;
      }
      const counted = [subject, now, revokedUpto, epoch] as const;
      const surplus = (countLive.get(...counted)?.live ?? 0) - policy.sessionCap;
      if (surplus > 0) endLeastUsed.run(now, ...counted, id, surplus);
      return read(id);
    }),

    rotate: oneRow(({ id, presented, door, now }: Rotate, step: Step): Rotated => {
      const key = bytesFromId(id);
      const found = readDecisive(key);
      if (found === undefined) return { kind: "unknown" };
      const { row, alive } = found;
      // Another client's door changes nothing: whoever has the token cannot use that to end the session.
      if (found.client !== door) return { kind: "wrong-door" };
      const moment = { now, served: step.served };
      const decision = decideRotation(row, presented, moment, alive);
      switch (decision.kind) {
        case "unknown":
        case "ended":
        case "expired":
          return { kind: decision.kind };
        case "keep":
        case "repeat":
          return { kind: decision.kind, turn: turnOf(row) };
        case "ahead":
        case "reuse":
          end.run(now, key);
          return { kind: decision.kind };
        case "advance": {
          const turn = advanced(row, moment);
          advance.run(turn.seq, turn.rotatedAt, turn.rotatedServed, turn.expiresAt, key);
          step.rotated(row.retryWindow);
          return { kind: "advance", turn };
        }
        default:
          return unreachable(decision);
      }
    }),

    endSession: oneRow(({ id, of, now }: EndSession): Ended => {
      const found = read(bytesFromId(id));
      if (found === undefined) return { kind: "absent" };
      const { session } = found;
      if ("subject" in of ? session.subject !== of.subject : session.client !== of.client) return { kind: "absent" };
      const accessUntil = (endedAt: Seconds): Seconds =>
        earlier(after(endedAt, session.accessLifetime), session.absoluteEnd);
      if (session.endedAt !== null) return { kind: "already", accessUntil: accessUntil(session.endedAt) };
      end.run(now, bytesFromId(id));
      return { kind: "ended", accessUntil: accessUntil(now) };
    }),

    sweepSessions: manyRows(({ after: from, limit, now }: Sweep): Swept => {
      const start = from === undefined ? new Uint8Array(0) : bytesFromId(from);
      const last = page.all(start, limit).at(-1)?.id;
      if (last === undefined) return { removed: 0, last: undefined };
      return { removed: sweep.run(start, last, now, now), last: idFromBytes(last) };
    }),
  };
}

const turnOf = ({ seq, rotatedAt, rotatedServed, expiresAt }: SessionTurn): SessionTurn => ({
  seq,
  rotatedAt,
  rotatedServed,
  expiresAt,
});
