/**
 * What every store must do, races included, whatever it is made of. A store passes by running `storeConformance` in
 * its tests; there are no mocks of stores anywhere else.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";

import { clientId, idEntropy, newId, type OrganisationId, type SessionId, type SubjectId } from "../core/ids.ts";
import { nativePolicy, type SessionPolicy } from "../core/policy.ts";
import { days, hours, millis, seconds, type Seconds } from "../core/units.ts";
import { StoreUnavailable } from "../core/faults.ts";
import type { NewSubject, Rotated, Store } from "../engine/ports.ts";

/** A store and the clocks that it was opened with. */
export interface StoreUnderTest {
  readonly store: Store;
  readonly now: () => Seconds;
  /** Moves wall and monotonic time. */
  readonly pass: (span: Seconds) => void;
}

const native = clientId("native");
const other = clientId("other");

export function storeConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}`, () => {
    let under: StoreUnderTest;
    let bob: SubjectId;
    let organisation: OrganisationId;

    const id = <T extends string>(): T =>
      newId<SessionId>(millis(under.now() * 1000), randomBytes(idEntropy)) as string as T;

    const subject = async (username: string, wish: Partial<NewSubject> = {}): Promise<SubjectId> => {
      const fresh = id<SubjectId>();
      const made = await under.store.createSubject({
        id: fresh,
        organisation,
        kind: "user",
        username,
        canonical: username,
        displayName: username,
        emails: [],
        roles: ["member"],
        status: "active",
        passwordHash: null,
        owner: null,
        now: under.now(),
        ...wish,
      });
      assert.equal(made, "created");
      return fresh;
    };

    const session = async (
      of: SubjectId,
      policy: Partial<SessionPolicy> = {},
      born?: { counter: number; epoch: Uint8Array },
    ) => {
      const { instance } = (await under.store.findCredential("root", { kind: "username", canonical: "bob" }))!;
      const opened = await under.store.openSession({
        id: id<SessionId>(),
        subject: of,
        client: native,
        policy: { ...nativePolicy, ...policy },
        salt: randomBytes(16),
        kid: 1,
        born: born?.counter ?? instance.counter,
        epoch: born?.epoch ?? instance.epoch,
        authTime: under.now(),
        amr: "pwd",
        now: under.now(),
      });
      return opened?.session;
    };

    const rotate = (of: SessionId, presented: number, door = native): Promise<Rotated> =>
      under.store.rotate({ id: of, presented, door, now: under.now() });

    beforeEach(async () => {
      under = await open();
      organisation = id<OrganisationId>();
      await under.store.registerClients({ ids: [native, other], now: under.now() });
      await under.store.createOrganisation({ id: organisation, name: "Root", canonical: "root", now: under.now() });
      bob = await subject("bob");
    });
    afterEach(() => under.store.close());

    test("a new session has number 1, its policy, and an end that no refresh moves", async () => {
      const opened = (await session(bob, { idle: days(40), absolute: days(30) }))!;
      assert.equal(opened.seq, 1);
      assert.equal(opened.expiresAt, opened.absoluteEnd);
      assert.equal(opened.absoluteEnd, under.now() + days(30));
      const found = await under.store.findSession(opened.id);
      assert.deepEqual(found?.session, opened);
    });

    test("what is recalled of a session is what it was born with, before and after it rotates", async () => {
      const opened = (await session(bob))!;
      const { seq, rotatedAt, rotatedServed, expiresAt, endedAt, ...basis } = opened;
      for (const presented of [1, 2]) {
        const recalled = (await under.store.recallSession(opened.id))!;
        assert.partialDeepStrictEqual(recalled, basis);
        under.pass(seconds(1));
        await rotate(opened.id, presented);
      }
      assert.deepEqual([seq, rotatedAt, endedAt, expiresAt > rotatedServed], [1, opened.createdAt, null, true]);
      assert.equal(await under.store.recallSession(id<SessionId>()), undefined);
    });

    test("advance makes the next number good, and repeat answers with the same row", async () => {
      const opened = (await session(bob))!;
      under.pass(seconds(1));
      const advanced = await rotate(opened.id, 1);
      assert.equal(advanced.kind, "advance");
      const repeated = await rotate(opened.id, 1);
      assert.equal(repeated.kind, "repeat");
      assert.ok("turn" in advanced && "turn" in repeated);
      assert.deepEqual(repeated.turn, advanced.turn);
      assert.equal(repeated.turn.seq, 2);
    });

    test("F-02: of a hundred rotations at once one advances, ninety-nine repeat, and all see one row", async () => {
      const opened = (await session(bob))!;
      const answers = await Promise.all(Array.from({ length: 100 }, () => rotate(opened.id, 1)));
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
      assert.equal((await under.store.findSession(opened.id))?.session.seq, 2);
      assert.equal((await under.store.listSessions(bob, { before: undefined, limit: 10, now: under.now() })).length, 1);
    });

    test("F-02: with a retry window of 0 one of a hundred advances, and the second use ends the session", async () => {
      const opened = (await session(bob, { retryWindow: seconds(0) }))!;
      const answers = await Promise.all(Array.from({ length: 100 }, () => rotate(opened.id, 1)));
      assert.equal(answers.filter(({ kind }) => kind === "advance").length, 1);
      assert.equal(answers.filter(({ kind }) => kind === "reuse").length, 1);
      assert.equal((await rotate(opened.id, 2)).kind, "ended");
    });

    test("F-03: two steps back is reuse inside the window too, and it ends the session for good", async () => {
      const opened = (await session(bob))!;
      await rotate(opened.id, 1);
      await rotate(opened.id, 2);
      assert.equal((await rotate(opened.id, 1)).kind, "reuse");
      for (const presented of [1, 2, 3]) assert.equal((await rotate(opened.id, presented)).kind, "ended");
    });

    test("a number from the future of the database ends the session", async () => {
      const opened = (await session(bob))!;
      assert.equal((await rotate(opened.id, 2)).kind, "ahead");
      assert.equal((await rotate(opened.id, 1)).kind, "ended");
    });

    test("another client's door changes nothing", async () => {
      const opened = (await session(bob))!;
      assert.equal((await rotate(opened.id, 1, other)).kind, "wrong-door");
      assert.equal((await rotate(opened.id, 9, other)).kind, "wrong-door");
      assert.equal((await rotate(opened.id, 1)).kind, "advance");
    });

    test("a stable session keeps its one number and writes nothing", async () => {
      const opened = (await session(bob, { onRefresh: "stable", absolute: hours(24) }))!;
      under.pass(hours(1));
      for (let round = 0; round < 3; round++) {
        const kept = await rotate(opened.id, 1);
        assert.equal(kept.kind, "keep");
        assert.ok("turn" in kept);
        assert.deepEqual((await under.store.findSession(opened.id))?.session, opened);
      }
    });

    test("the end of a refresh token, and no session of that id", async () => {
      const opened = (await session(bob, { idle: hours(1) }))!;
      under.pass(hours(1));
      assert.equal((await rotate(opened.id, 1)).kind, "expired");
      assert.equal((await rotate(id<SessionId>(), 1)).kind, "unknown");
    });

    test("F-04: a rotation that races an ending is before it or refused; after it nothing is good", async () => {
      for (let round = 0; round < 50; round++) {
        const opened = (await session(bob))!;
        const [, ended] = await Promise.all([
          rotate(opened.id, 1),
          under.store.endSession({ id: opened.id, of: { subject: bob }, now: under.now() }),
          rotate(opened.id, 1),
        ]);
        assert.equal(ended.kind, "ended");
        for (const presented of [1, 2]) assert.equal((await rotate(opened.id, presented)).kind, "ended");
      }
    });

    test("an ending is the owner's or the client's, and the second one says the same", async () => {
      const eve = await subject("eve");
      const opened = (await session(bob))!;
      const endBy = (of: { subject: SubjectId } | { client: typeof native }) =>
        under.store.endSession({ id: opened.id, of, now: under.now() });
      assert.deepEqual(await endBy({ subject: eve }), { kind: "absent" });
      assert.deepEqual(await endBy({ client: other }), { kind: "absent" });
      const accessUntil = under.now() + nativePolicy.access;
      assert.deepEqual(await endBy({ client: native }), { kind: "ended", accessUntil });
      under.pass(seconds(10));
      assert.deepEqual(await endBy({ subject: bob }), { kind: "already", accessUntil });
    });

    test("FL-36: after a new epoch nothing of before is good, and a credential read before opens nothing", async () => {
      const opened = (await session(bob))!;
      const before = (await under.store.findCredential("root", { kind: "username", canonical: "bob" }))!.instance;
      await under.store.beginEpoch({ epoch: randomBytes(16) });
      assert.equal((await rotate(opened.id, 1)).kind, "ended");
      assert.equal(await session(bob, {}, before), undefined);
      assert.deepEqual(await under.store.listSessions(bob, { before: undefined, limit: 10, now: under.now() }), []);
      assert.notEqual(await session(bob), undefined);
    });

    test("INV-5: a disabled or locked subject opens no session", async () => {
      for (const status of ["disabled", "locked", "deleted"] as const) {
        const nobody = await subject(`x-${status}`, { status });
        assert.equal(await session(nobody), undefined);
        assert.deepEqual(await under.store.listSessions(nobody, { before: undefined, limit: 1, now: under.now() }), []);
      }
    });

    test("the cap ends sessions that were never refreshed first, the oldest before the newer", async () => {
      const policy = { sessionCap: 3 };
      const first = (await session(bob, policy))!;
      under.pass(seconds(1));
      await rotate(first.id, 1);
      const opened = [first];
      for (let round = 0; round < 4; round++) {
        under.pass(seconds(1));
        opened.push((await session(bob, policy))!);
      }
      const live = await under.store.listSessions(bob, { before: undefined, limit: 10, now: under.now() });
      assert.deepEqual(
        live.map((row) => row.id),
        [opened[4]!.id, opened[3]!.id, first.id],
      );
    });

    test("the cap never ends the session that is being opened, and does not count what was revoked by a restore", async () => {
      const policy = { sessionCap: 2 };
      const refreshed = [(await session(bob, policy))!, (await session(bob, policy))!];
      for (const { id: of } of refreshed) {
        under.pass(seconds(1));
        await rotate(of, 1);
      }
      const third = (await session(bob, policy))!;
      assert.equal((await rotate(third.id, 1)).kind, "advance");
      assert.equal((await rotate(refreshed[0]!.id, 2)).kind, "ended");

      await under.store.beginEpoch({ epoch: randomBytes(16) });
      const after = [(await session(bob, policy))!, (await session(bob, policy))!];
      for (const { id: of } of after) assert.equal((await rotate(of, 1)).kind, "advance");
    });

    test("sessions are listed newest first, in pages", async () => {
      const ids: SessionId[] = [];
      for (let round = 0; round < 5; round++) {
        under.pass(seconds(1));
        ids.unshift((await session(bob))!.id);
      }
      const page = async (before: SessionId | undefined) =>
        (await under.store.listSessions(bob, { before, limit: 2, now: under.now() })).map((row) => row.id);
      assert.deepEqual(await page(undefined), ids.slice(0, 2));
      assert.deepEqual(await page(ids[1]), ids.slice(2, 4));
      assert.deepEqual(await page(ids[3]), ids.slice(4));
    });

    test("FL-40: a sweep in chunks removes what is over for long, and nothing that a token may still name", async () => {
      const gone = (await session(bob, { idle: hours(1) }))!;
      const ended = (await session(bob))!;
      const kept = (await session(bob))!;
      await under.store.endSession({ id: ended.id, of: { subject: bob }, now: under.now() });
      const sweepAll = async (): Promise<number> => {
        let removed = 0;
        let last: SessionId | undefined;
        do {
          const swept = await under.store.sweepSessions({ after: last, limit: 1, now: under.now() });
          removed += swept.removed;
          last = swept.last;
        } while (last !== undefined);
        return removed;
      };
      assert.equal(await sweepAll(), 0);
      under.pass(hours(2));
      assert.equal(await sweepAll(), 2);
      assert.equal((await rotate(gone.id, 1)).kind, "unknown");
      assert.equal((await rotate(ended.id, 1)).kind, "unknown");
      assert.equal((await rotate(kept.id, 1)).kind, "advance");
    });

    test("L-13: a name or an address is taken once in an organisation, and free in another", async () => {
      const emails = [{ address: "Bob@example.com", canonical: "bob@example.com" }];
      const wish = (over: Partial<NewSubject>): Promise<"created" | "taken"> =>
        under.store.createSubject({
          id: id<SubjectId>(),
          organisation,
          kind: "user",
          username: "carol",
          canonical: "carol",
          displayName: "Carol",
          emails,
          roles: [],
          status: "active",
          passwordHash: null,
          owner: null,
          now: under.now(),
          ...over,
        });
      assert.equal(await wish({}), "created");
      assert.equal(await wish({ canonical: "carol2" }), "taken");
      assert.equal(await wish({ emails: [] }), "taken");
      const elsewhere = id<OrganisationId>();
      await under.store.createOrganisation({ id: elsewhere, name: "Two", canonical: "two", now: under.now() });
      assert.equal(await wish({ organisation: elsewhere }), "created");
      assert.equal(
        (await under.store.findCredential("two", { kind: "email", canonical: "bob@example.com" }))?.holder.organisation,
        elsewhere,
      );
      assert.equal(
        await under.store.createOrganisation({
          id: id<OrganisationId>(),
          name: "TWO",
          canonical: "two",
          now: under.now(),
        }),
        "taken",
      );
    });

    test("an intent that fails leaves those of its group alone", async () => {
      const opened = (await session(bob))!;
      const secret = { purpose: "p", sealed: randomBytes(8) };
      const twice = { signing: [], refresh: [], secrets: [secret, secret] };
      const [failed, rotated] = await Promise.allSettled([under.store.addKeys(twice), rotate(opened.id, 1)]);
      assert.equal(failed.status, "rejected");
      assert.equal(rotated.status === "fulfilled" && rotated.value.kind, "advance");
      assert.deepEqual((await under.store.loadKeys()).secrets, []);
    });

    test("an intent whose caller has gone is not decided", async () => {
      const opened = (await session(bob))!;
      const gone = AbortSignal.abort();
      await assert.rejects(
        under.store.rotate({ id: opened.id, presented: 1, door: native, now: under.now() }, { signal: gone }),
        StoreUnavailable,
      );
      assert.equal((await rotate(opened.id, 1)).kind, "advance");
    });

    test("an intent that waited through a standstill or past its deadline is not decided", async () => {
      const opened = (await session(bob))!;
      for (const span of [3, 11]) {
        const asked = assert.rejects(rotate(opened.id, 1), StoreUnavailable);
        under.pass(seconds(span));
        if (span === 11) await under.store.beat();
        await asked;
        await under.store.beat();
      }
      assert.equal((await rotate(opened.id, 1)).kind, "advance");
    });

    test("keys come back as they were stored", async () => {
      const keys = {
        signing: [
          { kid: "k", alg: "EdDSA", publishedAt: seconds(1), activeAt: seconds(2), sealed: Uint8Array.of(1, 2) },
        ],
        refresh: [{ kid: 7, createdAt: seconds(3), sealed: Uint8Array.of(3) }],
        secrets: [{ purpose: "mac", sealed: Uint8Array.of(4) }],
      };
      await under.store.addKeys(keys);
      const loaded = await under.store.loadKeys();
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
