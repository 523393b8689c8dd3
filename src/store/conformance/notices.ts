/** What every store must do with notices: each is queued once, with what it tells of, and waits until it is ended. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";

import type { AuthKeyId, ApiTokenId, SubjectId } from "../../core/ids.ts";
import { noticeChannels, type Notice, type NoticeChannel } from "../../core/notice.ts";
import { after, days, hours, minutes, seconds } from "../../core/units.ts";
import { byItself, from, operator, storeWorld, type StoreUnderTest } from "./world.ts";
import { newKey } from "./auth-key-world.ts";

const mail = (address: string) => ({ address, canonical: address });

export function noticeConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}: notices`, () => {
    const world = storeWorld(open);
    const channels = (...wanted: NoticeChannel[]): Promise<number> =>
      world.under().store.openNoticeChannels({ channels: wanted });
    const work = (limit = 20_000) => world.under().store.findNoticeWork({ now: world.under().now(), limit });
    const waiting = async (): Promise<readonly Notice[]> => (await work()).due;
    const told = async () => (await waiting()).map(({ channel, kind, recipient }) => [channel, kind, recipient]);
    const vera = () => world.subject("vera", { emails: [mail("v@example.org"), mail("vera@example.org")] });
    const asking = async (subject: SubjectId) => byItself((await world.session(subject))!.id);
    const wish = (by: Awaited<ReturnType<typeof asking>>, life: number) => ({
      subject: "own" as const,
      id: world.id<ApiTokenId>(),
      name: "ci",
      expiresAt: after(world.under().now(), seconds(life)),
      scopes: null,
      audiences: null,
      networks: null,
      requestsPerMinute: null,
      secretHash: null,
      cap: 1000,
      by,
      now: world.under().now(),
    });
    const mint = async (subject: SubjectId, life: number = days(30)): Promise<ApiTokenId> => {
      const done = await world.under().store.mintApiToken(wish(await asking(subject), life));
      assert.ok(done.kind === "done", done.kind);
      return done.minted.token.id;
    };
    const queue = (limit = 100) => world.under().store.queueWarnings({ limit, now: world.under().now() });
    const end = async (notices: readonly Notice[]): Promise<void> => {
      await Promise.all(notices.map(({ id }) => world.under().store.endNotice({ id })));
    };
    /** Everything that waits is taken. */
    const empty = async () => end(await waiting());

    test("nothing is queued for a channel that nobody empties, and what waits for one that was closed goes", async () => {
      const subject = await vera();
      await mint(subject);
      assert.deepEqual(await told(), []);
      await channels("webhook");
      await mint(subject);
      assert.deepEqual(await told(), [["webhook", "api_token_minted", null]]);
      await channels("mail", "webhook");
      await mint(subject);
      assert.equal((await waiting()).length, 4);
      assert.equal(await channels("webhook"), 2);
      assert.deepEqual((await told()).map(String), Array(2).fill("webhook,api_token_minted,"));
      assert.equal(await channels(), 2);
    });

    test("K-02, ASVS 6.3.7: who gets a token, a key or a password is told in the same step, at each address, and no secret", async () => {
      await channels(...noticeChannels);
      const { store, now } = world.under();
      const subject = await world.subject("vera", { emails: [mail("vera@example.org")], passwordHash: "old" });
      const by = await asking(subject);
      const secretHash = randomBytes(32);
      const wished = { ...wish(by, days(30)), secretHash, name: "deploy" };
      assert.equal((await store.mintApiToken(wished)).kind, "done");
      const key = newKey();
      const adding = { id: world.id<AuthKeyId>(), subject, name: "laptop", key, expiresAt: null, cap: 5, ofOneSize: 4 };
      assert.equal((await store.addAuthKey({ ...adding, by, now: now() })).kind, "done");
      const upto = (await store.findCredentialOf(subject))!.revokedUpto;
      const password = { id: subject, from: "old", upto, to: "new", open: undefined, by, now: now() };
      assert.equal((await store.setPassword(password)).kind, "done");
      assert.equal((await store.setPassword({ ...password, from: "new" })).kind, "stale");

      const all = await waiting();
      assert.deepEqual(all.map(({ channel, kind }) => `${channel} ${kind}`).toSorted(), [
        "mail api_token_minted",
        "mail auth_key_set",
        "mail password_changed",
        "webhook api_token_minted",
        "webhook auth_key_set",
        "webhook password_changed",
      ]);
      const { told: minted, recipient } = all.find(({ kind }) => kind === "api_token_minted")!;
      assert.equal(recipient, "vera@example.org");
      assert.deepEqual(minted, {
        at: now(),
        organisation: { id: world.organisation(), name: "Root" },
        subject: { id: subject, kind: "user", username: "vera" },
        actor: { id: subject, username: "vera" },
        address: from.address,
        detail: { api_token: wished.id, name: "deploy", expires_at: wished.expiresAt, scopes: null },
      });
      const password_changed = all.find(({ kind }) => kind === "password_changed")!;
      assert.deepEqual(password_changed.told.detail, {});
      assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    });

    test("a token is warned of once in each stage that is shorter than its life", async () => {
      await channels("webhook");
      const born = world.under().now();
      const lives = [hours(1), days(1), hours(25), days(5), days(7), days(10), days(14), days(30)];
      const tokens: ApiTokenId[] = [];
      for (const life of lives) tokens.push(await mint(world.bob(), life));
      await empty();
      const heard = new Map(tokens.map((token) => [token as string, [] as number[]]));
      for (let hour = 0; hour < 31 * 24; hour++) {
        if ((await work(0)).warningsDue) await queue();
        const due = await waiting();
        for (const {
          kind,
          told: { detail, at },
        } of due) {
          assert.equal(kind, "api_token_ends");
          heard.get(String(detail["api_token"]))!.push(Number(detail["days"]));
          const life = lives[tokens.indexOf(detail["api_token"] as ApiTokenId)]!;
          assert.ok(at - (born + life - Number(detail["days"]) * 86_400) < 3600);
        }
        await end(due);
        world.under().pass(hours(1));
      }
      assert.deepEqual([...heard.values()], [[], [], [1], [1], [1], [7, 1], [7, 1], [14, 7, 1]]);
    });

    test("after a standstill over several stages only the most urgent is told, and after the end none", async () => {
      await channels("webhook");
      await mint(world.bob(), days(30));
      await mint(world.bob(), days(20));
      await empty();
      world.under().pass(seconds(days(23) + hours(2)));
      assert.deepEqual(await queue(), { warned: [7], more: false });
      assert.deepEqual(
        (await waiting()).map(({ told: { detail } }) => detail["days"]),
        [7],
      );
      assert.equal((await work()).warningsDue, false);
      world.under().pass(days(6));
      assert.deepEqual(await queue(), { warned: [1], more: false });
    });

    test("nobody is warned of a token that was replaced, ended, or is dead with its owner", async () => {
      await channels(...noticeChannels);
      const { store } = world.under();
      const subject = await vera();
      const replaced = await mint(subject);
      const by = await asking(subject);
      const heir = wish(by, days(60));
      const oldEnds = after(world.under().now(), days(20));
      assert.equal((await store.rotateApiToken({ ...heir, old: replaced, oldEnds })).kind, "done");
      await store.endApiToken({ id: await mint(subject), by, now: world.under().now() });
      for (const verb of ["disable", "lock", "delete"] as const) {
        const other = await world.subject(verb);
        await mint(other);
        await store.setSubjectStatus({ id: other, verb, by: operator, now: world.under().now() });
        if (verb !== "delete")
          await store.setSubjectStatus({
            id: other,
            verb: verb === "lock" ? "unlock" : "enable",
            by: operator,
            now: world.under().now(),
          });
      }
      const revoked = await world.subject("rita");
      await mint(revoked);
      await store.revokeTokens({ subject: revoked, open: undefined, by: operator, now: world.under().now() });
      await empty();
      world.under().pass(seconds(days(29) + hours(1)));
      assert.deepEqual(await queue(), { warned: [], more: false });
      assert.equal((await work()).warningsDue, false);
      world.under().pass(days(24));
      assert.deepEqual(await queue(), { warned: [7], more: false });
      const [first] = await waiting();
      assert.equal(first?.told.detail["api_token"], heir.id);
    });

    test("for an application its owner is told, if there is one", async () => {
      await channels(...noticeChannels);
      const { store, now } = world.under();
      const owner = await vera();
      const owned = await world.subject("builder", { kind: "application", owner });
      const nobodys = await world.subject("orphan", { kind: "application" });
      await mint(owned);
      await mint(nobodys);
      assert.deepEqual((await told()).map(String).toSorted(), [
        "mail,api_token_minted,v@example.org",
        "mail,api_token_minted,vera@example.org",
        "webhook,api_token_minted,",
        "webhook,api_token_minted,",
      ]);
      // Who may do nothing has no application that could.
      await empty();
      await store.setSubjectStatus({ id: owner, verb: "disable", by: operator, now: now() });
      world.under().pass(days(29));
      await queue();
      assert.deepEqual((await told()).map(String), ["webhook,api_token_ends,"]);
    });

    test("warnings are queued in steps, and two at once queue each of them once", async () => {
      await channels("webhook");
      for (let made = 0; made < 5; made++) await mint(world.bob(), days(2));
      await empty();
      world.under().pass(days(1));
      const steps = await Promise.all([queue(2), queue(2), queue(2)]);
      assert.deepEqual(
        steps.map(({ warned, more }) => [warned.length, more]),
        [
          [2, true],
          [2, true],
          [1, false],
        ],
      );
      assert.equal((await waiting()).length, 5);
    });

    /** Somebody with a hundred addresses, and all the places that one reader may have. */
    const filled = async (username: string): Promise<SubjectId> => {
      const emails = Array.from({ length: 100 }, (_, at) => mail(`${username}.${at}@example.org`));
      const subject = await world.subject(username, { emails });
      for (let made = 0; made < 2; made++) await mint(subject, hours(2));
      return subject;
    };
    const dropped = async () => (await work(0)).dropped;
    const addKey = async (subject: SubjectId): Promise<void> => {
      const adding = { id: world.id<AuthKeyId>(), subject, name: "laptop", expiresAt: null, cap: 5, ofOneSize: 4 };
      const { store, now } = world.under();
      assert.equal(
        (await store.addAuthKey({ ...adding, key: newKey(), by: await asking(subject), now: now() })).kind,
        "done",
      );
    };

    test("FL-28, CWE-770: one reader takes no more than a part, and never the room of what tells of a new way in", async () => {
      await channels(...noticeChannels);
      const eager = await filled("v");
      assert.deepEqual([(await work(0)).waiting, await dropped()], [202, { mail: 0, webhook: 0 }]);
      await mint(eager, hours(2));
      assert.deepEqual([(await work(0)).waiting, await dropped()], [203, { mail: 100, webhook: 0 }]);
      await addKey(eager);
      assert.deepEqual([(await work(0)).waiting, await dropped()], [304, { mail: 100, webhook: 0 }]);
    });

    test("FL-28: the queue has an end: what is told at once is dropped and counted, warnings come later", async () => {
      await channels(...noticeChannels);
      const late = await world.subject("late", { emails: [mail("late@example.org")] });
      await mint(late, days(2));
      await empty();
      for (let reader = 0; reader < 40; reader++) await filled(`r${reader}`);
      assert.deepEqual([(await work(0)).waiting, await dropped()], [8080, { mail: 0, webhook: 0 }]);
      await mint(late, hours(2));
      assert.deepEqual([(await work(0)).waiting, await dropped()], [8081, { mail: 1, webhook: 0 }]);
      // What tells of a new way in has places of its own.
      await addKey(late);
      assert.deepEqual([(await work(0)).waiting, await dropped()], [8083, { mail: 1, webhook: 0 }]);
      world.under().pass(days(1));
      assert.deepEqual(await queue(), { warned: [], more: false });
      assert.equal((await work(0)).warningsDue, false);
      await end((await waiting()).filter(({ recipient }) => recipient?.startsWith("r1.") === true));
      world.under().pass(minutes(15));
      assert.equal((await work(0)).warningsDue, true);
      assert.deepEqual(await queue(), { warned: [1], more: false });
      assert.deepEqual((await told()).filter(([, kind]) => kind === "api_token_ends").length, 2);
    });

    test("one that failed waits for its time, and the old ones of a channel go together", async () => {
      await channels(...noticeChannels);
      const { store } = world.under();
      const subject = await vera();
      await mint(subject);
      const [first] = await waiting();
      const dueAt = after(world.under().now(), minutes(1));
      await store.postponeNotice({ id: first!.id, dueAt });
      assert.deepEqual([(await work()).due.length, (await work()).waiting], [2, 3]);
      world.under().pass(minutes(1));
      const all = await waiting();
      assert.deepEqual([all.length, all.find(({ id }) => id === first!.id)?.attempts], [3, 1]);
      // The longest due first, and no more of a channel than asked for.
      assert.deepEqual(
        (await work(1)).due.map(({ channel }) => channel),
        ["mail", "webhook"],
      );
      assert.notEqual((await work(1)).due[0]!.id, first!.id);

      await mint(subject);
      const createdBefore = after(world.under().now(), seconds(-60));
      assert.equal(await store.endOldNotices({ channel: "mail", createdBefore }), 2);
      assert.equal(await store.endOldNotices({ channel: "mail", createdBefore }), 0);
      assert.equal((await waiting()).filter(({ channel }) => channel === "webhook").length, 2);
    });
  });
}
