/**
 * The master key: 32 bytes in a file of their own, which only the server's user may read. Made once, on an instance
 * that has no keys yet; if keys are sealed and the file is gone, nothing is made and nothing starts.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";

import type { Chance } from "../engine/ports.ts";
import type { MasterKey } from "./seal.ts";

const prefix = "jeton-master-key-1:";

export class MasterKeyUnusable extends Error {
  readonly code = "MASTER_KEY_UNUSABLE";
}

/** Reads the key in `file`; undefined when there is no such file. */
export function readMasterKey(file: string): MasterKey | undefined {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return undefined;
  if ((mode & 0o077) !== 0) {
    throw new MasterKeyUnusable(`the master key ${file} can be read by others. Do: chmod 600 ${file}`);
  }
  const text = readFileSync(file, "utf8").trim();
  const key = Buffer.from(text.slice(prefix.length), "base64url");
  if (!text.startsWith(prefix) || key.length !== 32 || key.toString("base64url") !== text.slice(prefix.length)) {
    throw new MasterKeyUnusable(
      `the master key ${file} is damaged. Do: put the file back from where you keep its copy`,
    );
  }
  return key;
}

/** Makes a key and has it on the disk, folder entry included, before anything is sealed with it. */
export function createMasterKey(file: string, chance: Chance): MasterKey {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const key = Buffer.from(chance(32));
  const handle = openSync(file, "wx", 0o600);
  try {
    writeSync(handle, `${prefix}${key.toString("base64url")}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  const entry = openSync(folder, "r");
  try {
    fsyncSync(entry);
  } finally {
    closeSync(entry);
  }
  return key;
}
