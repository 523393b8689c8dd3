/** Documents that must say what the code says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { loadConfig } from "../../src/config.ts";
import { refusals } from "../../src/core/refusals.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("docs/configuration.md has a line for every setting, and for nothing else", () => {
  const documented = [...read("docs/configuration.md").matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, name]) => name);
  const { settings } = loadConfig({ file: undefined, environment: {}, flags: [] });
  assert.deepEqual(
    documented,
    settings.map(({ name }) => name),
  );
});

test("docs/problems.md is the catalogue of refusals", () => {
  const rows = Object.entries(refusals).map(
    ([code, { status, title, advice, source }]) => `| \`${code}\` | ${status} | ${title}. ${advice} | ${source} |\n`,
  );
  const head = "| code | status | what it means and what to do | rule |\n|---|---|---|---|\n";
  assert.ok(read("docs/problems.md").endsWith(`${head}${rows.join("")}`), "print it anew: the catalogue has changed");
});

test("docs/standards.md names only files that are there", () => {
  const named = [...read("docs/standards.md").matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, path]) => path!);
  assert.ok(named.length > 20);
  for (const path of named) assert.ok(exists(path), path);
});

function exists(path: string): boolean {
  try {
    read(path);
    return true;
  } catch (fault) {
    return fault instanceof Error && "code" in fault && fault.code === "EISDIR";
  }
}
