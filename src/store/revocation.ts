/**
 * Revocation of everything that a subject, or an organisation, holds: one line drawn, whatever their number. What was
 * born at or below the line is dead; the counter goes on, so that whatever is born from now on is above it.
 */
import type { DatabaseSync } from "node:sqlite";

import type { Seconds } from "../core/units.ts";
import type { Revocation } from "../core/directory.ts";
import { prepare } from "./bind.ts";

export interface Lines {
  readonly ofSubject: (id: Uint8Array, now: Seconds) => Revocation;
  /** Its sessions are not counted: they may be a million, and nobody waits for that. */
  readonly ofOrganisation: (id: Uint8Array) => void;
}

export function openLines(db: DatabaseSync): Lines {
  // What the line ends: the subject's sessions that are not over yet, and until when the last access token of them lives.
  const held = prepare<{ sessions: number; until: number | null }>(
    db,
    `SELECT count(*) AS sessions, max(min(? + s.access_lifetime, s.absolute_end)) AS until
     FROM session s JOIN instance i ON i.id = 1
     JOIN subject u ON u.id = s.subject JOIN organisation o ON o.id = u.organisation JOIN client c ON c.id = s.client
     WHERE s.subject = ? AND s.ended_at IS NULL AND s.expires_at > ? AND s.epoch = i.epoch
       AND s.born > max(u.revoked_upto, o.revoked_upto, c.revoked_upto)`,
  );
  const counter = prepare<{ counter: number }>(db, "SELECT counter FROM instance WHERE id = 1");
  const raise = prepare(db, "UPDATE instance SET counter = counter + 1 WHERE id = 1");
  const drawSubject = prepare(db, "UPDATE subject SET revoked_upto = ? WHERE id = ?");
  // The line is what kills; the rows are marked so that those that are dead do not stay among the living.
  const end = prepare(db, "UPDATE session SET ended_at = ? WHERE subject = ? AND ended_at IS NULL");
  // The same of API tokens; an opaque one is good nowhere but here, and so for nobody after this.
  const heldTokens = prepare<{ tokens: number; until: number | null }>(
    db,
    `SELECT count(*) AS tokens, max(t.signed_until) AS until
     FROM api_token t JOIN instance i ON i.id = 1
     JOIN subject u ON u.id = t.subject JOIN organisation o ON o.id = u.organisation
     WHERE t.subject = ? AND t.ended_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?) AND t.epoch = i.epoch
       AND t.born > max(u.revoked_upto, o.revoked_upto)`,
  );
  const endTokens = prepare(db, "UPDATE api_token SET ended_at = ? WHERE subject = ? AND ended_at IS NULL");
  const drawOrganisation = prepare(db, "UPDATE organisation SET revoked_upto = ? WHERE id = ?");

  const upto = (): number => {
    const { counter: current } = counter.get()!;
    raise.run();
    return current;
  };

  return {
    ofSubject: (id, now) => {
      const { sessions, until } = held.get(now, id, now)!;
      const tokens = heldTokens.get(id, now)!;
      const line = upto();
      drawSubject.run(line, id);
      end.run(now, id);
      endTokens.run(now, id);
      const accessUntil = Math.max(until ?? now, tokens.until ?? now) as Seconds;
      return { upto: line, sessions, apiTokens: tokens.tokens, accessUntil };
    },
    ofOrganisation: (id) => {
      drawOrganisation.run(upto(), id);
    },
  };
}
