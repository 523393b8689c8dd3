/** What every store must do with API tokens, races included. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";

import type { ApiTokenId, OrganisationId, SubjectId } from "../../core/ids.ts";
import { after, days, hours, seconds } from "../../core/units.ts";
import type { NewApiToken } from "../../engine/api-token-store.ts";
import { byItself, from, kindOf, operator, storeWorld, type StoreUnderTest } from "./world.ts";

export function apiTokenConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}: API tokens`, () => {
    const world = storeWorld(open);
    type Asking = NewApiToken["by"];
    const asking = async (subject: SubjectId): Promise<Asking> => byItself((await world.session(subject))!.id);
    const byToken = (token: ApiTokenId): Asking => ({ kind: "api-token", token, from });
    const wish = (by: Asking, more: Partial<NewApiToken> = {}): NewApiToken => {
      const now = world.under().now();
      return {
        id: world.id<ApiTokenId>(),
        subject: "own",
        name: "ci",
        expiresAt: after(now, days(30)),
        scopes: null,
        audiences: null,
        networks: null,
        requestsPerMinute: null,
        secretHash: null,
        cap: 100,
        by,
        now,
        ...more,
      };
    };
    const mint = async (of: SubjectId | Asking = world.bob(), more: Partial<NewApiToken> = {}): Promise<ApiTokenId> => {
      const done = await world.under().store.mintApiToken(wish(typeof of === "string" ? await asking(of) : of, more));
      assert.ok(done.kind === "done", done.kind);
      return done.minted.token.id;
    };
    const isLive = async (id: ApiTokenId): Promise<boolean> =>
      (await world.under().store.findLiveApiToken(id)) !== undefined;
    const listed = async (subject = world.bob(), limit = 10, before?: ApiTokenId): Promise<readonly ApiTokenId[]> => {
      const rows = await world.under().store.listApiTokens(subject, { before, limit, now: world.under().now() });
      return rows.map(({ id }) => id);
    };
    const revokeAll = async (subject = world.bob()) =>
      world.under().store.revokeTokens({ subject, open: undefined, by: operator, now: world.under().now() });
    const told = async (subject: SubjectId) => {
      const page = { organisation: null, actor: undefined, kind: undefined, before: undefined, limit: 20 };
      const { entries } = await world.under().store.readJournal({ ...page, subject });
      return entries
        .filter(({ kind }) => kind.startsWith("api_token"))
        .map(({ kind, detail }) => [kind, detail] as const);
    };

    test("a token comes back as it was made", async () => {
      const secretHash = randomBytes(32);
      const id = await mint(undefined, {
        expiresAt: null,
        scopes: ["me:read", "sessions:read"],
        audiences: ["a", "https://b.example.org"],
        networks: ["10.0.0.0/8", "fd00::/8"],
        requestsPerMinute: 120,
        secretHash,
      });
      const { token, holder } = (await world.under().store.findLiveApiToken(id))!;
      assert.deepEqual(holder.subject, world.bob());
      assert.deepEqual(Buffer.from(token.secretHash!), secretHash);
      assert.deepEqual(
        [token.name, token.expiresAt, token.scopes, token.audiences, token.networks, token.replacedBy],
        ["ci", null, ["me:read", "sessions:read"], ["a", "https://b.example.org"], ["10.0.0.0/8", "fd00::/8"], null],
      );
      assert.deepEqual([token.subject, token.createdAt, token.lastUsedAt], [world.bob(), world.under().now(), null]);
      assert.equal(token.requestsPerMinute, 120);
    });

    test("INV-4: nobody gets a scope that they do not have, nor makes tokens without the right to", async () => {
      const auditor = await world.subject("ann", { roles: ["auditor"] });
      const { store } = world.under();
      assert.equal(await kindOf(store.mintApiToken(wish(await asking(auditor)))), "forbidden");
      const mine = await asking(world.bob());
      assert.equal(await kindOf(store.mintApiToken(wish(mine, { scopes: ["users:write"] }))), "exceeds");
      const plain = await mint();
      assert.equal(await kindOf(store.mintApiToken(wish(byToken(plain)))), "forbidden");
      const maker = await mint(undefined, { scopes: ["me:read", "tokens:mint"] });
      assert.equal(await kindOf(store.mintApiToken(wish(byToken(maker), { scopes: ["me:read"] }))), "done");
      assert.equal(await kindOf(store.mintApiToken(wish(byToken(maker), { scopes: ["me:write"] }))), "exceeds");
    });

    test("INV-4: none is made that lives longer than its organisation allows in that very step, nor one without an end", async () => {
      const { store, now } = world.under();
      const mine = await asking(world.bob());
      const old = await mint(mine, { expiresAt: after(now(), days(30)) });
      const changed = store.changeOrganisation({
        id: world.organisation(),
        names: undefined,
        settings: { longestApiToken: days(2) },
        by: operator,
        now: now(),
      });
      // Asked for before the change was answered, and so decided on what was before it.
      const minting = store.mintApiToken(wish(mine, { expiresAt: after(now(), seconds(days(2) + 1)) }));
      assert.equal(await kindOf(changed), "done");
      assert.equal(await kindOf(minting), "too-long");
      const endless = { expiresAt: null, secretHash: randomBytes(32) };
      assert.equal(await kindOf(store.mintApiToken(wish(mine, endless))), "too-long");
      const rotation = { ...wish(mine), old, oldEnds: now() };
      assert.equal(await kindOf(store.rotateApiToken(rotation)), "too-long");
      assert.ok(await isLive(old));
      assert.equal(await kindOf(store.mintApiToken(wish(mine, { expiresAt: after(now(), days(2)) }))), "done");
      assert.equal(
        await kindOf(store.rotateApiToken({ ...rotation, id: world.id(), expiresAt: after(now(), days(2)) })),
        "done",
      );
    });

    test("there are no more of one subject than the cap, and those that ended or expired do not count", async () => {
      const mine = await asking(world.bob());
      const { store } = world.under();
      const first = await mint(mine, { cap: 3 });
      await mint(mine, { cap: 3, expiresAt: after(world.under().now(), hours(1)) });
      await mint(mine, { cap: 3 });
      assert.equal(await kindOf(store.mintApiToken(wish(mine, { cap: 3 }))), "too-many");
      await store.endApiToken({ id: first, by: mine, now: world.under().now() });
      assert.equal(await kindOf(store.mintApiToken(wish(mine, { cap: 3 }))), "done");
      assert.equal(await kindOf(store.mintApiToken(wish(mine, { cap: 3 }))), "too-many");
      world.under().pass(hours(2));
      assert.equal(await kindOf(store.mintApiToken(wish(mine, { cap: 3 }))), "done");
    });

    test("a list is of one subject, newest first, in pages, without those that are over", async () => {
      const mine = await asking(world.bob());
      const ids: ApiTokenId[] = [];
      for (let made = 0; made < 5; made++) {
        ids.push(await mint(mine));
        world.under().pass(seconds(1));
      }
      await mint(await world.subject("ann"));
      await world.under().store.endApiToken({ id: ids[2]!, by: mine, now: world.under().now() });
      const newest = [ids[4]!, ids[3]!, ids[1]!, ids[0]!];
      assert.deepEqual(await listed(), newest);
      assert.deepEqual(await listed(world.bob(), 2), newest.slice(0, 2));
      assert.deepEqual(await listed(world.bob(), 2, newest[1]), newest.slice(2));
      world.under().pass(days(31));
      assert.deepEqual(await listed(), []);
    });

    test("K-03: a token of somebody else is absent, but for whoever administers its owner", async () => {
      const { store, now } = world.under();
      const id = await mint();
      const ann = await asking(await world.subject("ann"));
      const ada = await asking(await world.subject("ada", { roles: ["admin"] }));
      for (const by of [ann, byToken(await mint(await world.subject("eve")))]) {
        assert.equal(await kindOf(store.renameApiToken({ id, name: "x", by, now: now() })), "absent");
        assert.equal(await kindOf(store.endApiToken({ id, by, now: now() })), "absent");
        assert.equal(await kindOf(store.rotateApiToken({ ...wish(by), old: id, oldEnds: now() })), "absent");
      }
      // Its secret is for its owner alone.
      assert.equal(await kindOf(store.rotateApiToken({ ...wish(ada), old: id, oldEnds: now() })), "absent");
      assert.equal(await kindOf(store.endApiToken({ id, by: ada, now: now() })), "done");
      assert.equal(await isLive(id), false);
    });

    test("a rotation makes a second one, and the first ends when it was said, or before if it would have anyway", async () => {
      const { store, now } = world.under();
      const mine = await asking(world.bob());
      const old = await mint(mine);
      const oldEnds = after(now(), hours(2));
      const done = await store.rotateApiToken({ ...wish(mine), old, oldEnds });
      assert.ok(done.kind === "done");
      assert.equal((await store.findLiveApiToken(old))?.token.expiresAt, oldEnds);
      assert.equal((await store.findLiveApiToken(old))?.token.replacedBy, done.minted.token.id);
      assert.equal(await kindOf(store.rotateApiToken({ ...wish(mine), old, oldEnds })), "wrong-state");
      const short = await mint(mine, { expiresAt: after(now(), hours(1)) });
      await store.rotateApiToken({ ...wish(mine), old: short, oldEnds });
      assert.equal((await store.findLiveApiToken(short))?.token.expiresAt, after(now(), hours(1)));
      const gone = await mint(mine);
      await store.rotateApiToken({ ...wish(mine), old: gone, oldEnds: now() });
      assert.equal(await isLive(gone), false);
    });

    test("a hundred rotations at once of one token make one", async () => {
      const { store, now } = world.under();
      const mine = await asking(world.bob());
      const old = await mint(mine);
      const all = await Promise.all(
        Array.from({ length: 100 }, () => kindOf(store.rotateApiToken({ ...wish(mine), old, oldEnds: now() }))),
      );
      assert.equal(all.filter((kind) => kind === "done").length, 1);
      assert.equal((await listed(world.bob(), 200)).length, 1);
    });

    test("K-01, INV-5: a hundred tokens made while everything is revoked: what was made before is dead, and nothing after", async () => {
      const { store } = world.under();
      const mine = await asking(world.bob());
      const before = Array.from({ length: 50 }, () => store.mintApiToken(wish(mine, { cap: 1000 })));
      const revoked = revokeAll();
      const behind = Array.from({ length: 50 }, () => store.mintApiToken(wish(mine, { cap: 1000 })));
      const done = await revoked;
      assert.ok(done.kind === "done");
      assert.equal(done.revocation.apiTokens, 50);
      for (const one of await Promise.all(before)) {
        assert.ok(one.kind === "done");
        assert.equal(await isLive(one.minted.token.id), false);
      }
      for (const one of await Promise.all(behind)) assert.equal(one.kind, "stale");
      assert.deepEqual(await listed(), []);
    });

    test("INV-5: what is disabled, locked or deleted ends its tokens, and they do not come back", async () => {
      const { store, now } = world.under();
      for (const [verb, undo] of [
        ["disable", "enable"],
        ["lock", "unlock"],
        ["delete", undefined],
      ] as const) {
        const subject = await world.subject(`u-${verb}`);
        const id = await mint(subject);
        const done = await store.setSubjectStatus({ id: subject, verb, by: operator, now: now() });
        assert.ok(done.kind === "done");
        assert.equal(done.revocation?.apiTokens, 1, verb);
        assert.equal(await isLive(id), false, verb);
        if (undo === undefined) continue;
        await store.setSubjectStatus({ id: subject, verb: undo, by: operator, now: now() });
        assert.equal(await isLive(id), false, undo);
      }
      await world.subject("ada", { roles: ["admin"] });
      const acme = world.id<OrganisationId>();
      const named = { id: acme, name: "Acme", canonical: "acme" };
      await store.createOrganisation({ ...named, by: operator, now: now() });
      const id = await mint(await world.subject("ann", { organisation: acme }));
      for (const verb of ["disable", "enable"] as const) {
        const set = store.setOrganisationStatus({ id: acme, verb, by: operator, now: now() });
        assert.equal(await kindOf(set), "done", verb);
        assert.equal(await isLive(id), false, verb);
      }
    });

    test("the end of the session that made it does not end a token, and a new epoch does", async () => {
      const { store, now } = world.under();
      const session = (await world.session(world.bob()))!.id;
      const id = await mint(byItself(session));
      await store.endSession({ id: session, of: operator, now: now() });
      assert.ok(await isLive(id));
      await store.beginEpoch({ epoch: randomBytes(16), now: now() });
      assert.equal(await isLive(id), false);
    });

    test("a token does what it may and not what its owner may, and nothing after its end", async () => {
      const { store, now } = world.under();
      const ada = await world.subject("ada", { roles: ["admin"] });
      const narrow = await mint(ada, { scopes: ["users:write"] });
      const subject = await world.subject("ann");
      // It has not what a member has, so it rules over none.
      assert.equal(
        await kindOf(store.setSubjectStatus({ id: subject, verb: "lock", by: byToken(narrow), now: now() })),
        "forbidden",
      );
      const nobody = await world.subject("nil", { roles: [] });
      const lock = { id: nobody, verb: "lock", by: byToken(narrow), now: now() } as const;
      assert.equal(await kindOf(store.setSubjectStatus(lock)), "done");
      await store.endApiToken({ id: narrow, by: operator, now: now() });
      assert.equal(await kindOf(store.setSubjectStatus({ ...lock, verb: "unlock" })), "stale");
    });

    test("CWE-770: expired tokens, and those of another epoch or line, take no place and are not looked through", async () => {
      const { store, now, pass } = world.under();
      const mine = await asking(world.bob());
      for (let made = 0; made < 20; made++) await mint(mine, { cap: 3, expiresAt: now() });
      assert.equal((await listed()).length, 0);
      await mint(mine, { cap: 3, expiresAt: null, secretHash: randomBytes(32) });
      await store.beginEpoch({ epoch: randomBytes(16), now: now() });
      const again = await asking(world.bob());
      for (let made = 0; made < 3; made++) await mint(again, { cap: 3 });
      assert.equal(await kindOf(store.mintApiToken(wish(again, { cap: 3 }))), "too-many");
      // What is over without an end of its own is swept too.
      await store.sweepApiTokens({ after: undefined, limit: 100, now: now() });
      pass(days(40));
      const { removed } = await store.sweepApiTokens({ after: undefined, limit: 100, now: now() });
      assert.equal(removed, 21);
    });

    test("a use that was told by a clock ahead does not hide those after it", async () => {
      const { store, now } = world.under();
      const id = await mint();
      await store.noteApiTokenUses([{ id, at: after(now(), days(20)), from: "192.0.2.7" }]);
      await store.noteApiTokenUses([{ id, at: now(), from: "192.0.2.9" }]);
      assert.equal((await store.findLiveApiToken(id))?.token.lastUsedFrom, "192.0.2.9");
    });

    test("uses are written once a minute, and those of tokens that are gone are passed over", async () => {
      const { store, now } = world.under();
      const id = await mint();
      const lastUse = async () => {
        const { token } = (await store.findLiveApiToken(id))!;
        return [token.lastUsedAt, token.lastUsedFrom];
      };
      const first = now();
      await store.noteApiTokenUses([
        { id, at: first, from: "192.0.2.7" },
        { id: world.id<ApiTokenId>(), at: first, from: "192.0.2.8" },
      ]);
      assert.deepEqual(await lastUse(), [first, "192.0.2.7"]);
      await store.noteApiTokenUses([{ id, at: after(first, seconds(59)), from: "192.0.2.9" }]);
      assert.deepEqual(await lastUse(), [first, "192.0.2.7"]);
      await store.noteApiTokenUses([{ id, at: after(first, seconds(60)), from: "192.0.2.9" }]);
      assert.deepEqual(await lastUse(), [after(first, seconds(60)), "192.0.2.9"]);
    });

    test("tokens that are long over are swept, and no others", async () => {
      const { store, now, pass } = world.under();
      const mine = await asking(world.bob());
      const ended = await mint(mine);
      const short = await mint(mine, { expiresAt: after(now(), hours(1)) });
      const kept = await mint(mine, { expiresAt: after(now(), days(300)) });
      await store.endApiToken({ id: ended, by: mine, now: now() });
      const sweep = async (): Promise<number> => {
        let removed = 0;
        let last: ApiTokenId | undefined;
        do {
          const swept = await store.sweepApiTokens({ after: last, limit: 2, now: now() });
          removed += swept.removed;
          last = swept.last;
        } while (last !== undefined);
        return removed;
      };
      assert.equal(await sweep(), 0);
      pass(days(32));
      assert.equal(await sweep(), 2);
      assert.deepEqual([await isLive(short), await isLive(kept)], [false, true]);
    });

    test("a token that leaked is over, with nobody for its cause, and one that was over stays as it was", async () => {
      const { store, now } = world.under();
      const [id, ended] = [await mint(), await mint()];
      await store.endApiToken({ id: ended, by: operator, now: now() });
      const leak = { from, foundAt: "https://example.org/a.yml" };
      for (const [leaked, isEnded] of [
        [id, true],
        [id, false],
        [ended, false],
        [world.id<ApiTokenId>(), false],
      ] as const)
        assert.equal(await store.endLeakedApiToken({ id: leaked, leak, now: now() }), isEnded);
      assert.equal(await isLive(id), false);
      assert.deepEqual((await told(world.bob()))[0], [
        "api_token_leaked",
        { api_token: id, name: "ci", found_at: leak.foundAt },
      ]);
      assert.equal((await told(world.bob())).filter(([kind]) => kind === "api_token_leaked").length, 1);
      const session = (await world.session(world.bob()))!.id;
      assert.equal(await kindOf(store.endSession({ id: session, of: { leak }, now: now() })), "ended");
      assert.equal(await store.findLiveSession(session), undefined);
    });

    test("the journal tells of each, by name and id, and of no secret", async () => {
      const { store, now } = world.under();
      const mine = await asking(world.bob());
      const id = await mint(mine, { scopes: ["me:read"], secretHash: randomBytes(32) });
      await store.renameApiToken({ id, name: "deploy", by: mine, now: now() });
      await store.renameApiToken({ id, name: "deploy", by: mine, now: now() });
      const rotated = await store.rotateApiToken({ ...wish(mine, { name: "deploy" }), old: id, oldEnds: now() });
      assert.ok(rotated.kind === "done");
      const next = rotated.minted.token.id;
      await store.endApiToken({ id: next, by: mine, now: now() });
      assert.deepEqual(await told(world.bob()), [
        ["api_token_ended", { api_token: next, name: "deploy" }],
        ["api_token_rotated", { api_token: next, name: "deploy", replaces: id, old_ends: now() }],
        ["api_token_changed", { api_token: id, name: "deploy", before: "ci" }],
        ["api_token_minted", { api_token: id, name: "ci", expires_at: after(now(), days(30)), scopes: ["me:read"] }],
      ]);
    });
  });
}
