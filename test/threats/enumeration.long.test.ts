/**
 * Whether the time of a failed sign-in tells anything of the account: five hundred samples of each reason, taken in
 * turns, so that whatever else the machine does meets all of them alike.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { seen } from "../api/asking.ts";
import { add } from "../api/people.ts";
import { authority, type Authority } from "../authority.ts";

interface Gap {
  /** How probable a gap as large as this one is, or a larger one, if there is none. */
  readonly p: number;
  /** How far from one half is the probability that a sample of one is above a sample of the other; 0 to 0.5. */
  readonly effect: number;
}

/** Mann and Whitney's U, two-sided, by its normal approximation. Times have no ties to speak of. */
function gapBetween(one: readonly number[], other: readonly number[]): Gap {
  const ranked = [...one.map((value) => ({ value, of: one })), ...other.map((value) => ({ value, of: other }))]
    .toSorted((a, b) => a.value - b.value)
    .map(({ of }, at) => (of === one ? at + 1 : 0));
  const u = ranked.reduce((sum, rank) => sum + rank, 0) - (one.length * (one.length + 1)) / 2;
  const pairs = one.length * other.length;
  const deviation = Math.sqrt((pairs * (one.length + other.length + 1)) / 12);
  return { p: 2 * upperTail(Math.abs(u - pairs / 2) / deviation), effect: Math.abs(u / pairs - 0.5) };
}

/** The standard normal distribution above `z` (Abramowitz and Stegun 26.2.17; good to seven places). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}

const samples = 500;
const parts = 25;

const reasons = [
  ["unknown", "nobody", demoPassword],
  ["wrong", "bob", "wrong"],
  ["disabled", "eve", demoPassword],
  ["locked", "lou", demoPassword],
] as const;

test("L-02: the statistic finds a gap of a twentieth, and none where there is none", () => {
  const noise = (seed: number): number[] =>
    Array.from({ length: samples }, (_, at) => 20 + ((at * 7919 + seed * 104_729) % 1009) / 500);
  assert.ok(gapBetween(noise(1), noise(2)).p > 0.001);
  const slower = gapBetween(
    noise(1),
    noise(2).map((value) => value * 1.05),
  );
  assert.ok(slower.p < 0.001 && slower.effect > 0.2, JSON.stringify(slower));
});

describe("the time of a refusal", () => {
  let jeton: Authority;
  const times = reasons.map((): number[] => []);
  const answers = new Set<string>();

  const sample = async (at: number): Promise<void> => {
    const [, username, password] = reasons[at]!;
    const began = performance.now();
    const response = await jeton.ask("/api/v1/login", { body: { username, password } });
    times[at]!.push(performance.now() - began);
    answers.add(await seen(response));
  };

  before(async () => {
    jeton = await authority({ realHashes: true });
    await add(jeton, { username: "lou", password: demoPassword, status: "locked" });
    for (let round = 0; round < 20; round++) await sample(round % reasons.length);
    for (const list of times) list.length = 0;
  });
  after(() => jeton.close());

  for (let part = 0; part < parts; part++) {
    test(`samples are taken: part ${part + 1} of ${parts}`, async () => {
      for (let round = 0; round < samples / parts; round++) {
        const order = reasons.map((_, at) => (at + round) % reasons.length);
        for (const at of round % 8 < 4 ? order : order.toReversed()) await sample(at);
      }
    });
  }

  test("L-01, L-02: unknown, wrong, disabled and locked differ neither in what is answered nor in when", () => {
    assert.equal(answers.size, 1);
    for (const [one, a] of times.entries()) {
      assert.equal(a.length, samples);
      for (const [other, b] of times.entries()) {
        if (other <= one) continue;
        const { p, effect } = gapBetween(a, b);
        const found = `${reasons[one]![0]} and ${reasons[other]![0]}: p = ${p}, effect = ${effect}`;
        assert.ok(p >= 0.001 || effect < 0.08, found);
      }
    }
  });
});
