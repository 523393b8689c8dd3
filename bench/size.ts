/**
 * What a full house costs: disk, start, refresh rate and memory with a million live sessions, beside the same server
 * with none.
 *
 *   npm run bench:size -- [--sessions 1000000] [--seconds 8] [--rounds 3] [--connections 64] [--only bun|node] [--json]
 *
 * Status 1: something failed or a target was missed; 2: a tool is missing.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MOST_CONNECTIONS, type Contestant } from "./contestants.ts";
import { REFRESHES } from "./footprint.ts";
import { furnish, makeHouse, openHouse, signIn } from "./full-house.ts";
import { residentMegabytes } from "./harness/proc.ts";
import { median } from "./harness/statistics.ts";
import { inTemporaryFolder, needTools, RUNTIMES, SERVER_CORE, type Runtime } from "./harness/tools.ts";
import { afterRefreshes, measureRefresh, type Conditions } from "./refresh.ts";
import { printVerdicts, type Verdict } from "./report.ts";

const TARGET_BYTES = 250;
const TARGET_START = 1.2;
const TARGET_RATE = 0.9;
const TARGET_MEGABYTES = 150;
const STARTS = 7;
/** Enough for the connections of two runs, each of which loses the tokens in flight. */
const TOKENS = 150;

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "1000000" },
    seconds: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "64" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

function positive(name: "sessions" | "seconds" | "rounds" | "connections", most = 100_000_000): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1 || number > most) {
    console.error(`bench: --${name} must be a whole number from 1 to ${most}`);
    process.exit(2);
  }
  return number;
}

const sessions = positive("sessions");
const seconds = positive("seconds");
const rounds = positive("rounds");
const connections = positive("connections", MOST_CONNECTIONS);
const runtimes = RUNTIMES.filter((runtime) => values.only === undefined || runtime === values.only);
if (runtimes.length === 0) {
  console.error(`bench: --only must be ${RUNTIMES.join(" or ")}`);
  process.exit(2);
}
needTools("wrk", "taskset");
// Progress goes to stderr, so that what is on stdout is the result alone.
const say = (text: string): void => {
  console.error(text);
};

/** The server on a house that is there already, with new sessions for the load. */
function house(name: string, runtime: Runtime, data: string): Contestant {
  return {
    name,
    runtime,
    path: "/api/v1/refresh",
    body: "json",
    open: async (folder) => {
      const server = await openHouse(runtime, data, SERVER_CORE);
      try {
        const tokens: string[] = [];
        while (tokens.length < TOKENS) tokens.push(await signIn(server.url));
        const pool = join(folder, "pool");
        writeFileSync(pool, `${tokens.join("\n")}\n`);
        return { ...server, pool };
      } catch (fault) {
        await server.stop();
        throw fault;
      }
    },
  };
}

/** Milliseconds to the ready line: of the empty house, and of the full one, in turn. */
async function startTimes(runtime: Runtime, empty: string, full: string): Promise<readonly [number, number]> {
  const once = async (data: string): Promise<number> => {
    const server = await openHouse(runtime, data);
    await server.stop();
    return server.readyMs;
  };
  const times: [number[], number[]] = [[], []];
  while (times[0].length < STARTS) {
    times[0].push(await once(empty));
    times[1].push(await once(full));
  }
  return [median(times[0]), median(times[1])];
}

async function measure(runtime: Runtime, conditions: Conditions): Promise<Verdict[]> {
  const place = mkdtempSync(join(conditions.folder, "house-"));
  const [empty, full] = [join(place, "empty"), join(place, "full")];
  await makeHouse(runtime, empty);
  await makeHouse(runtime, full);
  say(`${runtime}: ${sessions.toLocaleString("en")} sessions are put in`);
  const { bytesEach, megabytes } = furnish(full, sessions);
  say(`${runtime}: the database has ${megabytes.toFixed(1)} MB`);

  const [startEmpty, startFull] = await startTimes(runtime, empty, full);
  const start = startFull / startEmpty;

  const contestants = [house("empty", runtime, empty), house("full", runtime, full)];
  const [of, to] = (await measureRefresh(contestants, conditions, { seconds, rounds, say })).map(({ runs }) =>
    runs.map(({ rate }) => rate),
  ) as [number[], number[]];
  // Of each round by itself, which a drift between rounds does not touch.
  const rate = median(to.map((figure, round) => figure / of[round]!));

  say(`${runtime}: memory`);
  const refreshes = Math.min(REFRESHES, sessions);
  const memory = await afterRefreshes(contestants[1]!, conditions, refreshes, ({ pid }) => residentMegabytes(pid));

  return [
    {
      what: `bytes on disk for each session, ${runtime}`,
      figure: bytesEach,
      shown: bytesEach.toFixed(0),
      target: `<= ${TARGET_BYTES}`,
      met: bytesEach <= TARGET_BYTES,
    },
    {
      what: `start to ready, full : empty, ${runtime}`,
      figure: start,
      shown: `${start.toFixed(2)}x (${startFull.toFixed(0)} : ${startEmpty.toFixed(0)} ms)`,
      target: `<= ${TARGET_START}x`,
      met: start <= TARGET_START,
    },
    {
      what: `refreshes a second, full : empty, ${runtime}`,
      figure: rate,
      shown: `${(rate * 100).toFixed(0)} % (${median(to).toFixed(0)} : ${median(of).toFixed(0)})`,
      target: `>= ${TARGET_RATE * 100} %`,
      met: rate >= TARGET_RATE,
    },
    {
      what: `memory after ${refreshes.toLocaleString("en")} refreshes, full, ${runtime}`,
      figure: memory,
      shown: `${memory.toFixed(0)} MB`,
      target: `<= ${TARGET_MEGABYTES} MB`,
      met: memory <= TARGET_MEGABYTES,
    },
  ];
}

try {
  await inTemporaryFolder(async (folder) => {
    const verdicts: Verdict[] = [];
    for (const runtime of runtimes) verdicts.push(...(await measure(runtime, { folder, connections })));
    if (values.json) console.log(JSON.stringify({ sessions, seconds, rounds, connections, verdicts }, undefined, 2));
    else console.log(`\n${sessions.toLocaleString("en")} live sessions\n\n${printVerdicts(verdicts)}`);
    if (verdicts.some(({ met }) => met === false)) process.exitCode = 1;
  });
} catch (fault) {
  console.error(`bench: ${fault instanceof Error ? fault.message : String(fault)}`);
  process.exitCode = 1;
}
