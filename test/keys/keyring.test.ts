/** The life of signing keys as the clock goes, and as it jumps: OpenID Connect Core section 10.1.1. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";

import { maxima } from "../../src/core/policy.ts";
import { days, hours, minutes, type Seconds } from "../../src/core/units.ts";
import {
  jwksMaxAge,
  keyStates as statesOf,
  missingKeys as missingOf,
  type KeyState,
  type KeyTimes,
} from "../../src/keys/keyring.ts";

const keyStates = <K extends KeyTimes>(keys: readonly K[], at: Seconds) => statesOf(keys, at, "access");
const missingKeys = (keys: readonly KeyTimes[], at: Seconds) => missingOf(keys, at, "access");

interface Key extends KeyTimes {
  readonly name: number;
  /** What the clock said when it was made. */
  readonly madeAt: Seconds;
}

const start = 1_772_323_200;
const hour = hours(1);
const longestToken = maxima.access;

/** The keys of an instance under a clock that a test sets as it likes. */
class Instance {
  keys: readonly Key[] = [];
  now = start as Seconds;
  /** Name of a key -> when it signed. */
  readonly signed = new Map<number, number[]>();

  /** Names of the keys in each state. */
  states(): Readonly<Record<KeyState, readonly number[]>> {
    const names = { published: [] as number[], active: [] as number[], retired: [] as number[], gone: [] as number[] };
    for (const { key, state } of keyStates(this.keys, this.now)) names[state].push(key.name);
    return names;
  }

  /** Housekeeping, then a token with the longest life that there is; everything that must hold is checked. */
  work(): Key {
    for (const times of missingKeys(this.keys, this.now)) {
      assert.equal(times.publishedAt, this.now);
      const isFirst = this.keys.length === 0;
      if (!isFirst) assert.ok(times.activeAt - this.now >= hour, "published for an hour before it signs");
      this.keys = [...this.keys, { ...times, name: this.keys.length, madeAt: this.now }];
    }
    assert.deepEqual(missingKeys(this.keys, this.now), [], "one round is enough");
    const { active, published, gone, retired } = this.states();
    assert.equal(active.length, 1, "exactly one active");
    assert.ok(published.length >= 1, "one is published ahead");
    assert.equal(active.length + published.length + gone.length + retired.length, this.keys.length);
    const [signer] = active as [number];
    // A clock that ran ahead made tokens of the future. They are promised nothing, also when their time comes: keys that
    // were made meanwhile may have taken the place of theirs.
    for (const [name, times] of this.signed) {
      this.signed.set(
        name,
        times.filter((at) => at <= this.now),
      );
    }
    for (const name of gone) {
      const last = Math.max(...(this.signed.get(name) ?? []));
      assert.ok(this.now >= last + longestToken + 60, `key ${name} is gone before its last token`);
    }
    this.signed.set(signer, [...(this.signed.get(signer) ?? []), this.now]);
    return this.keys[signer]!;
  }
}

const jump = (least: number, most: number): fc.Arbitrary<number> => fc.integer({ min: least, max: most });

test("J-25, Y-01: over two years of forward jumps one key signs, the next is published, and no token outlives its key", () => {
  const forward = fc.oneof(
    { weight: 4, arbitrary: jump(1, hours(3)) },
    { weight: 3, arbitrary: jump(hours(3), days(3)) },
    { weight: 1, arbitrary: jump(days(3), days(70)) },
  );
  fc.assert(
    fc.property(fc.array(forward, { minLength: 300, maxLength: 300 }), (jumps) => {
      const instance = new Instance();
      let signedBy = -1;
      for (const span of jumps) {
        const { name, madeAt } = instance.work();
        assert.ok(name >= signedBy, "the active key never goes back to an older one");
        if (name > 0) assert.ok(instance.now - madeAt >= hour, "verifiers had an hour to see it");
        signedBy = name;
        instance.now = (instance.now + span) as Seconds;
        if (instance.now > start + days(730)) break;
      }
    }),
    { numRuns: 60 },
  );
});

test("J-25, Y-01: the same holds for a clock that is set back, and for one that is wrong for a while", () => {
  const anywhere = fc.oneof(
    { weight: 5, arbitrary: jump(1, days(2)) },
    { weight: 2, arbitrary: jump(days(-2), -1) },
    { weight: 1, arbitrary: jump(days(-400), days(400)) },
  );
  fc.assert(
    fc.property(fc.array(anywhere, { maxLength: 150 }), (jumps) => {
      const instance = new Instance();
      for (const span of jumps) {
        instance.work();
        instance.now = Math.max(instance.now + span, start - days(500)) as Seconds;
      }
    }),
    { numRuns: 150 },
  );
});

