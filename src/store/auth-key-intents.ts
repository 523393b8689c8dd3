/** Intents on authentication keys and on what was signed with them, in SQL. */
import type { DatabaseSync } from "node:sqlite";

import { fingerprintText, type AuthKeyRecord } from "../core/auth-key.ts";
import { bytesFromId, type SubjectId } from "../core/ids.ts";
import { hours } from "../core/units.ts";
import type { OpenedSigned } from "../engine/auth-key-store.ts";
import type { By, Done, NotDone, Store } from "../engine/ports.ts";
import { openTelling } from "./acting.ts";
import { prepare } from "./bind.ts";
import { openGoodKeys, openOpenedEnd, type GoodKey } from "./good-keys.ts";
import { openManaging, type Managing } from "./managing.ts";
import { openSignIn } from "./opening.ts";
import { manyRows, type Step } from "./step.ts";

type Add = Parameters<Store["addAuthKey"]>[0];
type Rename = Parameters<Store["renameAuthKey"]>[0];
type End = Parameters<Store["endAuthKey"]>[0];
type OpenSigned = Parameters<Store["openSigned"]>[0];
type SweepSignatures = Parameters<Store["sweepSignatures"]>[0];
type OneKey = Done<{ readonly authKey: AuthKeyRecord }>;

/** A clock that was set back by less brings no challenge back to life that is forgotten already. */
const clockMargin = hours(1);

/** Rows of one subject, of all times: what was removed stays known, and nobody needs so many. */
const mostKeysEver = 10_000;

