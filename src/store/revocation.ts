/**
 * Revocation of everything that a subject, or an organisation, holds: one line drawn, whatever their number. What was
 * born at or below the line is dead; the counter goes on, so that whatever is born from now on is above it.
 */
import type { DatabaseSync } from "node:sqlite";

import { maxima } from "../core/policy.ts";
import { after, type Seconds } from "../core/units.ts";
import type { Revocation } from "../engine/ports.ts";
import { prepare } from "./bind.ts";

export interface Lines {
  readonly ofSubject: (id: Uint8Array, now: Seconds) => Revocation;
  readonly ofOrganisation: (id: Uint8Array, now: Seconds) => Revocation;
}

export function openLines(db: DatabaseSync): Lines {
  // What the line ends: the subject's sessions that are not over yet, and until when the last access token of them lives.
  const held = prepare<{ sessions: number; until: number | null }>(
    db,
    `SELECT count(*) AS sessions, max(min(? + s.access_lifetime, s.absolute_end)) AS until
     FROM session s JOIN instance i ON i.id = 1
     WHERE s.subject = ? AND s.ended_at IS NULL AND s.absolute_end > ? AND s.epoch = i.epoch
       AND s.born > (SELECT revoked_upto FROM subject WHERE id = s.subject)`,
  );
  const counter = prepare<{ counter: number }>(db, "SELECT counter FROM instance WHERE id = 1");
  const raise = prepare(db, "UPDATE instance SET counter = counter + 1 WHERE id = 1");
  const drawSubject = prepare(db, "UPDATE subject SET revoked_upto = ? WHERE id = ?");
  const drawOrganisation = prepare(db, "UPDATE organisation SET revoked_upto = ? WHERE id = ?");

  const upto = (): number => {
    const { counter: current } = counter.get()!;
    raise.run();
    return current;
  };

  return {
    ofSubject: (id, now) => {
      const { sessions, until } = held.get(now, id, now)!;
      const line = upto();
      drawSubject.run(line, id);
      return { upto: line, sessions, accessUntil: (until ?? now) as Seconds };
    },
    ofOrganisation: (id, now) => {
      const line = upto();
      drawOrganisation.run(line, id);
      // Its sessions are not counted: they may be a million, and nobody waits for that.
      return { upto: line, sessions: 0, accessUntil: after(now, maxima.access) };
    },
  };
}
