/** What every store must do with authentication keys and with what was signed by them, races included. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";

import type { AuthKey } from "../../core/auth-key.ts";
import type { SessionId, SubjectId } from "../../core/ids.ts";
import { nativePolicy } from "../../core/policy.ts";
import type { SessionView } from "../../core/session.ts";
import { minutes, type Seconds } from "../../core/units.ts";
import { byItself, from, kindOf, native, operator, storeWorld, type StoreUnderTest } from "./world.ts";

const newKey = (): AuthKey => ({ fingerprint: randomBytes(32), spki: randomBytes(294), bits: 2048 });

export function authKeyConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}: authentication keys`, () => {
    const world = storeWorld(open);
    type Asking = ReturnType<typeof byItself>;
    const asking = async (subject: SubjectId): Promise<Asking> => byItself((await world.session(subject))!.id);
    const set = async (key: AuthKey, subject: SubjectId = world.bob(), by?: Asking) =>
      world.under().store.setAuthKey({ subject, key, by: by ?? (await asking(subject)), now: world.under().now() });
    const remove = async (subject: SubjectId = world.bob(), by?: Asking) =>
      world.under().store.deleteAuthKey({ subject, by: by ?? (await asking(subject)), now: world.under().now() });
    const sweep = (): Promise<number> => world.under().store.sweepSignatures({ limit: 3, now: world.under().now() });
    const credential = (canonical = "bob") =>
      world.under().store.findSigningCredential("root", { kind: "username", canonical });

    /** A sign-in by what was signed with the key of now, or of `canonical`'s credential as it was read before. */
    const signIn = async (
      trace: Uint8Array,
      canonical = "bob",
      read = credential(canonical),
      { until = null, amr = "swk", subject }: { until?: Seconds | null; amr?: string; subject?: SubjectId } = {},
    ): Promise<SessionView | undefined> => {
      const { store, now } = world.under();
      const { holder, instance, authKey } = (await read)!;
      return store.openSigned({
        open: {
          id: world.id<SessionId>(),
          subject: subject ?? holder.subject,
          client: native,
          policy: nativePolicy,
          salt: randomBytes(16),
          kid: 1,
          born: instance.counter,
          epoch: instance.epoch,
          authTime: now(),
          amr,
          from,
          now: now(),
        },
        authKey: authKey!.id,
        trace,
        until,
      });
    };
    /** Kind and detail of what the journal was told of a subject, newest first. */
    const told = async (subject: SubjectId) => {
      const page = { organisation: null, actor: undefined, kind: undefined, before: undefined, limit: 10 };
      const { entries } = await world.under().store.readJournal({ ...page, subject });
      return entries.map(({ kind, detail }) => [kind, detail] as const);
    };
    const isLive = async (view: SessionView | undefined): Promise<boolean> =>
      view !== undefined && (await world.under().store.findLiveSession(view.session.id)) !== undefined;

    test("a key is there for whoever signs in and for its owner, and is the one that was set", async () => {
      assert.equal((await credential())?.authKey, undefined);
      assert.equal(await world.under().store.findAuthKey(world.bob()), undefined);
      const key = newKey();
      const done = await set(key);
      assert.ok(done.kind === "done");
      const { authKey, holder, mayHold } = (await credential())!;
      assert.deepEqual(Buffer.from(authKey!.spki), key.spki);
      assert.deepEqual(Buffer.from(authKey!.fingerprint), key.fingerprint);
      assert.deepEqual([holder.kind, mayHold], ["user", true]);
      const found = await world.under().store.findAuthKey(world.bob());
      assert.deepEqual([found?.bits, found?.createdAt], [2048, done.authKey.createdAt]);
    });

    test("R-02: a message opens one session, however many ask at once and whenever they ask", async () => {
      await set(newKey());
      const trace = randomBytes(16);
      const read = credential();
      const opened = await Promise.all(Array.from({ length: 100 }, () => signIn(trace, "bob", read)));
      assert.equal(opened.filter((view) => view !== undefined).length, 1);
      world.under().pass(1_000_000 as never);
      assert.equal(await signIn(trace), undefined);
      assert.notEqual(await signIn(randomBytes(16)), undefined);
    });

    test("R-03: a message that one subject has used signs nobody else in who has the same key", async () => {
      const key = newKey();
      const carol = await world.subject("carol");
      const trace = randomBytes(16);
      await set(key);
      assert.notEqual(await signIn(trace), undefined);
      await set(key, carol);
      assert.equal(await signIn(trace, "carol"), undefined);
      assert.notEqual(await signIn(randomBytes(16), "carol"), undefined);
    });

    test("R-10: a key that is replaced or deleted takes its sessions with it, and no others; nothing that it signed opens one", async () => {
      for (const end of [() => set(newKey()), () => remove()]) {
        await set(newKey());
        const byPassword = (await world.session(world.bob()))!;
        const [read, bySignature] = [credential(), await signIn(randomBytes(16))];
        await read;
        // One that was opened by more than the signature is the key's too.
        const byMore = await signIn(randomBytes(16), "bob", read, { amr: "otp swk mfa" });
        assert.ok((await isLive(bySignature)) && (await isLive(byMore)));
        assert.equal(await kindOf(end()), "done");
        assert.equal(await isLive(bySignature), false);
        assert.equal(await isLive(byMore), false);
        assert.equal((await world.rotate(bySignature!.session.id, 1)).kind, "ended");
        assert.equal((await world.rotate(byPassword.id, 1)).kind, "advance");
        assert.equal(await signIn(randomBytes(16), "bob", read), undefined);
      }
      assert.equal(await kindOf(remove()), "absent");
    });

    test("R-10: a sign-in that races the end of its key is over, or was never opened", async () => {
      for (let round = 0; round < 20; round++) {
        await set(newKey());
        const read = credential();
        const by = await asking(world.bob());
        await read;
        const [opened] = await Promise.all(
          round % 2 === 0
            ? ([signIn(randomBytes(16), "bob", read), remove(world.bob(), by)] as const)
            : ([signIn(randomBytes(16), "bob", read), set(newKey(), world.bob(), by)] as const),
        );
        assert.equal(await isLive(opened), false);
      }
    });

    test("INV-2: what was read before a revocation or a lock opens nothing, and its message is not used up", async () => {
      const { store, now } = world.under();
      await set(newKey());
      const trace = randomBytes(16);
      const read = credential();
      await read;
      await store.revokeTokens({ subject: world.bob(), open: undefined, by: operator, now: now() });
      assert.equal(await signIn(trace, "bob", read), undefined);
      await store.setSubjectStatus({ id: world.bob(), verb: "lock", by: operator, now: now() });
      assert.equal(await signIn(trace), undefined);
      await store.setSubjectStatus({ id: world.bob(), verb: "unlock", by: operator, now: now() });
      assert.notEqual(await signIn(trace), undefined);
    });

    test("R-03: a key opens sessions of its own subject and of nobody else", async () => {
      await set(newKey());
      const carol = await world.subject("carol");
      assert.equal(await signIn(randomBytes(16), "bob", credential(), { subject: carol }), undefined);
      assert.notEqual(await signIn(randomBytes(16)), undefined);
    });

    test("R-03: a key that nobody has any more is taken from nobody, since what was signed with it is forgotten", async () => {
      const key = newKey();
      const carol = await world.subject("carol");
      const trace = randomBytes(16);
      await set(key);
      assert.notEqual(await signIn(trace), undefined);
      await remove();
      assert.equal(await sweep(), 1);
      assert.equal(await kindOf(set(key, carol)), "wrong-state");
      assert.equal((await credential("carol"))?.authKey, undefined);
    });

    test("the same key once more changes nothing; one that was replaced or deleted does not come back", async () => {
      const [first, second] = [newKey(), newKey()];
      await set(first);
      const opened = await signIn(randomBytes(16));
      assert.equal(await kindOf(set(first)), "done");
      assert.ok(await isLive(opened));
      await set(second);
      assert.equal(await kindOf(set(first)), "wrong-state");
      await remove();
      assert.equal(await kindOf(set(second)), "wrong-state");
      // Not for its subject either while somebody else has it.
      const [carol, shared] = [await world.subject("carol"), newKey()];
      await set(shared);
      await set(shared, carol);
      await remove();
      assert.equal(await kindOf(set(shared)), "wrong-state");
    });

    test("A-03: a key is set and deleted by its own subject and by nobody else, administrators neither", async () => {
      const ada = await world.subject("ada", { roles: ["admin"] });
      const byAda = await asking(ada);
      assert.equal(await kindOf(set(newKey(), world.bob(), byAda)), "forbidden");
      assert.equal(await kindOf(set(newKey(), ada, byAda)), "done");
      await set(newKey());
      assert.equal(await kindOf(remove(world.bob(), byAda)), "forbidden");
      const auditor = await world.subject("audrey", { roles: ["auditor"] });
      assert.equal(await kindOf(set(newKey(), auditor)), "forbidden");
      const { store, now } = world.under();
      await store.revokeTokens({ subject: ada, open: undefined, by: operator, now: now() });
      assert.equal(await kindOf(set(newKey(), ada, byAda)), "stale");
    });

    test("L-14: the key of somebody who was deleted is nobody's, and whoever gets the name has none", async () => {
      const { store, now } = world.under();
      const first = await world.subject("carol");
      const by = await asking(first);
      await set(newKey(), first, by);
      await store.setSubjectStatus({ id: first, verb: "delete", by: operator, now: now() });
      assert.equal(await store.findAuthKey(first), undefined);
      assert.equal(await kindOf(set(newKey(), first, by)), "stale");
      assert.deepEqual((await told(first))[0], [
        "subject_deleted",
        { sessions: 1, api_tokens: 0, upto: 1, auth_keys: 1 },
      ]);
      await world.subject("carol");
      assert.equal((await credential("carol"))?.authKey, undefined);
    });

    test("ASVS 7.4.3: a password that was reset or changed takes the key along, and the journal is told", async () => {
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
        await set(newKey());
        assert.equal(await put(by, kind), "done");
        assert.equal(await store.findAuthKey(bob()), undefined);
        const [last, detail] = (await told(bob()))[0]!;
        assert.deepEqual([last, detail["auth_keys"]], [kind, 1]);
      }
    });

    test("FL-40: what was signed with a key of before is forgotten in chunks, and not while somebody has that key", async () => {
      const key = newKey();
      const carol = await world.subject("carol");
      await set(key);
      await set(key, carol);
      const traces = Array.from({ length: 5 }, () => randomBytes(16));
      for (const trace of traces) assert.notEqual(await signIn(trace), undefined);
      assert.equal(await sweep(), 0);
      await remove();
      assert.equal(await sweep(), 0);
      for (const trace of traces) assert.equal(await signIn(trace, "carol"), undefined);
      await remove(carol);
      const swept = [];
      for (let round = 0; round < 3; round++) swept.push(await sweep());
      assert.deepEqual(swept, [3, 2, 0]);
    });

    test("FL-40, R-12: a message that has an end is forgotten then and not before, in chunks, and no other with it", async () => {
      await set(newKey());
      const until = (world.under().now() + minutes(1)) as Seconds;
      const traces = Array.from({ length: 4 }, () => randomBytes(16));
      for (const trace of traces) assert.notEqual(await signIn(trace, "bob", credential(), { until }), undefined);
      const lasting = randomBytes(16);
      await signIn(lasting);
      world.under().pass(59 as Seconds);
      assert.equal(await sweep(), 0);
      for (const trace of traces) assert.equal(await signIn(trace), undefined);
      world.under().pass(1 as Seconds);
      assert.deepEqual([await sweep(), await sweep(), await sweep()], [3, 1, 0]);
      assert.equal(await signIn(lasting), undefined);
    });

    test("each change of a key is told once, with its fingerprint; a sign-in with it is one like any other", async () => {
      const key = newKey();
      const [bob, by] = [world.bob(), await asking(world.bob())];
      await set(key, bob, by);
      await set(key, bob, by);
      await signIn(randomBytes(16));
      await remove(bob, by);
      const entries = await told(bob);
      const fingerprint = `SHA256:${Buffer.from(key.fingerprint).toString("base64").replace("=", "")}`;
      assert.deepEqual(entries.slice(0, 3), [
        ["auth_key_deleted", { fingerprint, sessions: 1 }],
        ["sign_in", { amr: "swk" }],
        ["auth_key_set", { fingerprint, bits: 2048, sessions: 0 }],
      ]);
      assert.equal(entries.filter(([kind]) => kind === "auth_key_set").length, 1);
    });
  });
}
