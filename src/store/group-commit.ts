/**
 * Group commit: the intents that arrive while the writer works go into its next transaction together. Nothing is
 * answered before its group has committed, and nothing is decided for a caller who is known to have gone, who has waited
 * too long, or who asked before the process stood still.
 */
import { fromBeforeTheGap, stoodStill } from "../core/served-time.ts";
import type { Millis } from "../core/units.ts";
import { StoreUnavailable } from "../core/faults.ts";
import type { AskerOptions } from "../engine/ports.ts";
import type { Answered, Asked, GroupOutcome } from "./executor.ts";

/** Where a group is run: in this thread, or in one of its own. */
export interface Writer {
  readonly run: (group: readonly Asked[]) => GroupOutcome | Promise<GroupOutcome>;
  readonly tick: () => GroupOutcome | Promise<GroupOutcome>;
  readonly close: () => Promise<void>;
}

export interface GroupCommit {
  readonly submit: (asked: Asked, options?: AskerOptions) => Promise<unknown>;
  readonly beat: () => Promise<void>;
  readonly pulse: Pulse;
  /** Carries out what is waiting, then closes the writer. */
  readonly close: () => Promise<void>;
}

/** How the store is doing; asking costs nothing and writes nothing. */
export interface Pulse {
  /** Intents that wait for their group. */
  readonly waiting: () => number;
  /** For how long the oldest intent without an answer has waited; 0 when there is none. */
  readonly oldest: (now: Millis) => number;
  /** When the writer last said that all is well, by a commit or a beat. */
  readonly wellAt: () => Millis;
  /** The last thing that it said was something else. */
  readonly isFailing: () => boolean;
}

/** A group that came to an end. */
export interface GroupReport {
  readonly size: number;
  readonly outcome: GroupOutcome["kind"];
  readonly milliseconds: number;
}

export interface GroupCommitOptions {
  /** Told of each group; what it does must not fail. */
  readonly onGroup?: ((report: GroupReport) => void) | undefined;
  readonly monotonic: () => Millis;
  /** The outcome of a commit is unknown or the file is damaged: the process must end. */
  readonly onFatal: (reason: string) => void;
}

const deadline = 10_000;

/** For so long an intent that may be asked again is not asked whether somebody still waits for it. */
const patience = 100;

/** More would only make each caller wait longer for a commit that is no cheaper. */
const largestGroup = 512;

interface Waiting {
  readonly asked: Asked;
  readonly options: AskerOptions | undefined;
  readonly receivedAt: Millis;
  readonly resolve: (result: unknown) => void;
  readonly reject: (fault: Error) => void;
}

export function groupCommit(writer: Writer, { monotonic, onFatal, onGroup }: GroupCommitOptions): GroupCommit {
  let queue: Waiting[] = [];
  let working: Promise<void> | undefined;
  let lastBeat = monotonic();
  let gapEnd: Millis | undefined;
  let closed = false;
  /** The first intent of the group that is under way. */
  let underWay: Waiting | undefined;
  let wellAt = monotonic();
  let isFailing = false;
  let ticking = false;

  /** What the writer said of itself by an outcome. */
  function listen({ kind }: GroupOutcome): void {
    isFailing = kind !== "committed";
    if (!isFailing) wellAt = monotonic();
  }

  async function run(group: readonly Waiting[]): Promise<void> {
    underWay = group[0];
    const began = monotonic();
    const outcome = await writer.run(group.map(({ asked }) => asked));
    underWay = undefined;
    listen(outcome);
    settle(group, outcome);
    onGroup?.({ size: group.length, outcome: outcome.kind, milliseconds: monotonic() - began });
  }

  /** The time; on the way it is noticed if the process stood still until now. */
  function look(): Millis {
    const now = monotonic();
    if (stoodStill(lastBeat, now)) gapEnd = now;
    return now;
  }

  /** Why an intent is not decided; undefined when it is. */
  function undecidable({ options, receivedAt }: Waiting, now: Millis): string | undefined {
    const isNew = options?.repeatable === true && now - receivedAt <= patience;
    if (!isNew && options?.asker?.().aborted === true) return "the caller has gone";
    if (now - receivedAt > deadline) return "waited too long for the store";
    if (gapEnd !== undefined && fromBeforeTheGap(receivedAt, gapEnd)) return "received before the process stood still";
    return undefined;
  }

  /** Those that may be decided; the others are told so. */
  const decidable = (candidates: readonly Waiting[], now: Millis): Waiting[] =>
    candidates.filter((waiting) => {
      const reason = undecidable(waiting, now);
      if (reason !== undefined) waiting.reject(new StoreUnavailable(reason));
      return reason === undefined;
    });

  function takeGroup(): Waiting[] {
    const candidates = queue.slice(0, largestGroup);
    queue = queue.slice(largestGroup);
    return decidable(candidates, look());
  }

  function settle(group: readonly Waiting[], outcome: GroupOutcome): void {
    switch (outcome.kind) {
      case "committed":
        group.forEach((waiting, at) => settleOne(waiting, outcome.answers[at]!));
        break;
      case "fatal":
        rejectAll(group, new StoreUnavailable(outcome.reason));
        onFatal(outcome.reason);
        break;
      case "unavailable":
        rejectAll(group, new StoreUnavailable(outcome.reason));
        break;
      case "failed":
        rejectAll(group, new Error(`the commit group failed: ${outcome.reason}`));
        break;
    }
  }

  async function work(): Promise<void> {
    try {
      await nextTurn();
      while (queue.length > 0) {
        const group = takeGroup();
        if (group.length > 0) await run(group);
      }
    } finally {
      working = undefined;
    }
  }

  return {
    submit: (asked, options) => {
      if (closed) return Promise.reject(new StoreUnavailable("the store is closing"));
      return new Promise((resolve, reject) => {
        queue.push({ asked, options, receivedAt: monotonic(), resolve, reject });
        working ??= work();
      });
    },
    beat: async () => {
      const now = look();
      lastBeat = now;
      if (closed) return;
      // Nobody waits longer than the deadline, also when the writer does not come back.
      queue = decidable(queue, now);
      // One at a time: while the file is locked each takes seconds, and the next group would wait behind all of them.
      if (ticking) return;
      ticking = true;
      try {
        // Also while a group is under way: one that writes nothing does not write the time either.
        const outcome = await writer.tick();
        listen(outcome);
        if (outcome.kind === "fatal") onFatal(outcome.reason);
      } finally {
        ticking = false;
      }
    },
    pulse: {
      waiting: () => queue.length,
      oldest: (now) => now - ((underWay ?? queue[0])?.receivedAt ?? now),
      wellAt: () => wellAt,
      isFailing: () => isFailing,
    },
    close: async () => {
      closed = true;
      await working;
      await writer.close();
    },
  };
}

function settleOne({ resolve, reject }: Waiting, answer: Answered): void {
  if (answer.ok) resolve(answer.result);
  else reject(new Error(`intent failed: ${answer.fault}`));
}

function rejectAll(group: readonly Waiting[], fault: Error): void {
  for (const { reject } of group) reject(fault);
}

/** After the events that are already waiting: what arrived together is decided together. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
