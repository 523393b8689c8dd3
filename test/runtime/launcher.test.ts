import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { plainEnvironment, run, type Child } from "./child.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const runtimes = ["bun", "node"] as const;

interface House extends Disposable {
  readonly launcher: string;
  /** A directory with every trap that a runtime would step into, and no node_modules above it. */
  readonly hostile: string;
  /** The program that reports, once more, out of reach of node_modules. */
  readonly alone: string;
}

const report = fileURLToPath(new URL("./programs/report.ts", import.meta.url));

/** The launcher as it is, before a program that tells what reached it. */
function house(): House {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "jeton-launcher-")));
  const own = join(path, "own");
  const hostile = join(path, "hostile");
  const alone = join(hostile, "alone.ts");
  mkdirSync(join(own, "src"), { recursive: true });
  mkdirSync(hostile);
  cpSync(join(root, "bin"), join(own, "bin"), { recursive: true });
  cpSync(report, join(own, "src/main.ts"));
  cpSync(report, alone);
  for (const place of [own, hostile]) writeFileSync(join(place, "package.json"), '{ "type": "module" }');
  symlinkSync(join(root, "node_modules"), join(own, "node_modules"));
  writeFileSync(join(hostile, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
  writeFileSync(join(hostile, "preload.ts"), "globalThis.preloaded = true;\n");
  writeFileSync(join(hostile, ".env"), "FROM_DOTENV=yes\n");
  return {
    launcher: join(own, "bin/jeton"),
    hostile,
    alone,
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}

/** A package registry that has nothing and remembers who asked. */
async function registry(): Promise<AsyncDisposable & { readonly asked: string[]; readonly env: NodeJS.ProcessEnv }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const env = { ...plainEnvironment, BUN_CONFIG_REGISTRY: url, NPM_CONFIG_REGISTRY: url };
  return { asked, env, [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())) };
}

/** Runs a line of shell in which the functions of bin/runtime.sh exist. */
const inShell = (line: string, word: string, options: { cwd: string; env: NodeJS.ProcessEnv }): Child =>
  run("sh", ["-c", `. "$1/bin/runtime.sh"; ${line}`, "sh", root, word], options);

interface Report {
  readonly pid: number;
  readonly runtime: string;
  readonly preloaded: boolean;
  readonly dotenv: string | null;
  readonly installed: boolean;
  readonly words: readonly string[];
}

async function reported(child: Child): Promise<Report> {
  const { code } = await child.ended;
  assert.equal(code, 0, child.output());
  return JSON.parse(child.output()) as Report;
}

for (const runtime of runtimes) {
  test(`the launcher keeps what ${runtime} compiled beside the packages, whatever the environment says`, async () => {
    using place = house();
    const elsewhere = join(place.hostile, "cache");
    mkdirSync(elsewhere);
    const env = {
      ...plainEnvironment,
      JETON_RUNTIME: runtime,
      BUN_RUNTIME_TRANSPILER_CACHE_PATH: elsewhere,
      NODE_COMPILE_CACHE: elsewhere,
    };
    assert.equal((await reported(run(place.launcher, [], { cwd: place.hostile, env }))).runtime, runtime);
    assert.deepEqual(readdirSync(elsewhere), []);
  });
}

for (const runtime of runtimes) {
  test(`Runtime S1: under ${runtime}, the launcher loads nothing from the current directory`, async () => {
    using place = house();
    const env = { ...plainEnvironment, JETON_RUNTIME: runtime };
    const seen = await reported(run(place.launcher, ["a b", "*"], { cwd: place.hostile, env }));
    assert.equal(seen.runtime, runtime);
    assert.equal(seen.preloaded, false);
    assert.equal(seen.dotenv, null);
    assert.deepEqual(seen.words, ["a b", "*"]);
  });

  test(`Runtime S1: under ${runtime}, a package that is missing is not fetched while the program runs`, async () => {
    using place = house();
    await using packages = await registry();
    const env = { ...packages.env, JETON_RUNTIME: runtime };
    const { installed } = await reported(inShell('jeton_exec "$1" "$2"', place.alone, { cwd: place.hostile, env }));
    assert.equal(installed, false);
    assert.deepEqual(packages.asked, []);
  });

  test(`Runtime S1: under ${runtime}, the launcher becomes the program, so that a signal reaches it`, async () => {
    using place = house();
    const env = { ...plainEnvironment, JETON_RUNTIME: runtime };
    const child = run(place.launcher, ["stay"], { env });
    await child.written("\n");
    assert.equal((JSON.parse(child.output()) as Report).pid, child.process.pid);
    child.process.kill("SIGTERM");
    assert.equal((await child.ended).signal, "SIGTERM");
  });
}

for (const [name, value] of [
  ["BUN_OPTIONS", "--preload ./preload.ts"],
  ["BUN_BE_BUN", "1"],
  ["BUN_INSPECT_PRELOAD", "./preload.ts"],
  ["NODE_OPTIONS", "--import ./preload.ts"],
  ["NODE_TLS_REJECT_UNAUTHORIZED", "0"],
] as const) {
  test(`Runtime S1: the launcher refuses to start with ${name} in the environment, in one line`, async () => {
    using place = house();
    const child = run(place.launcher, [], { cwd: place.hostile, env: { ...plainEnvironment, [name]: value } });
    const { code } = await child.ended;
    assert.equal(code, 2);
    assert.match(child.output(), new RegExp(`^jeton: ${name} is set .*unset ${name}\\n$`));
  });
}

test("Runtime S1: the traps of these tests do work: Bun by itself steps into each", async () => {
  using place = house();
  await using packages = await registry();
  const options = { cwd: place.hostile, env: packages.env };
  const { preloaded, dotenv } = await reported(inShell('exec "$(jeton_find_bun "$1")" "$2"', place.alone, options));
  assert.deepEqual([preloaded, dotenv], [true, "yes"]);
  assert.deepEqual(packages.asked, ["/jeton-no-such-package"]);
});

test("Runtime S2: a runtime that there is not is refused by name", async () => {
  using place = house();
  const child = run(place.launcher, [], { env: { ...plainEnvironment, JETON_RUNTIME: "deno" } });
  assert.equal((await child.ended).code, 2);
  assert.match(child.output(), /^jeton: JETON_RUNTIME is 'deno'.*\n$/);
});

test("Runtime S2: without a choice the launcher takes Bun, also through a link from elsewhere", async () => {
  using place = house();
  const link = join(place.hostile, "jeton");
  symlinkSync(place.launcher, link);
  const seen = await reported(run(link, [], { cwd: "/" }));
  assert.equal(seen.runtime, "bun");
});

for (const runtime of runtimes) {
  test(`Runtime S1: under ${runtime}, bin/jeton --version answers the same from a hostile directory`, async () => {
    using place = house();
    const env = { ...plainEnvironment, JETON_RUNTIME: runtime };
    const child = run(join(root, "bin/jeton"), ["--version"], { cwd: place.hostile, env });
    assert.equal((await child.ended).code, 0, child.output());
    assert.match(child.output(), /^\d+\.\d+\.\d+\n$/);
  });
}
