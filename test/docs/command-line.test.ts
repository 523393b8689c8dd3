/** docs/command-line.md: its commands run, in their order, and its exit codes are those of the program. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { exitCodes } from "../../src/cli/exit-codes.ts";
import { demoPassword } from "../../src/compose/demo.ts";
import { scratch, serve, shell, type Scratch, type Server } from "../cli/program.ts";

const text = readFileSync(new URL("../../docs/command-line.md", import.meta.url), "utf8");
const lines = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => block!.trim().split("\n"));

const missing = ["bash", "curl"].find((program) => spawnSync(program, ["--version"]).status !== 0);
const skip = missing === undefined ? false : `${missing} is not installed`;

let home: Scratch;
let server: Server;
before(async () => {
  home = scratch();
  server = await serve(["--demo"], { cwd: home.path() });
});
after(async () => {
  await server.stop("SIGKILL");
  home[Symbol.dispose]();
});

test(
  "docs/command-line.md: every command does what it is there for, in the order in which they are told",
  { skip },
  async () => {
    assert.ok(lines.length > 15);
    writeFileSync(home.path("password"), `${demoPassword}\n`, { mode: 0o600 });
    writeFileSync(home.path("line"), "");
    for (const line of lines) {
      writeFileSync(home.path("line"), line);
      const environment = { HOME: home.path(), SERVER: server.url };
      const { code, err } = await shell("bash -eu -o pipefail line", { cwd: home.path(), environment });
      assert.equal(code, 0, `${line}: ${err}`);
    }
  },
);

test("docs/command-line.md has a row for every exit code, with its meaning", () => {
  const rows = [...text.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, meaning]) => [Number(code), meaning!]);
  assert.deepEqual(rows, Object.values(exitCodes));
});
