/** A new key pair on the disk: made exclusively, so that no key is ever overwritten; the private half is 0600 (CWE-732). */
import { closeSync, constants, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

import { codeOf, reasonOf } from "../../packages/client/src/faults.ts";
import { Complaint } from "./complaint.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

function write(path: string, text: string, mode: number): void {
  let file: number;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    file = openSync(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, mode);
  } catch (cause) {
    if (codeOf(cause) === "EEXIST")
      throw new Complaint("conflict", `${path} is there already, and is not overwritten`, {
        code: "file_exists",
        remedy: "name another file: --out FILE",
      });
    throw unwritable(path, cause);
  }
  try {
    writeSync(file, text);
    fsyncSync(file);
  } catch (cause) {
    rmSync(path, { force: true });
    throw unwritable(path, cause);
  } finally {
    closeSync(file);
  }
}

const unwritable = (path: string, cause: unknown): Complaint =>
  new Complaint(
    "disk",
    `${path} cannot be written`,
    { code: "file_unwritable", why: reasonOf(cause), remedy: "name a file in a folder of yours: --out FILE" },
    { cause },
  );

type File = readonly [path: string, text: string];

/** Both halves, or neither. */
export function writePair([secret, pem]: File, [open, line]: File): { readonly remove: () => void } {
  write(secret, pem, 0o600);
  try {
    write(open, line, 0o644);
  } catch (fault) {
    rmSync(secret, { force: true });
    throw fault;
  }
  return {
    remove: () => {
      for (const path of [secret, open]) rmSync(path, { force: true });
    },
  };
}
