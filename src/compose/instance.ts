/**
 * An instance: the locked data folder with its database, its master key and the keys that it opens. `serve` and `init`
 * both begin here.
 */
import type { Clock, Chance, Store } from "../engine/ports.ts";
import { createMasterKey, MasterKeyUnusable, readMasterKey } from "../keys/master-key.ts";
import { SealBroken, type MasterKey } from "../keys/seal.ts";
import { openTokenKeys, type TokenKeys } from "../keys/token-keys.ts";
import { asDamaged } from "../store/connection.ts";
import { databaseFile, hasMasterKey, lockFolder, masterKeyFile, refuseLostDatabase } from "../store/folder.ts";
import type { GroupReport } from "../store/group-commit.ts";
import { openSqlite, type SqliteStore } from "../store/sqlite.ts";

export interface Instance {
  readonly store: SqliteStore;
  readonly keys: TokenKeys;
  /** Carries out what is waiting, closes the database and lets the folder go. */
  readonly close: () => Promise<void>;
}

export interface InstanceOptions {
  readonly folder: string;
  /** Where the operator keeps the master key, if not in the folder. */
  readonly masterKeyFile: string | null;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly onFatal: (reason: string) => void;
  readonly onGroup?: (report: GroupReport) => void;
  readonly writer: "here" | "thread";
}

export async function openInstance(options: InstanceOptions): Promise<Instance> {
  const { folder, clock, chance, onFatal, onGroup, writer } = options;
  // What we make is for the server's user alone: the database, its WAL, the key.
  process.umask(0o077);
  const lock = lockFolder(folder);
  try {
    refuseLostDatabase(folder);
    const store = openSqlite({
      file: databaseFile(folder),
      mustBeOurs: hasMasterKey(folder),
      monotonic: clock.monotonic,
      chance,
      now: clock.now(),
      onFatal,
      ...(onGroup === undefined ? {} : { onGroup }),
      writer,
    });
    try {
      const keys = await openKeys(store, await masterKeyOf(store, options), options);
      const close = async (): Promise<void> => {
        await store.close();
        lock.release();
      };
      return { store, keys, close };
    } catch (fault) {
      await store.close();
      throw fault;
    }
  } catch (fault) {
    lock.release();
    throw asDamaged(databaseFile(folder), fault);
  }
}

/** What the system says of a file that cannot be read is the operator's to mend, like a damaged one. */
function readKeyFile(file: string): MasterKey | undefined {
  try {
    return readMasterKey(file);
  } catch (cause) {
    if (cause instanceof MasterKeyUnusable) throw cause;
    throw new MasterKeyUnusable(
      `the master key ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}. Do: make it a file that the server's user can read`,
      { cause },
    );
  }
}

/** A key is made only where nothing is sealed yet, and never in a place that the operator named. */
async function masterKeyOf(store: Store, options: InstanceOptions): Promise<MasterKey> {
  const file = options.masterKeyFile ?? masterKeyFile(options.folder);
  const found = readKeyFile(file);
  if (found !== undefined) return found;
  const sealed = await store.loadKeys();
  const isNew = sealed.signing.length + sealed.refresh.length + sealed.secrets.length === 0;
  if (isNew && options.masterKeyFile === null) return createMasterKey(file, options.chance);
  if (isNew) {
    throw new MasterKeyUnusable(
      `the master key ${file} is missing, and none is made in a place that you name. Do: put a key there, or leave the setting out once and move ${masterKeyFile(options.folder)} there`,
    );
  }
  throw new MasterKeyUnusable(
    `the master key ${file} is missing. Do: put the file back from where you keep its copy; without it the signing keys cannot be opened`,
  );
}

async function openKeys(store: Store, master: MasterKey, { clock, chance }: InstanceOptions): Promise<TokenKeys> {
  try {
    return await openTokenKeys({ store, master, chance, clock });
  } catch (cause) {
    if (cause instanceof SealBroken) {
      throw new MasterKeyUnusable(
        "the master key is not the one that sealed this database. Do: put the right file back",
        { cause },
      );
    }
    throw cause;
  }
}
