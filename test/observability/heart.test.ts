/** Readiness, and the watch over the event loop, by a clock that the test moves. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { beatEvery, openHeart, type HeartDeps } from "../../src/compose/heart.ts";
import { millis } from "../../src/core/units.ts";
import { authority, type Authority } from "../authority.ts";

function heartOf(parts: Partial<HeartDeps> = {}) {
  let now = 1000;
  let storeBeats = 0;
  const stalls: number[] = [];
  const heart = openHeart({
    monotonic: () => millis(now),
    pulse: { wellAt: () => millis(now), isFailing: () => false },
    beatStore: async () => void storeBeats++,
    hasSigningKey: () => true,
    flush: () => undefined,
    onLag: () => undefined,
    onStall: (length) => stalls.push(length),
    onFault: () => assert.fail(),
    ...parts,
  });
  /** Beats as they come, each so many milliseconds late. */
  const beat = (late = 0): void => {
    now += beatEvery + late;
    heart.beat();
  };
  return { heart, beat, stalls, pass: (span: number) => (now += span), storeBeats: () => storeBeats, now: () => now };
}

test("FL-30: a stall of more than two seconds is told once with its length, and for a moment the server is not ready", () => {
  const { heart, beat, stalls, pass } = heartOf();
  heart.opened();
  for (let i = 0; i < 20; i++) beat();
  assert.equal(heart.unready(), undefined);
  beat(2000);
  assert.deepEqual([heart.unready(), stalls], [undefined, []], "two seconds are no stall yet");
  beat(2750);
  assert.deepEqual([heart.unready(), stalls], ["stalled", [2750]]);
  for (let i = 0; i < 7; i++) beat();
  assert.equal(heart.unready(), "stalled");
  beat();
  assert.deepEqual([heart.unready(), stalls], [undefined, [2750]]);
  // The question may come before the beat that notices.
  pass(beatEvery + 2001);
  assert.equal(heart.unready(), "stalled");
});

test("FL-30: the lag that counts as load is that of two beats in a row, goes by halves, and does not grow with the length of a stall", () => {
  const { heart, beat } = heartOf();
  beat(400);
  assert.equal(heart.lag(), 0);
  beat(500);
  assert.equal(heart.lag(), 400);
  beat();
  assert.equal(heart.lag(), 200);
  beat(86_400_000);
  assert.equal(heart.lag(), 100);
  beat(86_400_000);
  assert.equal(heart.lag(), 2000);
  for (let i = 0; i < 8; i++) beat();
  assert.ok(heart.lag() < 10);
});

test("FL-30: the store beats once a second, and being asked whether it is ready beats nothing", () => {
  const { heart, beat, storeBeats } = heartOf();
  heart.opened();
  for (let i = 0; i < 40; i++) beat();
  assert.equal(storeBeats(), 10);
  for (let i = 0; i < 1000; i++) heart.unready();
  assert.equal(storeBeats(), 10);
});

test("readiness says in one word what is wrong, the first thing first", () => {
  let wellAt = millis(1000);
  let isFailing = false;
  let hasSigningKey = true;
  const { heart, beat } = heartOf({
    pulse: { wellAt: () => wellAt, isFailing: () => isFailing },
    hasSigningKey: () => hasSigningKey,
  });
  assert.equal(heart.unready(), "starting");
  heart.opened();
  assert.equal(heart.unready(), undefined);
  for (let i = 0; i < 21; i++) beat();
  assert.equal(heart.unready(), "store", "silent for more than five seconds");
  wellAt = millis(6000);
  assert.equal(heart.unready(), undefined);
  isFailing = true;
  assert.equal(heart.unready(), "store");
  isFailing = false;
  hasSigningKey = false;
  assert.equal(heart.unready(), "keys");
  heart.draining();
  assert.equal(heart.unready(), "draining");
});

describe("a whole authority", () => {
  let jeton: Authority;
  const beats = async (count: number, late = 0): Promise<void> => {
    for (let i = 0; i < count; i++) {
      jeton.clock.pass((beatEvery + late) / 1000);
      jeton.vitals.heart.beat();
      // The store says in a turn of its own that it is well.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  test("FL-30: /readyz is 503 with the word after a stall, /healthz is not, the log has it once, and it passes", async () => {
    await beats(8);
    assert.equal((await jeton.ask("/readyz")).status, 200);
    await beats(1, 4000);
    const refused = await jeton.ask("/readyz");
    assert.equal(refused.status, 503);
    const { code, detail } = (await refused.json()) as { code: string; detail: string };
    assert.deepEqual([code, detail], ["temporarily_unavailable", "stalled"]);
    assert.ok(Number(refused.headers.get("retry-after")) >= 1);
    assert.equal((await jeton.ask("/healthz")).status, 200);
    await beats(9);
    assert.equal((await jeton.ask("/readyz")).status, 200);
    const told = jeton
      .logged()
      .split("\n")
      .filter((line) => line.includes('"event":"stall"'));
    assert.equal(told.length, 1);
    assert.equal((JSON.parse(told[0]!) as { ms: number }).ms, 4000);
    assert.match(jeton.vitals.metrics(), /^jeton_stalls_total 1$/m);
  });

  test("a thousand probes commit nothing", async () => {
    const commits = (): string =>
      /^jeton_store_groups_total\{outcome="committed"\} (\d+)$/m.exec(jeton.vitals.metrics())![1]!;
    const had = commits();
    for (let i = 0; i < 1000; i++) await jeton.ask("/readyz");
    assert.equal(commits(), had);
  });
});
