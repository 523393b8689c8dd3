/**
 * Runs a group of intents in one transaction: one BEGIN IMMEDIATE, one commit, one fsync, whatever their number. It
 * owns the writing connection, keeps the count of served time, and knows nothing of who waits for the answers.
 *
 * The failure rules: a constraint fails its own intent only. A full disk, lack of memory or a busy file ends the whole
 * group, and nothing of it happened. An I/O error at the commit leaves the outcome unknown, and a damaged file is
 * nothing to go on with: both end the process, and the start after it reads what the disk really holds.
 */
import type { DatabaseSync } from "node:sqlite";

import { maxima } from "../core/policy.ts";
import { serve, servedSeconds, windowIsOpen, type ServedTime } from "../core/served-time.ts";
import type { Millis, Seconds } from "../core/units.ts";
import { prepare } from "./bind.ts";
import { apiTokenIntents } from "./api-token-intents.ts";
import { authKeyIntents } from "./auth-key-intents.ts";
import { clientSecretIntents } from "./client-secret-intents.ts";
import { credentialIntents } from "./credential-intents.ts";
import { keyIntents } from "./key-intents.ts";
import { noticeIntents } from "./notice-intents.ts";
import { organisationIntents } from "./organisation-intents.ts";
import { sessionIntents } from "./session-intents.ts";
import { rememberedSessions, type RememberedSessions } from "./remembered-sessions.ts";
import type { Intent, Step } from "./step.ts";
import { subjectIntents } from "./subject-intents.ts";

const intentTable = (db: DatabaseSync, remembered: RememberedSessions) => ({
  ...sessionIntents(db, remembered),
  ...credentialIntents(db),
  ...authKeyIntents(db),
  ...apiTokenIntents(db),
  ...clientSecretIntents(db),
  ...subjectIntents(db),
  ...organisationIntents(db),
  ...keyIntents(db),
  ...noticeIntents(db),
});

export type Intents = ReturnType<typeof intentTable>;
export type IntentName = keyof Intents;
export type IntentArguments<Name extends IntentName> = Parameters<Intents[Name]["run"]>[0];
export type IntentResult<Name extends IntentName> = ReturnType<Intents[Name]["run"]>;

/** An intent on its way to the writer. */
export interface Asked {
  readonly name: IntentName;
  readonly intent: unknown;
}

export type Answered = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly fault: string };

export type GroupOutcome =
  | { readonly kind: "committed"; readonly answers: readonly Answered[] }
  /** Nothing happened, and it may be asked again. */
  | { readonly kind: "unavailable"; readonly reason: string }
  /** A fault of ours; nothing happened. */
  | { readonly kind: "failed"; readonly reason: string }
  /** What happened is unknown, or the file is damaged. */
  | { readonly kind: "fatal"; readonly reason: string };

export interface Executor {
  readonly run: (group: readonly Asked[]) => GroupOutcome;
  /** Counts served time while a rotation may still be asked again; otherwise costs nothing. */
  readonly tick: () => GroupOutcome;
}

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const code = { busy: 5, nomem: 7, ioerr: 10, corrupt: 11, full: 13, constraint: 19, notadb: 26 } as const;

const primaryCode = (fault: unknown): number =>
  fault instanceof Error && "errcode" in fault && typeof fault.errcode === "number" ? fault.errcode & 0xff : 0;

const message = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));

/** What a fault means for the whole group; undefined when it concerns its own intent only. */
function groupFault(fault: unknown, at: "statement" | "commit"): GroupOutcome | undefined {
  const reason = message(fault);
  switch (primaryCode(fault)) {
    case code.corrupt:
    case code.notadb:
      return { kind: "fatal", reason };
    case code.ioerr:
      return { kind: at === "commit" ? "fatal" : "unavailable", reason };
    case code.busy:
    case code.nomem:
    case code.full:
      return { kind: "unavailable", reason };
    default:
      return at === "commit" ? { kind: "fatal", reason } : undefined;
  }
}

