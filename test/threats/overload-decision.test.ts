/** The decision of what to refuse under overload, on its own and in a server that is made of arithmetic. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { refusing, strain, type Refusing } from "../../src/core/overload.ts";
import { millis } from "../../src/core/units.ts";
import { shedOrder, type ShedClass } from "../../src/http/route.ts";
import { openGate } from "../../src/http/shed.ts";

const idle: Refusing = { steps: 0, since: millis(0) };
const limits = { delay: millis(2000), requests: 1024 };

test("FL-33: work is refused in steps from half of the limit on, and all of it at the limit", () => {
  const at = (used: number): number => refusing(idle, used, 5, millis(1)).steps;
  assert.deepEqual([0, 0.49, 0.5, 0.62, 0.63, 0.75, 0.88, 0.99, 1, 50].map(at), [0, 0, 1, 1, 2, 3, 4, 4, 5, 5]);
  assert.equal(refusing(idle, 1, 1, millis(1)).steps, 1);
  assert.equal(strain(1000, 0, limits), 0.5);
  assert.equal(strain(0, 2048, limits), 2);
});

test("FL-33: a step is taken back only well below its mark, one in a tenth of a second, also when nobody asked meanwhile", () => {
  const full: Refusing = { steps: 5, since: millis(0) };
  assert.equal(refusing(full, 0.76, 5, millis(10_000)), full);
  assert.equal(refusing(full, 0, 5, millis(99)), full);
  assert.deepEqual(refusing(full, 0, 5, millis(100)), { steps: 4, since: 100 });
  assert.deepEqual(refusing(full, 0, 5, millis(250)), { steps: 3, since: 200 });
  assert.equal(refusing(full, 0, 5, millis(60_000)).steps, 0);
  // Back below the marks of 5 and 4, and not below that of 3.
  assert.equal(refusing(full, 0.5, 5, millis(60_000)).steps, 3);
});

test("FL-33: whatever the load does, steps rise at once, never more than asked for, and sink in time", () => {
  const loads = fc.array(fc.tuple(fc.double({ min: 0, max: 3, noNaN: true }), fc.integer({ min: 0, max: 400 })));
  fc.assert(
    fc.property(loads, (all) => {
      let state = idle;
      let now = 0;
      for (const [used, span] of all) {
        now += span;
        const next = refusing(state, used, 5, millis(now));
        const asked = refusing(idle, used, 5, millis(now)).steps;
        assert.ok(next.steps >= asked, "as much as the load asks for");
        assert.ok(next.steps <= Math.max(asked, state.steps), "no more than that or what there was");
        assert.ok(next.since <= now);
        state = next;
      }
      assert.equal(refusing(state, 0, 5, millis(now + 500)).steps, 0);
    }),
    { numRuns: 500 },
  );
});

/** A server that does `capacity` requests in a millisecond, first come, first served, behind the real gate. */
function server(capacity: number) {
  let now = 0;
  const queue: { shed: ShedClass; at: number }[] = [];
  let first = 0;
  const came = new Map<ShedClass, number>();
  const done = new Map<ShedClass, number>();
  const add = (counts: Map<ShedClass, number>, shed: ShedClass): unknown =>
    counts.set(shed, (counts.get(shed) ?? 0) + 1);
  const refusedNow: ShedClass[][] = [];
  let longest = 0;
  let widest = 0;
  const gate = openGate({
    limits,
    delay: () => now - (queue[first]?.at ?? now),
    writerDelay: () => 0,
    elsewhere: () => 0,
    spread: () => 0,
    onRefused: () => undefined,
    onChange: (refused) => refusedNow.push([...refused]),
  });
  return {
    came,
    done,
    refusedNow,
    longest: () => longest,
    widest: () => widest,
    /** `perMs` requests come in each of so many milliseconds, all classes equally often. */
    load: (perMs: number, span: number): void => {
      let turn = 0;
      for (const end = now + span; now < end; now++) {
        for (let i = 0; i < perMs; i++) {
          const shed = shedOrder[turn++ % shedOrder.length]!;
          add(came, shed);
          if (!gate.admits(shed, millis(now))) continue;
          gate.begin();
          queue.push({ shed, at: now });
        }
        for (let i = 0; i < capacity && first < queue.length; i++) {
          const { shed, at } = queue[first++]!;
          longest = Math.max(longest, now - at);
          add(done, shed);
          gate.end();
        }
        widest = Math.max(widest, queue.length - first);
      }
    },
    refused: (): readonly ShedClass[] => refusedNow.at(-1) ?? [],
    now: () => now,
  };
}

test("FL-33: five times more than it can do, for a minute: the order is kept, it works on, and recovers in a second", () => {
  const capacity = 4;
  const { load, came, done, refused, refusedNow, longest, widest } = server(capacity);
  load(2, 1000);
  assert.equal(refusedNow.length, 0, "nothing is refused where there is no need");
  const before = [...done.values()].reduce((sum, count) => sum + count, 0);
  load(5 * capacity, 60_000);
  const goodput = [...done.values()].reduce((sum, count) => sum + count, 0) - before;
  assert.ok(goodput >= 0.8 * capacity * 60_000, `goodput ${goodput / (capacity * 60_000)}`);
  const shares = shedOrder.map((shed) => done.get(shed)! / came.get(shed)!);
  assert.ok(shares[0]! > 0.98, "verification is not refused");
  for (let at = 1; at < shares.length; at++) assert.ok(shares[at]! <= shares[at - 1]!, shares.join(" "));
  for (const classes of refusedNow) {
    assert.deepEqual(classes, shedOrder.slice(shedOrder.length - classes.length));
    assert.ok(!classes.includes("verify"));
  }
  assert.ok(widest() <= 1100, `${widest()} at work at once`);
  assert.ok(longest() <= 2000, `an answer took ${longest()} ms`);
  load(2, 1000);
  assert.deepEqual(refused(), []);
});

test("FL-33: a small machine that does one request in a hundred milliseconds refuses by the delay, not by the number", () => {
  let now = 0;
  const gate = openGate({
    limits,
    delay: () => 1600,
    writerDelay: () => 0,
    elsewhere: () => 0,
    spread: () => 3,
    onRefused: () => undefined,
    onChange: () => undefined,
  });
  const admitted = shedOrder.filter((shed) => gate.admits(shed, millis(now++)));
  assert.deepEqual(admitted, ["verify", "introspect", "revoke"]);
  assert.equal(gate.retryAfter(), 4);
});

test("FL-33: requests that only wait for their hash have a limit of their own, and shed nobody", () => {
  let hashing = 0;
  const gate = openGate({
    limits: { ...limits, requests: 16 },
    delay: () => 0,
    writerDelay: () => 0,
    elsewhere: () => hashing,
    spread: () => 0,
    onRefused: () => undefined,
    onChange: () => undefined,
  });
  for (let i = 0; i < 66; i++) gate.begin();
  hashing = 66;
  assert.equal(gate.admits("admin", millis(1)), true);
  hashing = 50;
  assert.equal(gate.admits("introspect", millis(2)), false);
  assert.equal(gate.admits("verify", millis(2)), true);
});

test("FL-33, FL-08: a disk that does not answer refuses those who write, and never who asks whether a token is good", () => {
  let now = 0;
  const gate = openGate({
    limits,
    delay: () => 0,
    writerDelay: () => 60_000,
    elsewhere: () => 0,
    spread: () => 0,
    onRefused: () => undefined,
    onChange: () => undefined,
  });
  const admitted = shedOrder.filter((shed) => gate.admits(shed, millis(now++)));
  assert.deepEqual(admitted, ["verify", "introspect"]);
});
