/** A database of an earlier Jeton, brought to today's schema: what was in it is there, and means what it meant. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import { byKey, byPassword } from "../../src/core/amr.ts";
import {
  clientId,
  idEntropy,
  idFromBytes,
  newId,
  parseId,
  type SessionId,
  type SubjectId,
} from "../../src/core/ids.ts";
import { nativePolicy } from "../../src/core/policy.ts";
import { days, millis, type Millis, type Seconds } from "../../src/core/units.ts";
import { knownMigrations, migrate } from "../../src/store/migrate.ts";
import { openSqlite, type SqliteStore } from "../../src/store/sqlite.ts";
import { scratch } from "../cli/program.ts";

const now = 1_772_323_200 as Seconds;
const epoch = randomBytes(16);
const subject = randomBytes(16);
const organisation = randomBytes(16);
const sessions = { byKey: randomBytes(16), byPassword: randomBytes(16), over: randomBytes(16) };
const fingerprint = randomBytes(32);
const used = { lasting: randomBytes(16), challenge: randomBytes(16) };
const tokens = { month: randomBytes(16), week: randomBytes(16), endless: randomBytes(16) };

/** What the second schema's program wrote. */
function furnish(db: DatabaseSync): void {
  const run = (sql: string, ...values: (string | number | Uint8Array | null)[]): void =>
    void db.prepare(sql).run(...values);
  run("INSERT INTO instance VALUES (1, ?, 5, 0, ?)", epoch, now);
  run("INSERT INTO organisation VALUES (?, 'Root', 'root', 'active', 0, ?)", organisation, now);
  run(
    "INSERT INTO subject VALUES (?, ?, 'user', 'bob', 'bob', 'Bob', 'member', 'active', NULL, NULL, 0, ?)",
    subject,
    organisation,
    now,
  );
  run("INSERT INTO client VALUES ('native', 'active', 0, ?)", now);
  const key =
    "INSERT INTO auth_key (id, subject, fingerprint, spki, bits, created_at, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
  run(key, 1, subject, randomBytes(32), randomBytes(294), 2048, now - 50, now - 10);
  run(key, 2, subject, fingerprint, randomBytes(550), 4096, now, null);
  run("INSERT INTO spent_signature VALUES (2, ?, NULL)", used.lasting);
  run("INSERT INTO spent_signature VALUES (2, ?, ?)", used.challenge, now + 60);
  for (const [id, amr, ended] of [
    [sessions.byKey, byKey, null],
    [sessions.byPassword, byPassword, null],
    [sessions.over, byKey, now],
  ] as const)
    run(
      `INSERT INTO session VALUES (?, ?, 'native', NULL, ?, 1, ?, 0, ?, ?, ?, 5, ?, 1, ?, 300, 3600, 0, 60, ?, ?)`,
      id,
      subject,
      now,
      now,
      now + 3600,
      now + 86_400,
      ended,
      epoch,
      randomBytes(16),
      now,
      amr,
    );
  for (const [id, life] of [
    [tokens.month, days(30)],
    [tokens.week, days(7)],
    [tokens.endless, null],
  ] as const)
    run(
      `INSERT INTO api_token VALUES (?, ?, 'ci', ?, ?, ?, NULL, 5, ?, NULL, NULL, NULL, ?, NULL, NULL, NULL, NULL)`,
      id,
      subject,
      now,
      life === null ? null : now + life,
      life === null ? null : now + life,
      epoch,
      life === null ? randomBytes(32) : null,
    );
}

const sign = (store: SqliteStore, trace: Uint8Array, key: Parameters<SqliteStore["openSigned"]>[0]["authKey"]) =>
  store.openSigned({
    open: {
      id: newId<SessionId>(millis(now * 1000), randomBytes(idEntropy)),
      subject: idFromBytes<SubjectId>(subject),
      client: clientId("native"),
      policy: nativePolicy,
      salt: randomBytes(16),
      kid: 1,
      born: 5,
      epoch,
      authTime: now,
      amr: byKey,
      openedWith: key,
      from: { address: "192.0.2.1", requestId: "r" },
      now,
    },
    authKey: key,
    trace,
    until: null,
    most: 10,
  });

test("a database of the second schema comes with its keys, what they signed and opened, and the tokens to warn of", async () => {
  using folder = scratch();
  const file = folder.path("jeton.db");
  const old = new DatabaseSync(file);
  assert.equal(migrate(old, knownMigrations().slice(0, 2)), 2);
  furnish(old);
  old.close();

  const store = openSqlite({
    file,
    mustBeOurs: true,
    monotonic: () => 5000 as Millis,
    chance: randomBytes,
    now,
    onFatal: (reason) => assert.fail(reason),
    writer: "here",
  });
  const id = idFromBytes<SubjectId>(subject);
  const [key, ...more] = await store.listAuthKeys(id, { before: undefined, limit: 10, now });
  assert.deepEqual(more, []);
  assert.equal(parseId(key!.id), key!.id);
  assert.deepEqual(
    [key!.name, key!.type, key!.bits, Buffer.from(key!.fingerprint), key!.createdAt, key!.expiresAt, key!.messages],
    ["key", "RSA", 4096, fingerprint, now, null, 1],
  );
  // What was used is used.
  for (const trace of Object.values(used)) assert.equal((await sign(store, trace, key!.id)).kind, "refused");
  assert.equal((await sign(store, randomBytes(16), key!.id)).kind, "opened");
  const by = {
    kind: "session",
    session: idFromBytes<SessionId>(sessions.byPassword),
    from: { address: "", requestId: "r" },
  } as const;
  assert.equal((await store.endAuthKey({ id: key!.id, by, now })).kind, "done");
  assert.equal(await store.findLiveSession(idFromBytes<SessionId>(sessions.byKey)), undefined);
  assert.notEqual(await store.findLiveSession(idFromBytes<SessionId>(sessions.byPassword)), undefined);
  await store.close();

  const db = new DatabaseSync(file, { readOnly: true });
  assert.deepEqual(db.prepare("PRAGMA foreign_key_check").all(), []);
  assert.deepEqual(
    db
      .prepare("PRAGMA integrity_check")
      .all()
      .map((row) => Object.values(row)[0]),
    ["ok"],
  );
  const warnings = new Map(
    db
      .prepare("SELECT id, warn_at FROM api_token")
      .all()
      .map((row) => [Buffer.from(row["id"] as Uint8Array).toString("hex"), row["warn_at"]]),
  );
  assert.deepEqual(
    Object.values(tokens).map((token) => warnings.get(token.toString("hex"))),
    [now + days(16), now + days(6), null],
  );
  db.close();
});
