/**
 * What a million live API tokens cost: disk, start, and the use of one of them, beside the same server with one.
 *
 *   npm run bench:api-tokens -- [--tokens 1000000] [--uses 3000] [--only bun|node]
 *
 * Status 1: something failed or a target was missed; 2: a tool is missing.
 */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { furnishApiTokens, makeHouse, mint, openHouse } from "./full-house.ts";
import { residentMegabytes } from "./harness/proc.ts";
import { median } from "./harness/statistics.ts";
import { inTemporaryFolder, needTools, RUNTIMES, SERVER_CORE, type Runtime } from "./harness/tools.ts";
import { printVerdicts, type Verdict } from "./report.ts";

const TARGET_START = 1.2;
/** "Unaffected", as far as a machine with other programs can tell. */
const TARGET_USE = 1.2;
const STARTS = 7;
const ROUNDS = 6;

const { values } = parseArgs({
  options: {
    tokens: { type: "string", default: "1000000" },
    uses: { type: "string", default: "3000" },
    only: { type: "string" },
  },
});
const tokens = Number(values.tokens);
const uses = Number(values.uses);
const runtimes = RUNTIMES.filter((runtime) => values.only === undefined || runtime === values.only);
if (![tokens, uses].every((count) => Number.isInteger(count) && count >= 1) || runtimes.length === 0) {
  console.error(`bench: --tokens and --uses must be whole numbers from 1, and --only ${RUNTIMES.join(" or ")}`);
  process.exit(2);
}
needTools("taskset");

interface House {
  readonly data: string;
  /** One of its tokens. */
  readonly token: string;
}

async function makeOne(runtime: Runtime, data: string): Promise<House> {
  await makeHouse(runtime, data);
  const server = await openHouse(runtime, data);
  try {
    return { data, token: await mint(server.url) };
  } finally {
    await server.stop();
  }
}

async function startTime(runtime: Runtime, { data }: House): Promise<number> {
  const server = await openHouse(runtime, data);
  await server.stop();
  return server.readyMs;
}

/** Milliseconds that a request with the token takes, one after the other. */
async function useTime(url: string, token: string): Promise<number> {
  const times: number[] = [];
  while (times.length < uses / ROUNDS) {
    const begun = performance.now();
    const response = await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
    await response.text();
    if (response.status !== 200) throw new Error(`the token was answered ${response.status}`);
    times.push(performance.now() - begun);
  }
  return median(times);
}

async function measure(runtime: Runtime, folder: string): Promise<Verdict[]> {
  const place = mkdtempSync(join(folder, "house-"));
  const one = await makeOne(runtime, join(place, "one"));
  const full = await makeOne(runtime, join(place, "full"));
  console.error(`${runtime}: ${tokens.toLocaleString("en")} API tokens are put in`);
  const { bytesEach } = furnishApiTokens(full.data, tokens);

  // In turn, so that a drift of the machine touches both.
  const starts: [number[], number[]] = [[], []];
  while (starts[0].length < STARTS) {
    starts[0].push(await startTime(runtime, one));
    starts[1].push(await startTime(runtime, full));
  }
  const [startOne, startFull] = [median(starts[0]), median(starts[1])];

  const servers = [await openHouse(runtime, one.data, SERVER_CORE), await openHouse(runtime, full.data, SERVER_CORE)];
  const [of, to] = servers as [(typeof servers)[0], (typeof servers)[0]];
  try {
    const times: [number[], number[]] = [[], []];
    // The first round warms both up.
    for (let round = 0; round <= ROUNDS; round++) {
      const pair = [await useTime(of.url, one.token), await useTime(to.url, full.token)] as const;
      if (round === 0) continue;
      times[0].push(pair[0]);
      times[1].push(pair[1]);
    }
    const use = median(times[1].map((time, round) => time / times[0][round]!));
    const memory = residentMegabytes(to.pid);
    const start = startFull / startOne;
    return [
      {
        what: `bytes on disk for each API token, ${runtime}`,
        figure: bytesEach,
        shown: bytesEach.toFixed(0),
        target: "",
        met: undefined,
      },
      {
        what: `start to ready, full : one, ${runtime}`,
        figure: start,
        shown: `${start.toFixed(2)}x (${startFull.toFixed(0)} : ${startOne.toFixed(0)} ms)`,
        target: `<= ${TARGET_START}x`,
        met: start <= TARGET_START,
      },
      {
        what: `a request with one of them, full : one, ${runtime}`,
        figure: use,
        shown: `${use.toFixed(2)}x (${median(times[1]).toFixed(2)} : ${median(times[0]).toFixed(2)} ms)`,
        target: `<= ${TARGET_USE}x`,
        met: use <= TARGET_USE,
      },
      {
        what: `memory, full, ${runtime}`,
        figure: memory,
        shown: `${memory.toFixed(0)} MB`,
        target: "",
        met: undefined,
      },
    ];
  } finally {
    for (const server of servers) await server.stop();
  }
}

try {
  await inTemporaryFolder(async (folder) => {
    const verdicts: Verdict[] = [];
    for (const runtime of runtimes) verdicts.push(...(await measure(runtime, folder)));
    console.log(`\n${tokens.toLocaleString("en")} live API tokens\n\n${printVerdicts(verdicts)}`);
    if (verdicts.some(({ met }) => met === false)) process.exitCode = 1;
  });
} catch (fault) {
  console.error(`bench: ${fault instanceof Error ? fault.message : String(fault)}`);
  process.exitCode = 1;
}
