/** Intents on authentication keys and on what was signed with them, in SQL. */
import type { DatabaseSync } from "node:sqlite";

import { byKey } from "../core/amr.ts";
import { fingerprintText, type AuthKeyRecord } from "../core/auth-key.ts";
import { allows } from "../core/authority.ts";
import { bytesFromId } from "../core/ids.ts";
import type { JournalDetail } from "../core/journal.ts";
import type { SessionView } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import type { Done, NotDone, Store } from "../engine/ports.ts";
import { openActing, openTelling } from "./acting.ts";
import { prepare } from "./bind.ts";
import { openDirectory } from "./directory.ts";
import { openGoodKey, openKeyEnd } from "./good-key.ts";
import { openSignIn } from "./opening.ts";
import { authKeyFromRow } from "./rows.ts";
import { manyRows, type Step } from "./step.ts";

type SetAuthKey = Parameters<Store["setAuthKey"]>[0];
type DeleteAuthKey = Parameters<Store["deleteAuthKey"]>[0];
type OpenSigned = Parameters<Store["openSigned"]>[0];
type SweepSignatures = Parameters<Store["sweepSignatures"]>[0];

/** Tells the journal of something that its subject did to its key. */
type Tell = (at: Seconds, kind: "auth_key_set" | "auth_key_deleted", detail: JournalDetail) => void;

interface KeyState {
  readonly subject: Uint8Array;
  readonly fingerprint: Uint8Array;
  readonly ended_at: number | null;
}

export function authKeyIntents(db: DatabaseSync) {
  const acting = openActing(db);
  const tell = openTelling(db);
  const directory = openDirectory(db);
  const signIn = openSignIn(db);
  const good = openGoodKey(db);
  const endKey = openKeyEnd(db);

  // Whether what was signed with this very key may be forgotten, or will be while the subject has it: the subject had it
  // before, or somebody had it and nobody has it now.
  const once = prepare<{ found: number }>(
    db,
    `SELECT 1 AS found FROM auth_key k WHERE k.fingerprint = ? AND (k.subject = ?
       OR NOT EXISTS (SELECT 1 FROM auth_key g WHERE g.fingerprint = k.fingerprint AND g.ended_at IS NULL)) LIMIT 1`,
  );
  const insert = prepare(
    db,
    "INSERT INTO auth_key (subject, fingerprint, spki, bits, created_at, ended_at) VALUES (?, ?, ?, ?, ?, NULL)",
  );

  // What the key opened: only one is good at a time, so each session that was opened by a signature is of that one. `amr`
  // may name more methods beside it.
  const endSessions = prepare(
    db,
    `UPDATE session SET ended_at = ? WHERE subject = ? AND ended_at IS NULL
       AND instr(' ' || amr || ' ', ' ' || ? || ' ') > 0`,
  );

  const state = prepare<KeyState>(db, "SELECT subject, fingerprint, ended_at FROM auth_key WHERE id = ?");

  // Two subjects may have one key: what one of them has used, the other cannot be signed in with.
  const spent = prepare<{ found: number }>(
    db,
    `SELECT 1 AS found FROM auth_key k JOIN spent_signature s ON s.auth_key = k.id AND s.trace = ?
     WHERE k.fingerprint = ? LIMIT 1`,
  );
  const spend = prepare(db, "INSERT INTO spent_signature (auth_key, trace, until) VALUES (?, ?, ?)");

  const forgetPast = prepare(
    db,
    `DELETE FROM spent_signature WHERE (auth_key, trace) IN
       (SELECT auth_key, trace FROM spent_signature WHERE until <= ? LIMIT ?)`,
  );

  // A key that nobody has any more, of which messages are still known.
  const left = prepare<{ id: number }>(
    db,
    `SELECT k.id FROM auth_key k WHERE k.ended_at IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM auth_key g WHERE g.fingerprint = k.fingerprint AND g.ended_at IS NULL)
       AND EXISTS (SELECT 1 FROM spent_signature s WHERE s.auth_key = k.id) LIMIT 1`,
  );
  const forget = prepare(
    db,
    `DELETE FROM spent_signature WHERE auth_key = ?
       AND trace IN (SELECT trace FROM spent_signature WHERE auth_key = ? LIMIT ?)`,
  );

  /** One's own key and nobody else's: whoever sets a key can sign in as its subject. */
  function find({ by, subject }: Pick<SetAuthKey, "by" | "subject">): Tell | NotDone {
    const actor = acting(by);
    if (actor === undefined) return "stale";
    if (actor.subject !== subject || !allows(actor.authority, "me:write")) return "forbidden";
    const { organisation } = directory.subject(bytesFromId(subject))!;
    return (at, kind, detail) => tell(actor, { at, kind, organisation, subject, detail });
  }

  return {
    setAuthKey: manyRows((intent: SetAuthKey): Done<{ readonly authKey: AuthKeyRecord }> => {
      const told = find(intent);
      if (typeof told === "string") return { kind: told };
      const { subject, key, now } = intent;
      const id = bytesFromId(subject);
      const { fingerprint, spki, bits } = key;
      const before = good(id);
      // Done twice is done.
      if (before !== undefined && Buffer.compare(before.fingerprint, fingerprint) === 0)
        return { kind: "done", authKey: authKeyFromRow(before) };
      // It would be good again for all that was signed with it before.
      if (once.get(fingerprint, id) !== undefined) return { kind: "wrong-state" };
      endKey(id, now);
      const sessions = endSessions.run(now, id, byKey);
      insert.run(id, fingerprint, spki, bits, now);
      told(now, "auth_key_set", { fingerprint: fingerprintText(fingerprint), bits, sessions });
      return { kind: "done", authKey: { fingerprint, bits, createdAt: now } };
    }),

    deleteAuthKey: manyRows((intent: DeleteAuthKey): Done<object> => {
      const told = find(intent);
      if (typeof told === "string") return { kind: told };
      const { subject, now } = intent;
      const id = bytesFromId(subject);
      const before = good(id);
      if (before === undefined) return { kind: "absent" };
      endKey(id, now);
      const sessions = endSessions.run(now, id, byKey);
      told(now, "auth_key_deleted", { fingerprint: fingerprintText(before.fingerprint), sessions });
      return { kind: "done" };
    }),

    openSigned: manyRows(({ open, authKey, trace, until }: OpenSigned, step: Step): SessionView | undefined => {
      const key = state.get(authKey);
      // Another key by now, or none: what it signed is worth nothing.
      if (key?.ended_at !== null || Buffer.compare(key.subject, bytesFromId(open.subject)) !== 0) return undefined;
      if (spent.get(trace, key.fingerprint) !== undefined) return undefined;
      const view = signIn(open, step);
      if (view !== undefined) spend.run(authKey, trace, until);
      return view;
    }),

    sweepSignatures: manyRows(({ limit, now }: SweepSignatures): number => {
      const past = forgetPast.run(now, limit);
      if (past > 0) return past;
      const key = left.get();
      return key === undefined ? 0 : forget.run(key.id, key.id, limit);
    }),
  };
}
