/**
 * Intents on sessions, in SQL: open, rotate, end, sweep. Each reads what it decides on and writes what it decided in
 * one transaction of the single writer.
 */
import type { DatabaseSync } from "node:sqlite";

import { mayChange } from "../core/authority.ts";
import { bytesFromId, idFromBytes } from "../core/ids.ts";
import { advanced, decideRotation } from "../core/rotation.ts";
import type { Holder, SessionTurn, SessionView } from "../core/session.ts";
import { unreachable } from "../core/result.ts";
import { after, earlier, type Seconds } from "../core/units.ts";
import type { By, Ended, EndSession, Rotate, Rotated, Store } from "../engine/ports.ts";
import { byThemselves, leakDetail, openActing, openTelling, type Actor } from "./acting.ts";
import { prepare } from "./bind.ts";
import { openSignIn } from "./opening.ts";
import { manyRows, oneRow, type Step } from "./step.ts";
import { openDecisive, openView, type KnownSessions } from "./view.ts";

type Sweep = Parameters<Store["sweepSessions"]>[0];
type Swept = Awaited<ReturnType<Store["sweepSessions"]>>;

export function sessionIntents(db: DatabaseSync, known: KnownSessions) {
  const read = openView(db);
  const readDecisive = openDecisive(db, known);
  const signIn = openSignIn(db);
  const acting = openActing(db);
  const tell = openTelling(db);

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

  /** One's own session, or that of somebody whom one may change. */
  function mayEnd(by: By, holder: Holder): Pick<Actor, "told"> | undefined {
    const actor = acting(by);
    if (actor === undefined) return undefined;
    const { authority, subject } = actor;
    if (subject === holder.subject) return actor;
    return mayChange(authority, holder) === "yes" ? actor : undefined;
  }

  /** On whose account a session ends; undefined: it does not. */
  function whoEnds(of: EndSession["of"], { session, holder }: SessionView): Pick<Actor, "told"> | undefined {
    if ("leak" in of) return byThemselves(null, of.leak.from);
    if (!("client" in of)) return mayEnd(of, holder);
    return session.client === of.client ? byThemselves(holder.subject, of.from) : undefined;
  }

  /** Who presented the token proved nothing: the thief and the owner look alike. */
  function tellOfReuse(
    key: Uint8Array,
    about: { readonly at: Seconds; readonly kind: "refresh_reuse" | "database_went_back" },
    from: Rotate["from"],
  ): void {
    const { session, holder } = read(key)!;
    const { subject, organisation } = holder;
    tell(byThemselves(null, from), { ...about, organisation, subject, session: session.id, client: session.client });
  }

  return {
    openSession: manyRows(signIn),

    rotate: oneRow(({ id, presented, door, from, now }: Rotate, step: Step): Rotated => {
      const found = readDecisive(id);
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
        case "reuse": {
          const key = bytesFromId(id);
          known.turns.drop(id);
          step.together(() => {
            end.run(now, key);
            tellOfReuse(
              key,
              { at: now, kind: decision.kind === "reuse" ? "refresh_reuse" : "database_went_back" },
              from,
            );
          });
          return { kind: decision.kind };
        }
        case "advance": {
          const turn = advanced(row, moment);
          advance.run(turn.seq, turn.rotatedAt, turn.rotatedServed, turn.expiresAt, bytesFromId(id));
          known.turns.keep(id, { ...turn, endedAt: null });
          step.rotated(row.retryWindow);
          return { kind: "advance", turn };
        }
        default:
          return unreachable(decision);
      }
    }),

    endSession: manyRows(({ id, of, now }: EndSession): Ended => {
      const found = read(bytesFromId(id));
      if (found === undefined) return { kind: "absent" };
      const { session, holder } = found;
      const told = whoEnds(of, found);
      if (told === undefined) return { kind: "absent" };
      const accessUntil = (endedAt: Seconds): Seconds =>
        earlier(after(endedAt, session.accessLifetime), session.absoluteEnd);
      if (session.endedAt !== null) return { kind: "already", accessUntil: accessUntil(session.endedAt) };
      end.run(now, bytesFromId(id));
      const { subject, organisation } = holder;
      const detail = "leak" in of ? { leaked: true, ...leakDetail(of.leak) } : {};
      tell(told, {
        at: now,
        kind: "session_ended",
        organisation,
        subject,
        session: id,
        client: session.client,
        detail,
      });
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
