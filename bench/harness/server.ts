/** Starts a contestant on its core, waits for its ready line, and stops exactly the process that it started. */
import { spawn, type ChildProcess } from "node:child_process";
import { performance } from "node:perf_hooks";
import { endWithUs } from "./leave-nothing.ts";
import { root, type Runtime } from "./tools.ts";

const READY = /ready on (https?:\/\/\S+)/;
const PATIENCE_MS = 30_000;
const STOP_MS = 10_000;

export interface Start {
  readonly runtime: Runtime;
  /** The program and its arguments; each of them ends in `exec`, so the process started here is the server itself. */
  readonly command: readonly string[];
  readonly core?: number | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Running {
  readonly url: string;
  readonly pid: number;
  readonly readyMs: number;
  readonly stop: () => Promise<void>;
}

/** A TypeScript file of this folder, run by the project's own launcher. */
export function script(file: URL, ...args: readonly string[]): readonly string[] {
  return ["sh", `${root}scripts/run`, file.pathname, ...args];
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (ended(child)) return;
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
  });
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await gone;
  clearTimeout(timer);
}

export async function start({ runtime, command, core, environment }: Start): Promise<Running> {
  const pinned = core === undefined ? command : ["taskset", "-c", String(core), ...command];
  const [program = "", ...args] = pinned;
  const begun = performance.now();
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, JETON_RUNTIME: runtime, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  endWithUs(child);
  let text = "";
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill("SIGKILL");
      reject(new Error(`${command.join(" ")} (${runtime}) ${why}\n${text.slice(-2000)}`));
    };
    const timer = setTimeout(() => {
      fail("did not become ready");
    }, PATIENCE_MS);
    child.once("error", (fault) => {
      clearTimeout(timer);
      fail(`could not be started: ${fault.message}`);
    });
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code} before it was ready`);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      // Read on after the ready line, or a full pipe would stop the server; but keep no more than an excerpt.
      text = (text + chunk.toString()).slice(-20_000);
      const found = READY.exec(text)?.[1];
      if (found !== undefined) {
        clearTimeout(timer);
        resolve(found);
      }
    });
  });
  const readyMs = performance.now() - begun;
  return { url, pid: child.pid ?? 0, readyMs, stop: () => stop(child) };
}
