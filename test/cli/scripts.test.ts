/**
 * Runs the scripts beside this file, each in an empty folder that is its home too, and compares what they print with
 * what they say. Those that name $JETON_SERVER have the demonstration there, each its own.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { scratch, serve, shell } from "./program.ts";
import { printed, readScript } from "./script.ts";

const here = import.meta.dirname;

/** The script as it would be written down now. */
async function played(file: string): Promise<{ readonly said: string; readonly prints: string }> {
  using folder = scratch();
  using house = scratch();
  const text = readFileSync(join(here, file), "utf8");
  await using server = text.includes("$JETON_SERVER") ? await serve(["--demo"], { cwd: house.path() }) : undefined;
  const environment = { HOME: folder.path(), ...(server === undefined ? {} : { JETON_SERVER: server.url }) };
  let [said, prints] = ["", ""];
  for (const step of readScript(text)) {
    said += `$ ${step.command}\n${step.printed}\n`;
    prints += `$ ${step.command}\n${printed(await shell(step.command, { cwd: folder.path(), environment }))}\n`;
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
