/**
 * `npm test`: the whole suite under Bun and again under Node.js, because the server runs on both.
 *
 *   test/run.ts [--only bun|node] [--long] [--verbose] [file or folder...]
 *
 * What fails is printed as it fails; --verbose prints what passes too. Files named *.long.test.ts run with --long.
 * A runtime that is missing is skipped by name; with CI=true anything skipped is a failure.
 * The last line is always `N passed, N failed, N skipped`, the sum of both runtimes.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, existsSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readBunReport } from "./runner/bun-report.ts";
import { readNodeRecord } from "./runner/node-record.ts";
import { difference, judge, type Run, type RuntimeName } from "./runner/verdict.ts";

const root = realpathSync(resolve(import.meta.dirname, ".."));
const { values: options, positionals } = parseCommandLine();
const inCi = process.env["CI"] === "true";
/** Test files at once: one for each core of the machine. Node's own choice is one less, and half of two. */
const atOnce = availableParallelism();
/** Milliseconds that a test may take. None comes near it: it is there to end what hangs, on a slow machine too. */
const patience = "120000";
const print = (line: string): unknown => process.stdout.write(`${line}\n`);

function usage(problem: string): never {
  process.stderr.write(`${problem}\nusage: npm test -- [--only bun|node] [--long] [--verbose] [file or folder...]\n`);
  process.exit(2);
}

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { only: { type: "string" }, long: { type: "boolean" }, verbose: { type: "boolean" } },
    });
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

/** Every test file below `folder`, wherever it was put: a test in the wrong place must run or fail, not be forgotten. */
function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return /^\.|^node_modules$/.test(entry.name) ? [] : testFiles(path);
    if (!entry.name.endsWith(".test.ts")) return [];
    return options.long === true || !entry.name.endsWith(".long.test.ts") ? [path] : [];
  });
}

function chosenFiles(): string[] {
  const chosen = (positionals.length === 0 ? [root] : positionals).flatMap((given) => {
    if (!existsSync(given)) usage(`${given}: no such file or folder`);
    const path = realpathSync(given);
    if (statSync(path).isDirectory()) return testFiles(path);
    return path.endsWith(".test.ts") ? [path] : usage(`${given}: not a *.test.ts file`);
  });
  return [...new Set(chosen)].toSorted();
}

