/** Documents that must say what the code says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { loadConfig } from "../../src/config.ts";
import { dialectNames } from "../../src/core/dialect-names.ts";
import { dialects } from "../../src/dialects/index.ts";
import { refusals } from "../../src/core/refusals.ts";

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 };
const inSeconds = (written: string): number | string => {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(written) ?? [];
  return amount === undefined ? written : Number(amount) * unitSeconds[unit as keyof typeof unitSeconds];
};

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("docs/configuration.md has a line for every setting, and for nothing else", () => {
  const text = read("docs/configuration.md");
  const documented = [...text.matchAll(/^\| `([a-z_]+(?:\.[a-zA-Z_]+)*)` \| (?!`\d)/gm)].map(([, name]) => name!);
  const { settings } = loadConfig({ file: undefined, environment: {}, flags: [] });
  const written = (name: string): boolean => name.startsWith("dialects.NAME.");
  assert.deepEqual(
    [
      ...documented.filter((name) => !written(name)),
      ...dialectNames.flatMap((dialect) =>
        documented.filter(written).map((name) => name.replace("NAME", () => dialect)),
      ),
    ],
    settings.map(({ name }) => name),
  );
});

test("docs/configuration.md tells the lifetimes that each dialect has", () => {
  const text = read("docs/configuration.md");
  for (const name of dialectNames) {
    const row = new RegExp(
      `^\\| \`${name}\` \\| \`(\\d+[smhd])\` \\| \`(\\d+[smhd])\` \\| \`(rotate|stable)\` \\|`,
      "m",
    ).exec(text);
    const { access, idle, onRefresh } = dialects[name].policy;
    assert.deepEqual(row?.slice(1).map(inSeconds), [access, idle, onRefresh], name);
  }
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
