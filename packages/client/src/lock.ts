/**
 * One process at a time works on a file: an open exclusive SQLite transaction on `FILE.lock`, which the kernel holds and
 * drops with the process. There is nothing to go stale, no heartbeat, and no process id to be mistaken for another's.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { FileUnwritable, LockHeld, reasonOf } from "./faults.ts";
import { touchPrivate } from "./private-file.ts";

export interface LockOptions {
  /** Milliseconds; 30 s where it is left out. */
  readonly patience?: number;
  /** Is called once, when a second has been waited. */
  readonly onWaiting?: () => void;
}

/** Milliseconds between two tries: many may wait, and the one that holds it needs the processor. */
const pause = 20;
const noticeable = 1000;

const sqliteBusy = 5;

/** Does `work` while no other process works on `path`. Throws `LockHeld` and `FileUnwritable`. */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const { patience = 30_000, onWaiting } = options;
  const lockFile = `${path}.lock`;
  touchPrivate(lockFile);
  // Most commands find a live token and never come here, so they do not load it.
  const { DatabaseSync } = await import("node:sqlite");
  const handle = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    const start = performance.now();
    let told = false;
    for (;;) {
      try {
        handle.exec("BEGIN EXCLUSIVE");
        break;
      } catch (cause) {
        if (!(cause instanceof Error && "errcode" in cause && cause.errcode === sqliteBusy)) {
          throw new FileUnwritable(`${lockFile} cannot be locked: ${reasonOf(cause)}`, { cause });
        }
        const waited = performance.now() - start;
        if (waited >= patience)
          throw new LockHeld(`another process has held ${lockFile} for ${patience / 1000} s`, { cause });
        if (waited >= noticeable && !told) {
          told = true;
          onWaiting?.();
        }
        await sleep(pause);
      }
    }
    return await work();
  } finally {
    // Closing ends the transaction, and with it the lock.
    handle.close();
  }
}