test("Y-01: with a housekeeping every four hours for two years, a new key signs every thirty days, and the set stays small", () => {
  const instance = new Instance();
  const signers = new Map<number, number>();
  for (let passed = 0; passed < days(730); passed += 4 * hour) {
    instance.now = (start + passed) as Seconds;
    const { name } = instance.work();
    signers.set(name, (signers.get(name) ?? 0) + 1);
    assert.ok(instance.keys.length - instance.states().gone.length <= 3);
  }
  assert.equal(signers.size, Math.ceil(730 / 30));
  for (const [name, count] of signers) if (name < signers.size - 1) assert.equal(count, 180, `key ${name}`);
});

test("Y-01: the first key signs at once and its successor is already published", () => {
  const now = start as Seconds;
  assert.deepEqual(missingKeys([], now), [
    { publishedAt: now, activeAt: now },
    { publishedAt: now, activeAt: now + days(30) },
  ]);
});

test("Y-01: after a long standstill the key that was ahead signs, and its successor waits its hour", () => {
  const first = { publishedAt: start as Seconds, activeAt: start as Seconds };
  const second = { publishedAt: start as Seconds, activeAt: (start + days(30)) as Seconds };
  const now = (start + days(365)) as Seconds;
  assert.deepEqual(missingKeys([first, second], now), [{ publishedAt: now, activeAt: now + hour }]);
  assert.deepEqual(
    keyStates([first, second], now).map(({ state }) => state),
    ["gone", "active"],
  );
});

test("J-25: the states change at the very second, a retired key a day and a minute after its successor took over", () => {
  const keys = [0, 30, 60].map((day) => ({ publishedAt: start as Seconds, activeAt: (start + days(day)) as Seconds }));
  const at = (offset: number): string =>
    keyStates(keys, (start + offset) as Seconds)
      .map(({ state }) => state)
      .join(" ");
  assert.equal(at(0), "active published published");
  assert.equal(at(days(30) - 1), "active published published");
  assert.equal(at(days(30)), "retired active published");
  const goneAt = days(30) + longestToken + minutes(1);
  assert.equal(at(goneAt - 1), "retired active published");
  assert.equal(at(goneAt), "gone active published");
  assert.equal(at(days(60)), "gone retired active");
  assert.equal(at(days(90)), "gone gone active");
});

test("J-25: a clock that is set back makes the key of that time active again, and before all keys the first", () => {
  const keys = [0, 30, 60].map((day) => ({ publishedAt: start as Seconds, activeAt: (start + days(day)) as Seconds }));
  const at = (offset: number): readonly string[] =>
    keyStates(keys, (start + offset) as Seconds).map(({ state }) => state);
  assert.deepEqual(at(days(61)), ["gone", "retired", "active"]);
  assert.deepEqual(at(days(31)), ["retired", "active", "published"]);
  assert.deepEqual(at(days(-5)), ["active", "published", "published"]);
  assert.deepEqual(missingKeys(keys, (start - days(5)) as Seconds), []);
});

test("J-25: the order in which the store gives the keys means nothing", () => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: days(400) }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(times, fc.integer({ min: days(-10), max: days(420) }), fc.nat(), (offsets, at, turn) => {
      const keys = offsets.map((offset) => ({
        publishedAt: start as Seconds,
        activeAt: (start + offset) as Seconds,
      }));
      const shuffled = keys.toSorted((a, b) => ((a.activeAt * 31 + turn) % 97) - ((b.activeAt * 31 + turn) % 97));
      const now = (start + at) as Seconds;
      assert.deepEqual(keyStates(shuffled, now), keyStates(keys, now));
      assert.deepEqual(missingKeys(shuffled, now), missingKeys(keys, now));
      const activeAts = keyStates(keys, now).map(({ key }) => key.activeAt);
      assert.deepEqual(
        activeAts,
        activeAts.toSorted((a, b) => a - b),
      );
    }),
    { numRuns: 300 },
  );
});

test("Y-01: verifiers may keep the key set for less time than a key is published before it signs", () => {
  assert.ok(jwksMaxAge > 0 && jwksMaxAge < hour);
  assert.deepEqual(keyStates([], start as Seconds), []);
});
