/**
 * What `jeton token` costs while the stored token is live, beside the bare runtime: a script calls it before each request.
 *
 *   npm run bench:token -- [--runs 31] [--only bun|node]
 *
 * Status 1: something failed or a target was missed.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { demoPassword } from "../src/compose/demo.ts";
import { start } from "./harness/server.ts";
import { median } from "./harness/statistics.ts";
import { inTemporaryFolder, root, RUNTIMES, type Runtime } from "./harness/tools.ts";
import { printVerdicts, type Verdict } from "./report.ts";

const TARGET_MS = 80;
const launcher = join(root, "bin/jeton");

const { values } = parseArgs({ options: { runs: { type: "string", default: "31" }, only: { type: "string" } } });
const runs = Number(values.runs);
const runtimes = RUNTIMES.filter((runtime) => values.only === undefined || runtime === values.only);
if (!Number.isInteger(runs) || runs < 1 || runtimes.length === 0) {
  console.error(`bench: --runs must be a whole number from 1, and --only ${RUNTIMES.join(" or ")}`);
  process.exit(2);
}

type Environment = Readonly<Record<string, string>>;

/** Milliseconds from start to end. Throws where it fails or prints something else. */
function timed(command: readonly [string, ...string[]], env: Environment, prints: RegExp, input = ""): number {
  const [program, ...words] = command;
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8", env, input });
  const took = performance.now() - begun;
  if (status !== 0 || !prints.test(stdout)) throw new Error(`${command.join(" ")} ended with ${status}: ${stderr}`);
  return took;
}

function bareRuntime(runtime: Runtime): string {
  const script = `. "$1/bin/runtime.sh"; jeton_find_${runtime} "$1"`;
  return spawnSync("sh", ["-c", script, "sh", root], { encoding: "utf8" }).stdout.trim();
}

async function measure(runtime: Runtime, folder: string): Promise<Verdict> {
  const listening = ["serve", "--demo", "--listen", "127.0.0.1:0"];
  const server = await start({ runtime, command: [launcher, ...listening] });
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: join(folder, runtime),
    JETON_SERVER: server.url,
    JETON_RUNTIME: runtime,
  };
  const nothing = join(folder, "nothing.mjs");
  writeFileSync(nothing, "");
  const bare = [bareRuntime(runtime), nothing] as const;
  const token = [launcher, "token"] as const;
  try {
    timed([launcher, "login", "--username", "bob", "--password-stdin"], env, /^$/, `${demoPassword}\n`);
  } finally {
    await server.stop();
  }
  // The server has gone: a token that lives needs none.
  const times: [number[], number[]] = [[], []];
  timed(token, env, /^eyJ/);
  for (let run = 0; run < runs; run++) {
    times[0].push(timed(bare, env, /^$/));
    times[1].push(timed(token, env, /^eyJ/));
  }
  const [of, to] = [median(times[0]), median(times[1])];
  return {
    what: `jeton token, live, beyond the bare runtime, ${runtime}`,
    figure: to - of,
    shown: `${(to - of).toFixed(0)} ms (${to.toFixed(0)} - ${of.toFixed(0)})`,
    target: `<= ${TARGET_MS} ms`,
    met: to - of <= TARGET_MS,
  };
}

try {
  await inTemporaryFolder(async (folder) => {
    const verdicts: Verdict[] = [];
    for (const runtime of runtimes) verdicts.push(await measure(runtime, folder));
    console.log(`\n${printVerdicts(verdicts)}`);
    if (verdicts.some(({ met }) => met === false)) process.exitCode = 1;
  });
} catch (fault) {
  console.error(`bench: ${fault instanceof Error ? fault.message : String(fault)}`);
  process.exitCode = 1;
}
