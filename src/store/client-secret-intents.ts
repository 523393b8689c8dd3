/** Intents on client secrets, in SQL. */
import type { DatabaseSync } from "node:sqlite";

import type { ClientSecretRecord } from "../core/client-secret.ts";
import { bytesFromId, type ClientSecretId } from "../core/ids.ts";
import type { SessionView } from "../core/session.ts";
import { days, type Seconds } from "../core/units.ts";
import type { Done, Store } from "../engine/ports.ts";
import { byThemselves, leakDetail, openTelling } from "./acting.ts";
import { prepare } from "./bind.ts";
import { openClientSecrets } from "./client-secret-view.ts";
import { openDirectory } from "./directory.ts";
import { openOpenedEnd } from "./good-keys.ts";
import { openManaging } from "./managing.ts";
import { openSignIn } from "./opening.ts";
import { manyRows, type Step } from "./step.ts";

type Add = Parameters<Store["addClientSecret"]>[0];
type End = Parameters<Store["endClientSecret"]>[0];
type Leaked = Parameters<Store["endLeakedClientSecret"]>[0];
type Open = Parameters<Store["openBySecret"]>[0];
type Sweep = Parameters<Store["sweepClientSecrets"]>[0];

/** One that is over is kept so long, for whoever asks what became of it. */
const remembered = days(30);

export function clientSecretIntents(db: DatabaseSync) {
  const managing = openManaging(db);
  const tell = openTelling(db);
  const directory = openDirectory(db);
  const signIn = openSignIn(db);
  const { find, list } = openClientSecrets(db);
  const endOpened = openOpenedEnd(db);

  const insert = prepare(
    db,
    "INSERT INTO client_secret (id, subject, name, secret, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const end = prepare(db, "UPDATE client_secret SET ended_at = ? WHERE id = ? AND ended_at IS NULL");
  const use = prepare(db, "UPDATE client_secret SET last_used_at = ?, last_used_from = ? WHERE id = ?");

  const sweep = prepare(
    db,
    "DELETE FROM client_secret WHERE id IN (SELECT id FROM client_secret WHERE coalesce(ended_at, expires_at) <= ? LIMIT ?)",
  );

  /** The sessions that it opened end with it; how many those were. */
  function finish({ id, subject }: ClientSecretRecord, now: Seconds): number {
    end.run(now, bytesFromId(id));
    return endOpened(bytesFromId(subject), bytesFromId(id), now);
  }

  const isOver = ({ expiresAt }: ClientSecretRecord, now: Seconds): boolean => expiresAt !== null && expiresAt <= now;

  /** One that is good. */
  function goodOne(id: ClientSecretId, now: Seconds): ClientSecretRecord | undefined {
    const record = find(bytesFromId(id))?.record;
    return record === undefined || isOver(record, now) ? undefined : record;
  }

  return {
    addClientSecret: manyRows((intent: Add): Done<{ readonly secret: ClientSecretRecord }> => {
      const { id, subject, name, secretHash, expiresAt, most, by, now } = intent;
      const target = managing(by, subject, "applications:write");
      if (typeof target === "string") return { kind: target };
      const { actor, found } = target;
      if (found.kind !== "application") return { kind: "wrong-state" };
      if (list(bytesFromId(subject), now).length >= most) return { kind: "too-many" };
      insert.run(bytesFromId(id), bytesFromId(subject), name, secretHash, now, expiresAt);
      const detail = { client_secret: id, name, expires_at: expiresAt };
      tell(actor, { at: now, kind: "client_secret_made", organisation: found.organisation, subject, detail });
      return { kind: "done", secret: find(bytesFromId(id))!.record };
    }),

    endClientSecret: manyRows(({ id, subject, by, now }: End): Done<object> => {
      const target = managing(by, subject, "applications:write");
      if (typeof target === "string") return { kind: target };
      const secret = goodOne(id, now);
      if (secret?.subject !== subject) return { kind: "absent" };
      const sessions = finish(secret, now);
      const { actor, found } = target;
      const detail = { client_secret: id, name: secret.name, sessions };
      tell(actor, { at: now, kind: "client_secret_ended", organisation: found.organisation, subject, detail });
      return { kind: "done" };
    }),

    endLeakedClientSecret: manyRows(({ id, leak, now }: Leaked): boolean => {
      const secret = goodOne(id, now);
      const found = secret && directory.subject(bytesFromId(secret.subject));
      if (secret === undefined || found === undefined) return false;
      const sessions = finish(secret, now);
      const detail = { client_secret: id, name: secret.name, sessions, ...leakDetail(leak) };
      const { organisation, id: subject } = found;
      tell(byThemselves(null, leak.from), { at: now, kind: "client_secret_leaked", organisation, subject, detail });
      return true;
    }),

    openBySecret: manyRows(({ open, secret: id }: Open, step: Step): SessionView | undefined => {
      const secret = goodOne(id, open.now);
      // Ended by now, or another's.
      if (secret?.subject !== open.subject) return undefined;
      const view = signIn(open, step);
      if (view !== undefined) use.run(open.now, open.from.address, bytesFromId(id));
      return view;
    }),

    sweepClientSecrets: manyRows(({ limit, now }: Sweep): number => sweep.run(now - remembered, limit)),
  };
}
