/**
 * The store on SQLite: one file in WAL mode with `synchronous=FULL`, one writer with group commit, reads that never
 * wait for it.
 */
import type { DatabaseSync } from "node:sqlite";

import type { Millis, Seconds } from "../core/units.ts";
import type { Chance, Store } from "../engine/ports.ts";
import { prepare } from "./bind.ts";
import { openExecutor, type IntentArguments, type IntentName, type IntentResult } from "./executor.ts";
import { openDatabase } from "./connection.ts";
import { groupCommit, type Writer } from "./group-commit.ts";
import { migrate } from "./migrate.ts";
import { openReads } from "./reads.ts";
import { threadedWriter } from "./threaded-writer.ts";

export interface SqliteOptions {
  /** Path of the database, or `:memory:` for a throw-away one. */
  readonly file: string;
  readonly monotonic: () => Millis;
  readonly chance: Chance;
  readonly now: Seconds;
  readonly onFatal: (reason: string) => void;
  /** `thread`: the writer has one of its own, as a server needs. `here`: for one command, and for tests. */
  readonly writer: "here" | "thread";
}

/** Draws the instance's first epoch; does nothing on a database that has one. */
function begin(db: DatabaseSync, chance: Chance, now: Seconds): void {
  prepare(
    db,
    "INSERT INTO instance (id, epoch, counter, served, created_at) VALUES (1, ?, 1, 0, ?) ON CONFLICT (id) DO NOTHING",
  ).run(chance(16), now);
}

/** The writer on this connection, in this thread. */
function writerHere(db: DatabaseSync, monotonic: () => Millis): Writer {
  const executor = openExecutor(db, monotonic);
  return { run: executor.run, tick: executor.tick, close: () => Promise.resolve() };
}

export function openSqlite({ file, monotonic, chance, now, onFatal, writer: place }: SqliteOptions): Store {
  const db = openDatabase(file);
  migrate(db);
  begin(db, chance, now);
  const writer = place === "thread" ? threadedWriter(file) : writerHere(db, monotonic);
  if (place === "thread") db.exec("PRAGMA query_only = ON");
  const commits = groupCommit(writer, { monotonic, onFatal });

  const ask =
    <Name extends IntentName>(name: Name) =>
    (
      intent: IntentArguments<Name>,
      options?: { readonly signal?: AbortSignal | undefined },
    ): Promise<IntentResult<Name>> =>
      commits.submit({ name, intent }, options?.signal) as Promise<IntentResult<Name>>;

  return {
    ...openReads(db),
    openSession: ask("openSession"),
    rotate: ask("rotate"),
    endSession: ask("endSession"),
    createOrganisation: ask("createOrganisation"),
    createSubject: ask("createSubject"),
    registerClients: ask("registerClients"),
    beginEpoch: ask("beginEpoch"),
    sweepSessions: ask("sweepSessions"),
    addKeys: ask("addKeys"),
    beat: commits.beat,
    close: async () => {
      await commits.close();
      db.close();
    },
  };
}
