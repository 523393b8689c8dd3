/**
 * The writer in a thread of its own, so that a slow disk does not stop everybody else: see decision 0003. Orders are
 * answered in their turn; if the thread dies, what became of those under way is unknown.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

import type { Asked, GroupOutcome } from "./executor.ts";
import type { Writer } from "./group-commit.ts";

export type Order =
  | { readonly kind: "run"; readonly group: readonly Asked[] }
  /** A group as JSON, whose outcome is told as JSON too. */
  | { readonly kind: "run-text"; readonly group: string }
  | { readonly kind: "tick" | "close" }
  /** The first one, and the only one that is not answered. */
  | { readonly kind: "open"; readonly file: string };

/**
 * Whether an intent and its result are the same after JSON. Most groups are refreshes only, and a copy of one by the
 * runtime takes three times as long as its text.
 */
const isPlain = ({ name }: Asked): boolean => name === "rotate";

/** The thread, which takes a while to start; meanwhile its database can be made ready. */
export const writerThread = (): Worker => new Worker(new URL("./writer-thread.ts", import.meta.url));

/**
 * Orders to the thread, which opens `file`: it must be there already. The thread is not started again when it dies: what became of the group under way is unknown then, and
 * only a new start reads what the disk really holds. So everybody who waits is told, and the process ends.
 */
export function threadedWriter(thread: Worker, file: string): Writer {
  let waiting: ((outcome: GroupOutcome) => void)[] = [];
  let dead: GroupOutcome | undefined;

  const die = (reason: string): void => {
    dead = { kind: "fatal", reason };
    for (const answer of waiting.splice(0)) answer(dead);
  };
  thread.on("message", (outcome: GroupOutcome | string) =>
    waiting.shift()?.(typeof outcome === "string" ? (JSON.parse(outcome) as GroupOutcome) : outcome),
  );
  thread.on("error", (fault) => die(`the writer failed: ${fault instanceof Error ? fault.message : String(fault)}`));
  thread.on("exit", () => die("the writer ended"));

  thread.postMessage({ kind: "open", file } satisfies Order);

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
    run: (group) =>
      order(group.every(isPlain) ? { kind: "run-text", group: JSON.stringify(group) } : { kind: "run", group }),
    tick: () => order({ kind: "tick" }),
    close: async () => {
      if (dead !== undefined) return;
      const ended = once(thread, "exit");
      thread.postMessage({ kind: "close" } satisfies Order);
      await ended;
    },
  };
}
