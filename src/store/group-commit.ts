/**
 * Group commit: the intents that arrive while the writer works go into its next transaction together. Nothing is
 * answered before its group has committed, and nothing is decided for a caller who has gone, who has waited too long,
 * or who asked before the process stood still.
 */
import { fromBeforeTheGap } from "../core/served-time.ts";
import type { Millis } from "../core/units.ts";
import { StoreUnavailable } from "../core/faults.ts";
import type { Answered, Asked, GroupOutcome } from "./executor.ts";

/** Where a group is run: in this thread, or in one of its own. */
export interface Writer {
  readonly run: (group: readonly Asked[]) => GroupOutcome | Promise<GroupOutcome>;
  readonly tick: () => GroupOutcome | Promise<GroupOutcome>;
  readonly close: () => Promise<void>;
}

export interface GroupCommit {
  readonly submit: (asked: Asked, signal?: AbortSignal) => Promise<unknown>;
  readonly beat: () => Promise<void>;
  /** Carries out what is waiting, then closes the writer. */
  readonly close: () => Promise<void>;
}

export interface GroupCommitOptions {
  readonly monotonic: () => Millis;
  /** The outcome of a commit is unknown or the file is damaged: the process must end. */
  readonly onFatal: (reason: string) => void;
}

const deadline = 10_000;

/** More would only make each caller wait longer for a commit that is no cheaper. */
const largestGroup = 512;

interface Waiting {
  readonly asked: Asked;
  readonly signal: AbortSignal | undefined;
  readonly receivedAt: Millis;
  readonly resolve: (result: unknown) => void;
  readonly reject: (fault: Error) => void;
}

export function groupCommit(writer: Writer, { monotonic, onFatal }: GroupCommitOptions): GroupCommit {
  let queue: Waiting[] = [];
  let working: Promise<void> | undefined;
  let lastBeat = monotonic();
  let closed = false;

  /** Why an intent is not decided; undefined when it is. */
  function undecidable({ signal, receivedAt }: Waiting, now: Millis): string | undefined {
    if (signal?.aborted === true) return "the caller has gone";
    if (now - receivedAt > deadline) return "waited too long for the store";
    if (fromBeforeTheGap(receivedAt, lastBeat, now)) return "received before the process stood still";
    return undefined;
  }

  function takeGroup(): Waiting[] {
    const now = monotonic();
    const candidates = queue.slice(0, largestGroup);
    queue = queue.slice(largestGroup);
    return candidates.filter((waiting) => {
      const reason = undecidable(waiting, now);
      if (reason !== undefined) waiting.reject(new StoreUnavailable(reason));
      return reason === undefined;
    });
  }

  function settle(group: readonly Waiting[], outcome: GroupOutcome): void {
    switch (outcome.kind) {
      case "committed":
        group.forEach((waiting, at) => settleOne(waiting, outcome.answers[at]!));
        break;
      case "fatal":
        onFatal(outcome.reason);
        rejectAll(group, new StoreUnavailable(outcome.reason));
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
    await nextTurn();
    while (queue.length > 0) {
      const group = takeGroup();
      if (group.length > 0) settle(group, await writer.run(group.map(({ asked }) => asked)));
    }
    working = undefined;
  }

  return {
    submit: (asked, signal) => {
      if (closed) return Promise.reject(new StoreUnavailable("the store is closing"));
      return new Promise((resolve, reject) => {
        queue.push({ asked, signal, receivedAt: monotonic(), resolve, reject });
        working ??= work();
      });
    },
    beat: async () => {
      lastBeat = monotonic();
      // A group that is under way writes the time itself.
      if (working !== undefined || closed) return;
      const outcome = await writer.tick();
      if (outcome.kind === "fatal") onFatal(outcome.reason);
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
