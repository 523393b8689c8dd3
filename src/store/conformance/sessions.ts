/** What every store must do with sessions and keys, races included. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";

import { StoreUnavailable } from "../../core/faults.ts";
import type { SessionId } from "../../core/ids.ts";
import { nativePolicy } from "../../core/policy.ts";
import { days, hours, seconds } from "../../core/units.ts";
import type { EndSession } from "../../engine/ports.ts";
import { byItself, from, native, other, storeWorld, type StoreUnderTest } from "./world.ts";

export function sessionConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}: sessions`, () => {
    const world = storeWorld(open);

    test("a new session has number 1, its policy, and an end that no refresh moves", async () => {
      const opened = (await world.session(world.bob(), { idle: days(40), absolute: days(30) }))!;
      assert.equal(opened.seq, 1);
      assert.equal(opened.expiresAt, opened.absoluteEnd);
      assert.equal(opened.absoluteEnd, world.under().now() + days(30));
      const found = await world.under().store.findSession(opened.id);
      assert.deepEqual(found?.session, opened);
    });

    test("what is recalled of a session is what it was born with, before and after it rotates", async () => {
      const opened = (await world.session(world.bob()))!;
      const { seq, rotatedAt, rotatedServed, expiresAt, endedAt, ...basis } = opened;
      for (const presented of [1, 2]) {
        const recalled = (await world.under().store.recallSession(opened.id))!;
        assert.partialDeepStrictEqual(recalled, basis);
        world.under().pass(seconds(1));
        await world.rotate(opened.id, presented);
      }
      assert.deepEqual([seq, rotatedAt, endedAt, expiresAt > rotatedServed], [1, opened.createdAt, null, true]);
      assert.equal(await world.under().store.recallSession(world.id<SessionId>()), undefined);
    });

    test("advance makes the next number good, and repeat answers with the same row", async () => {
      const opened = (await world.session(world.bob()))!;
      world.under().pass(seconds(1));
      const advanced = await world.rotate(opened.id, 1);
      assert.equal(advanced.kind, "advance");
      const repeated = await world.rotate(opened.id, 1);
      assert.equal(repeated.kind, "repeat");
      assert.ok("turn" in advanced && "turn" in repeated);
      assert.deepEqual(repeated.turn, advanced.turn);
      assert.equal(repeated.turn.seq, 2);
    });

    test("F-02: of a hundred rotations at once one advances, ninety-nine repeat, and all see one row", async () => {
      const opened = (await world.session(world.bob()))!;
      const answers = await Promise.all(Array.from({ length: 100 }, () => world.rotate(opened.id, 1)));
      assert.deepEqual(
        (["advance", "repeat"] as const).map((wanted) => [
          wanted,
          answers.filter(({ kind }) => kind === wanted).length,
        ]),
        [
          ["advance", 1],
          ["repeat", 99],
        ],
      );
      assert.equal((await world.under().store.findSession(opened.id))?.session.seq, 2);
      assert.equal(
        (
          await world
            .under()
            .store.listSessions(world.bob(), { before: undefined, limit: 10, now: world.under().now() })
        ).length,
        1,
      );
    });

    test("F-02: with a retry window of 0 one of a hundred advances, and the second use ends the session", async () => {
      const opened = (await world.session(world.bob(), { retryWindow: seconds(0) }))!;
      const answers = await Promise.all(Array.from({ length: 100 }, () => world.rotate(opened.id, 1)));
      assert.equal(answers.filter(({ kind }) => kind === "advance").length, 1);
      assert.equal(answers.filter(({ kind }) => kind === "reuse").length, 1);
      assert.equal((await world.rotate(opened.id, 2)).kind, "ended");
    });

    test("F-03: two steps back is reuse inside the window too, and it ends the session for good", async () => {
      const opened = (await world.session(world.bob()))!;
      await world.rotate(opened.id, 1);
      await world.rotate(opened.id, 2);
      assert.equal((await world.rotate(opened.id, 1)).kind, "reuse");
      for (const presented of [1, 2, 3]) assert.equal((await world.rotate(opened.id, presented)).kind, "ended");
    });

    test("a number from the future of the database ends the session", async () => {
      const opened = (await world.session(world.bob()))!;
      assert.equal((await world.rotate(opened.id, 2)).kind, "ahead");
      assert.equal((await world.rotate(opened.id, 1)).kind, "ended");
    });

    test("another client's door changes nothing", async () => {
      const opened = (await world.session(world.bob()))!;
      assert.equal((await world.rotate(opened.id, 1, other)).kind, "wrong-door");
      assert.equal((await world.rotate(opened.id, 9, other)).kind, "wrong-door");
      assert.equal((await world.rotate(opened.id, 1)).kind, "advance");
    });

    test("a stable session keeps its one number and writes nothing", async () => {
      const opened = (await world.session(world.bob(), { onRefresh: "stable", absolute: hours(24) }))!;
      world.under().pass(hours(1));
      for (let round = 0; round < 3; round++) {
        const kept = await world.rotate(opened.id, 1);
        assert.equal(kept.kind, "keep");
        assert.ok("turn" in kept);
        assert.deepEqual((await world.under().store.findSession(opened.id))?.session, opened);
      }
    });

    test("the end of a refresh token, and no session of that id", async () => {
      const opened = (await world.session(world.bob(), { idle: hours(1) }))!;
      world.under().pass(hours(1));
      assert.equal((await world.rotate(opened.id, 1)).kind, "expired");
      assert.equal((await world.rotate(world.id<SessionId>(), 1)).kind, "unknown");
    });

    test("F-04: a rotation that races an ending is before it or refused; after it nothing is good", async () => {
      for (let round = 0; round < 50; round++) {
        const opened = (await world.session(world.bob()))!;
        const [, ended] = await Promise.all([
          world.rotate(opened.id, 1),
          world.under().store.endSession({ id: opened.id, of: byItself(opened.id), now: world.under().now() }),
          world.rotate(opened.id, 1),
        ]);
        assert.equal(ended.kind, "ended");
        for (const presented of [1, 2]) assert.equal((await world.rotate(opened.id, presented)).kind, "ended");
      }
    });

    test("an ending is the owner's or the client's, and the second one says the same", async () => {
      const eve = await world.subject("eve");
      const opened = (await world.session(world.bob()))!;
      const endBy = (of: EndSession["of"]) =>
        world.under().store.endSession({ id: opened.id, of, now: world.under().now() });
      assert.deepEqual(await endBy(byItself((await world.session(eve))!.id)), { kind: "absent" });
      assert.deepEqual(await endBy({ client: other, from }), { kind: "absent" });
      const accessUntil = world.under().now() + nativePolicy.access;
      assert.deepEqual(await endBy({ client: native, from }), { kind: "ended", accessUntil });
      world.under().pass(seconds(10));
      assert.deepEqual(await endBy(byItself((await world.session(world.bob()))!.id)), { kind: "already", accessUntil });
    });

    test("FL-36: after a new epoch nothing of before is good, and a credential read before opens nothing", async () => {
      const opened = (await world.session(world.bob()))!;
      const before = (await world.under().store.findCredential("root", { kind: "username", canonical: "bob" }))!
        .instance;
      await world.under().store.beginEpoch({ epoch: randomBytes(16), now: world.under().now() });
      assert.equal((await world.rotate(opened.id, 1)).kind, "ended");
      assert.equal(await world.session(world.bob(), {}, before), undefined);
      assert.deepEqual(
        await world.under().store.listSessions(world.bob(), { before: undefined, limit: 10, now: world.under().now() }),
        [],
      );
      assert.notEqual(await world.session(world.bob()), undefined);
    });

    test("the cap ends sessions that were never refreshed first, the oldest before the newer", async () => {
      const policy = { sessionCap: 3 };
      const first = (await world.session(world.bob(), policy))!;
      world.under().pass(seconds(1));
      await world.rotate(first.id, 1);
      const opened = [first];
      for (let round = 0; round < 4; round++) {
        world.under().pass(seconds(1));
        opened.push((await world.session(world.bob(), policy))!);
      }
      const live = await world
        .under()
        .store.listSessions(world.bob(), { before: undefined, limit: 10, now: world.under().now() });
      assert.deepEqual(
        live.map((row) => row.id),
        [opened[4]!.id, opened[3]!.id, first.id],
      );
    });

    test("the cap never ends the session that is being opened, and does not count what was revoked by a restore", async () => {
      const policy = { sessionCap: 2 };
      const refreshed = [(await world.session(world.bob(), policy))!, (await world.session(world.bob(), policy))!];
      for (const { id: of } of refreshed) {
        world.under().pass(seconds(1));
        await world.rotate(of, 1);
      }
      const third = (await world.session(world.bob(), policy))!;
      assert.equal((await world.rotate(third.id, 1)).kind, "advance");
      assert.equal((await world.rotate(refreshed[0]!.id, 2)).kind, "ended");

      await world.under().store.beginEpoch({ epoch: randomBytes(16), now: world.under().now() });
      const after = [(await world.session(world.bob(), policy))!, (await world.session(world.bob(), policy))!];
      for (const { id: of } of after) assert.equal((await world.rotate(of, 1)).kind, "advance");
    });

    test("sessions are listed newest first, in pages", async () => {
      const ids: SessionId[] = [];
      for (let round = 0; round < 5; round++) {
        world.under().pass(seconds(1));
        ids.unshift((await world.session(world.bob()))!.id);
      }
      const page = async (before: SessionId | undefined) =>
        (await world.under().store.listSessions(world.bob(), { before, limit: 2, now: world.under().now() })).map(
          (row) => row.id,
        );
      assert.deepEqual(await page(undefined), ids.slice(0, 2));
      assert.deepEqual(await page(ids[1]), ids.slice(2, 4));
      assert.deepEqual(await page(ids[3]), ids.slice(4));
    });

    test("FL-40: a sweep in chunks removes what is over for long, and nothing that a token may still name", async () => {
      const gone = (await world.session(world.bob(), { idle: hours(1) }))!;
      const ended = (await world.session(world.bob()))!;
      const kept = (await world.session(world.bob()))!;
      await world.under().store.endSession({ id: ended.id, of: byItself(ended.id), now: world.under().now() });
      const sweepAll = async (): Promise<number> => {
        let removed = 0;
        let last: SessionId | undefined;
        do {
          const swept = await world.under().store.sweepSessions({ after: last, limit: 1, now: world.under().now() });
          removed += swept.removed;
          last = swept.last;
        } while (last !== undefined);
        return removed;
      };
      assert.equal(await sweepAll(), 0);
      world.under().pass(hours(2));
      assert.equal(await sweepAll(), 2);
      assert.equal((await world.rotate(gone.id, 1)).kind, "unknown");
      assert.equal((await world.rotate(ended.id, 1)).kind, "unknown");
      assert.equal((await world.rotate(kept.id, 1)).kind, "advance");
    });

    test("an intent that fails leaves those of its group alone", async () => {
      const opened = (await world.session(world.bob()))!;
      const secret = { purpose: "p", sealed: randomBytes(8) };
      const twice = { signing: [], refresh: [], secrets: [secret, secret] };
      const [failed, rotated] = await Promise.allSettled([
        world.under().store.addKeys(twice),
        world.rotate(opened.id, 1),
      ]);
      assert.equal(failed.status, "rejected");
      assert.equal(rotated.status === "fulfilled" && rotated.value.kind, "advance");
      assert.deepEqual((await world.under().store.loadKeys()).secrets, []);
    });

    test("an intent whose caller has gone is not decided", async () => {
      const opened = (await world.session(world.bob()))!;
      await assert.rejects(
        world
          .under()
          .store.rotate(
            { id: opened.id, presented: 1, door: native, from, now: world.under().now() },
            { asker: () => AbortSignal.abort() },
          ),
        StoreUnavailable,
      );
      assert.equal((await world.rotate(opened.id, 1)).kind, "advance");
    });

    test("an intent that waited through a standstill or past its deadline is not decided", async () => {
      const opened = (await world.session(world.bob()))!;
      for (const span of [3, 11]) {
        const asked = assert.rejects(world.rotate(opened.id, 1), StoreUnavailable);
        world.under().pass(seconds(span));
        if (span === 11) await world.under().store.beat();
        await asked;
        await world.under().store.beat();
      }
      assert.equal((await world.rotate(opened.id, 1)).kind, "advance");
    });

    test("keys come back as they were stored", async () => {
      const keys = {
        signing: [
          {
            kid: "k",
            purpose: "api" as const,
            alg: "EdDSA",
            publishedAt: seconds(1),
            activeAt: seconds(2),
            sealed: Uint8Array.of(1, 2),
          },
        ],
        refresh: [{ kid: 7, createdAt: seconds(3), sealed: Uint8Array.of(3) }],
        secrets: [{ purpose: "mac", sealed: Uint8Array.of(4) }],
      };
      await world.under().store.addKeys(keys);
      const loaded = await world.under().store.loadKeys();
      assert.deepEqual(
        {
          signing: loaded.signing.map((row) => ({ ...row })),
          refresh: loaded.refresh.map((row) => ({ ...row })),
          secrets: loaded.secrets.map((row) => ({ ...row })),
        },
        keys,
      );
    });
  });
}
