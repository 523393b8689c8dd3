/**
 * The five products' guides, followed by a reader who has nothing but them: every command and request that they name.
 * `npm run guides` prints the table of steps and what came of each.
 */
import { spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";

import { skip as pythonMissing } from "./dialects/seta-program.ts";
import { portTaken, reader, type Reader } from "./guides/reader.ts";
import { steps } from "./guides/steps.ts";

const needed = ["curl", "ssh-keygen"].filter((program) => spawnSync(program, ["-V"]).error !== undefined);
const missing =
  needed.length === 0 ? pythonMissing : `${needed.join(" and ")} missing. Do: apt-get install curl openssh-client`;

const skip = missing === false ? await portTaken() : missing;

describe("the guides, as they are printed", () => {
  let at: Reader;
  before(async () => {
    if (skip === false) at = await reader();
  });
  after(async () => {
    if (skip === false) await at[Symbol.asyncDispose]();
  });

  for (const { guide, step, run } of steps) {
    if (typeof run !== "function") continue;
    test(`${guide}: ${step}`, { skip }, async () => {
      await run(at);
    });
  }
});
