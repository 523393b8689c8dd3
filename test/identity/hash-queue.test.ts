/** Turns at the hash, without hashing. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { Secret } from "../../src/core/secret.ts";
import { hashQueue } from "../../src/identity/hash-queue.ts";
import { passwords } from "../../src/identity/passwords.ts";

/** Work that goes on until it is told to end. */
function held() {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { work: () => promise, end: () => resolve("done") };
}
const settled = async (promise: Promise<unknown>): Promise<unknown> =>
  Promise.race([promise, new Promise((resolve) => setImmediate(resolve, "waiting"))]);

test("L-11: so many work, so many wait, in their order, and one more is sent away at once", async () => {
  const queue = hashQueue({ concurrent: 2, waiting: 3 });
  const works = Array.from({ length: 5 }, held);
  const order: number[] = [];
  const asked = works.map(({ work }, at) =>
    queue.tryInTurn(async () => {
      order.push(at);
      return work();
    }, undefined),
  );
  assert.deepEqual(queue.load(), { working: 2, waiting: 3 });
  assert.equal(await queue.tryInTurn(async () => "never", undefined), undefined);
  for (const { end } of works) end();
  assert.deepEqual(await Promise.all(asked), Array(5).fill("done"));
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
  assert.deepEqual(queue.load(), { working: 0, waiting: 0 });
});

test("L-11: a caller who hangs up gives its place to the next, and its work is not done", async () => {
  const queue = hashQueue({ concurrent: 1, waiting: 2 });
  const first = held();
  const working = queue.tryInTurn(first.work, undefined);
  const gone = new AbortController();
  let done = 0;
  const leaving = queue.tryInTurn(
    async () => (done += 1),
    () => gone.signal,
  );
  const staying = queue.tryInTurn(async () => "stayed", undefined);
  assert.equal(await queue.tryInTurn(async () => "full", undefined), undefined);
  gone.abort();
  assert.equal(await leaving, undefined);
  const late = queue.tryInTurn(async () => "came later", undefined);
  assert.equal(await settled(late), "waiting");
  assert.equal(
    await queue.tryInTurn(
      async () => "gone before",
      () => AbortSignal.abort(),
    ),
    undefined,
  );
  first.end();
  assert.deepEqual(await Promise.all([working, staying, late]), ["done", "stayed", "came later"]);
  assert.equal(done, 0);
  // To hang up while it works changes nothing.
  const slow = held();
  const leaver = new AbortController();
  const kept = queue.tryInTurn(slow.work, () => leaver.signal);
  leaver.abort();
  slow.end();
  assert.equal(await kept, "done");
  assert.deepEqual(queue.load(), { working: 0, waiting: 0 });
});

test("L-11: work that fails gives its place back", async () => {
  const queue = hashQueue({ concurrent: 1, waiting: 1 });
  const failing = async (): Promise<never> => {
    throw new Error("broken on purpose");
  };
  await assert.rejects(queue.tryInTurn(failing, undefined), /on purpose/);
  assert.equal(await queue.tryInTurn(async () => "done", undefined), "done");
});

/** Runs off this thread what is in each list at once; how often the event loop came round meanwhile, and its longest pause. */
async function loopDuring(work: () => Promise<unknown>): Promise<{ turns: number; longest: number; took: number }> {
  let turns = 0;
  let longest = 0;
  let last = performance.now();
  const began = last;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    turns += 1;
  }, 1);
  await work();
  clearInterval(timer);
  return { turns, longest, took: performance.now() - began };
}

const kinds: readonly (readonly [name: string, hash: string | null, count: number])[] = [
  ["argon2id", null, 60],
  ["bcrypt", "$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", 10],
  ["scrypt", "$scrypt$ln=15,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$ED6DFTZJAM0HKERe+Hv8WZhyHCqv1GokI31bcZl4PYI", 10],
  ["PBKDF2", "pbkdf2_sha256$300000$seasaltseasalt$2IppKDGG7koo2dgnQmuQWOT1zoVRWNwshViZAoWXYj0=", 10],
];
for (const [name, stored, count] of kinds) {
  test(`L-11, H-10: while ${count} passwords are compared by ${name} at once, the event loop goes on`, async () => {
    const { verify } = passwords(randomBytes);
    await verify(null, new Secret("so that the decoy is there"));
    const { turns, longest, took } = await loopDuring(() =>
      Promise.all(Array.from({ length: count }, () => verify(stored, new Secret("wrong")))),
    );
    // On this thread there would be one turn for each hash at most. The machine may be busy with other tests.
    assert.ok(turns > 2 * count, `${turns} turns in ${took} ms`);
    assert.ok(longest < took / 3, `${longest} ms of ${took} ms`);
  });
}
