/** What is kept in memory of those that sessions hang on is never older than what was committed. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";

import { clientId, type OrganisationId, type SessionId, type SubjectId } from "../../src/core/ids.ts";
import type { Holder } from "../../src/core/session.ts";
import type { Rotated } from "../../src/engine/ports.ts";
import { storeConformance } from "../../src/store/conformance/suite.ts";
import { from, native, operator, storeWorld, type StoreUnderTest } from "../../src/store/conformance/world.ts";
import { openDatabase } from "../../src/store/connection.ts";
import { openExecutor, type IntentName } from "../../src/store/executor.ts";
import { rememberedSessions } from "../../src/store/remembered-sessions.ts";
import { leaving, leavesStanding, rememberedHolders } from "../../src/store/standing.ts";
import { testClock } from "../authority.ts";
import { openStore } from "./open.ts";

const folder = mkdtempSync(join(tmpdir(), "jeton-standing-"));
after(() => rmSync(folder, { recursive: true }));
let number = 0;
const newFile = (): string => join(folder, `${number++}.db`);

/** Counts every change of a row that sessions hang on; a row that comes is hung on by none yet, and none of them ever goes. */
const watch = `
  CREATE TABLE touched (what TEXT NOT NULL);
  CREATE TRIGGER touched_subject AFTER UPDATE ON subject BEGIN INSERT INTO touched VALUES ('subject'); END;
  CREATE TRIGGER touched_organisation AFTER UPDATE ON organisation BEGIN INSERT INTO touched VALUES ('organisation'); END;
  CREATE TRIGGER touched_client AFTER UPDATE ON client BEGIN INSERT INTO touched VALUES ('client'); END;
  CREATE TRIGGER touched_epoch AFTER UPDATE OF epoch ON instance BEGIN INSERT INTO touched VALUES ('epoch'); END;
`;

const harmless = new Set<string>();

/** A store that carries out one call at a time, and looks after each whether what it did was what its intent may do. */
function watched(): StoreUnderTest {
  const file = newFile();
  const under = openStore(file);
  const looker = new DatabaseSync(file);
  looker.exec(watch);
  const count = looker.prepare("SELECT count(*) AS touched FROM touched");
  let last: Promise<unknown> = Promise.resolve();
  let underWay = 0;
  const store = new Proxy(under.store, {
    get: (target, name) => {
      const own: unknown = Reflect.get(target, name);
      if (name === "close") return () => target.close().then(() => looker.close());
      if (typeof own !== "function" || name === "beat") return own;
      return (...asked: unknown[]) => {
        const alone = async (): Promise<unknown> => {
          const before = count.get();
          const answer: unknown = await Reflect.apply(own, target, asked);
          if (leavesStanding(name as IntentName)) {
            harmless.add(String(name));
            assert.deepEqual(count.get(), before, `${String(name)} is said to leave every standing as it is`);
          }
          return answer;
        };
        const answer = underWay === 0 ? alone() : last.then(alone);
        underWay += 1;
        last = answer.catch(() => undefined).finally(() => (underWay -= 1));
        return answer;
      };
    },
  });
  return { ...under, store };
}

storeConformance("SQLite on a disk, one call at a time and watched", async () => watched());

test("the suite of the stores has watched the intents that leave every standing as it is", () => {
  assert.deepEqual([...harmless].toSorted(), [...leaving].toSorted());
});

