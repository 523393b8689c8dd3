/**
 * What a flood of wrong passwords costs everybody else: the time of a refresh, idle and while sign-ins with unknown names come from
 * ever new networks, so that each costs a hash. Ratios of one run; the server has both cores, as it would have them.
 *
 *   npm run bench:flood -- [--seconds 8] [--rounds 3] [--only bun|node]
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { login, startJeton } from "./contestants.ts";
import { median } from "./harness/statistics.ts";
import { inTemporaryFolder, needTools, RUNTIMES, type Runtime } from "./harness/tools.ts";
import { wrk, type Measured } from "./harness/wrk.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
const TOKENS = 60;
/** Few, so that what is measured is the wait for an answer and not a queue of our own making. */
const REFRESHERS = 4;
const ATTACKERS = 32;
const WANTED = 2;

const refreshes = new URL("harness/refresh.lua", import.meta.url);
const flood = new URL("harness/flood.lua", import.meta.url);

interface Round {
  readonly idle: Measured;
  readonly flooded: Measured;
  readonly flood: Measured;
}

async function measure(runtime: Runtime, folder: string): Promise<Round[]> {
  const server = await startJeton(runtime, ["--demo", "--trusted-proxy", "127.0.0.0/8"]);
  try {
    const tokens: string[] = [];
    while (tokens.length < TOKENS) tokens.push(await login(server.url));
    const pool = join(mkdtempSync(join(folder, "flood-")), "pool");
    writeFileSync(pool, `${tokens.join("\n")}\n`);
    const refresh = (): Promise<Measured> =>
      wrk({
        url: server.url,
        script: refreshes,
        args: [pool, "/api/v1/refresh", "json"],
        connections: REFRESHERS,
        seconds,
      });
    await refresh();
    const measured: Round[] = [];
    while (measured.length < rounds) {
      const idle = await refresh();
      const [flooded, attack] = await Promise.all([
        refresh(),
        wrk({ url: server.url, script: flood, connections: ATTACKERS, seconds }),
      ]);
      measured.push({ idle, flooded, flood: attack });
    }
    return measured;
  } finally {
    await server.stop();
  }
}

needTools("wrk");
await inTemporaryFolder(async (folder) => {
  for (const runtime of RUNTIMES) {
    if (values.only !== undefined && values.only !== runtime) continue;
    const measured = await measure(runtime, folder);
    const of = (pick: (round: Round) => number): string => median(measured.map(pick)).toFixed(2);
    const ratio = median(measured.map(({ idle, flooded }) => flooded.p99 / idle.p99));
    console.log(`refresh on ${runtime}   p50 ms   p99 ms   refreshes/s`);
    console.log(
      `  idle            ${of((r) => r.idle.p50).padStart(8)} ${of((r) => r.idle.p99).padStart(8)} ${of((r) => r.idle.rate).padStart(12)}`,
    );
    console.log(
      `  in the flood    ${of((r) => r.flooded.p50).padStart(8)} ${of((r) => r.flooded.p99).padStart(8)} ${of((r) => r.flooded.rate).padStart(12)}`,
    );
    console.log(`  wrong passwords answered a second: ${of((r) => r.flood.rate)}`);
    console.log(
      `  p99 in the flood : idle = ${ratio.toFixed(2)}x, wanted <= ${WANTED}x: ${ratio <= WANTED ? "met" : "missed"}`,
    );
  }
});
