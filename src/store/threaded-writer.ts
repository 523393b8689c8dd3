/**
 * The writer in a thread of its own, so that a slow disk does not stop everybody else: see decision 0003. Orders are
 * answered in their turn; if the thread dies, what became of those under way is unknown.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

import type { Asked, GroupOutcome } from "./executor.ts";
import type { Writer } from "./group-commit.ts";

export type Order = { readonly kind: "run"; readonly group: readonly Asked[] } | { readonly kind: "tick" | "close" };

/** The thread for a database, which must be there already. */
export const writerThread = (file: string): Worker =>
  new Worker(new URL("./writer-thread.ts", import.meta.url), { workerData: file });

/**
 * Orders to the thread. It is not started again when it dies: what became of the group under way is unknown then, and
 * only a new start reads what the disk really holds. So everybody who waits is told, and the process ends.
 */
export function threadedWriter(thread: Worker): Writer {
  let waiting: ((outcome: GroupOutcome) => void)[] = [];
  let dead: GroupOutcome | undefined;

  const die = (reason: string): void => {
    dead = { kind: "fatal", reason };
    for (const answer of waiting.splice(0)) answer(dead);
  };
  thread.on("message", (outcome: GroupOutcome) => waiting.shift()?.(outcome));
  thread.on("error", (fault) => die(`the writer failed: ${fault instanceof Error ? fault.message : String(fault)}`));
  thread.on("exit", () => die("the writer ended"));

  const order = (what: Order): Promise<GroupOutcome> =>
    new Promise((resolve) => {
      if (dead !== undefined) {
        resolve(dead);
        return;
      }
      // The thread answers in the order of its orders; one that could not be sent has no answer to wait for.
      thread.postMessage(what);
      waiting.push(resolve);
    });

  return {
    run: (group) => order({ kind: "run", group }),
    tick: () => order({ kind: "tick" }),
    close: async () => {
      if (dead !== undefined) return;
      const ended = once(thread, "exit");
      thread.postMessage({ kind: "close" } satisfies Order);
      await ended;
    },
  };
}
