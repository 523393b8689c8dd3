/** The test runner is not fooled: each way in which a suite can look green without having run is planted here. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, test } from "node:test";
import { readBunReport } from "./bun-report.ts";
import { readNodeRecord } from "./node-record.ts";
import { difference, judge, type Case, type Run } from "./verdict.ts";

const here = process.versions["bun"] === undefined ? "node" : "bun";
const root = resolve(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "jeton-runner-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const passing = 'import { test } from "node:test";\ntest("passes", () => {});\n';

/** Runs the runner on the given files, on the runtime that runs this test unless `flags` says otherwise. */
function suite(name: string, files: Readonly<Record<string, string>>, flags = ["--only", here], env = {}) {
  const folder = join(scratch, name.replaceAll(/\W/g, "-"));
  for (const [file, text] of Object.entries({ "package.json": '{"type":"module"}', ...files })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const result = spawnSync("sh", ["scripts/run", "test/run.ts", ...flags, folder], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, CI: "", ...env },
  });
  const last = result.stdout.trimEnd().split("\n").at(-1);
  return { status: result.status, last, output: result.stdout + result.stderr };
}

/** File name -> what it holds after the import of `test`. */
const planted: Readonly<Record<string, string>> = {
  "fails.test.ts": 'test("fails", () => { throw new Error("so it is"); });',
  "exits-late.test.ts": `
    test("is slow", () => new Promise((done) => setTimeout(done, 200)));
    test("exits", () => process.exit(0));`,
  "exits-at-load.test.ts": "process.exit(0);",
  "is-empty.test.ts": "",
  "throws-at-load.test.ts": 'throw new Error("too early");',
  "is-killed.test.ts": 'test("is killed", () => { process.kill(process.pid, "SIGKILL"); });',
  "deep/leaves-a-rejection.test.ts": `test("leaks", async () => {
      void Promise.reject(new Error("loose"));
      await new Promise((done) => setTimeout(done, 50));
    });`,
};

test("the runner reports every file that failed, fell silent, exited or died, and no other", () => {
  const files: Record<string, string> = { "good.test.ts": passing };
  for (const [name, body] of Object.entries(planted)) files[name] = `import { test } from "node:test";\n${body}\n`;
  const ran = suite("planted", files);
  assert.equal(ran.status, 1);
  const failed = ran.output.slice(ran.output.lastIndexOf("\nfailed:"));
  for (const name of Object.keys(planted)) assert.ok(failed.includes(name), `${name} is not named in ${ran.output}`);
  assert.ok(!failed.includes("good.test.ts"), failed);
  assert.match(ran.last ?? "", /^\d+ passed, [1-9]\d* failed, 0 skipped$/);
});

test("the runner is not fooled by process.exit(0) in the only file", () => {
  const ran = suite("alone", { "alone.test.ts": `${passing}test("exits", () => process.exit(0));\n` });
  assert.equal(ran.status, 1);
  assert.match(ran.last ?? "", / [1-9]\d* failed, 0 skipped$/);
});

test("the runner reports a hook that fails after every test has passed", () => {
  const hook = 'import { after } from "node:test";\nafter(() => { throw new Error("so it is"); });\n';
  const ran = suite("hook", { "hook.test.ts": passing + hook, "good.test.ts": passing });
  assert.equal(ran.last, "2 passed, 1 failed, 0 skipped", ran.output);
  assert.match(ran.output, /so it is/);
});

test("the runner gets every result of a file with many quick tests", () => {
  const many = 'import { test } from "node:test";\nfor (let at = 0; at < 500; at++) test(`number ${at}`, () => {});\n';
  assert.equal(suite("many", { "many.test.ts": many }).last, "500 passed, 0 failed, 0 skipped");
});

test("on Node the runner fails a file that leaves a server open, on Bun it ends with its last test", () => {
  const body = 'import { createServer } from "node:http";\ntest("opens", () => void createServer().listen(0));\n';
  const ran = suite("open", { "open.test.ts": passing + body });
  assert.equal(
    ran.last,
    here === "bun" ? "2 passed, 0 failed, 0 skipped" : "2 passed, 1 failed, 0 skipped",
    ran.output,
  );
  if (here === "node") assert.match(ran.output, /still open 5 s after the last test: .*TCP/);
});

