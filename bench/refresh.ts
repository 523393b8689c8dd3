/** Refreshes a second, of each contestant in turn, round after round, so that a drift of the machine hits all alike. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Contestant, Opened } from "./contestants.ts";
import { coreTime, processorTime } from "./harness/proc.ts";
import { LOAD_CORE } from "./harness/tools.ts";
import { wrk, type Measured } from "./harness/wrk.ts";

const WARM_SECONDS = 4;
/** A run that other programs disturbed by more than this is repeated; the least disturbed one counts. */
const QUIET = 0.15;
const ATTEMPTS = 3;
/** Longer than any run; the count ends it. */
const NO_END_SECONDS = 600;
const lua = new URL("harness/refresh.lua", import.meta.url);

export interface Conditions {
  readonly folder: string;
  readonly connections: number;
}

export interface Run extends Measured {
  /** Microseconds of processor time per refresh. */
  readonly cpu: number;
  /** The part of the server's core that other programs took while it was measured. */
  readonly disturbed: number;
}

export interface Series {
  readonly contestant: Contestant;
  readonly runs: Run[];
}

interface Drive {
  readonly connections: number;
  readonly seconds: number;
  readonly limit?: string;
}

function drive(contestant: Contestant, server: Opened, { connections, seconds, limit = "" }: Drive): Promise<Measured> {
  const args = [server.pool, contestant.path, contestant.body, limit];
  return wrk({ url: server.url, script: lua, args, connections, seconds, core: LOAD_CORE });
}

async function once(contestant: Contestant, { folder, connections }: Conditions, seconds: number): Promise<Run> {
  const server = await contestant.open(mkdtempSync(join(folder, "run-")));
  try {
    await drive(contestant, server, { connections, seconds: WARM_SECONDS });
    const before = { own: processorTime(server.pid), core: coreTime() };
    const measured = await drive(contestant, server, { connections, seconds });
    const own = processorTime(server.pid) - before.own;
    const others = Math.max(0, coreTime() - before.core - own);
    return { ...measured, cpu: own / measured.requests, disturbed: others / (measured.seconds * 1e6) };
  } finally {
    await server.stop();
  }
}

async function quietest(contestant: Contestant, conditions: Conditions, seconds: number): Promise<Run> {
  let best = await once(contestant, conditions, seconds);
  for (let attempt = 2; attempt <= ATTEMPTS && best.disturbed > QUIET; attempt += 1) {
    const next = await once(contestant, conditions, seconds);
    if (next.disturbed < best.disturbed) best = next;
  }
  return best;
}

export async function measureRefresh(
  contestants: readonly Contestant[],
  conditions: Conditions,
  { seconds, rounds, say }: { seconds: number; rounds: number; say: (text: string) => void },
): Promise<Series[]> {
  const series: Series[] = contestants.map((contestant) => ({ contestant, runs: [] }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { contestant, runs } of series) {
      const run = await quietest(contestant, conditions, seconds);
      runs.push(run);
      say(
        `round ${round}/${rounds}  ${contestant.name} on ${contestant.runtime}: ${run.rate.toFixed(0)}/s, disturbed ${(run.disturbed * 100).toFixed(0)} %`,
      );
    }
  }
  return series;
}

/** Refreshes at least so many times, then lets the caller look at the server that did it. */
export async function afterRefreshes<T>(
  contestant: Contestant,
  { folder, connections }: Conditions,
  count: number,
  look: (server: Opened) => T,
): Promise<T> {
  const server = await contestant.open(mkdtempSync(join(folder, "run-")));
  try {
    const { requests } = await drive(contestant, server, {
      connections,
      seconds: NO_END_SECONDS,
      limit: String(count),
    });
    if (requests < count) throw new Error(`${contestant.name} answered ${requests} of ${count} refreshes`);
    return look(server);
  } finally {
    await server.stop();
  }
}
