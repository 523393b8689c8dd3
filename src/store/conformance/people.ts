/** What every store must do with subjects, organisations and what an administrator does to them, races included. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { OrganisationId, SubjectId } from "../../core/ids.ts";
import type { NewSubject } from "../../engine/directory-store.ts";
import type { By } from "../../engine/ports.ts";
import { byItself, from, kindOf, native, operator, storeWorld, type StoreUnderTest } from "./world.ts";

export function peopleConformance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}: people`, () => {
    const world = storeWorld(open);

    test("INV-5: a disabled or locked subject opens no session", async () => {
      for (const status of ["disabled", "locked", "deleted"] as const) {
        const nobody = await world.subject(`x-${status}`, { status });
        assert.equal(await world.session(nobody), undefined);
        assert.deepEqual(
          await world.under().store.listSessions(nobody, { before: undefined, limit: 1, now: world.under().now() }),
          [],
        );
      }
    });

    test("L-13: a name or an address is taken once in an organisation, and free in another", async () => {
      const emails = [{ address: "Bob@example.com", canonical: "bob@example.com" }];
      const wish = (over: Partial<NewSubject>): Promise<string> =>
        kindOf(
          world.under().store.createSubject({
            id: world.id<SubjectId>(),
            organisation: world.organisation(),
            kind: "user",
            username: "carol",
            canonical: "carol",
            displayName: "Carol",
            emails,
            roles: [],
            status: "active",
            passwordHash: null,
            owner: null,
            by: operator,
            now: world.under().now(),
            ...over,
          }),
        );
      assert.equal(await wish({}), "done");
      assert.equal(await wish({ canonical: "carol2" }), "taken");
      assert.equal(await wish({ emails: [] }), "taken");
      const elsewhere = world.id<OrganisationId>();
      await world.under().store.createOrganisation({
        id: elsewhere,
        name: "Two",
        canonical: "two",
        by: operator,
        now: world.under().now(),
      });
      assert.equal(await wish({ organisation: elsewhere }), "done");
      assert.equal(
        (await world.under().store.findCredential("two", { kind: "email", canonical: "bob@example.com" }))?.holder
          .organisation,
        elsewhere,
      );
      assert.equal(
        await kindOf(
          world.under().store.createOrganisation({
            id: world.id<OrganisationId>(),
            name: "TWO",
            canonical: "two",
            by: operator,
            now: world.under().now(),
          }),
        ),
        "taken",
      );
    });

    test("a hash is put in the place of the very one that it was made for, and ends no session", async () => {
      const vera = await world.subject("vera", { passwordHash: "old" });
      const hash = async () =>
        (await world.under().store.findCredential("root", { kind: "username", canonical: "vera" }))?.passwordHash;
      const opened = (await world.session(vera))!;
      assert.equal(await world.under().store.rehashPassword({ subject: vera, from: "other", to: "new" }), false);
      assert.equal(await hash(), "old");
      const both = ["new", "newer"].map((to) => world.under().store.rehashPassword({ subject: vera, from: "old", to }));
      assert.deepEqual(await Promise.all(both), [true, false]);
      assert.equal(await hash(), "new");
      assert.equal(await world.under().store.rehashPassword({ subject: world.bob(), from: "null", to: "new" }), false);
      assert.notEqual(await world.under().store.findLiveSession(opened.id), undefined);
    });

    describe("what administrators do", () => {
      const admin = async (username: string): Promise<{ id: SubjectId; by: By }> => {
        const made = await world.subject(username, { roles: ["admin"] });
        return { id: made, by: byItself((await world.session(made))!.id) };
      };
      const set = (id: SubjectId, verb: "disable" | "enable" | "lock" | "delete", by: By) =>
        world.under().store.setSubjectStatus({ id, verb, by, now: world.under().now() });

      test("F-11: a holder is told of as the last change left it, however often it was asked for before", async () => {
        const { store, now } = world.under();
        const bob = world.bob();
        const roles = async (): Promise<unknown> => (await store.findHolder(bob))?.roles;
        assert.deepEqual([await roles(), await roles()], [["member"], ["member"]]);
        for (const wish of [["auditor"], ["auditor", "member"], ["member"]] as const) {
          const changed = store.changeSubject({ id: bob, roles: wish, by: operator, now: now() });
          await roles();
          await changed;
          assert.deepEqual(await roles(), wish);
        }
      });

      test("INV-2: a line that is drawn ends what was born before it, and nothing that is born after", async () => {
        const { store, now } = world.under();
        const before = (await world.session(world.bob()))!;
        const done = await store.revokeTokens({ subject: world.bob(), open: undefined, by: operator, now: now() });
        assert.ok(done.kind === "done" && done.revocation.sessions === 1);
        const after = (await world.session(world.bob()))!;
        assert.equal((await world.rotate(before.id, 1)).kind, "ended");
        assert.equal((await world.rotate(after.id, 1)).kind, "advance");
        assert.ok(before.born <= done.revocation.upto && after.born > done.revocation.upto);
      });

      test("INV-2: a session of a credential that was read before the line is not opened", async () => {
        const { store, now } = world.under();
        const { instance } = (await store.findCredential("root", { kind: "username", canonical: "bob" }))!;
        await store.revokeTokens({ subject: world.bob(), open: undefined, by: operator, now: now() });
        assert.equal(await world.session(world.bob(), {}, instance), undefined);
        assert.notEqual(await world.session(world.bob()), undefined);
      });

      test("A-07: whoever was disabled or demoted a moment ago does nothing, in the same group either", async () => {
        const { store, now } = world.under();
        const [ada, eva] = [await admin("ada"), await admin("eva")];
        const demoted = store.changeSubject({ id: eva.id, roles: ["member"], by: ada.by, now: now() });
        const late = set(world.bob(), "disable", eva.by);
        assert.deepEqual([(await demoted).kind, (await late).kind], ["done", "forbidden"]);
        const [disabled, later] = await Promise.all([
          set(eva.id, "disable", ada.by),
          set(world.bob(), "disable", eva.by),
        ]);
        assert.deepEqual([disabled.kind, later.kind], ["done", "stale"]);
      });

      test("two administrators who disable one another at once: one stays", async () => {
        for (let round = 0; round < 10; round++) {
          const [ada, eva] = [await admin(`ada${round}`), await admin(`eva${round}`)];
          const [one, two] = await Promise.all([set(ada.id, "disable", eva.by), set(eva.id, "disable", ada.by)]);
          assert.deepEqual([one.kind, two.kind], ["done", "stale"]);
          await set(eva.id, "delete", operator);
          await set(ada.id, "delete", operator);
        }
      });

      test("the last administrator stays, whoever asks", async () => {
        const ada = await admin("ada");
        for (const verb of ["disable", "lock", "delete"] as const)
          assert.equal(await kindOf(set(ada.id, verb, operator)), "last-administrator");
        assert.equal(
          await kindOf(
            world.under().store.changeSubject({ id: ada.id, roles: [], by: operator, now: world.under().now() }),
          ),
          "last-administrator",
        );
      });

      test("L-14: a deleted subject's name and addresses are free, and whoever gets them is somebody else", async () => {
        const emails = [{ address: "carl@example.com", canonical: "carl@example.com" }];
        const first = await world.subject("carl", { emails, passwordHash: "old" });
        const old = (await world.session(first))!;
        assert.equal(await kindOf(set(first, "delete", operator)), "done");
        const second = await world.subject("carl", { emails });
        assert.notEqual(second, first);
        assert.equal((await world.rotate(old.id, 1)).kind, "ended");
        assert.equal(await world.under().store.findSubject(first), undefined);
        const left = await world.under().store.findCredentialOf(first);
        assert.deepEqual([left?.passwordHash, left?.holder.roles, left?.mayHold], [null, [], false]);
      });

      test("FL-02: a password is set in the place of the very one that was looked at, and once", async () => {
        const { store, now } = world.under();
        const vera = await world.subject("vera", { passwordHash: "old" });
        const opened = (await world.session(vera))!;
        const { revokedUpto } = (await store.findCredentialOf(vera))!;
        const put = (to: string) =>
          kindOf(
            store.setPassword({
              id: vera,
              from: "old",
              upto: revokedUpto,
              to,
              open: undefined,
              by: { kind: "token", from },
              now: now(),
            }),
          );
        const answers = await Promise.all(["one", "two", "three"].map(put));
        assert.deepEqual(answers, ["done", "wrong-state", "wrong-state"]);
        assert.equal((await world.rotate(opened.id, 1)).kind, "ended");
      });

      test("INV-2: a password that was decided on before a revocation, or by a session that is over, is not set", async () => {
        const { store, now } = world.under();
        const vera = await world.subject("vera", { passwordHash: "old" });
        const { revokedUpto: upto } = (await store.findCredentialOf(vera))!;
        const asking = byItself((await world.session(vera))!.id);
        const put = (by: Parameters<typeof store.setPassword>[0]["by"], line: number) =>
          kindOf(store.setPassword({ id: vera, from: "old", upto: line, to: "new", open: undefined, by, now: now() }));
        await store.revokeTokens({ subject: vera, open: undefined, by: operator, now: now() });
        assert.equal(await put({ kind: "token", from }, upto), "wrong-state");
        assert.equal(await put(asking, upto), "stale");
        const { revokedUpto: line } = (await store.findCredentialOf(vera))!;
        for (const verb of ["disable", "lock"] as const) {
          await set(vera, verb, operator);
          assert.equal(await put({ kind: "token", from }, line + 1), "wrong-state", verb);
          await store.setSubjectStatus({
            id: vera,
            verb: verb === "disable" ? "enable" : "unlock",
            by: operator,
            now: now(),
          });
        }
        assert.equal((await store.findCredentialOf(vera))?.passwordHash, "old");
      });

      test("A-07: a session that was signed out acts for nobody", async () => {
        const { store, now } = world.under();
        const ada = await admin("ada");
        await admin("eva");
        assert.ok(ada.by.kind === "session");
        await store.endSession({ id: ada.by.session, of: { client: native, from }, now: now() });
        assert.equal(await kindOf(set(world.bob(), "disable", ada.by)), "stale");
      });

      test("each change is told once, and what was refused is not", async () => {
        const { store } = world.under();
        const seqs = async (): Promise<number> =>
          (
            await store.readJournal({
              organisation: null,
              subject: undefined,
              actor: undefined,
              kind: undefined,
              before: undefined,
              limit: 1,
            })
          ).entries[0]?.seq ?? 0;
        const before = await seqs();
        const ada = await admin("ada");
        assert.equal(await seqs(), before + 2);
        await set(world.bob(), "disable", ada.by);
        await set(world.bob(), "disable", ada.by);
        await set(ada.id, "disable", ada.by);
        assert.equal(await seqs(), before + 3);
      });
    });
  });
}
