/**
 * Where should the writing connection live: on the thread that serves HTTP, or on a Worker? This experiment decides it by
 * measuring both in the floor's server, on both runtimes, on one core and on all, with the disk as it is and with a slow one.
 *
 *   sh scripts/run bench/writer/run.ts [--seconds 8] [--rounds 3] [--only bun|node] [--json]
 *
 * It needs wrk, taskset and a C compiler (Debian: wrk, util-linux, gcc), and takes about 15 minutes.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { processorTime } from "../harness/proc.ts";
import { script, start } from "../harness/server.ts";
import { median, table } from "../harness/statistics.ts";
import { inTemporaryFolder, LOAD_CORE, needTools, RUNTIMES, SERVER_CORE, type Runtime } from "../harness/tools.ts";
import { wrk } from "../harness/wrk.ts";

const WRITERS = ["inline", "worker"] as const;
type Place = (typeof WRITERS)[number];

interface Cell {
  readonly runtime: Runtime;
  readonly pinned: boolean;
  readonly fsyncMs: number;
  readonly connections: number;
}

interface Sample {
  readonly rate: number;
  readonly p99: number;
  readonly group: number;
  /** Microseconds of processor time per refresh: the steadiest figure on a machine that others use too. */
  readonly cpu: number;
  readonly pingP50: number;
  readonly pingP99: number;
}

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

async function measure(cell: Cell, place: Place, folder: string, shim: string): Promise<Sample> {
  const home = mkdtempSync(join(folder, "cell-"));
  const pool = join(home, "pool");
  const server = await start({
    runtime: cell.runtime,
    command: script(
      new URL("../floor/server.ts", import.meta.url),
      ...["--folder", home, "--pool", pool, "--writer", place, "--sessions", "20000"],
    ),
    core: cell.pinned ? SERVER_CORE : undefined,
    environment: cell.fsyncMs > 0 ? { LD_PRELOAD: shim, FSYNC_MS: String(cell.fsyncMs) } : {},
  });
  try {
    const before = processorTime(server.pid);
    const core = cell.pinned ? LOAD_CORE : undefined;
    const [refresh, ping] = await Promise.all([
      wrk({
        url: server.url,
        script: new URL("../harness/refresh.lua", import.meta.url),
        args: [pool, "/api/v1/refresh", "json"],
        connections: cell.connections,
        seconds,
        core,
      }),
      wrk({ url: server.url, script: new URL("probe.lua", import.meta.url), connections: 2, seconds, core }),
    ]);
    const used = processorTime(server.pid) - before;
    const response = await fetch(`${server.url}/counts`);
    const counts = (await response.json()) as { groups: number; intents: number };
    return {
      rate: refresh.rate,
      p99: refresh.p99,
      group: counts.intents / counts.groups,
      cpu: used / refresh.requests,
      pingP50: ping.p50,
      pingP99: ping.p99,
    };
  } finally {
    await server.stop();
  }
}

function cells(): Cell[] {
  const all: Cell[] = [];
  for (const runtime of RUNTIMES.filter((one) => values.only === undefined || one === values.only)) {
    for (const pinned of [true, false]) {
      for (const fsyncMs of [0, 10]) {
        for (const connections of [32, 64]) all.push({ runtime, pinned, fsyncMs, connections });
      }
    }
  }
  return all;
}

function middle(samples: readonly Sample[]): Sample {
  const of = (name: keyof Sample): number => median(samples.map((sample) => sample[name]));
  return {
    rate: of("rate"),
    p99: of("p99"),
    group: of("group"),
    cpu: of("cpu"),
    pingP50: of("pingP50"),
    pingP99: of("pingP99"),
  };
}

needTools("wrk", "taskset", "cc");
await inTemporaryFolder(async (folder) => {
  const shim = join(folder, "fsync-shim.so");
  const source = fileURLToPath(new URL("fsync-shim.c", import.meta.url));
  execFileSync("cc", ["-O2", "-shared", "-fPIC", "-o", shim, source]);
  const plan = cells().map((cell) => ({ cell, inline: [] as Sample[], worker: [] as Sample[] }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const entry of plan) {
      // Both places in turn, the first one alternating, so that a drift of the machine hits both alike.
      for (const place of round % 2 === 1 ? WRITERS : WRITERS.toReversed()) {
        entry[place].push(await measure(entry.cell, place, folder, shim));
      }
    }
    console.error(`round ${round} of ${rounds} done`);
  }
  const results = plan.map(({ cell, inline, worker }) => ({ ...cell, inline: middle(inline), worker: middle(worker) }));
  if (values.json) {
    console.log(JSON.stringify(results, undefined, 2));
    return;
  }
  const beside = (a: number, b: number, digits: number): string => `${a.toFixed(digits)} / ${b.toFixed(digits)}`;
  console.log("Each pair is inline / worker; the ratio is worker over inline; times in milliseconds.");
  console.log(
    table([
      ["runtime, cores, fsync, connections", "refresh/s", "ratio", "p99", "group", "cpu us", "GET p50", "GET p99"],
      ...results.map(({ runtime, pinned, fsyncMs, connections, inline, worker }) => [
        `${runtime} ${pinned ? "1 core" : "unpinned"} ${fsyncMs > 0 ? `+${fsyncMs} ms` : "normal"} c${connections}`,
        beside(inline.rate, worker.rate, 0),
        (worker.rate / inline.rate).toFixed(2),
        beside(inline.p99, worker.p99, 1),
        beside(inline.group, worker.group, 1),
        beside(inline.cpu, worker.cpu, 0),
        beside(inline.pingP50, worker.pingP50, 2),
        beside(inline.pingP99, worker.pingP99, 1),
      ]),
    ]),
  );
});