describe("what the writer remembers", () => {
  test("turns outlive a refresh alone, and what sessions hang on outlives the intents that leave it as it is", () => {
    const id = "a session" as SessionId;
    const kept = (name: IntentName): readonly string[] => {
      const memory = rememberedSessions();
      memory.grounds.keep(id, {} as never);
      memory.turns.keep(id, {} as never);
      memory.ran(name);
      return (["grounds", "turns"] as const).filter((of) => memory[of].get(id) !== undefined);
    };
    for (const name of leaving) assert.deepEqual(kept(name), name === "rotate" ? ["grounds", "turns"] : ["grounds"]);
    for (const name of ["setSubjectStatus", "revokeTokens", "beginEpoch"] as const) assert.deepEqual(kept(name), []);
  });

  let file: string;
  const world = storeWorld(async () => openStore((file = newFile())));

  test("F-11: of an organisation that was disabled, no session is refreshed that was refreshed just before", async () => {
    const { under, id: fresh, subject, session, rotate } = world;
    const by = { by: operator, now: under().now() };
    const organisation = fresh<OrganisationId>();
    await under().store.createOrganisation({ ...by, id: organisation, name: "Other", canonical: "other" });
    await subject("ada", { roles: ["admin"] });
    const { id } = (await session(await subject("ann", { organisation })))!;
    assert.equal((await rotate(id, 1)).kind, "advance");
    const done = await under().store.setOrganisationStatus({ ...by, id: organisation, verb: "disable" });
    assert.equal(done.kind, "done");
    assert.equal((await rotate(id, 2)).kind, "ended");
  });

  test("a new epoch is known to the next refresh", async () => {
    const { under, bob, session, rotate } = world;
    const { id } = (await session(bob()))!;
    assert.equal((await rotate(id, 1)).kind, "advance");
    await under().store.beginEpoch({ epoch: randomBytes(16), now: under().now() });
    assert.equal((await rotate(id, 2)).kind, "ended");
  });

  test("FL-06: what was read in a group that is undone is forgotten with it", async () => {
    const { under, bob, id: fresh, opening, session } = world;
    const opened = (await session(bob()))!;
    const opens = await opening(bob());
    const db = openDatabase(file);
    const { run } = openExecutor(db, testClock().monotonic);
    const now = under().now();
    const lock = { name: "setSubjectStatus", intent: { id: bob(), verb: "lock", by: operator, now } } as const;
    const rotate = { name: "rotate", intent: { id: opened.id, presented: 1, door: native, from, now } } as const;
    const large = { ...opens, id: fresh<SessionId>(), amr: "L".repeat(1 << 20) };
    const { page_count: pages } = db.prepare("PRAGMA page_count").get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${pages + 8}`);
    // Bob is locked, his session is found to be over, and then the disk is full: none of it happened.
    assert.equal(run([lock, rotate, { name: "openSession", intent: large }]).kind, "unavailable");
    const again = run([rotate]);
    db.close();
    assert.equal(again.kind, "committed");
    assert.deepEqual(
      again.kind === "committed" && again.answers.map((answer) => answer.ok && (answer.result as Rotated).kind),
      ["advance"],
    );
  });

  test("FL-06: a turn that was written in a group that is undone is forgotten with it", async () => {
    const { under, bob, session } = world;
    const { id } = (await session(bob()))!;
    const db = openDatabase(file);
    const { run } = openExecutor(db, testClock().monotonic);
    const now = under().now();
    const rotate = { name: "rotate", intent: { id, presented: 1, door: native, from, now } } as const;
    const kind = (): string => {
      const outcome = run([rotate]);
      const answer = outcome.kind === "committed" ? outcome.answers[0]! : undefined;
      return answer?.ok === true ? (answer.result as Rotated).kind : outcome.kind;
    };
    db.exec("CREATE TRIGGER broken BEFORE UPDATE OF served ON instance BEGIN SELECT RAISE(ABORT, 'no'); END");
    assert.equal(kind(), "failed");
    db.exec("DROP TRIGGER broken");
    // The session is read again, and nothing is written.
    run([{ ...rotate, intent: { ...rotate.intent, door: clientId("elsewhere") } }]);
    // Had the turn been kept, this would be the repeat of something that never happened.
    assert.equal(kind(), "advance");
    assert.equal(kind(), "repeat");
    db.close();
  });

  test("an end of a session that was refreshed just before is known to its next refresh", async () => {
    const { under, bob, session, rotate } = world;
    const { id } = (await session(bob()))!;
    assert.equal((await rotate(id, 1)).kind, "advance");
    const ended = await under().store.endSession({ id, of: { client: native, from }, now: under().now() });
    assert.equal(ended.kind, "ended");
    assert.equal((await rotate(id, 2)).kind, "ended");
  });

  test("F-03: a session that a replay ended is over also for its newest token", async () => {
    const { bob, session, rotate } = world;
    const { id } = (await session(bob()))!;
    for (const presented of [1, 2]) assert.equal((await rotate(id, presented)).kind, "advance");
    assert.equal((await rotate(id, 1)).kind, "reuse");
    assert.equal((await rotate(id, 3)).kind, "ended");
  });
});

describe("remembered holders", () => {
  const bob = "bob" as SubjectId;
  const holder = (username: string): Holder => ({ username }) as Holder;

  /** A store whose one row is `now`; reads that are held answer what stood there when they began. */
  function world() {
    let row = holder("before");
    let reads = 0;
    const holders = rememberedHolders(async () => {
      reads += 1;
      return row;
    });
    const name = async (): Promise<string> => (await holders.find(bob))!.username;
    return { holders, name, reads: () => reads, write: (username: string) => (row = holder(username)) };
  }

  test("a holder is read once, until something changes", async () => {
    const { holders, name, reads, write } = world();
    assert.deepEqual([await name(), await name(), reads()], ["before", "before", 1]);
    await holders.during(Promise.resolve(write("after")));
    assert.deepEqual([await name(), await name(), reads()], ["after", "after", 2]);
  });

  test("what is read while a change is under way is not kept", async () => {
    const { holders, name, write } = world();
    const { promise, resolve } = Promise.withResolvers<void>();
    const change = holders.during(promise);
    assert.equal(await name(), "before");
    write("after");
    resolve();
    await change;
    assert.equal(await name(), "after");
  });

  test("what was being read when a change began and ended is not kept", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<Holder>();
    const reads = [held, Promise.resolve(holder("after"))];
    const holders = rememberedHolders(() => reads.shift()!);
    const slow = holders.find(bob);
    await holders.during(Promise.resolve());
    release(holder("before"));
    assert.equal((await slow)!.username, "before");
    assert.equal((await holders.find(bob))!.username, "after");
  });

  test("what was being read from before the end of a change until after it is not kept", async () => {
    const held = Promise.withResolvers<Holder>();
    const reads = [held.promise, Promise.resolve(holder("after"))];
    const holders = rememberedHolders(() => reads.shift()!);
    const changing = Promise.withResolvers<void>();
    const change = holders.during(changing.promise);
    const slow = holders.find(bob);
    changing.resolve();
    await change;
    held.resolve(holder("before"));
    assert.equal((await slow)!.username, "before");
    assert.equal((await holders.find(bob))!.username, "after");
  });

  test("a change that fails forgets too, and its fault is told", async () => {
    const { holders, name, reads } = world();
    await name();
    await assert.rejects(holders.during(Promise.reject(new Error("no"))), /no/);
    await name();
    assert.equal(reads(), 2);
  });

  test("the memory is bounded", async () => {
    let reads = 0;
    const holders = rememberedHolders(async (subject) => {
      reads += 1;
      return holder(subject);
    });
    for (let at = 0; at <= 4096; at++) await holders.find(`s${at}` as SubjectId);
    await holders.find("s4096" as SubjectId);
    assert.equal(reads, 4097);
    await holders.find("s0" as SubjectId);
    assert.equal(reads, 4098);
  });
});
