/** The machine's part of the benchmark: its tools, its two cores, and a temporary folder that is removed at the end. */
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeWithUs } from "./leave-nothing.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const RUNTIMES = ["bun", "node"] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** The server's core and the load's core; undefined leaves a process to the scheduler. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

const packages: Readonly<Record<string, string>> = { wrk: "wrk", taskset: "util-linux", cc: "gcc" };

function installed(tool: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Ends the program with status 2 where the comparison cannot be made, and says what to do. */
export function needTools(...tools: readonly string[]): void {
  const missing = tools.filter((tool) => !installed(tool));
  for (const tool of missing) {
    console.error(`bench: ${tool} was not found. Do: apt-get install ${packages[tool] ?? tool}`);
  }
  if (availableParallelism() < 2) {
    console.error("bench: the server and the load need a core each, and this process may use one only");
    process.exit(2);
  }
  if (missing.length > 0) process.exit(2);
}

export async function inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "jeton-bench-"));
  removeWithUs(folder);
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
