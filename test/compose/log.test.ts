/** The log: what it does when it cannot be written. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { openLog } from "../../src/compose/log.ts";

const entry = { requestId: "r", method: "GET", route: "/healthz", status: 200, address: "127.0.0.1", milliseconds: 1 };

test("access lines wait for thirty-one others or for something to say, keep their order and tell their own time", () => {
  const writes: string[][] = [];
  let time = Date.UTC(2026, 2, 1);
  const log = openLog({
    level: "info",
    format: "json",
    access: true,
    now: () => time,
    write: (lines) => writes.push(lines.trim().split("\n")),
  });
  for (let line = 0; line < 33; line++) {
    log.access({ ...entry, requestId: `r${line}` });
    time += 1000;
  }
  assert.deepEqual(
    writes.map((lines) => lines.length),
    [32],
  );
  log.warn("something");
  const told = writes.flat().map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    told.map(({ request_id: id, msg }) => id ?? msg),
    [...Array.from({ length: 33 }, (_, line) => `r${line}`), "something"],
  );
  assert.deepEqual(
    [told[0], told[32], told[33]].map((line) => line!["time"]),
    ["2026-03-01T00:00:00.000Z", "2026-03-01T00:00:32.000Z", "2026-03-01T00:00:33.000Z"],
  );
});

test("a log whose clock is broken for a moment goes on", () => {
  let text = "";
  let time = NaN;
  const log = openLog({
    level: "info",
    format: "json",
    access: true,
    now: () => time,
    write: (lines) => (text += lines),
  });
  log.access(entry);
  log.flush();
  time = 0;
  log.warn("here again");
  assert.match(text, /"lost":1\}\n\{[^\n]*"here again"\}\n$/);
});

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