/** The launcher knows where the runtimes are. */
function find(runtime: RuntimeName): string | undefined {
  const script = `. "$1/bin/runtime.sh"; jeton_find_${runtime} "$1"`;
  const found = spawnSync("sh", ["-c", script, "sh", root], { encoding: "utf8" });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/**
 * What changes a runtime from outside must not reach the tests, and what they start must run on the same runtime, which
 * keeps compiled code where the launcher has it kept: each file loads much of the program.
 */
function environment(runtime: RuntimeName): NodeJS.ProcessEnv {
  const foreign =
    /^(?:BUN_OPTIONS|BUN_BE_BUN|BUN_INSPECT.*|NODE_OPTIONS|NODE_TEST_.*|NODE_TLS_.*|FORCE_COLOR|JETON_.*|NODE_COMPILE_CACHE)$/;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const cache = join(root, `node_modules/.cache/jeton-${runtime}`);
  const variable = runtime === "bun" ? "BUN_RUNTIME_TRANSPILER_CACHE_PATH" : "NODE_COMPILE_CACHE";
  return { ...Object.fromEntries(kept), [variable]: cache, JETON_RUNTIME: runtime };
}

function commandLine(runtime: RuntimeName, files: readonly string[], report: string): string[] {
  const inRunner = (file: string): string => join(root, "test/runner", file);
  if (runtime === "bun") {
    const shown = options.verbose === true ? [] : ["--only-failures"];
    // A path that begins with "./" or "/" is a file; anything else would be a pattern that may match others too.
    return [
      ...["--no-install", "--no-env-file", "--config=/dev/null", "test", `--parallel=${atOnce}`, "--timeout", patience],
      ...["--reporter=junit", `--reporter-outfile=${report}`, ...shown, ...files],
    ];
  }
  const shown = options.verbose === true ? "spec" : inRunner("failures-only.ts");
  return [
    ...["--disable-warning=ExperimentalWarning", "--import", inRunner("let-go.ts")],
    ...["--test", `--test-concurrency=${atOnce}`, "--test-timeout", patience],
    ...[`--test-reporter=${inRunner("node-record.ts")}`, `--test-reporter-destination=${report}`],
    ...[`--test-reporter=${shown}`, "--test-reporter-destination=stdout", ...files],
  ];
}

/** What the runner wrote down, and what it counted itself: Bun on its output, Node at the end of its record. */
function evidence(runtime: RuntimeName, report: string, output: string): Pick<Run, "closing" | "cases"> {
  if (runtime === "node") {
    const record = readNodeRecord(report);
    return { cases: record?.cases, closing: record && { tests: record.tests, files: undefined, errors: 0 } };
  }
  const end = output.slice(output.lastIndexOf(" pass\n"));
  const errors = Number(/^ (\d+) errors?$/m.exec(end)?.[1] ?? 0);
  const last = /^Ran (\d+) tests? across (\d+) files?\./m.exec(end);
  return {
    cases: readBunReport(report, root),
    closing: last === null ? undefined : { tests: Number(last[1]), files: Number(last[2]), errors },
  };
}

async function run(runtime: RuntimeName, program: string, files: readonly string[], scratch: string): Promise<Run> {
  const report = join(scratch, runtime);
  let tail = "";
  const exitCode = await new Promise<number | undefined>((settle, fail) => {
    // Through a shell that joins both outputs, since a test's words and the runner's verdict on it belong together.
    const child = spawn("sh", ["-c", 'exec "$@" 2>&1', "sh", program, ...commandLine(runtime, files, report)], {
      cwd: root,
      env: environment(runtime),
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      process.stdout.write(text);
      tail = (tail + text).slice(-8192);
    });
    child.on("error", fail).on("close", (code) => settle(code ?? undefined));
  });
  return { runtime, exitCode, ...evidence(runtime, existsSync(report) ? readFileSync(report, "utf8") : "", tail) };
}

const wanted = (["bun", "node"] as const).filter((name) => options.only === undefined || options.only === name);
if (wanted.length === 0) usage(`--only ${options.only}: there is bun and there is node`);
const files = chosenFiles();
const failures: string[] = [];
/** Name of the skipped test -> where it was skipped, and why. Node alone tells the reason. */
const skips = new Map<string, { on: RuntimeName[]; note: string }>();
const missing: RuntimeName[] = [];
const runs: Run[] = [];
let passed = 0;
let skipped = 0;

if (files.length === 0) failures.push("there is no test file");
// The workers of `bun test --parallel` read this file in spite of --config, and it may name code to load.
if (existsSync(join(root, "bunfig.toml")))
  failures.push("bunfig.toml: must not exist, the tests would be run by its rules");

const scratch = mkdtempSync(join(tmpdir(), "jeton-test-"));
try {
  for (const runtime of failures.length === 0 ? wanted : []) {
    const program = find(runtime);
    if (program === undefined) {
      missing.push(runtime);
      continue;
    }
    const version = spawnSync(program, ["--version"], { encoding: "utf8" }).stdout.trim().replace(/^v/, "");
    const from = performance.now();
    const result = await run(runtime, program, files, scratch);
    const verdict = judge(result, files);
    const took = ((performance.now() - from) / 1000).toFixed(1);
    const count = (result.cases ?? []).filter((test) => test.title !== "").length;
    print(
      `${runtime} ${version}: ${files.length} files, ${count} tests, ${verdict.failures.length} failed, ${took} s\n`,
    );
    runs.push(result);
    passed += verdict.passed;
    failures.push(...verdict.failures.map((failure) => `${runtime}: ${failure}`));
    skipped += verdict.skipped.length;
    for (const { file, title, note } of verdict.skipped) {
      const known = skips.get(`${file}: ${title}`);
      skips.set(`${file}: ${title}`, { on: [...(known?.on ?? []), runtime], note });
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

const [first, second] = runs;
if (first !== undefined && second !== undefined) {
  const differing = difference(first, second);
  if (differing.length > 0) {
    const more = differing.length > 20 ? [`and ${differing.length - 20} more`] : [];
    failures.push(["the runtimes did not run the same tests", ...differing.slice(0, 20), ...more].join("\n    "));
  }
}
for (const runtime of missing) {
  const tests = first?.cases?.length ?? files.length;
  print(
    `*** ${runtime} WAS NOT FOUND: its half of the suite, ${tests} tests, is skipped. Do: npm ci --ignore-scripts ***\n`,
  );
  skipped += tests;
}
if (runs.length === 0 && failures.length === 0) failures.push("nothing was run");

const list = (title: string, lines: readonly string[]): void => {
  if (lines.length === 0) return;
  print(`${title}:`);
  for (const line of lines) print(`  ${line.replaceAll(`${root}/`, "")}`);
  print("");
};
list(
  "skipped",
  Array.from(skips, ([name, { on, note }]) => `${name} (${on.join(", ")}${note && `: ${note}`})`),
);
list("failed", failures);
if (inCi && skipped > 0) print("CI=true: nothing may be skipped, so this run has failed\n");
print(`${passed} passed, ${failures.length} failed, ${skipped} skipped`);
process.exitCode = failures.length > 0 || (inCi && skipped > 0) ? 1 : 0;
