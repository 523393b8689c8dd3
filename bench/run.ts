/**
 * The benchmark: what a refresh costs with Jeton, beside the least that a durable refresh can cost on the same runtime (the floor)
 * and beside a well known server that keeps everything in memory. Ratios of one run on one machine; absolute figures travel badly.
 *
 *   npm run bench -- [--seconds 8] [--rounds 3] [--connections 64] [--only bun|node] [--json] [--floor-writer inline|worker]
 *                   [--without-jeton]
 *
 * The server has one core, the load the other. Status 1: a contestant failed or gave a wrong answer; 2: a tool is missing.
 */
import { parseArgs } from "node:util";
import { MOST_CONNECTIONS, floor, jeton, oidcProvider, trivial } from "./contestants.ts";
import { measureFootprint, type Footprint } from "./footprint.ts";
import { inTemporaryFolder, needTools, RUNTIMES } from "./harness/tools.ts";
import { measureRefresh } from "./refresh.ts";
import { judgeFootprint, judgeRates, printRates, printVerdicts } from "./report.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    // With few, a commit group is small and the rates show the disk more than the servers.
    connections: { type: "string", default: "64" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
    // Where the floor's writing connection lives; the same place as Jeton's, or the comparison is of two designs.
    "floor-writer": { type: "string", default: "worker" },
    // The yardsticks alone, to see whether a machine is quiet enough to be believed.
    "without-jeton": { type: "boolean", default: false },
  },
});

function positive(name: "seconds" | "rounds" | "connections", most = Number.MAX_SAFE_INTEGER): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1 || number > most) {
    console.error(
      `bench: --${name} must be a whole number from 1${most < Number.MAX_SAFE_INTEGER ? ` to ${most}` : ""}`,
    );
    process.exit(2);
  }
  return number;
}

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

try {
  await inTemporaryFolder(async (folder) => {
    const conditions = { folder, connections };
    const contestants = [
      ...runtimes.flatMap((runtime) => [
        ...(values["without-jeton"] ? [] : [jeton(runtime)]),
        floor(runtime, values["floor-writer"]),
      ]),
      oidcProvider,
      trivial,
    ];
    const series = await measureRefresh(contestants, conditions, { seconds, rounds, say });
    const footprints: Footprint[] = [];
    for (const runtime of values["without-jeton"] ? [] : runtimes) {
      say(`start and memory of jeton on ${runtime}`);
      footprints.push(await measureFootprint(runtime, conditions));
    }
    const verdicts = [...judgeRates(series), ...footprints.flatMap(judgeFootprint)];
    if (values.json) {
      const figures = series.map(({ contestant: { name, runtime }, runs }) => ({ name, runtime, runs }));
      console.log(
        JSON.stringify({ seconds, rounds, connections, refresh: figures, footprints, verdicts }, undefined, 2),
      );
    } else {
      console.log(`\n${printRates(series)}\n\n${printVerdicts(verdicts)}`);
    }
  });
} catch (fault) {
  console.error(`bench: ${fault instanceof Error ? fault.message : String(fault)}`);
  process.exitCode = 1;
}
