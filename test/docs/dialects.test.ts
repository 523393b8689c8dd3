/** The pages of the dialects: their commands, run against the demonstration, print what the pages say. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { dialectNames } from "../../src/core/dialect-names.ts";
import { scratch, serve, shell, type Server } from "../cli/program.ts";
import { printing, readPage } from "./page.ts";

const folder = join(import.meta.dirname, "../../docs/dialects");
const pages = readdirSync(folder).filter((name) => name.endsWith(".md"));

const withCommands = pages.flatMap((page) =>
  readPage(join("dialects", page)).blocks.flatMap(({ text: commands, prints }) =>
    prints === undefined ? [] : [{ page, commands, prints }],
  ),
);

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

describe("docs/dialects", () => {
  const house = scratch();
  let server: Server;
  before(async () => {
    if (hasCurl) server = await serve(["--demo"], { cwd: house.path() });
  });
  after(async () => {
    if (hasCurl) await server.stop();
    house[Symbol.dispose]();
  });

  for (const { page, commands, prints } of withCommands) {
    test(`${page}: its commands print what it says`, { skip: hasCurl ? false : "curl is not installed" }, async () => {
      const script = commands.replaceAll("http://127.0.0.1:8420", server.url);
      const { out, err } = await shell(script, { cwd: house.path() });
      assert.match(out, printing(prints), err);
    });
  }

  test("every dialect has a page, and commands on it", () => {
    const covered = withCommands.map(({ page }) => page);
    for (const name of dialectNames) assert.ok(covered.includes(`${name}.md`), name);
  });

  test("every file that a page points to is there", () => {
    for (const page of pages) assert.deepEqual(readPage(join("dialects", page)).lost, [], page);
  });
});
