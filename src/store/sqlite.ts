/**
 * The store on SQLite: one file in WAL mode with `synchronous=FULL`, one writer with group commit, reads that never
 * wait for it.
 */
import { DatabaseSync } from "node:sqlite";

import type { Millis, Seconds } from "../core/units.ts";
import type { Chance, Store } from "../engine/ports.ts";
import { prepare } from "./bind.ts";
import { openExecutor, type IntentArguments, type IntentName, type IntentResult } from "./executor.ts";
import { groupCommit } from "./group-commit.ts";
import { migrate } from "./migrate.ts";
import { openReads } from "./reads.ts";

export interface SqliteOptions {
  /** Path of the database, or `:memory:` for a throw-away one. */
  readonly file: string;
  readonly monotonic: () => Millis;
  readonly chance: Chance;
  readonly now: Seconds;
  readonly onFatal: (reason: string) => void;
}

/** How long another process may hold the file, as a backup does, before an intent is answered 503. */
const busyTimeout = 2000;

/** The connection's settings. `trusted_schema` off: a prepared database cannot make us call functions. */
const pragmas = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
`;

function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: busyTimeout, enableForeignKeyConstraints: true });
  db.exec(pragmas);
  return db;
}

/** Draws the instance's first epoch; does nothing on a database that has one. */
function begin(db: DatabaseSync, chance: Chance, now: Seconds): void {
  prepare(
    db,
    "INSERT INTO instance (id, epoch, counter, served, created_at) VALUES (1, ?, 1, 0, ?) ON CONFLICT (id) DO NOTHING",
  ).run(chance(16), now);
}

export function openSqlite({ file, monotonic, chance, now, onFatal }: SqliteOptions): Store {
  const db = openDatabase(file);
  migrate(db);
  begin(db, chance, now);
  const executor = openExecutor(db, monotonic);
  const commits = groupCommit(
    {
      run: executor.run,
      tick: executor.tick,
      close: async () => {
        db.close();
      },
    },
    { monotonic, onFatal },
  );

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
    close: commits.close,
  };
}
