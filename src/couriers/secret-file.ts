/** Secrets that an operator keeps in files of one line: a relay's password, the secret of a webhook. */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";

import { Secret } from "../core/secret.ts";

/** The file is the operator's to mend. */
export class CourierUnusable extends Error {
  readonly code = "COURIER_UNUSABLE";
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

const unreadable = (file: string, setting: string, cause: unknown): CourierUnusable =>
  new CourierUnusable(
    `${setting}: ${file} cannot be read: ${reasonOf(cause)}. Do: name a file that the server's user may read`,
    { cause },
  );

/** What stands in a file that `setting` names. */
export function readCourierFile(file: string, setting: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw unreadable(file, setting, cause);
  }
}

/** The one line of the file. The mode is that of the very file that is read. */
export function readSecretFile(file: string, setting: string): Secret {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (cause) {
    throw unreadable(file, setting, cause);
  }
  try {
    if ((fstatSync(handle).mode & 0o077) !== 0)
      throw new CourierUnusable(`${setting}: ${file} can be read by others. Do: chmod 600 ${file}`);
    const line = readFileSync(handle, "utf8").replace(/\r?\n$/, "");
    if (line === "" || /[\r\n\0]/.test(line))
      throw new CourierUnusable(`${setting}: ${file} is not one line. Do: put the secret there and nothing else`);
    return new Secret(line);
  } finally {
    closeSync(handle);
  }
}
