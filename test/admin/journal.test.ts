import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { readDatabase } from "../../src/store/connection.ts";
import { verifyJournal } from "../../src/store/journal.ts";
import { authority, good, refusal, type WirePair } from "../authority.ts";
import { answered, house, password, type House } from "./house.ts";

interface Event {
  readonly seq: number;
  readonly kind: string;
  readonly organisation_id: string | null;
  readonly actor_id: string | null;
  readonly subject_id: string | null;
  readonly session_id: string | null;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly detail: Record<string, unknown>;
  readonly hash: string;
}

interface Page {
  readonly items: readonly Event[];
  readonly next_cursor: string | null;
}

describe("the journal", () => {
  let at: House;
  before(async () => {
    at = await house();
  });
  after(() => at.jeton.close());

  const read = async (query: string, who = at.of("Root", "auditor")): Promise<Page> =>
    answered<Page>(await at.as(who, "get", `/api/v1/journal${query}`));

  test("one event tells of each change: who, whom, where from, by which request, and what became of it", async () => {
    const admin = at.of("Root", "admin");
    const { id, username, tokens } = await at.victim("Root");
    const kinds: string[] = [];
    const doing = async (kind: string, response: Promise<Response>): Promise<void> => {
      const answer = await response;
      assert.ok(answer.status < 300, `${kind}: ${await answer.text()}`);
      const [event] = (await read(`?limit=1&subject=${id}`)).items;
      assert.equal(event?.kind, kind);
      assert.equal(event.subject_id, id);
      assert.equal(event.request_id, answer.headers.get("x-request-id"));
      assert.equal(event.address, "127.0.0.1");
      assert.equal(event.organisation_id, at.organisations.Root);
      if (kind !== "password_changed" && kind !== "sign_in") assert.equal(event.actor_id, admin.id);
      kinds.push(kind);
    };
    const path = `/api/v1/users/${id}`;
    await doing("sign_in", at.jeton.ask("/api/v1/login", { body: { username, password } }));
    await doing("subject_changed", at.as(admin, "patch", path, { roles: ["auditor"] }));
    await doing("tokens_revoked", at.as(admin, "post", "/api/v1/revoke-tokens", { subject: id }));
    await doing("subject_locked", at.as(admin, "post", `${path}/lock`));
    await doing("subject_unlocked", at.as(admin, "post", `${path}/unlock`));
    await doing("subject_disabled", at.as(admin, "post", `${path}/disable`));
    await doing("subject_enabled", at.as(admin, "post", `${path}/enable`));
    await doing("password_reset_issued", at.as(admin, "post", `${path}/password-reset`));
    await doing("subject_deleted", at.as(admin, "delete", path));
    assert.equal(kinds.length, 9);
    assert.equal(await refusal(at.jeton.me(tokens)), "401 invalid_token");
  });

  test("a plain refresh and a repeat are not told; the second use of a rotated token is", async () => {
    const { id, tokens } = await at.victim("Root");
    const last = (await read("?limit=1")).items[0]!.seq;
    const second = await at.jeton.refreshed(tokens);
    await at.jeton.refreshed(tokens);
    await at.jeton.refreshed(second);
    assert.equal((await read("?limit=1")).items[0]!.seq, last);
    assert.equal(await refusal(at.jeton.refresh(tokens)), "401 invalid_grant");
    const [event] = (await read("?limit=1")).items;
    assert.equal(event?.kind, "refresh_reuse");
    assert.equal(event.subject_id, id);
    // Thief and owner look alike.
    assert.equal(event.actor_id, null);
  });

  test("A-04: an auditor of an organisation reads of its own, and nothing of the instance or of others", async () => {
    await at.victim("Root");
    await at.victim("Acme");
    const acme = await read("?limit=200", at.of("Acme", "auditor"));
    assert.ok(acme.items.length > 3);
    assert.deepEqual([...new Set(acme.items.map((item) => item.organisation_id))], [at.organisations.Acme]);
    const all = await read("?limit=200", at.of("Root", "admin"));
    assert.ok(new Set(all.items.map((item) => item.organisation_id)).size >= 2);
    const { id } = await at.victim("Root");
    assert.deepEqual((await read(`?subject=${id}`, at.of("Acme", "auditor"))).items, []);
  });

  test("pages follow one another without a gap, and a filter finds what there is", async () => {
    const admin = at.of("Root", "admin");
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await read(`?limit=7${cursor === null ? "" : `&cursor=${cursor}`}`, admin);
      seen.push(...page.items.map(({ seq }) => seq));
      cursor = page.next_cursor;
    } while (cursor !== null);
    assert.deepEqual(
      seen,
      Array.from({ length: seen[0]! }, (_, place) => seen[0]! - place),
    );
    const signIns = await read("?kind=sign_in&limit=200", admin);
    assert.ok(signIns.items.length > 5 && signIns.items.every(({ kind }) => kind === "sign_in"));
    const byAdmin = await read(`?actor=${admin.id}&limit=200`, admin);
    assert.ok(byAdmin.items.length > 0 && byAdmin.items.every((item) => item.actor_id === admin.id));
  });

  test("H-09: a cursor is its caller's own", async () => {
    const { next_cursor } = await read("?limit=1", at.of("Root", "admin"));
    const by = (organisation: "Root" | "Acme"): Promise<Response> =>
      at.as(at.of(organisation, "auditor"), "get", `/api/v1/journal?limit=1&cursor=${next_cursor}`);
    for (const organisation of ["Root", "Acme"] as const)
      assert.equal(await refusal(by(organisation)), "400 invalid_request");
  });

  test("H-09: a made-up cursor, a wrong kind and an unknown parameter are refused", async () => {
    for (const query of ["?cursor=1.x", "?cursor=5", "?kind=everything", "?sort=seq", "?subject=bob", "?limit=0"])
      assert.equal(
        await refusal(at.as(at.of("Root", "admin"), "get", `/api/v1/journal${query}`)),
        "400 invalid_request",
      );
  });

  test("G-01: no event has a password, a token or a hash of one", async () => {
    const user = await at.victim("Root");
    const admin = at.of("Root", "admin");
    const body = { current_password: password, new_password: "a warmer cellar door" };
    const { access_token, refresh_token } = await good<WirePair>(await at.as(user, "put", "/api/v1/me/password", body));
    const { reset_token } = await answered<{ reset_token: string }>(
      await at.as(admin, "post", `/api/v1/users/${user.id}/password-reset`),
      201,
    );
    const text = JSON.stringify(await read("?limit=200", admin));
    for (const secret of [password, body.new_password, access_token, refresh_token, reset_token, "$argon2"])
      assert.ok(!text.includes(secret));
  });
});

