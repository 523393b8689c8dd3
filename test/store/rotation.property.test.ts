/**
 * Refresh rotation under any interleaving of use, retry, replay, crash, suspend, clock steps and restore: what a
 * session is promised, checked against a real store on a real disk.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import type { Rotated } from "../../src/engine/ports.ts";
import { World } from "./rotation-world.ts";

const retryWindow = 60;

type Happening =
  | { readonly kind: "refresh"; readonly replyLost: boolean }
  | { readonly kind: "run" | "suspend" | "crash"; readonly span: number }
  | { readonly kind: "step"; readonly span: number }
  | { readonly kind: "elsewhere" };

const span = fc.integer({ min: 0, max: 90 });
const long = fc.integer({ min: 0, max: 100_000 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("refresh" as const), replyLost: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("run" as const), span }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("suspend" as const, "crash" as const), span: long }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("step" as const), span: fc.integer({ min: -86_400, max: 86_400 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "elsewhere" as const }) },
);

const isGood = ({ kind }: Rotated): boolean => kind === "advance" || kind === "repeat" || kind === "keep";

/** The number of the good refresh token after an answer. */
function seqOf(answer: Rotated): number {
  assert.ok("turn" in answer);
  return answer.turn.seq;
}

async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  const world = await World.begin();
  try {
    await work(world);
  } finally {
    await world.end();
  }
}

const runs = { numRuns: 60 };

test("an honest client that retries within the window of served time, or after a crash however long, is never logged out", () =>
  fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 25 }), (story) =>
      inWorld(async (world) => {
        let mine = 1;
        // What the client may count on: seconds that the server ran since the rotation whose reply it lost, and two
        // for every gap, since a gap adds at most that.
        let counted = 0;
        let lost = false;
        for (const event of story) {
          switch (event.kind) {
            case "refresh": {
              // A client that waited longer than the window is no longer promised anything.
              if (lost && counted + 1 > retryWindow) return;
              const answer = await world.present(mine);
              assert.ok(isGood(answer), `${answer.kind} after ${JSON.stringify(story)}`);
              if (event.replyLost) {
                if (answer.kind === "advance") counted = 0;
                lost = true;
              } else {
                mine = seqOf(answer);
                lost = false;
                counted = 0;
              }
              break;
            }
            case "run":
              await world.run(event.span);
              counted += event.span;
              break;
            case "suspend":
              await world.suspend(event.span);
              counted += 2;
              break;
            case "crash":
              await world.crash(event.span);
              counted += 2;
              break;
            case "step":
              world.clock.step(event.span);
              break;
            case "elsewhere":
              assert.equal((await world.present(mine, "elsewhere")).kind, "wrong-door");
              break;
          }
        }
      }),
    ),
    runs,
  ));

test("at most one refresh token of a session can advance, whoever presents which of them when", () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(happening, fc.nat({ max: 30 })), { maxLength: 25 }), (story) =>
      inWorld(async (world) => {
        const advancedFrom = new Set<number>();
        let newest = 1;
        let over = false;
        for (const [event, which] of story) {
          if (event.kind === "run") await world.run(event.span);
          else if (event.kind === "suspend") await world.suspend(event.span);
          else if (event.kind === "crash") await world.crash(event.span);
          else if (event.kind === "step") world.clock.step(event.span);
          // Any token that was ever given out, or one that never was.
          const presented = 1 + (which % (newest + 1));
          const answer = await world.present(presented, event.kind === "elsewhere" ? "elsewhere" : "home");
          if (over) assert.ok(!isGood(answer));
          if (answer.kind === "advance") {
            assert.equal(presented, newest);
            assert.ok(!advancedFrom.has(presented));
            advancedFrom.add(presented);
            newest += 1;
          }
          if (answer.kind === "repeat") assert.equal(seqOf(answer), newest);
          if (answer.kind === "reuse" || answer.kind === "ahead") over = true;
        }
      }),
    ),
    runs,
  ));

test("F-01: a token used by two parties outside the window ends the session at the next use, whatever happened between", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.record({ kind: fc.constant("crash" as const), span: long }),
          fc.record({ kind: fc.constant("run" as const), span }),
        ),
        {
          maxLength: 6,
        },
      ),
      fc.boolean(),
      (between, thiefFirst) =>
        inWorld(async (world) => {
          // Both hold number 1; one of them uses it.
          const first = seqOf(await world.present(1));
          for (const event of between) await (event.kind === "run" ? world.run(event.span) : world.crash(event.span));
          // The window passes in served time; a crash may have cost the count a second each.
          await world.run(retryWindow + 2);
          // Then the other one comes, or the first goes on and the other one comes.
          const newest = thiefFirst ? first : seqOf(await world.present(first));
          assert.equal((await world.present(1)).kind, "reuse");
          assert.equal((await world.present(newest)).kind, "ended");
        }),
    ),
    runs,
  ));

test("FL-36: after a restore nothing of before is accepted, and a database that was set back is noticed at the next use", () =>
  fc.assert(
    fc.asyncProperty(fc.nat({ max: 4 }), fc.integer({ min: 1, max: 4 }), fc.boolean(), (before, since, properly) =>
      inWorld(async (world) => {
        let mine = 1;
        for (let round = 0; round < before; round++) mine = seqOf(await world.present(mine));
        const backup = world.backup();
        for (let round = 0; round < since; round++) mine = seqOf(await world.present(mine));
        if (properly) {
          await world.restore(backup);
          for (let seq = 1; seq <= mine + 1; seq++) assert.equal((await world.present(seq)).kind, "ended");
        } else {
          await world.rollBack(backup);
          assert.equal((await world.present(mine)).kind, "ahead");
          for (let seq = 1; seq <= mine + 1; seq++) assert.equal((await world.present(seq)).kind, "ended");
        }
      }),
    ),
    { numRuns: 30 },
  ));
