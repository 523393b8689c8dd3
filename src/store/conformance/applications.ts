/** What every store must do with applications and their client secrets, races included (decision 0023). */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";

import type { ApiTokenId, AuthKeyId, ClientSecretId, SessionId, SubjectId } from "../../core/ids.ts";
import { nativePolicy } from "../../core/policy.ts";
import type { SessionView } from "../../core/session.ts";
import { after, days, minutes, type Seconds } from "../../core/units.ts";
import type { NewSubject, StatusVerb } from "../../engine/directory-store.ts";
import type { By } from "../../engine/ports.ts";
import { byItself, from, kindOf, native, operator, storeWorld, type StoreUnderTest } from "./world.ts";

export function applicationConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}: applications`, () => {
    const world = storeWorld(open);
    type Asking = ReturnType<typeof byItself>;
    let names = 0;
    const asking = async (subject: SubjectId): Promise<Asking> => byItself((await world.session(subject))!.id);
    const create = async (by: By, wish: Partial<NewSubject> = {}) => {
      const canonical = `app-${names++}`;
      return world.under().store.createSubject({
        id: world.id<SubjectId>(),
        organisation: world.organisation(),
        kind: "application",
        username: canonical,
        canonical,
        displayName: canonical,
        emails: [],
        roles: ["member"],
        status: "active",
        passwordHash: null,
        owner: world.bob(),
        by,
        now: world.under().now(),
        ...wish,
      });
    };
    const made = async (wish: Partial<NewSubject> = {}): Promise<SubjectId> => {
      const done = await create(operator, wish);
      assert.ok(done.kind === "done", done.kind);
      return done.subject.id;
    };
    const status = (id: SubjectId, verb: StatusVerb, by: By = operator) =>
      world.under().store.setSubjectStatus({ id, verb, by, now: world.under().now() });
    const isLive = async (session: SessionId | undefined): Promise<boolean> =>
      session !== undefined && (await world.under().store.findLiveSession(session)) !== undefined;
    const session = async (of: SubjectId): Promise<SessionId | undefined> => {
      // Born now, whatever lines were drawn before.
      const { instance } = (await world.under().store.findCredentialOf(of))!;
      return (await world.session(of, {}, instance))?.id;
    };
    interface Secret {
      readonly id: ClientSecretId;
      readonly hash: Uint8Array;
    }
    const addSecret = async (subject: SubjectId, by?: Asking, expiresAt: Seconds | null = null) => {
      const secret = { id: world.id<ClientSecretId>(), hash: randomBytes(32) };
      const done = await world.under().store.addClientSecret({
        id: secret.id,
        subject,
        name: "prod",
        secretHash: secret.hash,
        expiresAt,
        most: 2,
        by: by ?? (await asking(world.bob())),
        now: world.under().now(),
      });
      return { ...secret, kind: done.kind };
    };
    const secretOf = async (subject: SubjectId, expiresAt: Seconds | null = null): Promise<Secret> => {
      const secret = await addSecret(subject, undefined, expiresAt);
      assert.equal(secret.kind, "done");
      return secret;
    };
    const endSecret = async (subject: SubjectId, id: ClientSecretId, by?: By) =>
      world.under().store.endClientSecret({
        id,
        subject,
        by: by ?? (await asking(world.bob())),
        now: world.under().now(),
      });
    const openWith = async (
      { id }: Pick<Secret, "id">,
      read = world.under().store.findSecretCredential(id),
    ): Promise<SessionView | undefined> => {
      const { holder, instance } = (await read)!;
      const now = world.under().now();
      return world.under().store.openBySecret({
        open: {
          id: world.id<SessionId>(),
          subject: holder.subject,
          client: native,
          policy: nativePolicy,
          salt: randomBytes(16),
          kid: 1,
          born: instance.counter,
          epoch: instance.epoch,
          authTime: now,
          amr: "client_secret",
          openedWith: id,
          from,
          now,
        },
        secret: id,
      });
    };
    const told = async (subject: SubjectId) => {
      const page = { organisation: null, actor: undefined, kind: undefined, before: undefined, limit: 20 };
      const { entries } = await world.under().store.readJournal({ ...page, subject });
      return entries.map(({ kind, detail }) => [kind, detail] as const);
    };

    test("K-08: whoever owns one makes it with rights of their own, for themselves and within the cap", async () => {
      const mine = await asking(world.bob());
      const carol = await world.subject("carol");
      assert.equal(await kindOf(create(mine)), "done");
      assert.equal(await kindOf(create(mine, { roles: ["org_admin"] })), "forbidden");
      assert.equal(await kindOf(create(mine, { owner: carol })), "forbidden");
      assert.equal(await kindOf(create(mine, { owner: null })), "forbidden");
      assert.equal(await kindOf(create(mine, { kind: "user" })), "forbidden");
      assert.equal(await kindOf(create(mine, { username: "bob", canonical: "bob" })), "taken");
      const raced = await Promise.all(Array.from({ length: 10 }, () => kindOf(create(mine, { cap: 4 }))));
      assert.equal(raced.filter((kind) => kind === "done").length, 3);
      assert.ok(raced.includes("too-many"));
      const auditor = await world.subject("ann", { roles: ["auditor"] });
      assert.equal(await kindOf(create(await asking(auditor), { owner: auditor, roles: [] })), "forbidden");
    });

    test("K-08: an application of an application there is not", async () => {
      const app = await made();
      const by = byItself((await session(app))!);
      assert.equal(await kindOf(create(by, { owner: app })), "forbidden");
      assert.equal(await kindOf(create(operator, { owner: app })), "forbidden");
    });

    test("K-08: its rights are never more than its owner's, at each moment, and grow back with them", async () => {
      const { store, now } = world.under();
      const ada = await world.subject("ada", { roles: ["org_admin", "member"] });
      const app = await made({ owner: ada, roles: ["org_admin", "member"] });
      const held = (await session(app))!;
      const roles = async (): Promise<unknown> => (await store.findLiveSession(held))?.holder.roles;
      assert.deepEqual(await roles(), ["member", "org_admin"]);
      assert.deepEqual((await store.findHolder(app))?.roles, ["member", "org_admin"]);
      await store.changeSubject({ id: ada, roles: ["member"], by: operator, now: now() });
      assert.deepEqual(await roles(), ["member"]);
      assert.deepEqual((await store.findHolder(app))?.roles, ["member"]);
      assert.deepEqual((await store.findCredentialOf(app))?.holder.roles, ["member"]);
      // What it does it does with what it has now.
      assert.equal(await kindOf(status(world.bob(), "lock", byItself(held))), "forbidden");
      await store.changeSubject({ id: ada, roles: ["auditor"], by: operator, now: now() });
      assert.deepEqual(await roles(), []);
      await store.changeSubject({ id: ada, roles: ["org_admin"], by: operator, now: now() });
      assert.deepEqual(await roles(), ["member", "org_admin"]);
      assert.deepEqual((await store.findSubject(app))?.roles, ["member", "org_admin"]);
    });

    for (const [down, up] of [
      ["disable", "enable"],
      ["lock", "unlock"],
    ] as const) {
      test(`K-08: ${down} of the owner takes the application along; ${up} brings back its secret and no session`, async () => {
        const app = await made();
        const secret = await secretOf(app);
        const [opened, other] = [await openWith(secret), await session(app)];
        const read = world.under().store.findSecretCredential(secret.id);
        await read;
        assert.equal(await kindOf(status(world.bob(), down)), "done");
        assert.equal(await isLive(opened?.session.id), false);
        assert.equal((await world.rotate(other!, 1)).kind, "ended");
        assert.equal((await world.under().store.findCredentialOf(app))?.mayHold, false);
        assert.equal(await openWith(secret, read), undefined);
        assert.equal(await openWith(secret), undefined);
        assert.equal((await told(world.bob()))[0]![1]["applications"], 1);
        assert.equal(await kindOf(status(world.bob(), up)), "done");
        assert.equal(await isLive(opened?.session.id), false);
        assert.equal(await isLive(other), false);
        assert.equal(await isLive((await openWith(secret))?.session.id), true);
      });
    }

    test("K-08: a deleted owner's applications are deleted, with their names, keys, secrets and tokens; others' are not", async () => {
      const { store, now } = world.under();
      const carol = await world.subject("carol");
      const [app, hers] = [await made({ username: "harvester", canonical: "harvester" }), await made({ owner: carol })];
      const secret = await secretOf(app);
      const [mine, other] = [await session(app), await session(hers)];
      const token = await store.mintApiToken({
        id: world.id<ApiTokenId>(),
        subject: app,
        name: "ci",
        expiresAt: after(now(), days(1)),
        scopes: null,
        audiences: null,
        networks: null,
        requestsPerMinute: null,
        secretHash: null,
        cap: 5,
        by: await asking(world.bob()),
        now: now(),
      });
      assert.ok(token.kind === "done");
      assert.equal(await kindOf(status(world.bob(), "delete")), "done");
      assert.deepEqual([await isLive(mine), await isLive(other)], [false, true]);
      assert.equal(await store.findSubject(app), undefined);
      assert.equal(await store.findLiveApiToken(token.minted.token.id), undefined);
      assert.equal(await store.findSecretCredential(secret.id), undefined);
      assert.deepEqual((await told(app))[0], [
        "subject_deleted",
        { with_owner: world.bob(), sessions: 1, api_tokens: 1, upto: 2, client_secrets: 1 },
      ]);
      assert.equal(
        await kindOf(create(operator, { owner: carol, username: "harvester", canonical: "harvester" })),
        "done",
      );
    });

    test("K-08: a sign-in that races the end of the owner is over, or was never opened", async () => {
      for (let round = 0; round < 20; round++) {
        const owner = await world.subject(`owner-${round}`);
        const app = await made({ owner });
        const secret = { ...(await addSecret(app, await asking(owner))) };
        const read = world.under().store.findSecretCredential(secret.id);
        await read;
        const verb = (["disable", "lock", "delete"] as const)[round % 3]!;
        const [opened] = await Promise.all([openWith(secret, read), status(owner, verb)]);
        assert.equal(await isLive(opened?.session.id), false);
      }
    });

    test("K-08: what ends an owner's own tokens leaves the application alone, and the other way round", async () => {
      const { store, now } = world.under();
      const app = await made();
      const [mine, its] = [await session(world.bob()), await session(app)];
      assert.ok(mine !== undefined);
      await store.revokeTokens({ subject: world.bob(), open: undefined, by: operator, now: now() });
      assert.deepEqual([await isLive(mine), await isLive(its)], [false, true]);
      const again = (await session(world.bob()))!;
      const by = byItself(again);
      assert.equal(await kindOf(store.revokeTokens({ subject: app, open: undefined, by, now: now() })), "done");
      assert.deepEqual([await isLive(again), await isLive(its)], [true, false]);
    });

    test("A-03: what belongs to one's own application is one's own; to another's, it is not there", async () => {
      const { store, now } = world.under();
      const carol = await world.subject("carol");
      const ada = await world.subject("ada", { roles: ["org_admin"] });
      const app = await made();
      const [mine, hers, byAda] = [await asking(world.bob()), await asking(carol), await asking(ada)];
      const key = { fingerprint: randomBytes(32), spki: randomBytes(44), type: "Ed25519", bits: 256 } as const;
      const addKey = (by: Asking) =>
        store.addAuthKey({
          id: world.id<AuthKeyId>(),
          subject: app,
          name: "k",
          key,
          expiresAt: null,
          cap: 9,
          ofOneSize: 4,
          by,
          now: now(),
        });
      for (const by of [hers, byAda]) {
        assert.equal(await kindOf(addKey(by)), "absent");
        assert.equal((await addSecret(app, by)).kind, "absent");
      }
      assert.equal(await kindOf(status(app, "disable", hers)), "forbidden");
      assert.equal(await kindOf(addKey(mine)), "done");
      assert.equal((await addSecret(app, mine)).kind, "done");
      // Of the organisation's own it is the administrators who look after.
      const common = await made({ owner: null });
      assert.equal((await addSecret(common, mine)).kind, "absent");
      assert.equal((await addSecret(common, byAda)).kind, "done");
      assert.equal(await kindOf(status(app, "disable", byAda)), "done");
      // What an administrator has stopped its owner does not bring back, by a detour neither.
      assert.equal(await kindOf(status(app, "enable", mine)), "forbidden");
      assert.equal(await kindOf(status(app, "enable", byAda)), "done");
      assert.equal(await kindOf(status(app, "lock", byAda)), "done");
      for (const verb of ["unlock", "disable", "enable"] as const)
        assert.notEqual(await kindOf(status(app, verb, mine)), "done", verb);
      assert.equal(await kindOf(status(app, "unlock", byAda)), "done");
      assert.equal(await kindOf(status(app, "disable", mine)), "done");
      assert.equal(await kindOf(status(app, "enable", mine)), "done");
      assert.equal(await kindOf(status(app, "disable", mine)), "done");
      assert.equal(await kindOf(status(app, "disable", byAda)), "done");
      assert.equal(await kindOf(status(app, "enable", mine)), "forbidden");
      assert.equal(await kindOf(status(app, "enable", byAda)), "done");
      // A person has none.
      assert.equal((await addSecret(world.bob(), mine)).kind, "wrong-state");
    });

    test("K-08: two secrets are good at a time, however many are asked for at once; one ends with the sessions that it opened", async () => {
      const app = await made();
      const by = await asking(world.bob());
      const raced = await Promise.all(Array.from({ length: 10 }, () => addSecret(app, by)));
      const [first, second, ...more] = raced.filter(({ kind }) => kind === "done");
      assert.deepEqual([more, raced.filter(({ kind }) => kind === "too-many").length], [[], 8]);
      const [one, two] = [await openWith(first!), await openWith(second!)];
      assert.equal(await kindOf(endSecret(app, first!.id)), "done");
      assert.deepEqual([await isLive(one?.session.id), await isLive(two?.session.id)], [false, true]);
      assert.equal(await world.under().store.findSecretCredential(first!.id), undefined);
      assert.equal(await kindOf(endSecret(app, first!.id)), "absent");
      const third = await addSecret(app, by, after(world.under().now(), minutes(1)));
      assert.equal(third.kind, "done");
      assert.equal((await addSecret(app, by)).kind, "too-many");
      const read = world.under().store.findSecretCredential(third.id);
      await read;
      world.under().pass(60 as Seconds);
      assert.equal(await openWith(third, read), undefined);
      assert.equal((await addSecret(app, by)).kind, "done");
      const listed = await world.under().store.listClientSecrets(app, world.under().now());
      assert.equal(listed.length, 2);
      assert.equal(listed.find(({ id }) => id === second!.id)?.lastUsedFrom, from.address);
    });

    test("K-03: a secret of one application ends by that application's id and by no other", async () => {
      const [app, other] = [await made(), await made()];
      const secret = await secretOf(app);
      assert.equal(await kindOf(endSecret(other, secret.id)), "absent");
      assert.notEqual(await openWith(secret), undefined);
    });

    test("FL-40: a secret that somebody found ends once, and one that is long over is forgotten", async () => {
      const { store, now } = world.under();
      const app = await made();
      const secret = await secretOf(app);
      const opened = await openWith(secret);
      const leak = { from, foundAt: "https://example.org/dump" };
      assert.equal(await store.endLeakedClientSecret({ id: secret.id, leak, now: now() }), true);
      assert.equal(await store.endLeakedClientSecret({ id: secret.id, leak, now: now() }), false);
      assert.equal(await isLive(opened?.session.id), false);
      assert.deepEqual((await told(app))[0], [
        "client_secret_leaked",
        { client_secret: secret.id, name: "prod", sessions: 1, found_at: leak.foundAt },
      ]);
      await secretOf(app, after(now(), minutes(1)));
      assert.equal(await store.sweepClientSecrets({ limit: 10, now: now() }), 0);
      world.under().pass(days(31));
      assert.equal(await store.sweepClientSecrets({ limit: 1, now: now() }), 1);
      assert.equal(await store.sweepClientSecrets({ limit: 10, now: now() }), 1);
      assert.equal(await store.sweepClientSecrets({ limit: 10, now: now() }), 0);
    });

    test("the lists: an owner's, and an organisation's own, oldest first and in pages", async () => {
      const { store } = world.under();
      const ids: SubjectId[] = [];
      for (let at = 0; at < 4; at++) {
        world.under().pass(1 as Seconds);
        ids.push(await made());
      }
      const common = await made({ owner: null });
      const list = async (
        of: { owner: SubjectId } | { organisation: ReturnType<typeof world.organisation> },
        last?: SubjectId,
      ) => (await store.listApplications({ ...of, after: last, limit: 3 })).map(({ id }) => id);
      assert.deepEqual(await list({ owner: world.bob() }), ids.slice(0, 3));
      assert.deepEqual(await list({ owner: world.bob() }, ids[2]), ids.slice(3));
      assert.deepEqual(await list({ organisation: world.organisation() }), [common]);
      assert.equal((await store.findSubject(ids[0]!))?.owner, world.bob());
    });

    test("an application that administers does not stand in for a person who could", async () => {
      const { store } = world.under();
      const ada = await world.subject("ada", { roles: ["admin"] });
      const app = await made({ owner: null, roles: ["admin"] });
      assert.equal(await kindOf(status(ada, "disable")), "last-administrator");
      assert.equal(await kindOf(status(app, "disable")), "done");
      await status(app, "enable");
      assert.equal(await store.hasAdministrator(), true);
    });
  });
}
