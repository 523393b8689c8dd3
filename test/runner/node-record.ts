/**
 * A reporter for `node --test` that writes one line of JSON for each test, and its reader. Node's own reports name
 * the place where `test()` was called and not the file that ran, so a suite shared by two files is told apart by
 * nobody; and they say nothing when `process.exit(0)` in a test makes all tests after it vanish. Here each file that
 * ends without its own summary has failed.
 */
import type { TestEvent } from "node:test/reporters";
import type { Case } from "./verdict.ts";

interface Located {
  readonly name: string;
  readonly testId?: number | undefined;
  readonly parentId?: number | undefined;
  readonly file?: string | undefined;
  /** The file that ran; absent where the event is about that file as a whole. */
  readonly entryFile?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details?: { readonly type?: string | undefined; readonly error?: Error & { readonly failureType?: string } };
}

/** What is kept of a test when it passes or fails; nothing for a group, which is as good as its tests. */
function caseOf({ skip, todo, details, entryFile = "" }: Located, title: string, failed: boolean): Case | undefined {
  if (details?.type === "suite") {
    if (!failed || details.error?.failureType === "subtestsFailed") return undefined;
    return { file: entryFile, title: "", outcome: "failed", note: `the group "${title}" failed` };
  }
  const reason = [skip, todo].find((given) => given !== undefined && given !== false);
  const outcome = reason === undefined ? (failed ? "failed" : "passed") : "skipped";
  return { file: entryFile, title, outcome, note: typeof reason === "string" ? reason : "" };
}

export default async function* record(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const names = new Map<string, { readonly name: string; readonly parent: string }>();
  // Of files that run at the same time an event of the one may overtake the summary of the other.
  const ended = new Set<string>();
  const summarised = new Set<string>();
  const failed = new Set<string>();
  const line = (written: Case | undefined): string => (written === undefined ? "" : `${JSON.stringify(written)}\n`);

  for await (const { type, data } of events) {
    if (type === "test:summary") {
      if (data.file !== undefined) {
        summarised.add(data.file);
        continue;
      }
      const note = "no test ran, or the process ended before the last one";
      for (const file of ended.difference(summarised)) yield line({ file, title: "", outcome: "failed", note });
      for (const file of failed.intersection(summarised))
        yield line({ file, title: "", outcome: "failed", note: "failed as a whole" });
      yield `${JSON.stringify({ tests: data.counts.tests })}\n`;
    } else if (type === "test:enqueue" || type === "test:complete" || type === "test:pass" || type === "test:fail") {
      const event: Located = data;
      const { entryFile, file = "" } = event;
      if (entryFile === undefined || event.name === entryFile) {
        ended.add(file);
        if (type === "test:fail") failed.add(file);
      } else if (type === "test:enqueue") {
        names.set(`${entryFile}:${event.testId}`, { name: event.name, parent: `${entryFile}:${event.parentId}` });
      } else if (type !== "test:complete") {
        const path: string[] = [];
        let at = names.get(`${entryFile}:${event.testId}`);
        for (; at !== undefined; at = names.get(at.parent)) path.unshift(at.name);
        yield line(caseOf(event, path.join(" > "), type === "test:fail"));
      }
    }
  }
}

/** The cases of one record and the runner's own count; undefined when the record was not finished. */
export function readNodeRecord(text: string): { cases: Case[]; tests: number } | undefined {
  const lines = text.split("\n").filter((line) => line !== "");
  const last = lines.pop();
  if (last === undefined || !last.startsWith('{"tests":')) return undefined;
  return { cases: lines.map((line) => JSON.parse(line) as Case), ...(JSON.parse(last) as { tests: number }) };
}
