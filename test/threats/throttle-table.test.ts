/** What a flood of names and networks may do to the throttle's memory. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { lockedWorth, throttleDefaults, type AttemptOutcome } from "../../src/core/throttle.ts";
import type { SubjectId } from "../../src/core/ids.ts";
import { millis, type Millis } from "../../src/core/units.ts";
import { bucketTable } from "../../src/engine/bucket-table.ts";
import { throttle, type Attempted } from "../../src/engine/throttle.ts";
import { usualNetworks } from "../../src/engine/usual-networks.ts";

const start = millis(5000);
const later = (span: number): Millis => millis(start + span * 1000);

test("L-04: a table holds what it may hold and no more, and gives up what is worth least", () => {
  const table = bucketTable<number>(32, (worth) => worth);
  for (let worth = 1; worth <= 1000; worth++) {
    table.set(`key ${worth}`, worth, start);
    assert.ok(table.size() <= 32);
  }
  assert.equal(table.get("key 1"), undefined);
  for (let worth = 980; worth <= 1000; worth++) assert.equal(table.get(`key ${worth}`), worth);
});

test("L-04: a lock-out is not forgotten while there is anything else to forget", () => {
  const table = bucketTable<number>(32, (worth) => worth);
  for (let at = 0; at < 31; at++) table.set(`locked ${at}`, lockedWorth + at, start);
  for (let at = 0; at < 500; at++) table.set(`open ${at}`, at, start);
  for (let at = 0; at < 31; at++) assert.ok(table.get(`locked ${at}`) !== undefined, String(at));
  // Where everything is locked, those go that would be over first.
  table.set("locked 31", lockedWorth + 31, start);
  for (let at = 32; at < 64; at++) table.set(`locked ${at}`, lockedWorth + at, start);
  assert.equal(table.size() <= 32, true);
  assert.equal(table.get("locked 0"), undefined);
  assert.ok(table.get("locked 63") !== undefined);
});

test("L-05: where a subject was before is remembered for so many subjects and networks", () => {
  const usual = usualNetworks({ subjects: 3, networksOfOne: 2 });
  const [a, b, c, d] = ["a", "b", "c", "d"] as unknown as [SubjectId, SubjectId, SubjectId, SubjectId];
  for (const network of ["1", "2", "1", "3"]) usual.add(a, network);
  assert.deepEqual(
    ["1", "2", "3"].map((network) => usual.includes(a, network)),
    [true, false, true],
  );
  for (const subject of [b, c]) usual.add(subject, "1");
  usual.add(a, "1");
  usual.add(d, "1");
  assert.deepEqual(
    [a, b, c, d].map((subject) => usual.includes(subject, "1")),
    [true, false, true, true],
  );
});

test("L-05: a flood of unknown names from everywhere does not free a name that is in lock-out", () => {
  const limiter = throttle(throttleDefaults);
  const attempt = (attempted: Attempted, outcome: AttemptOutcome, at: Millis): string => {
    const admission = limiter.admit(attempted, at);
    if (admission.kind === "admitted") admission.settle(outcome, at);
    return admission.kind;
  };
  const victim = { subject: "victim" as SubjectId, name: "v", network: "192.0.2.1" };
  for (let failures = 0; failures < 14; failures++) attempt(victim, "failed", later(failures * 1000));
  const now = later(13_000);
  assert.equal(attempt(victim, "failed", now), "refused");
  for (let at = 0; at < 140_000; at++) {
    attempt({ subject: undefined, name: `n${at}`, network: `network ${at}` }, "failed", now);
  }
  assert.equal(attempt(victim, "failed", now), "refused");
});

test("L-04: what is under way is not forgotten in a flood: the names of others buy no more attempts at once", () => {
  const limiter = throttle(throttleDefaults);
  const victim = { subject: "victim" as SubjectId, name: "v", network: "192.0.2.1" };
  const admit = (): string => limiter.admit(victim, start).kind;
  for (let under = 0; under < 5; under++) assert.equal(admit(), "admitted");
  for (let at = 0; at < 70_000; at++) {
    const admission = limiter.admit({ subject: undefined, name: `n${at}`, network: `network ${at}` }, start);
    if (admission.kind === "admitted") admission.settle("failed", start);
  }
  assert.deepEqual([admit(), admit()], ["admitted", "undecided"]);
});