describe("the chain of the journal", () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "jeton-journal-"));
    file = join(folder, "jeton.db");
    const jeton = await authority({ file });
    for (let round = 0; round < 5; round++) await jeton.login();
    await jeton.close();
  });
  after(() => rmSync(folder, { recursive: true }));

  /** What is said of a copy that `change` was done to, as somebody can who has the file. */
  function verdict(change: string, noted?: { seq: number; hash: Uint8Array }): string {
    const copy = join(folder, `${Math.random()}.db`);
    const original = new DatabaseSync(file);
    original.exec(`VACUUM INTO '${copy}'`);
    original.close();
    const db = new DatabaseSync(copy);
    db.exec(`DROP TRIGGER journal_is_append_only_update; DROP TRIGGER journal_is_append_only_delete; ${change}`);
    db.close();
    const reading = readDatabase(copy);
    try {
      const said = verifyJournal(reading, noted);
      return said.kind === "intact" ? `intact ${said.events}` : `${said.kind} ${said.seq}`;
    } finally {
      reading.close();
    }
  }
  const entry = (seq: number): { seq: number; hash: Uint8Array } => {
    const db = readDatabase(file);
    const row = db.prepare("SELECT hash FROM journal WHERE seq = ?").get(seq) as { hash: Uint8Array };
    db.close();
    return { seq, hash: row.hash };
  };

  test("G-05: a journal that nobody touched is whole", () => {
    const whole = verdict("");
    assert.match(whole, /^intact \d+$/);
    assert.equal(verdict("", entry(3)), whole);
  });

  for (const [title, change] of [
    ["a changed kind", "UPDATE journal SET kind = 'sign_in' WHERE seq = 3"],
    ["another time", "UPDATE journal SET at = at + 1 WHERE seq = 3"],
    ["an address taken out", "UPDATE journal SET address = 'elsewhere' WHERE seq = 3"],
    ["another detail", `UPDATE journal SET detail = '{"x":1}' WHERE seq = 3`],
    ["another actor", "UPDATE journal SET actor = zeroblob(16) WHERE seq = 3"],
    ["another hash", "UPDATE journal SET hash = zeroblob(32) WHERE seq = 3"],
    ["an event removed", "DELETE FROM journal WHERE seq = 3"],
    [
      "an event removed and the rest moved up",
      "DELETE FROM journal WHERE seq = 3; UPDATE journal SET seq = seq - 1 WHERE seq > 3",
    ],
  ] as const) {
    test(`G-05: ${title} is found at its place`, () => assert.equal(verdict(change), "broken 3"));
  }

  test("G-05: an end that was cut off is found by an event that was noted", () => {
    const last = entry(4);
    assert.match(verdict("DELETE FROM journal WHERE seq > 3"), /^intact 3$/);
    assert.equal(verdict("DELETE FROM journal WHERE seq > 3", last), "replaced 4");
  });

  test("G-05: the journal is append-only for everything that goes through the database", () => {
    const db = new DatabaseSync(file);
    assert.throws(() => db.exec("DELETE FROM journal WHERE seq = 1"), /append-only/);
    assert.throws(() => db.exec("UPDATE journal SET kind = 'x' WHERE seq = 1"), /append-only/);
    db.close();
  });
});

