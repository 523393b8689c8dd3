/** The throttle's decisions by themselves: what failures cost, and what they never cost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import {
  decideAttempt,
  delayAfter,
  freshName,
  freshNetwork,
  quietTime,
  settleName,
  settleNetwork,
  throttleDefaults as rules,
  type AttemptOutcome,
  type NameBucket,
  type NetworkBucket,
} from "../../src/core/throttle.ts";
import { millis, seconds, type Millis } from "../../src/core/units.ts";

const start = millis(5000);
const later = (at: Millis, span: number): Millis => millis(at + span * 1000);

interface World {
  readonly name: NameBucket;
  readonly network: NetworkBucket;
}

const fresh: World = { name: freshName, network: freshNetwork };

const settle = ({ name, network }: World, outcome: AttemptOutcome, at: Millis): World => ({
  name: settleName(name, outcome, at),
  network: settleNetwork(network, outcome, at, rules),
});

/** One attempt after another; a name that waits, waits. The world after `count` failures, and the time. */
function failing(count: number, from = start): { world: World; at: Millis } {
  let world = fresh;
  let at = from;
  for (let failures = 0; failures < count;) {
    const decision = decideAttempt(world, at, rules);
    if (decision.kind === "refused") {
      at = later(at, decision.wait);
      continue;
    }
    assert.equal(decision.kind, "admitted");
    world = settle(decision, "failed", at);
    failures += 1;
  }
  return { world, at };
}

const waitOf = (world: World, at: Millis): number => {
  const decision = decideAttempt(world, at, rules);
  return decision.kind === "refused" ? decision.wait : 0;
};

const costs: readonly (readonly [failures: number, delay: number])[] = [
  [0, 0],
  [1, 0],
  [5, 0],
  [6, 1],
  [7, 2],
  [8, 4],
  [15, 512],
  [16, 900],
  [17, 900],
  [1_000_000, 900],
];
for (const [failures, delay] of costs) {
  test(`L-05: after ${failures} failures a name waits ${delay} s`, () => {
    assert.equal(delayAfter(failures, rules), delay);
    if (failures > 1000) return;
    const { world, at } = failing(failures);
    assert.equal(waitOf(world, at), delay);
    assert.equal(waitOf(world, later(at, delay)), 0);
    if (delay > 0) assert.equal(waitOf(world, later(at, delay - 0.001)), 1);
  });
}

test("L-05: whatever is tried, and in whatever order it ends, no name waits longer than the longest delay", () => {
  const step = fc.record({
    pass: fc.integer({ min: 0, max: 2000 }),
    settleAt: fc.nat(5),
    outcome: fc.constantFrom<AttemptOutcome>("failed", "failed", "failed", "void", "succeeded"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      let at = start;
      let name = freshName;
      let under = 0;
      for (const { pass, settleAt, outcome } of steps) {
        at = later(at, pass);
        const decision = decideAttempt({ name, network: freshNetwork }, at, rules);
        if (decision.kind === "admitted") {
          ({ name } = decision);
          under += 1;
        } else if (decision.kind === "undecided") {
          assert.ok(under > 0, "undecided, and nothing is under way");
        } else {
          assert.ok(decision.wait <= rules.longest, String(decision.wait));
          const after = decideAttempt({ name, network: freshNetwork }, later(at, rules.longest), rules);
          assert.notEqual(after.kind, "refused");
        }
        if (under > settleAt) {
          name = settleName(name, outcome, at);
          under -= 1;
        }
      }
      assert.equal(name.pending, under);
    }),
  );
});

test("L-04: of two hundred attempts that are under way together, no more are let in than one after the other", () => {
  let world = fresh;
  let admitted = 0;
  for (let tried = 0; tried < 200; tried++) {
    const decision = decideAttempt(world, start, rules);
    if (decision.kind === "admitted") {
      world = decision;
      admitted += 1;
    } else assert.equal(decision.kind, "undecided");
  }
  assert.equal(admitted, rules.free + 1);
  for (let left = admitted; left > 0; left--) world = settle(world, "failed", later(start, 1));
  assert.deepEqual([world.name.failures, world.name.pending], [6, 0]);
  assert.equal(waitOf(world, later(start, 1)), 1);
});

test("L-11: an attempt that came to nothing costs nothing, and moves no delay that is over", () => {
  for (const failures of [0, 5, 6, 16]) {
    const { world, at } = failing(failures);
    const open = later(at, delayAfter(failures, rules));
    const decision = decideAttempt(world, open, rules);
    assert.equal(decision.kind, "admitted");
    const end = later(open, 3);
    const back = settle(decision, "void", end);
    assert.equal(waitOf(back, end), 0);
    assert.equal(back.name.failures, failures);
    assert.ok(back.network.owed <= world.network.owed);
  }
});

test("L-05: a success clears the name, and a day without a failure too, but not an hour less", () => {
  const { world, at } = failing(20);
  assert.equal(waitOf(settle(world, "succeeded", at), at), 0);
  assert.equal(settleName(world.name, "failed", later(at, quietTime - 3600)).failures, 21);
  assert.equal(settleName(world.name, "failed", later(at, quietTime)).failures, 1);
});

test("L-04: a network has a hundred failures over all names, and one more every six seconds", () => {
  let network = freshNetwork;
  const fail = (at: Millis): string => {
    const decision = decideAttempt({ name: freshName, network }, at, rules);
    if (decision.kind === "admitted") network = settleNetwork(decision.network, "failed", at, rules);
    assert.notEqual(decision.kind, "undecided");
    return decision.kind === "refused" ? `${decision.because} ${decision.wait}` : "in";
  };
  for (let failures = 0; failures < 100; failures++) assert.equal(fail(start), "in");
  assert.equal(fail(start), "network 6");
  assert.equal(fail(later(start, 5)), "network 1");
  assert.equal(fail(later(start, 6)), "in");
  assert.equal(fail(later(start, 6)), "network 6");
  assert.equal(fail(later(start, 18)), "in");
  assert.equal(fail(later(start, 18)), "in");
  assert.equal(fail(later(start, 18)), "network 6");
  const idle = later(start, 10_000);
  for (let failures = 0; failures < 100; failures++) assert.equal(fail(idle), "in");
  assert.equal(fail(idle), "network 6");
});

test("L-08: a success neither counts against its network nor clears what others did there", () => {
  let network = freshNetwork;
  const attempt = (outcome: AttemptOutcome): boolean => {
    const decision = decideAttempt({ name: freshName, network }, start, rules);
    if (decision.kind === "admitted") network = settleNetwork(decision.network, outcome, start, rules);
    return decision.kind === "admitted";
  };
  for (let good = 0; good < 500; good++) assert.equal(attempt("succeeded"), true);
  assert.equal(network.owed, 0);
  let failures = 0;
  for (let turn = 0; turn < 500; turn++) {
    if (attempt("failed")) failures += 1;
    attempt("succeeded");
  }
  assert.equal(failures, rules.networkBurst);
});

test("L-04: when both the name and the network have to wait, the answer says the longer time", () => {
  const { world, at } = failing(8);
  let { network } = world;
  for (let failures = 0; failures < 200; failures++) network = settleNetwork(network, "failed", at, rules);
  const decision = decideAttempt({ name: world.name, network }, at, rules);
  assert.equal(decision.kind, "refused");
  assert.ok(decision.kind === "refused" && decision.wait > seconds(4));
});
