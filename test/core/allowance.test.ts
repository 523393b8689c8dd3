/** How many changes a caller may make in a minute, by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { isWhole, takeOne, type Allowance } from "../../src/core/allowance.ts";
import { millis, type Millis } from "../../src/core/units.ts";

const start = millis(5000);

test("CWE-770: all of a minute's changes may come at once, and the next has to wait for its share", () => {
  let allowance: Allowance | undefined;
  for (let count = 0; count < 6; count++) {
    const taken = takeOne(allowance, 6, start);
    assert.ok(taken.kind === "taken");
    ({ allowance } = taken);
  }
  assert.deepEqual(takeOne(allowance, 6, start), { kind: "spent", wait: 10 });
  assert.deepEqual(takeOne(allowance, 6, millis(start + 9001)), { kind: "spent", wait: 1 });
  assert.equal(takeOne(allowance, 6, millis(start + 10_000)).kind, "taken");
});

test("CWE-770: in no minute are there more changes than two minutes' worth, however they are spread", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 40 }), (waits, perMinute) => {
      let allowance: Allowance | undefined;
      let at: Millis = start;
      const granted: Millis[] = [];
      for (const wait of waits) {
        at = millis(at + wait);
        const taken = takeOne(allowance, perMinute, at);
        if (taken.kind === "spent") {
          assert.equal(takeOne(allowance, perMinute, millis(at + taken.wait * 1000)).kind, "taken");
          continue;
        }
        ({ allowance } = taken);
        granted.push(at);
        assert.ok(granted.filter((then) => then > at - 60_000).length <= 2 * perMinute);
      }
    }),
  );
});

test("what has been given back whole need not be remembered", () => {
  const taken = takeOne(undefined, 6, start);
  assert.ok(taken.kind === "taken");
  assert.equal(isWhole(taken.allowance, millis(start + 9999)), false);
  assert.equal(isWhole(taken.allowance, millis(start + 10_000)), true);
});
