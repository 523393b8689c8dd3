/**
 * What a run of the suite is worth, decided from evidence and not from the runner's word: a test that calls
 * `process.exit(0)` ends both runners with success, and an empty file counts as a pass on one of them. So the report
 * must be complete, every file that was asked for must have run a test, the closing lines must agree, and both
 * runtimes must have run the same tests.
 */

export interface Case {
  /** Absolute path of the test file that ran. */
  readonly file: string;
  /** Groups and name, joined by " > ". Empty when the file failed as a whole. */
  readonly title: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** Why it was skipped, or what was said when it failed. */
  readonly note: string;
}

export type RuntimeName = "bun" | "node";

export interface Closing {
  readonly tests: number;
  readonly files: number | undefined;
  /** What went wrong outside of any test, for instance in a hook. */
  readonly errors: number;
}

/** What one runtime left behind. */
export interface Run {
  readonly runtime: RuntimeName;
  /** Undefined when the runner was ended by a signal. */
  readonly exitCode: number | undefined;
  /** The counts that the runner itself printed at its end. */
  readonly closing: Closing | undefined;
  readonly cases: readonly Case[] | undefined;
}

export interface Verdict {
  readonly passed: number;
  readonly skipped: readonly Case[];
  /** One line for each failed test, and for each sign that the run cannot be believed. */
  readonly failures: readonly string[];
}

const nameOf = ({ file, title, note }: Case): string => `${file}: ${title === "" ? note : title}`;

export function judge(run: Run, files: readonly string[]): Verdict {
  const asked = new Set(files);
  const cases = run.cases ?? [];
  const tests = cases.filter((test) => test.title !== "");
  const failures = [...new Set(cases.filter((test) => test.outcome === "failed").map(nameOf))];

  const ran = new Set([...tests, ...cases.filter((test) => test.outcome === "failed")].map((test) => test.file));
  const silent = files.filter((file) => !ran.has(file));
  if (run.cases === undefined) failures.push("the runner died before its report was complete");
  else failures.push(...silent.map((file) => `${file}: no test ran in this file`));
  failures.push(...[...ran].filter((file) => !asked.has(file)).map((file) => `${file}: ran without being asked for`));
  if (run.closing !== undefined && run.closing.errors > 0)
    failures.push(`${run.closing.errors} errors outside of any test, printed above`);

  // The rest only matters when nothing else has been said, since a failure bends the counts of each runner its own way.
  if (failures.length === 0) {
    if (run.exitCode !== 0) failures.push(`the runner ended with exit code ${run.exitCode ?? "of a signal"}`);
    if (run.closing === undefined) failures.push("the runner did not print its closing line");
    else if (run.closing.tests !== tests.length)
      failures.push(`the runner counted ${run.closing.tests} tests, its report has ${tests.length}`);
    else if (run.closing.files !== undefined && run.closing.files !== files.length)
      failures.push(`the runner counted ${run.closing.files} files, there are ${files.length}`);
  }
  return {
    passed: tests.filter((test) => test.outcome === "passed").length,
    skipped: tests.filter((test) => test.outcome === "skipped"),
    failures,
  };
}

/** The tests that ran on one runtime only, each as "only on bun: file: title". A title used twice counts twice. */
export function difference(first: Run, second: Run): string[] {
  const surplus = (of: Run, over: Run): string[] => {
    const left = (over.cases ?? []).filter((test) => test.title !== "").map(nameOf);
    return (of.cases ?? [])
      .filter((test) => test.title !== "")
      .map(nameOf)
      .filter((name) => {
        const at = left.indexOf(name);
        if (at >= 0) left.splice(at, 1);
        return at < 0;
      })
      .map((name) => `only on ${of.runtime}: ${name}`);
  };
  return [...surplus(first, second), ...surplus(second, first)];
}
