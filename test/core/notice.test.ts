/** How long a failed notice waits, when warnings are due, and what of a name is put into a mail. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { nextWarning, stageAt, warningDays } from "../../src/core/api-token-warning.ts";
import { oneLine } from "../../src/core/notice-text.ts";
import { retryWait } from "../../src/core/notice.ts";
import { days, seconds } from "../../src/core/units.ts";

test("a notice waits for a minute, then twice as long each time, an hour at most, and up to a quarter less", () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((failures) => retryWait(failures, 0)),
    [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600],
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.nat(255), (failures, dice) => {
      const [wait, whole] = [retryWait(failures, dice), retryWait(failures, 0)];
      assert.ok(Number.isSafeInteger(wait) && wait <= whole && wait > whole * 0.75);
    }),
  );
});

test("a warning is due only in stages that are shorter than the token's life, and the most urgent one is told", () => {
  const born = seconds(1_772_323_200);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: days(366) }), fc.nat(days(366)), (life, passed) => {
      const ends = seconds(born + life);
      const now = seconds(born + passed);
      const stages = warningDays.filter((stage) => days(stage) < life);
      const first = nextWarning(ends, born);
      assert.equal(first, stages.length === 0 ? null : ends - days(stages[0]!));
      if (first === null || first > now) return;
      const told = stageAt(ends, now);
      assert.equal(told, passed >= life ? undefined : stages.findLast((stage) => ends - days(stage) <= now));
      const next = nextWarning(ends, now);
      assert.ok(next === null || (next > now && stageAt(ends, next)! < told!));
    }),
  );
  assert.equal(nextWarning(null, born), null);
});

test("CWE-93: a name is put on one line, without controls and marks of direction, and is not long", () => {
  for (const [name, plain] of [
    ["ci", "ci"],
    ["  a \t b  ", "a b"],
    ["a\r\nBcc: b", "a Bcc: b"],
    ["a\u2028b\u2029c\u0085d\u0000e", "a b c d e"],
    ["a\u202eb\u2066c\ud800d", "a b c d"],
    ["Grüße 日本 🎉", "Grüße 日本 🎉"],
    ["x".repeat(101), `${"x".repeat(100)}...`],
    ["🎉".repeat(101), `${"🎉".repeat(100)}...`],
  ] as const)
    assert.equal(oneLine(name), plain);
});
