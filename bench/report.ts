/** Turns the measurements into ratios and says of each target whether it is met. */
import { REFRESHES, type Footprint } from "./footprint.ts";
import { median, table } from "./harness/statistics.ts";
import type { Runtime } from "./harness/tools.ts";
import type { Series } from "./refresh.ts";

const TARGET_OIDC = 7;
const TARGET_FLOOR = 0.75;
const TARGET_START_MS = 300;
const TARGET_MEGABYTES = 120;
/** Below this the figures would show the load generator and not the servers. */
const TARGET_GENERATOR = 2;

export interface Verdict {
  readonly what: string;
  readonly figure: number;
  readonly shown: string;
  readonly target: string;
  /** Undefined where no target is set. */
  readonly met: boolean | undefined;
}

function rates({ runs }: Series): number[] {
  return runs.map((run) => run.rate);
}

/** The median of the ratios of each round, which a drift between rounds does not touch. */
function ratio(over: Series, under: Series): number {
  const below = rates(under);
  return median(rates(over).map((rate, round) => rate / (below[round] ?? Number.NaN)));
}

function times(figure: number): string {
  return `${figure.toFixed(2)}x`;
}

export function judgeRates(all: readonly Series[]): Verdict[] {
  const find = (name: string, runtime?: Runtime): Series | undefined =>
    all.find(({ contestant }) => contestant.name === name && (runtime ?? contestant.runtime) === contestant.runtime);
  const verdicts: Verdict[] = [];
  const oidc = find("oidc-provider");
  for (const jeton of all.filter(({ contestant }) => contestant.name === "jeton")) {
    const { runtime } = jeton.contestant;
    if (oidc !== undefined) {
      const figure = ratio(jeton, oidc);
      const what = `refresh, jeton on ${runtime} : oidc-provider`;
      const met = figure >= TARGET_OIDC;
      verdicts.push({ what, figure, shown: times(figure), target: `>= ${TARGET_OIDC}x`, met });
    }
    const floor = find("floor", runtime);
    if (floor !== undefined) {
      const figure = ratio(jeton, floor);
      const what = `refresh, jeton on ${runtime} : floor on ${runtime}`;
      const met = runtime === "bun" ? figure >= TARGET_FLOOR : undefined;
      const target = runtime === "bun" ? `>= ${TARGET_FLOOR * 100} %` : "";
      verdicts.push({ what, figure, shown: `${(figure * 100).toFixed(0)} %`, target, met });
    }
  }
  const generator = find("trivial answer");
  if (generator !== undefined) {
    const others = all.filter((series) => series !== generator);
    const figure = Math.min(...others.map((series) => ratio(generator, series)));
    const what = "load generator : fastest contestant";
    const met = figure >= TARGET_GENERATOR;
    verdicts.push({ what, figure, shown: times(figure), target: `>= ${TARGET_GENERATOR}x`, met });
  }
  return verdicts;
}

export function judgeFootprint(footprint: Footprint): Verdict[] {
  const { runtime, startEmptyMs, startInitialisedMs, residentMegabytes } = footprint;
  const start = (kind: string, figure: number): Verdict => ({
    what: `start to ready, ${kind}, ${runtime}`,
    figure,
    shown: `${figure.toFixed(0)} ms`,
    target: `<= ${TARGET_START_MS} ms`,
    met: figure <= TARGET_START_MS,
  });
  return [
    start("empty demo", startEmptyMs),
    start("initialised folder", startInitialisedMs),
    {
      what: `memory after ${REFRESHES.toLocaleString("en")} refreshes, ${runtime}`,
      figure: residentMegabytes,
      shown: `${residentMegabytes.toFixed(0)} MB`,
      target: `<= ${TARGET_MEGABYTES} MB`,
      met: residentMegabytes <= TARGET_MEGABYTES,
    },
  ];
}

function cpu({ runs }: Series): number {
  return median(runs.map((run) => run.cpu));
}

export function printRates(all: readonly Series[]): string {
  const base = all.find(({ contestant }) => contestant.name === "oidc-provider");
  const rows = all.map((series) => [
    `${series.contestant.name} on ${series.contestant.runtime}`,
    median(rates(series)).toFixed(0),
    `${Math.min(...rates(series)).toFixed(0)}-${Math.max(...rates(series)).toFixed(0)}`,
    base === undefined ? "" : times(ratio(series, base)),
    cpu(series).toFixed(0),
    base === undefined ? "" : times(cpu(base) / cpu(series)),
    median(series.runs.map((run) => run.p50)).toFixed(1),
    median(series.runs.map((run) => run.p99)).toFixed(1),
    `${(100 * median(series.runs.map((run) => run.disturbed))).toFixed(0)} %`,
  ]);
  const head = ["contestant", "refresh/s", "range", "x oidc", "cpu us", "x oidc", "p50 ms", "p99 ms", "disturbed"];
  const legend =
    "x oidc: by rate, then by processor time a refresh. disturbed: what other programs took of the server's core; distrust a run far above 15 %.";
  return `${table([head, ...rows])}\n${legend}`;
}

export function printVerdicts(verdicts: readonly Verdict[]): string {
  const word = (met: boolean | undefined): string => (met === undefined ? "" : met ? "met" : "missed");
  return table([
    ["what", "figure", "target", "verdict"],
    ...verdicts.map(({ what, shown, target, met }) => [what, shown, target, word(met)]),
  ]);
}
