/** Runs the scripts beside this file, each in an empty folder, and compares what they print with what they say. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { scratch, shell } from "./program.ts";
import { printed, readScript } from "./script.ts";

const here = import.meta.dirname;

/** The script as it would be written down now. */
async function played(file: string): Promise<{ readonly said: string; readonly prints: string }> {
  using folder = scratch();
  let [said, prints] = ["", ""];
  for (const step of readScript(readFileSync(join(here, file), "utf8"))) {
    said += `$ ${step.command}\n${step.printed}\n`;
    prints += `$ ${step.command}\n${printed(await shell(step.command, { cwd: folder.path() }))}\n`;
  }
  return { said, prints };
}

// They begin together, since each command spends most of its time in starting.
const scripts = readdirSync(here)
  .filter((name) => name.endsWith(".txt"))
  .map((file) => ({ file, playing: played(file) }));

for (const { file, playing } of scripts) {
  test(`jeton: the commands of ${file} print what the file says`, async () => {
    const { said, prints } = await playing;
    assert.equal(prints, said);
  });
}