export function openExecutor(db: DatabaseSync, monotonic: () => Millis): Executor {
  const remembered = rememberedSessions();
  const intents = intentTable(db, remembered);
  const byName = new Map<string, Intent<never, unknown>>(Object.entries(intents));
  const begin = prepare(db, "BEGIN IMMEDIATE");
  const commit = prepare(db, "COMMIT");
  const savepoint = prepare(db, "SAVEPOINT intent");
  const release = prepare(db, "RELEASE intent");
  const undo = prepare(db, "ROLLBACK TO intent");
  const changes = prepare<{ total: number }>(db, "SELECT total_changes() AS total");
  const writeServed = prepare(db, "UPDATE instance SET served = ? WHERE id = 1");

  const stored = prepare<{ served: number }>(db, "SELECT served FROM instance WHERE id = 1").get();
  if (stored === undefined) throw new Error("the database has no instance row");
  let last: ServedTime = { served: stored.served as Millis, at: monotonic() };
  // Rotations of before the start may still be asked again, for the longest window that there is.
  let youngest = servedSeconds(last);
  let window: Seconds = maxima.retryWindow;

  function runOne(asked: Asked, step: Step): Answered | GroupOutcome {
    const answer = tryOne(asked, step);
    remembered.ran(asked.name);
    return answer;
  }

  function tryOne({ name, intent }: Asked, step: Step): Answered | GroupOutcome {
    const { rows, run } = byName.get(name)!;
    if (rows === "many") savepoint.run();
    try {
      const result = run(intent as never, step);
      if (rows === "many") release.run();
      return { ok: true, result };
    } catch (fault) {
      const ofGroup = groupFault(fault, "statement");
      if (ofGroup !== undefined) return ofGroup;
      if (rows === "many" && db.isTransaction) {
        undo.run();
        release.run();
      }
      return { ok: false, fault: message(fault) };
    }
  }

  const rollback = (): void => {
    // It may have been read from what is undone now, or be undone itself.
    remembered.forget();
    // A full disk has already rolled back by itself.
    if (db.isTransaction) db.exec("ROLLBACK");
  };

  /** One transaction around `work`, which answers a group outcome to give up. */
  function transaction(force: boolean, work: (step: Step) => readonly Answered[] | GroupOutcome): GroupOutcome {
    const next = serve(last, monotonic());
    let rotatedWindow: Seconds | undefined;
    const step: Step = {
      served: servedSeconds(next),
      together: (several) => {
        savepoint.run();
        try {
          several();
        } catch (fault) {
          if (db.isTransaction) {
            undo.run();
            release.run();
          }
          throw fault;
        }
        release.run();
      },
      rotated: (of) => {
        rotatedWindow = rotatedWindow === undefined || of > rotatedWindow ? of : rotatedWindow;
      },
    };
    let at: "statement" | "commit" = "statement";
    try {
      begin.run();
      const before = changes.get()!.total;
      const answers = work(step);
      if (!Array.isArray(answers)) {
        rollback();
        return answers as GroupOutcome;
      }
      const wrote = force || changes.get()!.total !== before;
      if (wrote) writeServed.run(next.served);
      at = "commit";
      commit.run();
      if (wrote) last = next;
      if (rotatedWindow !== undefined) {
        window = step.served - youngest > window || rotatedWindow > window ? rotatedWindow : window;
        youngest = step.served;
      }
      return { kind: "committed", answers };
    } catch (fault) {
      const outcome = groupFault(fault, at) ?? { kind: "failed", reason: message(fault) };
      rollback();
      return outcome;
    }
  }

  return {
    run: (group) =>
      transaction(false, (step) => {
        const answers: Answered[] = [];
        for (const asked of group) {
          const answer = runOne(asked, step);
          if ("kind" in answer) return answer;
          answers.push(answer);
        }
        return answers;
      }),
    tick: () =>
      windowIsOpen(youngest, window, servedSeconds(serve(last, monotonic())))
        ? transaction(true, () => [])
        : { kind: "committed", answers: [] },
  };
}
