/** The log: what it does when it cannot be written. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { openLog } from "../../src/compose/log.ts";

const entry = { requestId: "r", method: "GET", route: "/healthz", status: 200, address: "127.0.0.1", milliseconds: 1 };

test("FL-06: a log on a full disk throws nothing, and says how many lines were lost when it can be written again", () => {
  let full = true;
  let text = "";
  const log = openLog({
    level: "info",
    format: "json",
    access: true,
    now: () => 0,
    write: (lines) => {
      if (full) throw new Error("ENOSPC");
      text += lines;
    },
  });
  for (let line = 0; line < 100; line++) log.access(entry);
  log.warn("something");
  assert.equal(text, "");
  full = false;
  log.info("here again");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ["log lines were lost", "here again"],
  );
  assert.equal(lines[0]!["lost"], 101);
});
