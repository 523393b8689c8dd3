/**
 * The two places where the writing connection can live. Both answer an intent only after its group has committed.
 *   inline: on the thread that serves HTTP; a group is all that was asked in one turn of the event loop.
 *   worker: on one thread of its own; a group is all that was asked while the group before it was committing.
 */
import { Worker } from "node:worker_threads";
import { commitGroup, openWriter, prepareGroup, type Advance } from "./database.ts";

export interface Writer {
  readonly advance: (intent: Advance) => Promise<boolean>;
  readonly counts: { groups: number; intents: number };
}

interface Waiting {
  readonly intent: Advance;
  readonly settle: (moved: boolean) => void;
}

export function inlineWriter(path: string): Writer {
  const group = prepareGroup(openWriter(path));
  const counts = { groups: 0, intents: 0 };
  let waiting: Waiting[] = [];
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    counts.groups += 1;
    counts.intents += batch.length;
    const moved = commitGroup(
      group,
      batch.map((one) => one.intent),
    );
    for (const [index, one] of batch.entries()) one.settle(moved[index] === true);
  };
  return {
    counts,
    advance: (intent) =>
      new Promise((settle) => {
        if (waiting.push({ intent, settle }) === 1) setImmediate(flush);
      }),
  };
}

export function workerWriter(path: string): Writer {
  const thread = new Worker(new URL("writer-thread.ts", import.meta.url), { workerData: path });
  const counts = { groups: 0, intents: 0 };
  let waiting: Waiting[] = [];
  let inFlight: Waiting[] = [];
  let scheduled = false;
  const post = (): void => {
    scheduled = false;
    if (inFlight.length > 0 || waiting.length === 0) return;
    inFlight = waiting;
    waiting = [];
    counts.groups += 1;
    counts.intents += inFlight.length;
    thread.postMessage(inFlight.map((one) => one.intent));
  };
  thread.on("message", (moved: boolean[]) => {
    const answered = inFlight;
    inFlight = [];
    // The next group leaves before this one is answered, so that the disk works while this thread signs.
    post();
    for (const [index, one] of answered.entries()) one.settle(moved[index] === true);
  });
  return {
    counts,
    advance: (intent) =>
      new Promise((settle) => {
        waiting.push({ intent, settle });
        if (scheduled || inFlight.length > 0) return;
        scheduled = true;
        setImmediate(post);
      }),
  };
}
