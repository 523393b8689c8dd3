/**
 * The real server on a data folder, to be killed, stopped and robbed of its disk: started through another program
 * where a test needs one, on the runtime that runs the test.
 */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Ended, Scratch } from "../cli/program.ts";
import { run, type Child } from "../runtime/child.ts";
import { onBun } from "../runtime/small-server.ts";
import { until } from "./fleet.ts";

const launcher = resolve(import.meta.dirname, "../../bin/jeton");

/** Tokens of one start are good after the next, though the port differs. */
const issuer = "https://tokens.example.test";

export interface Running extends AsyncDisposable {
  readonly url: string;
  /** What it has written so far, on either output. */
  readonly said: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Pick<Ended, "code" | "signal">>;
  readonly isOver: () => boolean;
}

const running = new Set<Child>();
// A test that fails half-way must not leave a server behind.
process.once("exit", () => {
  for (const child of running) child.process.kill("SIGKILL");
});

export interface Start {
  /** The program that starts the launcher, and ends in being it. */
  readonly through?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the server on the folder's `data`, and waits for nothing. */
export function launch(folder: Scratch, { through = [], environment = {} }: Start = {}): Child {
  const serve = ["serve", "--data", folder.path("data"), "--listen", "127.0.0.1:0", "--issuer", issuer];
  const [program = "", ...rest] = [...through, launcher, ...serve];
  const child = run(program, rest, {
    cwd: folder.path(),
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"] ?? folder.path(),
      TMPDIR: folder.path(),
      JETON_RUNTIME: onBun ? "bun" : "node",
      ...environment,
    },
  });
  running.add(child);
  const forget = (): unknown => running.delete(child);
  child.ended.then(forget, forget);
  return child;
}

/** Starts the server on the folder's `data`, and waits until it is ready. It is killed at the end of the block. */
export async function started(folder: Scratch, start: Start = {}): Promise<Running> {
  const child = launch(folder, start);
  let over = false;
  const ended = child.ended.then(({ code, signal }) => {
    over = true;
    return { code, signal: signal as NodeJS.Signals | null };
  });
  const signal = (name: NodeJS.Signals): void => void child.process.kill(name);
  const ready = /^jeton: ready on (http:\/\/\S+)\n/m;
  await until(() => over || ready.test(child.output()), "the server is ready");
  if (over) throw new Error(`the server did not start: ${child.output()}`);
  return {
    url: ready.exec(child.output())![1]!,
    said: child.output,
    signal,
    ended,
    isOver: () => over,
    [Symbol.asyncDispose]: async () => {
      signal("SIGKILL");
      await ended;
    },
  };
}

/** Does as the operator's kill -9 does, and waits for the end. */
export async function kill(server: Running): Promise<void> {
  server.signal("SIGKILL");
  await server.ended;
}

export const database = (folder: Scratch): string => folder.path("data", "jeton.db");

/** What SQLite says of the file while the server has it open. */
export function integrity(folder: Scratch): unknown {
  const db = new DatabaseSync(database(folder), { readOnly: true, timeout: 5000 });
  try {
    return db.prepare("PRAGMA integrity_check").get()?.["integrity_check"];
  } finally {
    db.close();
  }
}

/** The number of the good refresh token of a session, as it is on the disk. */
export function seqOnDisk(folder: Scratch, session: string): unknown {
  const db = new DatabaseSync(database(folder), { readOnly: true, timeout: 5000 });
  try {
    const id = Buffer.from(session.replaceAll("-", ""), "hex");
    return db.prepare("SELECT seq FROM session WHERE id = ?").get(id)?.["seq"];
  } finally {
    db.close();
  }
}

/** The reason to skip a test that needs strace to put faults into system calls; false where it can. */
export const withoutStrace: string | false =
  spawnSync("strace", ["-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"]).status === 0
    ? false
    : "strace cannot trace here. Do: apt-get install strace, and allow ptrace";

/**
 * `what` befalls the nth call of `call` that a thread makes. The server writes by one thread of its own, so n counts
 * its writes. The tracer is a grandchild, so that signals to the child reach the server.
 */
export const fault = (call: "fsync" | "pwrite64", what: string, n: number): readonly string[] => [
  ...["strace", "-D", "-f", "-qq", "-o", "/dev/null"],
  // Stopping at these calls alone is quicker, but a signal does not get through then.
  ...(what.startsWith("signal=") ? [] : ["--seccomp-bpf"]),
  ...["-e", `trace=${call}`, "-e", `inject=${call}:${what}:when=${n}`],
];

/** A folder of the test's own, by its name in the data folder. */
export const inData = (folder: Scratch, name: string): string => join(folder.path("data"), name);
