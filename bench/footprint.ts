/** What Jeton costs besides time: how long it takes to be ready, and how much memory it keeps after 100,000 refreshes. */
import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { jeton, startJeton } from "./contestants.ts";
import { residentMegabytes } from "./harness/proc.ts";
import { median } from "./harness/statistics.ts";
import { root, type Runtime } from "./harness/tools.ts";
import { afterRefreshes, type Conditions } from "./refresh.ts";

const STARTS = 5;
export const REFRESHES = 100_000;

export interface Footprint {
  readonly runtime: Runtime;
  /** Milliseconds from the start of the launcher to the ready line. */
  readonly startEmptyMs: number;
  readonly startInitialisedMs: number;
  readonly residentMegabytes: number;
}

async function startTime(runtime: Runtime, args: readonly string[]): Promise<number> {
  const times: number[] = [];
  while (times.length < STARTS) {
    const server = await startJeton(runtime, args);
    times.push(server.readyMs);
    await server.stop();
  }
  return median(times);
}

function initialise(runtime: Runtime, folder: string): void {
  const { status, stderr, error } = spawnSync(
    `${root}bin/jeton`,
    ["init", "--data", folder, "--admin", "root", "--password-stdin"],
    { input: "a long enough passphrase", env: { ...process.env, JETON_RUNTIME: runtime }, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`jeton init ended with ${status}: ${error?.message ?? stderr.slice(-1000)}`);
}

export async function measureFootprint(runtime: Runtime, conditions: Conditions): Promise<Footprint> {
  const data = join(mkdtempSync(join(conditions.folder, "init-")), "data");
  initialise(runtime, data);
  return {
    runtime,
    startEmptyMs: await startTime(runtime, ["--demo"]),
    startInitialisedMs: await startTime(runtime, ["--data", data]),
    residentMegabytes: await afterRefreshes(jeton(runtime), conditions, REFRESHES, ({ pid }) => residentMegabytes(pid)),
  };
}
