/** docs/applications.md: its commands, run against the demonstration, print what it says. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { loadConfig } from "../../src/config.ts";
import { fileWith, withoutCurl, withoutJq } from "../keys/programs.ts";
import { scratch, serve, shell } from "../cli/program.ts";
import { printing, readPage } from "./page.ts";

const { text, blocks, lost } = readPage("applications.md");

test(
  "docs/applications.md: its commands, one after the other, print what it says",
  { skip: withoutCurl || withoutJq },
  async () => {
    using folder = scratch();
    await using server = await serve(["--demo"], { cwd: folder.path() });
    assert.equal(blocks.length, 4);
    const script = ["set -eu\n", ...blocks.map((block) => block.text)].join("");
    fileWith(folder, "session.sh", script.replaceAll("http://127.0.0.1:8420", server.url));
    const { out, err } = await shell("sh session.sh", { cwd: folder.path() });
    assert.equal(err, "");
    assert.match(out, printing(blocks.map(({ prints }) => prints).join("")));
  },
);

test("docs/applications.md: its limits are the settings' defaults", () => {
  const { settings } = loadConfig({ file: undefined, environment: {}, flags: [] });
  const rows = [...text.matchAll(/\| (\d+) \(`([\w.]+)`\)/g)];
  assert.equal(rows.length, 4);
  for (const [, value, name] of rows)
    assert.equal(String(settings.find((setting) => setting.name === name)?.value), value, name!);
});

test("docs/applications.md: every file that it points to is there", () => {
  assert.deepEqual(lost, []);
});
