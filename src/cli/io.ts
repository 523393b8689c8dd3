/** The streams of a command: standard output is data, standard error is talk. */
import { readFileSync, writeSync } from "node:fs";
import { isatty } from "node:tty";

export interface Io {
  readonly out: (text: string) => void;
  readonly talk: (text: string) => void;
  /** All of standard input. */
  readonly readInput: () => string;
  /** Whether a person is at the other end. */
  readonly isTerminal: (stream: "input" | "output" | "talk") => boolean;
  /** Columns of the terminal that standard output is; undefined where it is none. */
  readonly columns: () => number | undefined;
}

/** Writes all of it, also where the other end of a pipe is slower than we are. */
function writeAll(descriptor: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (fault) {
      const code = fault instanceof Error && "code" in fault ? fault.code : undefined;
      // A full pipe is waited for; a closed one has nobody to tell.
      if (code === "EPIPE") return;
      if (code !== "EAGAIN") throw fault;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

const descriptors = { input: 0, output: 1, talk: 2 } as const;

export const processIo: Io = {
  out: (text) => writeAll(1, text),
  talk: (text) => writeAll(2, text),
  readInput: () => readFileSync(0, "utf8"),
  isTerminal: (stream) => isatty(descriptors[stream]),
  columns: () => (isatty(1) ? process.stdout.columns : undefined),
};
