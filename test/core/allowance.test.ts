/** How many changes a caller may make in a minute, by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { isWhole, quotaAfter, takeOne, type Allowance, type Quota } from "../../src/core/allowance.ts";
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

test("draft-ietf-httpapi-ratelimit-headers-10 section 4: what is told to be left can be taken, and one more after the time that is told", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 4000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 500 }), (waits, perMinute) => {
      let allowance: Allowance | undefined;
      let at: Millis = start;
      let told: Quota | undefined;
      const take = (when: Millis): boolean => {
        const taken = takeOne(allowance, perMinute, when);
        told = quotaAfter(taken, perMinute);
        if (taken.kind === "taken") ({ allowance } = taken);
        return taken.kind === "taken";
      };
      for (const wait of waits) {
        at = millis(at + wait);
        assert.equal(take(at), !told!.isSpent);
      }
      const { left, more } = told!;
      assert.ok(left >= 0 && left < perMinute && more >= 1);
      const later = millis(at + more * 1000);
      for (let came = 0; came < left; came++) assert.ok(take(at), `${left} of ${perMinute} were told, ${came} came`);
      assert.equal(take(at), false);
      assert.equal(told!.left, 0);
      assert.ok(take(later));
    }),
  );
});

test("as many as were said come at once, whatever part of a minute each is", () => {
  for (let perMinute = 1; perMinute <= 2000; perMinute++) {
    let allowance: Allowance | undefined;
    for (let count = 1; count <= perMinute; count++) {
      const taken = takeOne(allowance, perMinute, start);
      assert.ok(taken.kind === "taken", `${count} of ${perMinute}`);
      ({ allowance } = taken);
      assert.equal(quotaAfter(taken, perMinute).left, perMinute - count);
    }
    assert.equal(takeOne(allowance, perMinute, start).kind, "spent");
  }
});