export function authKeyIntents(db: DatabaseSync) {
  const managing = openManaging(db);
  const tell = openTelling(db);
  const signIn = openSignIn(db);
  const { find } = openGoodKeys(db);
  const endOpened = openOpenedEnd(db);

  // A subject's own row of this very key, good or over.
  const own = prepare<{ ended_at: number | null; expires_at: number | null }>(
    db,
    "SELECT ended_at, expires_at FROM auth_key WHERE fingerprint = ? AND subject = ?",
  );
  // Somebody had it and nobody has it now: what was signed with it may be forgotten.
  const orphaned = prepare<{ found: number }>(
    db,
    `SELECT 1 AS found FROM auth_key k WHERE k.fingerprint = ?
       AND NOT EXISTS (SELECT 1 FROM auth_key g WHERE g.fingerprint = k.fingerprint AND g.ended_at IS NULL) LIMIT 1`,
  );
  // Whose time is over is over.
  const endExpired = prepare(
    db,
    "UPDATE auth_key SET ended_at = expires_at WHERE subject = ? AND ended_at IS NULL AND expires_at <= ?",
  );
  const count = prepare<{ keys: number; of_size: number }>(
    db,
    `SELECT count(*) AS keys, coalesce(sum(type = ? AND bits = ?), 0) AS of_size FROM auth_key
     WHERE subject = ? AND ended_at IS NULL`,
  );
  const countEver = prepare<{ keys: number }>(db, "SELECT count(*) AS keys FROM auth_key WHERE subject = ?");
  const insert = prepare(
    db,
    `INSERT INTO auth_key (public_id, subject, name, fingerprint, spki, type, bits, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const rename = prepare(db, "UPDATE auth_key SET name = ? WHERE id = ?");
  const end = prepare(db, "UPDATE auth_key SET ended_at = ? WHERE id = ?");
  const use = prepare(
    db,
    "UPDATE auth_key SET last_used_at = ?, last_used_from = ?, messages = messages + ? WHERE id = ?",
  );

  // Two subjects may have one key: what one of them has used, the other cannot be signed in with.
  const spent = prepare<{ found: number }>(
    db,
    `SELECT 1 AS found FROM auth_key k JOIN spent_signature s ON s.auth_key = k.id AND s.trace = ?
     WHERE k.fingerprint = ? LIMIT 1`,
  );
  const spend = prepare(db, "INSERT INTO spent_signature (auth_key, trace, until) VALUES (?, ?, ?)");

  // The same of whoever's; for the sweep.
  const endPast = prepare(
    db,
    `UPDATE auth_key SET ended_at = expires_at WHERE id IN
       (SELECT id FROM auth_key WHERE ended_at IS NULL AND expires_at <= ? LIMIT ?)`,
  );

  const forgetPast = prepare(
    db,
    `DELETE FROM spent_signature WHERE (auth_key, trace) IN
       (SELECT auth_key, trace FROM spent_signature WHERE until <= ? LIMIT ?)`,
  );

  // Keys that nobody has any more and that were not looked at since; what was signed with them can go.
  const left = prepare<{ id: number }>(
    db,
    `SELECT k.id FROM auth_key k WHERE k.ended_at IS NOT NULL AND k.forgotten = 0
       AND NOT EXISTS (SELECT 1 FROM auth_key g WHERE g.fingerprint = k.fingerprint AND g.ended_at IS NULL) LIMIT ?`,
  );
  const setForgotten = prepare(db, "UPDATE auth_key SET forgotten = 1, spki = x'' WHERE id = ?");
  const forget = prepare(
    db,
    `DELETE FROM spent_signature WHERE auth_key = ?
       AND trace IN (SELECT trace FROM spent_signature WHERE auth_key = ? LIMIT ?)`,
  );

  const demanded = prepare<{ signed_login: string }>(
    db,
    "SELECT o.signed_login FROM subject u JOIN organisation o ON o.id = u.organisation WHERE u.id = ?",
  );
  const takesChallengesOnly = (subject: SubjectId): boolean =>
    demanded.get(bytesFromId(subject))!.signed_login === "challenge";

  /** A good key that is somebody's to change. */
  function reach(by: By, { id, now }: Pick<End, "id" | "now">): (Managing & GoodKey) | NotDone {
    const key = find(bytesFromId(id), now);
    if (key === undefined) return "absent";
    const target = managing(by, key.authKey.subject, "auth-keys:write");
    return typeof target === "string" ? target : { ...target, ...key };
  }

  return {
    addAuthKey: manyRows((intent: Add): OneKey => {
      const { subject, name, key, expiresAt, now } = intent;
      const target = managing(intent.by, subject, "auth-keys:write");
      if (typeof target === "string") return { kind: target };
      const id = bytesFromId(subject);
      const { fingerprint, spki, type, bits } = key;
      endExpired.run(id, now);
      const before = own.get(fingerprint, id);
      if (before !== undefined) return { kind: before.ended_at === null ? "taken" : "wrong-state" };
      // It would be good again for all that was signed with it before.
      if (orphaned.get(fingerprint) !== undefined) return { kind: "wrong-state" };
      const { keys, of_size: ofSize } = count.get(type, bits, id)!;
      if (keys >= intent.cap || (type === "RSA" && ofSize >= intent.ofOneSize)) return { kind: "too-many" };
      if (countEver.get(id)!.keys >= mostKeysEver) return { kind: "too-many" };
      insert.run(bytesFromId(intent.id), id, name, fingerprint, spki, type, bits, now, expiresAt);
      const { actor, found } = target;
      const print = fingerprintText(fingerprint);
      const detail = { auth_key: intent.id, name, fingerprint: print, type, bits, expires_at: expiresAt };
      tell(actor, { at: now, kind: "auth_key_set", organisation: found.organisation, subject, detail });
      return { kind: "done", authKey: find(bytesFromId(intent.id), now)!.authKey };
    }),

    renameAuthKey: manyRows((intent: Rename): OneKey => {
      const target = reach(intent.by, intent);
      if (typeof target === "string") return { kind: target };
      const { actor, found, authKey, row } = target;
      const { name, now } = intent;
      if (name === authKey.name) return { kind: "done", authKey };
      rename.run(name, row);
      const detail = { auth_key: authKey.id, name, before: authKey.name };
      tell(actor, { at: now, kind: "auth_key_changed", organisation: found.organisation, subject: found.id, detail });
      return { kind: "done", authKey: { ...authKey, name } };
    }),

    endAuthKey: manyRows((intent: End): OneKey => {
      const target = reach(intent.by, intent);
      if (typeof target === "string") return { kind: target };
      const { actor, found, authKey, row } = target;
      const { now } = intent;
      end.run(now, row);
      const sessions = endOpened(bytesFromId(found.id), bytesFromId(authKey.id), now);
      const fingerprint = fingerprintText(authKey.fingerprint);
      const detail = { auth_key: authKey.id, name: authKey.name, fingerprint, sessions };
      tell(actor, { at: now, kind: "auth_key_deleted", organisation: found.organisation, subject: found.id, detail });
      return { kind: "done", authKey };
    }),

    openSigned: manyRows(({ open, authKey: id, trace, until, most }: OpenSigned, step: Step): OpenedSigned => {
      const key = find(bytesFromId(id), open.now);
      // Gone by now: what it signed is worth nothing.
      if (key?.authKey.subject !== open.subject) return { kind: "refused" };
      // A challenge whose time ran out on the way is over, and what was signed with it may be forgotten already.
      if (until !== null && until <= open.now) return { kind: "refused" };
      const { authKey, row } = key;
      if (spent.get(trace, authKey.fingerprint) !== undefined) return { kind: "refused" };
      const ownMessages = until === null;
      if (ownMessages && (authKey.messages >= most || takesChallengesOnly(open.subject)))
        return { kind: "challenge-needed" };
      const view = signIn(open, step);
      if (view === undefined) return { kind: "refused" };
      spend.run(row, trace, until);
      use.run(open.now, open.from.address, ownMessages ? 1 : 0, row);
      return { kind: "opened", view };
    }),

    sweepSignatures: manyRows(({ limit, now }: SweepSignatures): number => {
      endPast.run(now, limit);
      let done = forgetPast.run(now - clockMargin, limit);
      for (const { id } of done > 0 ? [] : left.all(limit)) {
        const forgotten = forget.run(id, id, limit - done);
        done += forgotten;
        if (done >= limit) break;
        setForgotten.run(id);
      }
      return done;
    }),
  };
}
