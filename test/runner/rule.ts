/** A rule of the house, with the proof that it is enforced: it must find each violation that is planted for it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { parseSource, readSources, type Source } from "./source.ts";

/** Path in `src/`, or from `packages/` on -> text. */
export type Files = Readonly<Record<string, string>>;

export interface Rule {
  /** A sentence. */
  readonly title: string;
  /** Each of these trees breaks the rule. */
  readonly broken: readonly Files[];
  /** This tree keeps it. */
  readonly kept?: Files;
  /** One line for each violation. */
  readonly find: (sources: readonly Source[]) => readonly string[];
}

const parse = (files: Files): Source[] => Object.entries(files).map(([path, text]) => parseSource(path, text));

const root = join(import.meta.dirname, "../..");
const packages = readSources(join(root, "packages")).map((source) => ({ ...source, path: `packages/${source.path}` }));
const tree = [...readSources(join(root, "src")), ...packages];

export function enforce({ title, broken, kept = {}, find }: Rule): void {
  test(title, () => {
    for (const files of broken) assert.notDeepEqual(find(parse(files)), [], `not found: ${JSON.stringify(files)}`);
    assert.deepEqual(find(parse(kept)), [], "found where nothing is wrong");
    assert.deepEqual(find(tree), []);
  });
}

/** The rule that holds for each file on its own. */
export const eachFile =
  (find: (source: Source) => readonly string[]) =>
  (sources: readonly Source[]): string[] =>
    sources.flatMap((source) => find(source).map((violation) => `${source.path}: ${violation}`));