describe("recent refusals", () => {
  let at: House;
  before(async () => {
    at = await house();
  });
  after(() => at.jeton.close());

  interface Refused {
    readonly code: string;
    readonly why: string | null;
    readonly route: string;
    readonly session_id: string | null;
  }

  test("an administrator learns by the request id why a token was refused, and its client does not", async () => {
    const { tokens } = await at.victim("Root");
    const sid = at.jeton.keys.readRefresh(tokens.refresh_token)!.sid;
    assert.equal((await at.jeton.ask("/api/v1/logout", { body: { refresh_token: tokens.refresh_token } })).status, 204);
    for (const [response, route, why] of [
      [await at.jeton.me(tokens), "/api/v1/me", "its session has ended or was revoked"],
      [await at.jeton.refresh(tokens), "/api/v1/refresh", "over"],
    ] as const) {
      const id = response.headers.get("x-request-id");
      assert.ok(!(await response.text()).includes(why));
      const { items } = await answered<{ items: Refused[] }>(
        await at.as(at.of("Root", "admin"), "get", `/api/v1/refusals?request_id=${id}`),
      );
      assert.deepEqual(
        items.map((item) => [item.route, item.why, item.session_id]),
        [[route, why, sid]],
      );
    }
  });

  test("a refusal is forgotten after a day, and ten thousand are the most", async () => {
    const admin = at.of("Root", "admin");
    const list = async (): Promise<number> =>
      (await answered<{ items: unknown[] }>(await at.as(admin, "get", "/api/v1/refusals?limit=200"))).items.length;
    for (let round = 0; round < 250; round++) await at.jeton.ask("/api/v1/me");
    assert.equal(await list(), 200);
    at.jeton.clock.pass(24 * 3600);
    const fresh = await good<WirePair>(
      await at.jeton.ask("/api/v1/login", { body: { username: admin.username, password } }),
    );
    const { items } = await answered<{ items: unknown[] }>(
      await at.as({ tokens: fresh }, "get", "/api/v1/refusals?limit=200"),
    );
    assert.equal(items.length, 0);
  });
});

test("L-05: a lock-out by wrong passwords is told in the journal, once for each that begins", async () => {
  const jeton = await authority({ settings: { "throttle.free": 2, "throttle.longest": "15m" } });
  try {
    for (let round = 0; round < 6; round++)
      await jeton.ask("/api/v1/login", { body: { username: "bob", password: `not this one, ${round}` } });
    await jeton.ask("/api/v1/login", { body: { username: "nobody", password: "not this one" } });
    const headers = { authorization: `Bearer ${(await jeton.login("ada")).access_token}` };
    const { items } = await good<Page>(await jeton.ask("/api/v1/journal?kind=lock_out", { headers }));
    assert.equal(items.length, 1);
    assert.equal(items[0]?.actor_id, null);
    assert.equal(items[0]?.address, "127.0.0.1");
  } finally {
    await jeton.close();
  }
});