test("the runner counts each test once on each runtime, and says nothing of those that pass", () => {
  const body = `import { describe, it, test } from "node:test";
    describe("group", () => { it('q " & <b> > ü ]]>', () => {}); describe("deep", () => { it("inner", () => {}); }); });
    for (const title of ["twice", "twice"]) test(title, () => {});
    test("two\\nlines", () => {});`;
  const ran = suite("both", { "good.test.ts": body, "other.test.ts": passing, "slow.long.test.ts": passing }, []);
  assert.equal(ran.last, "12 passed, 0 failed, 0 skipped", ran.output);
  assert.equal(ran.status, 0);
  assert.doesNotMatch(ran.output, /inner/);
});

test("the runner leaves files named *.long.test.ts out unless --long is given", () => {
  const files = { "good.test.ts": passing, "slow.long.test.ts": passing };
  assert.equal(suite("short", files).last, "1 passed, 0 failed, 0 skipped");
  assert.equal(suite("long", files, ["--only", here, "--long"]).last, "2 passed, 0 failed, 0 skipped");
});

test("the runner names what was skipped, and with CI=true that is a failure", () => {
  const body = 'import { test } from "node:test";\ntest("asks a tool", { skip: "needs strace" }, () => {});\n';
  const files = { "good.test.ts": passing, "tool.test.ts": body };
  const ran = suite("skips", files);
  assert.equal(ran.last, "1 passed, 0 failed, 1 skipped");
  assert.equal(ran.status, 0);
  assert.match(ran.output, /tool\.test\.ts: asks a tool \(/);
  assert.equal(suite("skips in ci", files, ["--only", here], { CI: "true" }).status, 1);
});

test("the runner names the tests that ran on one runtime only", () => {
  const body =
    'import { test } from "node:test";\nif (process.versions.bun === undefined) test("node alone", () => {});\n';
  const ran = suite("difference", { "odd.test.ts": `${passing}${body.split("\n")[1]}\n` }, []);
  assert.equal(ran.last, "3 passed, 1 failed, 0 skipped", ran.output);
  assert.match(ran.output, /only on node: .*odd\.test\.ts: node alone/);
});

test("the runner does not let NODE_OPTIONS or BUN_OPTIONS from outside reach the tests", () => {
  const body = `${passing}test("clean", () => { if (process.env.NODE_OPTIONS ?? process.env.BUN_OPTIONS) throw new Error("dirty"); });`;
  const env = here === "bun" ? { NODE_OPTIONS: "--no-warnings" } : { BUN_OPTIONS: "--smol" };
  assert.equal(
    suite("environment", { "env.test.ts": body }, ["--only", here], env).last,
    "2 passed, 0 failed, 0 skipped",
  );
});

const file = "/p/a.test.ts";
const one: Case = { file, title: "a", outcome: "passed", note: "" };
const good: Run = { runtime: "bun", exitCode: 0, closing: { tests: 1, files: 1, errors: 0 }, cases: [one] };

test("a verdict needs a whole report, a good exit code and closing lines that agree", () => {
  assert.deepEqual(judge(good, [file]), { passed: 1, skipped: [], failures: [] });
  const doubtful: readonly Partial<Run>[] = [
    { cases: undefined },
    { exitCode: 1 },
    { exitCode: undefined },
    { closing: undefined },
    { closing: { tests: 2, files: 1, errors: 0 } },
    { closing: { tests: 1, files: 2, errors: 0 } },
    { closing: { tests: 1, files: 1, errors: 1 } },
    { cases: [one, { ...one, file: "/p/other.test.ts" }], closing: { tests: 2, files: 1, errors: 0 } },
  ];
  for (const change of doubtful)
    assert.equal(judge({ ...good, ...change }, [file]).failures.length, 1, JSON.stringify(change));
  assert.equal(judge(good, [file, "/p/silent.test.ts"]).failures.length, 1);
});

test("a title that was used twice on one runtime and once on the other is a difference", () => {
  assert.deepEqual(difference(good, { ...good, runtime: "node" }), []);
  assert.deepEqual(difference(good, { ...good, runtime: "node", cases: [one, one] }), [`only on node: ${file}: a`]);
});

test("a report that was cut off is not a report", () => {
  const xml = `<testsuites><testsuite name="a.test.ts"><testcase name="a" file="a.test.ts"/></testsuite></testsuites>`;
  assert.deepEqual(readBunReport(xml, "/p"), [one]);
  assert.equal(readBunReport(xml.slice(0, -3), "/p"), undefined);
  const record = `${JSON.stringify(one)}\n{"tests":1}\n`;
  assert.deepEqual(readNodeRecord(record), { cases: [one], tests: 1 });
  assert.equal(readNodeRecord(record.slice(0, -12)), undefined);
});
