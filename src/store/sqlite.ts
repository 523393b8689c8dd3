/**
 * The store on SQLite: one file in WAL mode with `synchronous=FULL`, one writer with group commit, reads that never
 * wait for it.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Worker } from "node:worker_threads";

import type { Millis, Seconds } from "../core/units.ts";
import type { AskerOptions, Chance, Store } from "../engine/ports.ts";
import { prepare } from "./bind.ts";
import { openExecutor, type IntentArguments, type IntentName, type IntentResult } from "./executor.ts";
import { asDamaged, openDatabase } from "./connection.ts";
import { groupCommit, type GroupReport, type Pulse, type Writer } from "./group-commit.ts";
import { migrate } from "./migrate.ts";
import { openReads } from "./reads.ts";
import { leavesStanding, rememberedHolders } from "./standing.ts";
import { threadedWriter, writerThread } from "./threaded-writer.ts";

export interface SqliteOptions {
  /** Path of the database, or `:memory:` for a throw-away one. */
  readonly file: string;
  /** There was an instance before, so a file without one is not made into a new one. */
  readonly mustBeOurs?: boolean;
  readonly monotonic: () => Millis;
  readonly chance: Chance;
  readonly now: Seconds;
  readonly onFatal: (reason: string) => void;
  /** Told of each commit group. */
  readonly onGroup?: (report: GroupReport) => void;
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

/** A thread that has nothing to do must not keep the process alive. */
function beginWith<T>(thread: Worker | undefined, work: () => T): T {
  try {
    return work();
  } catch (fault) {
    void thread?.terminate();
    throw fault;
  }
}

export interface SqliteStore extends Store {
  readonly pulse: Pulse;
}

export function openSqlite({
  file,
  mustBeOurs = false,
  monotonic,
  chance,
  now,
  onFatal,
  onGroup,
  writer: place,
}: SqliteOptions): SqliteStore {
  const thread = place === "thread" ? writerThread() : undefined;
  const db = beginWith(thread, () => {
    const opened = openDatabase(file);
    migrate(opened, undefined, mustBeOurs);
    begin(opened, chance, now);
    return opened;
  });
  const writer = thread === undefined ? writerHere(db, monotonic) : threadedWriter(thread, file);
  if (thread !== undefined) db.exec("PRAGMA query_only = ON");
  const commits = groupCommit(writer, { monotonic, onFatal, onGroup });
  const reads = openReads(db);
  const holders = rememberedHolders(reads.findHolder);

  const ask = <Name extends IntentName>(name: Name) => {
    const submit = (intent: IntentArguments<Name>, options?: AskerOptions): Promise<IntentResult<Name>> =>
      commits.submit({ name, intent }, options) as Promise<IntentResult<Name>>;
    if (leavesStanding(name)) return submit;
    return (...asked: Parameters<typeof submit>) => holders.during(submit(...asked));
  };

  return {
    ...reads,
    findHolder: holders.find,
    // The first look at the subjects of every start, so it is here that a damaged table shows.
    hasAdministrator: () =>
      reads.hasAdministrator().catch((cause: unknown) => {
        throw asDamaged(file, cause);
      }),
    openSession: ask("openSession"),
    rotate: ask("rotate"),
    endSession: ask("endSession"),
    revokeTokens: ask("revokeTokens"),
    setPassword: ask("setPassword"),
    rehashPassword: ask("rehashPassword"),
    allowPasswordReset: ask("allowPasswordReset"),
    addAuthKey: ask("addAuthKey"),
    renameAuthKey: ask("renameAuthKey"),
    endAuthKey: ask("endAuthKey"),
    openSigned: ask("openSigned"),
    sweepSignatures: ask("sweepSignatures"),
    mintApiToken: ask("mintApiToken"),
    rotateApiToken: ask("rotateApiToken"),
    renameApiToken: ask("renameApiToken"),
    endApiToken: ask("endApiToken"),
    endLeakedApiToken: ask("endLeakedApiToken"),
    noteApiTokenUses: ask("noteApiTokenUses"),
    sweepApiTokens: ask("sweepApiTokens"),
    addClientSecret: ask("addClientSecret"),
    endClientSecret: ask("endClientSecret"),
    endLeakedClientSecret: ask("endLeakedClientSecret"),
    openBySecret: ask("openBySecret"),
    sweepClientSecrets: ask("sweepClientSecrets"),
    openNoticeChannels: ask("openNoticeChannels"),
    queueWarnings: ask("queueWarnings"),
    endNotice: ask("endNotice"),
    postponeNotice: ask("postponeNotice"),
    endOldNotices: ask("endOldNotices"),
    note: ask("note"),
    createOrganisation: ask("createOrganisation"),
    changeOrganisation: ask("changeOrganisation"),
    setOrganisationStatus: ask("setOrganisationStatus"),
    createSubject: ask("createSubject"),
    changeSubject: ask("changeSubject"),
    setSubjectStatus: ask("setSubjectStatus"),
    registerClients: ask("registerClients"),
    beginEpoch: ask("beginEpoch"),
    sweepSessions: ask("sweepSessions"),
    addKeys: ask("addKeys"),
    beat: commits.beat,
    pulse: commits.pulse,
    close: async () => {
      await commits.close();
      db.close();
    },
  };
}
