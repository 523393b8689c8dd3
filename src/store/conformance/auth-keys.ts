/** What every store must do with authentication keys and with what was signed by them, races included. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";

import { fingerprintText } from "../../core/auth-key.ts";
import { after, days, minutes, type Seconds } from "../../core/units.ts";
import { authKeyWorld, newKey } from "./auth-key-world.ts";
import { from, kindOf, operator, storeWorld, type StoreUnderTest } from "./world.ts";

export function authKeyConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}: authentication keys`, () => {
    const world = storeWorld(open);
    const { asking, add, added, remove, sweep, credential, list, sign, signIn, told, isLive } = authKeyWorld(world);

    test("a key is there for whoever signs in and for its owner, as it was added", async () => {
      assert.deepEqual((await credential())?.authKeys, []);
      assert.deepEqual(await list(), []);
      const { store, now } = world.under();
      const key = newKey({ type: "Ed25519", bits: 256, spki: randomBytes(44) });
      const expiresAt = after(now(), days(30));
      const id = await added(key, { expiresAt });
      const { authKeys, holder, mayHold } = (await credential())!;
      assert.deepEqual(
        authKeys.map(({ id: of, spki, fingerprint }) => [of, Buffer.from(spki), Buffer.from(fingerprint)]),
        [[id, key.spki, key.fingerprint]],
      );
      assert.deepEqual([holder.kind, mayHold], ["user", true]);
      const found = (await store.findAuthKey(id, now()))!;
      assert.deepEqual(
        [found.name, found.type, found.bits, found.createdAt, found.expiresAt, found.messages, found.lastUsedAt],
        ["laptop", "Ed25519", 256, now(), expiresAt, 0, null],
      );
      assert.deepEqual(found.subject, world.bob());
    });

    test("several keys stand side by side, newest first and in pages, each with its own use", async () => {
      const ids = [];
      for (let at = 0; at < 5; at++) {
        world.under().pass(1 as Seconds);
        ids.unshift(await added());
      }
      assert.deepEqual(await list(), ids);
      assert.deepEqual(await list(world.bob(), 2), ids.slice(0, 2));
      assert.deepEqual(await list(world.bob(), 2, ids[1]), ids.slice(2, 4));
      assert.deepEqual(
        (await credential())?.authKeys.map(({ id }) => id),
        ids,
      );
      world.under().pass(60 as Seconds);
      assert.notEqual(await signIn(randomBytes(16), { key: ids[3]! }), undefined);
      const { store, now } = world.under();
      const used = await Promise.all(ids.map(async (id) => (await store.findAuthKey(id, now()))!));
      assert.deepEqual(
        used.map(({ lastUsedAt, lastUsedFrom, messages }) => [lastUsedAt, lastUsedFrom, messages]),
        ids.map((_, at) => (at === 3 ? [now(), from.address, 1] : [null, null, 0])),
      );
    });

    test("R-02: a message opens one session, however many ask at once and whenever they ask", async () => {
      await added();
      const trace = randomBytes(16);
      const read = credential();
      const opened = await Promise.all(Array.from({ length: 100 }, () => signIn(trace, { read })));
      assert.equal(opened.filter((view) => view !== undefined).length, 1);
      world.under().pass(1_000_000 as never);
      assert.equal(await signIn(trace), undefined);
      assert.notEqual(await signIn(randomBytes(16)), undefined);
    });

    test("R-03: a message that one subject has used signs nobody else in who has the same key", async () => {
      const key = newKey();
      const carol = await world.subject("carol");
      const trace = randomBytes(16);
      await added(key);
      assert.notEqual(await signIn(trace), undefined);
      await added(key, { subject: carol });
      assert.equal(await signIn(trace, { canonical: "carol" }), undefined);
      assert.notEqual(await signIn(randomBytes(16), { canonical: "carol" }), undefined);
    });

    test("R-10: a key that is removed takes its sessions with it, and no others; nothing that it signed opens one", async () => {
      const kept = await added();
      const gone = await added();
      const byPassword = (await world.session(world.bob()))!;
      const read = credential();
      const [ofKept, ofGone] = [
        await signIn(randomBytes(16), { key: kept }),
        await signIn(randomBytes(16), { key: gone }),
      ];
      await read;
      assert.ok((await isLive(ofKept)) && (await isLive(ofGone)));
      assert.equal(await kindOf(remove(gone)), "done");
      assert.deepEqual([await isLive(ofKept), await isLive(ofGone)], [true, false]);
      assert.equal((await world.rotate(ofGone!.session.id, 1)).kind, "ended");
      assert.equal((await world.rotate(byPassword.id, 1)).kind, "advance");
      assert.equal((await sign(randomBytes(16), { read, key: gone })).kind, "refused");
      assert.equal((await sign(randomBytes(16), { key: kept })).kind, "opened");
      assert.equal(await kindOf(remove(gone)), "absent");
    });

    test("R-10: a key whose time is over signs nobody in, is in no list, and makes room for another", async () => {
      const { now } = world.under();
      const id = await added(newKey(), { expiresAt: after(now(), minutes(1)), cap: 1 });
      const read = credential();
      await read;
      assert.equal(await kindOf(add(newKey(), { cap: 1 })), "too-many");
      world.under().pass(59 as Seconds);
      assert.notEqual(await signIn(randomBytes(16), { key: id }), undefined);
      world.under().pass(1 as Seconds);
      assert.equal((await sign(randomBytes(16), { read, key: id })).kind, "refused");
      assert.deepEqual([await list(), (await credential())?.authKeys], [[], []]);
      assert.equal(await kindOf(remove(id)), "absent");
      assert.equal(await kindOf(add(newKey(), { cap: 1 })), "done");
    });

    test("R-10: a sign-in that races the end of its key is over, or was never opened", async () => {
      for (let round = 0; round < 20; round++) {
        const id = await added();
        const read = credential();
        const by = await asking(world.bob());
        await read;
        const [opened] = await Promise.all([signIn(randomBytes(16), { read, key: id }), remove(id, by)] as const);
        assert.equal(await isLive(opened), false);
      }
    });

    test("R-01: a challenge whose minute ran out on the way opens nothing", async () => {
      await added();
      const until = after(world.under().now(), minutes(1));
      world.under().pass(minutes(1));
      assert.equal((await sign(randomBytes(16), { until })).kind, "refused");
    });

    test("CWE-400: keys that were removed are looked at once, however many they are", async () => {
      for (let at = 0; at < 5; at++) await remove(await added());
      const kept = await added();
      await signIn(randomBytes(16), { key: kept });
      await remove(kept);
      assert.deepEqual([await sweep(), await sweep(), await sweep()], [0, 1, 0]);
    });

    test("R-12: a key opens so many sessions by messages of its client's choice; challenges are not counted", async () => {
      const id = await added();
      const until = after(world.under().now(), minutes(1));
      for (let at = 0; at < 3; at++) assert.equal((await sign(randomBytes(16), { most: 3 })).kind, "opened");
      assert.equal((await sign(randomBytes(16), { most: 3 })).kind, "challenge-needed");
      for (let at = 0; at < 5; at++) assert.equal((await sign(randomBytes(16), { most: 3, until })).kind, "opened");
      assert.equal((await sign(randomBytes(16), { most: 4 })).kind, "opened");
      assert.equal((await world.under().store.findAuthKey(id, world.under().now()))!.messages, 4);
      // Of a hundred at once, no more than there is room for.
      const raced = await Promise.all(Array.from({ length: 100 }, () => sign(randomBytes(16), { most: 10 })));
      assert.equal(raced.filter(({ kind }) => kind === "opened").length, 6);
    });

    test("INV-2: what was read before a revocation or a lock opens nothing, and its message is not used up", async () => {
      const { store, now } = world.under();
      await added();
      const trace = randomBytes(16);
      const read = credential();
      await read;
      await store.revokeTokens({ subject: world.bob(), open: undefined, by: operator, now: now() });
      assert.equal(await signIn(trace, { read }), undefined);
      await store.setSubjectStatus({ id: world.bob(), verb: "lock", by: operator, now: now() });
      assert.equal(await signIn(trace), undefined);
      await store.setSubjectStatus({ id: world.bob(), verb: "unlock", by: operator, now: now() });
      assert.notEqual(await signIn(trace), undefined);
    });

    test("R-03: a key opens sessions of its own subject and of nobody else", async () => {
      await added();
      const carol = await world.subject("carol");
      assert.equal(await signIn(randomBytes(16), { subject: carol }), undefined);
      assert.notEqual(await signIn(randomBytes(16)), undefined);
    });

    test("R-03: a key that nobody has any more is taken from nobody, since what was signed with it is forgotten", async () => {
      const key = newKey();
      const carol = await world.subject("carol");
      const trace = randomBytes(16);
      const id = await added(key);
      assert.notEqual(await signIn(trace), undefined);
      await remove(id);
      assert.equal(await sweep(), 1);
      assert.equal(await kindOf(add(key, { subject: carol })), "wrong-state");
      assert.deepEqual((await credential("carol"))?.authKeys, []);
    });

    test("a key is there once; one that was removed or ran out does not come back", async () => {
      const [first, second] = [newKey(), newKey()];
      const id = await added(first);
      const opened = await signIn(randomBytes(16));
      assert.equal(await kindOf(add(first)), "taken");
      assert.ok(await isLive(opened));
      await remove(id);
      assert.equal(await kindOf(add(first)), "wrong-state");
      await added(second, { expiresAt: after(world.under().now(), minutes(1)) });
      world.under().pass(60 as Seconds);
      assert.equal(await kindOf(add(second)), "wrong-state");
      // Not for its subject either while somebody else has it.
      const [carol, shared] = [await world.subject("carol"), newKey()];
      const own = await added(shared);
      await added(shared, { subject: carol });
      await remove(own);
      assert.equal(await kindOf(add(shared)), "wrong-state");
    });

    test("CWE-770: there are as many keys as there may be, in all and of one size of RSA", async () => {
      for (let at = 0; at < 3; at++) await added(newKey(), { ofOneSize: 3 });
      assert.equal(await kindOf(add(newKey(), { ofOneSize: 3 })), "too-many");
      await added(newKey({ bits: 3072 }), { ofOneSize: 3 });
      for (let at = 0; at < 4; at++) await added(newKey({ type: "Ed25519", bits: 256 }), { ofOneSize: 3 });
      assert.equal(await kindOf(add(newKey({ type: "P-256", bits: 256 }), { cap: 8 })), "too-many");
      const by = await asking(world.bob());
      const raced = await Promise.all(
        Array.from({ length: 20 }, () => kindOf(add(newKey({ bits: 4096 }), { by, cap: 12 }))),
      );
      assert.equal(raced.filter((kind) => kind === "done").length, 4);
    });

    test("A-03: keys are added, renamed and removed by their own subject and by nobody else, administrators neither", async () => {
      const { store, now } = world.under();
      const ada = await world.subject("ada", { roles: ["admin"] });
      const byAda = await asking(ada);
      assert.equal(await kindOf(add(newKey(), { by: byAda })), "absent");
      assert.equal(await kindOf(add(newKey(), { subject: ada, by: byAda })), "done");
      const id = await added();
      assert.equal(await kindOf(remove(id, byAda)), "absent");
      assert.equal(await kindOf(store.renameAuthKey({ id, name: "hers", by: byAda, now: now() })), "absent");
      const auditor = await world.subject("audrey", { roles: ["auditor"] });
      assert.equal(await kindOf(add(newKey(), { subject: auditor })), "forbidden");
      await store.revokeTokens({ subject: ada, open: undefined, by: operator, now: now() });
      assert.equal(await kindOf(add(newKey(), { subject: ada, by: byAda })), "stale");
    });

    test("L-14: the keys of somebody who was deleted are nobody's, and whoever gets the name has none", async () => {
      const { store, now } = world.under();
      const first = await world.subject("carol");
      const by = await asking(first);
      const id = await added(newKey(), { subject: first, by });
      await added(newKey(), { subject: first, by });
      await store.setSubjectStatus({ id: first, verb: "delete", by: operator, now: now() });
      assert.equal(await store.findAuthKey(id, now()), undefined);
      assert.equal(await kindOf(add(newKey(), { subject: first, by })), "stale");
      assert.deepEqual((await told(first))[0], [
        "subject_deleted",
        { sessions: 1, api_tokens: 0, upto: 1, auth_keys: 2 },
      ]);
      await world.subject("carol");
      assert.deepEqual((await credential("carol"))?.authKeys, []);
    });

    test("ASVS 7.4.3: a password that was reset or changed takes all keys along, and the journal is told", async () => {
      const { store, now } = world.under();
      const { bob } = world;
      const put = async (by: Parameters<typeof store.setPassword>[0]["by"], to: string): Promise<string> => {
        const { passwordHash, revokedUpto } = (await store.findCredentialOf(bob()))!;
        const asked = { id: bob(), from: passwordHash, upto: revokedUpto, to, open: undefined, by, now: now() };
        return kindOf(store.setPassword(asked));
      };
      for (const [kind, by] of [
        ["password_changed", await asking(bob())],
        ["password_reset", { kind: "token", from }],
      ] as const) {
        await added();
        await added();
        assert.equal(await put(by, kind), "done");
        assert.deepEqual(await list(), []);
        const [last, detail] = (await told(bob()))[0]!;
        assert.deepEqual([last, detail["auth_keys"]], [kind, 2]);
      }
    });

    test("FL-40: what was signed with a key of before is forgotten in chunks, and not while somebody has that key", async () => {
      const key = newKey();
      const carol = await world.subject("carol");
      const [own, hers] = [await added(key), await added(key, { subject: carol })];
      const traces = Array.from({ length: 5 }, () => randomBytes(16));
      for (const trace of traces) assert.notEqual(await signIn(trace), undefined);
      assert.equal(await sweep(), 0);
      await remove(own);
      assert.equal(await sweep(), 0);
      for (const trace of traces) assert.equal(await signIn(trace, { canonical: "carol" }), undefined);
      await remove(hers, await asking(carol));
      const swept = [];
      for (let round = 0; round < 3; round++) swept.push(await sweep());
      assert.deepEqual(swept, [3, 2, 0]);
    });

    test("FL-40: a key that ran out ends where nobody asks for it, and what was signed with it goes", async () => {
      await added(newKey(), { expiresAt: after(world.under().now(), minutes(1)) });
      for (let at = 0; at < 2; at++) assert.notEqual(await signIn(randomBytes(16)), undefined);
      assert.equal(await sweep(), 0);
      world.under().pass(60 as Seconds);
      assert.deepEqual([await sweep(), await sweep()], [2, 0]);
    });

    test("FL-40, R-12: a message that has an end is forgotten then and not before, in chunks, and no other with it", async () => {
      await added();
      const until = (world.under().now() + minutes(1)) as Seconds;
      const traces = Array.from({ length: 4 }, () => randomBytes(16));
      for (const trace of traces) assert.notEqual(await signIn(trace, { until }), undefined);
      const lasting = randomBytes(16);
      await signIn(lasting);
      // Not with the minute's end, since a clock may be set back a little.
      world.under().pass(minutes(60));
      assert.equal(await sweep(), 0);
      for (const trace of traces) assert.equal(await signIn(trace), undefined);
      world.under().pass(minutes(1));
      assert.deepEqual([await sweep(), await sweep(), await sweep()], [3, 1, 0]);
      assert.equal(await signIn(lasting), undefined);
    });

    test("each change of a key is told once, with its fingerprint; a sign-in with it is one like any other", async () => {
      const key = newKey();
      const { store, now } = world.under();
      const [bob, by] = [world.bob(), await asking(world.bob())];
      const id = await added(key, { by });
      await add(key, { by });
      await signIn(randomBytes(16));
      for (let at = 0; at < 2; at++) await store.renameAuthKey({ id, name: "tower", by, now: now() });
      await remove(id, by);
      const entries = await told(bob);
      const fingerprint = fingerprintText(key.fingerprint);
      assert.deepEqual(entries.slice(0, 4), [
        ["auth_key_deleted", { auth_key: id, name: "tower", fingerprint, sessions: 1 }],
        ["auth_key_changed", { auth_key: id, name: "tower", before: "laptop" }],
        ["sign_in", { amr: "swk", with: id }],
        ["auth_key_set", { auth_key: id, name: "laptop", fingerprint, type: "RSA", bits: 2048, expires_at: null }],
      ]);
      assert.equal(entries.filter(([kind]) => kind.startsWith("auth_key")).length, 3);
    });
  });
}
