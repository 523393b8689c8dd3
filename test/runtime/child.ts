/** Other processes of the same runtime, for what one process cannot show: locks, and death by `kill -9`. */
import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onBun } from "./small-server.ts";

export interface Child {
  readonly process: ChildProcess;
  /** What it has written so far. */
  readonly output: () => string;
  /** Resolves when the output includes `text`; rejects when it ends before. */
  written(text: string): Promise<void>;
  /** Resolves when the process has ended and all of its output has come. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** Nothing of the caller's environment but what finds programs: a test must not depend on a developer's settings. */
export const plainEnvironment = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: "/nonexistent", TMPDIR: "/tmp" };

/** Runs a file of test/runtime/programs on the runtime that runs this test. */
export function program(name: string, ...words: readonly string[]): Child {
  const flags = onBun
    ? ["--no-install", "--no-env-file", "--config=/dev/null"]
    : ["--disable-warning=ExperimentalWarning"];
  const file = fileURLToPath(new URL(`./programs/${name}.ts`, import.meta.url));
  return run(process.execPath, [...flags, file, ...words]);
}

export function run(
  command: string,
  words: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Child {
  const child = spawn(command, words, { env: plainEnvironment, ...options, stdio: ["pipe", "pipe", "pipe"] });
  let text = "";
  const take = (chunk: Buffer): void => {
    text += chunk.toString();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  child.stdin.on("error", () => {}); // it may end without reading
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  function written(wanted: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (text.includes(wanted)) resolve();
      };
      child.stdout.on("data", look);
      void ended.then(() => reject(new Error(`ended before ${JSON.stringify(wanted)} was written: ${text}`)), reject);
      look();
    });
  }
  return { process: child, output: () => text, written, ended };
}
