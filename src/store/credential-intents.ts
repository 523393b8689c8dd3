/** Intents that change what a subject's credentials are worth, in SQL: revocation of all tokens, and passwords. */
import type { DatabaseSync } from "node:sqlite";

import { allows, mayChange, mayManage } from "../core/authority.ts";
import { bytesFromId, type OrganisationId } from "../core/ids.ts";
import type { SessionView } from "../core/session.ts";
import type { Revocation } from "../core/directory.ts";
import type { Done, OpenSession, SetPassword, Store } from "../engine/ports.ts";
import { byThemselves, openActing, openTelling } from "./acting.ts";
import { prepare } from "./bind.ts";
import { openDirectory } from "./directory.ts";
import { openKeysEnd } from "./good-keys.ts";
import { openOpening } from "./opening.ts";
import { openLines } from "./revocation.ts";
import { manyRows, oneRow, type Step } from "./step.ts";

type RevokeTokens = Parameters<Store["revokeTokens"]>[0];
type Note = Parameters<Store["note"]>[0];
type Rehash = Parameters<Store["rehashPassword"]>[0];
type RevokedTokens = Done<{ readonly revocation: Revocation; readonly opened: SessionView | undefined }>;

type ChangedPassword = Awaited<ReturnType<Store["setPassword"]>>;

export function credentialIntents(db: DatabaseSync) {
  const acting = openActing(db);
  const tell = openTelling(db);
  const directory = openDirectory(db);
  const lines = openLines(db);
  const open = openOpening(db);
  const endKeys = openKeysEnd(db);

  // What a password is decided on, and whether its subject may hold anything at all.
  const password = prepare<{ password: string | null; revoked_upto: number; may: number }>(
    db,
    `SELECT u.password, max(u.revoked_upto, o.revoked_upto) AS revoked_upto, u.status = 'active' AND o.status = 'active' AS may
     FROM subject u JOIN organisation o ON o.id = u.organisation WHERE u.id = ?`,
  );
  const setPassword = prepare(db, "UPDATE subject SET password = ? WHERE id = ?");

  // The same password by another hash, unless somebody changed it meanwhile; nothing is revoked by that.
  const replaceHash = prepare(db, "UPDATE subject SET password = ? WHERE id = ? AND password = ?");
  const instance = prepare<{ counter: number; epoch: Uint8Array }>(
    db,
    "SELECT counter, epoch FROM instance WHERE id = 1",
  );

  /** A session that is born above the line that was drawn in this step. */
  const openAbove = (intent: OpenSession | undefined, step: Step): SessionView | undefined => {
    if (intent === undefined) return undefined;
    const { counter, epoch } = instance.get()!;
    return open({ ...intent, born: counter, epoch }, step)?.view;
  };

  return {
    revokeTokens: manyRows(({ subject, open: wish, by, now }: RevokeTokens, step: Step): RevokedTokens => {
      const actor = acting(by);
      if (actor === undefined) return { kind: "stale" };
      const { authority } = actor;
      const key = bytesFromId(subject);
      const found = directory.subject(key);
      if (found === undefined) return { kind: "absent" };
      // It ends API tokens too, which not every token may.
      if (actor.apiToken !== undefined && !allows(authority, "api-tokens:write")) return { kind: "forbidden" };
      const may = mayManage(actor, found, "write") ? "yes" : mayChange(authority, found);
      // Who changes nobody is not told either that there is somebody.
      if (may !== "yes") return { kind: may === "above" ? "forbidden" : "absent" };
      const revocation = lines.ofSubject(key, now);
      const opened = openAbove(wish, step);
      const detail = {
        sessions: revocation.sessions,
        api_tokens: revocation.apiTokens,
        upto: revocation.upto,
        kept_current: opened !== undefined,
      };
      tell(actor, { at: now, kind: "tokens_revoked", organisation: found.organisation, subject, detail });
      return { kind: "done", revocation, opened };
    }),

    setPassword: manyRows((intent: SetPassword, step: Step): ChangedPassword => {
      const { id, from, upto, to, by, now } = intent;
      const actor = by.kind === "session" ? acting(by) : byThemselves(id, by.from);
      if (actor === undefined) return { kind: "stale" };
      // A session changes the password of its own subject and of nobody else.
      if ("subject" in actor && actor.subject !== id) return { kind: "forbidden" };
      const key = bytesFromId(id);
      const row = password.get(key);
      // Changed, revoked, locked or deleted since it was decided on: what was proved then proves nothing now.
      if (row?.may !== 1 || row.password !== from || row.revoked_upto !== upto) return { kind: "wrong-state" };
      setPassword.run(to, key);
      const revocation = lines.ofSubject(key, now);
      const opened = openAbove(intent.open, step);
      // Whoever had the old password may have added keys.
      const keys = endKeys(key, now);
      tell(actor, {
        at: now,
        kind: by.kind === "session" ? "password_changed" : "password_reset",
        organisation: directory.subject(key)!.organisation,
        subject: id,
        detail: { sessions: revocation.sessions, api_tokens: revocation.apiTokens, upto: revocation.upto, ...keys },
        ...(intent.open === undefined ? {} : { session: intent.open.id }),
      });
      return { kind: "done", opened, revocation };
    }),

    rehashPassword: oneRow(
      ({ subject, from, to }: Rehash): boolean => replaceHash.run(to, bytesFromId(subject), from) === 1,
    ),

    note: manyRows(({ kind, subject, from, now }: Note): void => {
      const organisation: OrganisationId | null =
        subject === null ? null : (directory.subject(bytesFromId(subject))?.organisation ?? null);
      tell(byThemselves(null, from), { at: now, kind, organisation, subject });
    }),
  };
}
