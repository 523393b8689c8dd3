/**
 * The data folder: made for the server's user alone, and locked by one process at a time. The lock is an open
 * exclusive transaction, which the kernel drops with the process; there is no pid file to go stale.
 */
import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export class FolderInUse extends Error {
  readonly code = "FOLDER_IN_USE";
}

class FolderUnusable extends Error {
  readonly code = "FOLDER_UNUSABLE";
}

export interface FolderLock {
  /** Keeps the handle reachable for as long as the lock is needed; closing it lets the folder go. */
  readonly release: () => void;
}

export const databaseFile = (folder: string): string => join(folder, "jeton.db");
export const masterKeyFile = (folder: string): string => join(folder, "master.key");

/** Makes the folder if it is missing, and takes its lock. */
export function lockFolder(folder: string): FolderLock {
  makePrivate(folder);
  // Not at once: of two that begin together each would see the other's look at the file, and both would go.
  const handle = new DatabaseSync(join(folder, "lock"), { timeout: 250 });
  try {
    handle.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    handle.close();
    if (cause instanceof Error && "errcode" in cause && cause.errcode === 5) {
      throw new FolderInUse(`another Jeton works on ${folder}. Do: stop it, or choose another folder with --data`, {
        cause,
      });
    }
    throw new FolderUnusable(
      `the lock in ${folder} cannot be taken: ${cause instanceof Error ? cause.message : String(cause)}. Do: see that its disk has room, and that the server's user may write there`,
      { cause },
    );
  }
  chmodSync(join(folder, "lock"), 0o600);
  return { release: () => handle.close() };
}

function makePrivate(folder: string): void {
  try {
    // A folder that is there already keeps its mode; what we put into it is private all the same.
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new FolderUnusable(
      `the data folder ${folder} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** Whether an instance was begun here: the key is made only once the database is there. */
export const hasMasterKey = (folder: string): boolean => existsSync(masterKeyFile(folder));

/**
 * A folder with a master key but without its database has lost it: starting would make an empty authority in its
 * place, and every token that it had revoked would be somebody else's problem.
 */
export function refuseLostDatabase(folder: string): void {
  const size = statSync(databaseFile(folder), { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 && hasMasterKey(folder)) {
    throw new FolderUnusable(
      `${folder} has a master key and no database. Do: put jeton.db back from a backup, or choose an empty folder with --data`,
    );
  }
}
