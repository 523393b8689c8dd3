/** A new session's row, with the cap that keeps logins from filling the house. Shared by the intents that open one. */
import type { DatabaseSync } from "node:sqlite";

import { bytesFromId } from "../core/ids.ts";
import type { SessionView } from "../core/session.ts";
import { after, earlier } from "../core/units.ts";
import type { OpenSession } from "../engine/ports.ts";
import { byThemselves, openTelling } from "./acting.ts";
import { prepare } from "./bind.ts";
import type { Step } from "./step.ts";
import { openDecisive, openView } from "./view.ts";

export interface Opened {
  readonly view: SessionView;
  /** Sessions that ended because there were too many. */
  readonly capped: number;
}

/** As `openOpening`, and told as a sign-in. */
export function openSignIn(db: DatabaseSync): (intent: OpenSession, step: Step) => SessionView | undefined {
  const open = openOpening(db);
  const tell = openTelling(db);

  return (intent, step) => {
    const opened = open(intent, step);
    if (opened === undefined) return undefined;
    const { view, capped } = opened;
    const { subject, organisation } = view.holder;
    tell(byThemselves(subject, intent.from), {
      at: intent.now,
      kind: "sign_in",
      organisation,
      subject,
      session: intent.id,
      client: intent.client,
      detail: {
        amr: intent.amr,
        // The key or the secret, by its id.
        ...(intent.openedWith === undefined ? {} : { with: intent.openedWith }),
        ...(capped === 0 ? {} : { capped }),
      },
    });
    return view;
  };
}

/** Undefined: what was checked is no longer so (revoked, disabled or restored since), and nothing is left behind. */
export function openOpening(db: DatabaseSync): (intent: OpenSession, step: Step) => Opened | undefined {
  const read = openView(db);
  const readDecisive = openDecisive(db);

  // A new session of a subject for a client, with the first refresh token's number.
  const insert = prepare(
    db,
    `INSERT INTO session (id, subject, client, sign_in, created_at, seq, rotated_at, rotated_served, expires_at, absolute_end,
       ended_at, born, epoch, kid, salt, access_lifetime, idle_lifetime, stable, retry_window, auth_time, amr, opened_with)
     VALUES (?, ?, ?, NULL, ?, 1, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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

  return (intent, step) => {
    const { policy, now } = intent;
    const id = bytesFromId(intent.id);
    const subject = bytesFromId(intent.subject);
    const natural = after(now, policy.absolute);
    const absoluteEnd = intent.endsBy === undefined ? natural : earlier(natural, intent.endsBy);
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
      intent.openedWith === undefined ? null : bytesFromId(intent.openedWith),
    );
    const { alive, revokedUpto, epoch } = readDecisive(intent.id)!;
    if (!alive) {
      remove.run(id);
      return undefined;
    }
    const counted = [subject, now, revokedUpto, epoch] as const;
    const surplus = (countLive.get(...counted)?.live ?? 0) - policy.sessionCap;
    const capped = surplus > 0 ? endLeastUsed.run(now, ...counted, id, surplus) : 0;
    return { view: read(id)!, capped };
  };
}
