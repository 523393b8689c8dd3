/**
 * Files for their owner alone (CWE-732). Nothing is read that others can read or have put there; nothing is written
 * through a symbolic link, or by halves: a temporary file made exclusively, flushed, renamed, and its folder flushed.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

import { codeOf, FileRefused, FileUnwritable, reasonOf } from "./faults.ts";

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** How far others may go: a file of secrets is for nobody else's eyes, one of settings for nobody else's hands. */
export type Closed = "to-readers" | "to-writers";

const forbidden = { "to-readers": 0o077, "to-writers": 0o022 } as const;

const unwritable = (path: string, cause: unknown): FileUnwritable =>
  new FileUnwritable(`${path} cannot be written: ${reasonOf(cause)}`, { cause });

const isLink = (fault: unknown): boolean => ["ELOOP", "EMLINK"].includes(codeOf(fault) ?? "");

const refusedLink = (path: string): FileRefused =>
  new FileRefused(`${path} is a symbolic link, and somebody else may have put it there`, `rm ${path}`);

/** The text of a private file, or undefined where there is none. */
export function readPrivate(path: string, closed: Closed): string | undefined {
  let file: number;
  try {
    // A pipe in its place must not keep us waiting.
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (fault) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(fault) ?? "")) return undefined;
    if (isLink(fault)) throw refusedLink(path);
    throw new FileRefused(`${path} cannot be read: ${reasonOf(fault)}`, "make it a file that you may read");
  }
  try {
    const stat = fstatSync(file);
    const { mode, uid } = stat;
    if (!stat.isFile()) throw new FileRefused(`${path} is not a file`, "move it away");
    const self = process.geteuid?.();
    if (self !== undefined && uid !== self) {
      throw new FileRefused(`${path} belongs to somebody else`, `chown ${self} ${path}`);
    }
    if ((mode & forbidden[closed]) !== 0) {
      const deed = closed === "to-readers" ? "read" : "changed";
      throw new FileRefused(`${path} can be ${deed} by others`, `chmod 600 ${path}`);
    }
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** A file that is sure to be written, before something is done that cannot be done twice. */
export interface Prepared {
  readonly store: (text: string) => void;
  /** Without effect once it is stored. */
  readonly discard: () => void;
}

/** Longer than what will be stored, so that a full disk is noticed now. */
const room = 16_384;

const temporary = (path: string): string => join(dirname(path), `.${basename(path)}.`);

function flushFolder(folder: string): void {
  const handle = openSync(folder, O_RDONLY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** What an earlier process left when it was killed. The caller holds the file's lock, so nobody is at work on them. */
function sweep(path: string): void {
  const start = basename(temporary(path));
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(start) && name.endsWith(".tmp")) rmSync(join(dirname(path), name), { force: true });
  }
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  let at = 0;
  while (at < bytes.length) at += writeSync(file, bytes, at, bytes.length - at, at);
  ftruncateSync(file, bytes.length);
  fsyncSync(file);
}

/** Throws `FileUnwritable`, or `FileRefused` where a link stands at the path. The caller holds the file's lock. */
export function preparePrivate(path: string): Prepared {
  const place = `${temporary(path)}${crypto.randomUUID()}.tmp`;
  let file: number;
  try {
    makeFolder(dirname(path));
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) throw refusedLink(path);
    sweep(path);
    file = openSync(place, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  } catch (cause) {
    throw cause instanceof FileRefused ? cause : unwritable(path, cause);
  }
  let isOpen = true;
  const discard = (): void => {
    if (!isOpen) return;
    isOpen = false;
    closeSync(file);
    rmSync(place, { force: true });
  };
  const attempt = (step: () => void): void => {
    try {
      step();
    } catch (cause) {
      discard();
      throw unwritable(path, cause);
    }
  };
  attempt(() => {
    // The umask may have taken more than it should.
    fchmodSync(file, 0o600);
    writeAll(file, " ".repeat(room));
  });
  return {
    discard,
    store: (text) => {
      attempt(() => {
        writeAll(file, text);
        renameSync(place, path);
        flushFolder(dirname(path));
      });
      isOpen = false;
      closeSync(file);
    },
  };
}

/** Deletes it for good; whether it was there. A symbolic link is deleted itself. */
export function deletePrivate(path: string): boolean {
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false;
    rmSync(path);
    flushFolder(dirname(path));
    return true;
  } catch (cause) {
    throw new FileUnwritable(`${path} cannot be deleted: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * An empty file of the owner's, for a lock. One that is there is not opened: closing it again would drop the locks that
 * this process has on it (POSIX fcntl).
 */
export function touchPrivate(path: string): void {
  try {
    makeFolder(dirname(path));
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink() === true) throw refusedLink(path);
    if (found === undefined) closeSync(openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600));
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return; // another process was quicker
    throw cause instanceof FileRefused ? cause : unwritable(path, cause);
  }
}
