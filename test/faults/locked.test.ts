import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import { initialised, scratch, type Scratch } from "../cli/program.ts";
import { ask, Client, me, pass, refresh, sessionOf, until, type Answer } from "./fleet.ts";
import { database, integrity, seqOnDisk, started, type Running } from "./server.ts";

/** This process holds the right to write, as a foreign program would. */
function holdWriteLock(folder: Scratch): { readonly letGo: () => void } & Disposable {
  const db = new DatabaseSync(database(folder), { timeout: 5000 });
  db.exec("BEGIN IMMEDIATE");
  const letGo = (): void => {
    if (db.isTransaction) db.exec("ROLLBACK");
  };
  return { letGo, [Symbol.dispose]: () => db.close() };
}

/** Requests that were sent before have been read when others are answered that came after, several times over. */
async function taken(server: Running): Promise<void> {
  for (let round = 0; round < 10; round++) assert.equal((await ask(server.url, "/healthz")).status, 200);
}

interface Timed extends Answer {
  readonly milliseconds: number;
}

async function timed(call: Promise<Answer>): Promise<Timed> {
  const from = performance.now();
  return { ...(await call), milliseconds: performance.now() - from };
}

/** Reads are answered at once until `done`: none waits for the writer. */
async function readsGoOn(server: Running, client: Client, done: () => boolean): Promise<void> {
  while (!done()) {
    const keys = await timed(ask(server.url, "/.well-known/jwks.json"));
    const health = await timed(ask(server.url, "/healthz"));
    const who = await timed(me(server.url, client.newest));
    assert.equal(keys.status, 200);
    assert.equal(health.status, 200);
    // It reads only, so a writer that is late is no reason to refuse it.
    assert.equal(who.status, 200, who.text);
    for (const { milliseconds } of [keys, health, who]) {
      assert.ok(milliseconds < 1500, `a read took ${milliseconds} ms`);
    }
    await pass(50);
  }
}

test("FL-08: while a foreign process holds the write lock for a second, a refresh waits and is answered", async () => {
  using folder = scratch();
  await initialised(folder);
  await using server = await started(folder);
  const [client] = (await Client.many(server.url, 1)) as [Client];
  using foreign = holdWriteLock(folder);
  let done = false;
  const waiting = client.refresh(server.url).finally(() => (done = true));
  const reading = readsGoOn(server, client, () => done);
  await pass(1000);
  assert.equal(done, false);
  foreign.letGo();
  assert.equal((await waiting).status, 200);
  await reading;
});

test("FL-08: a write lock held longer than that is 503 within seconds for all who write; reads go on, and it heals by itself", async () => {
  using folder = scratch();
  await initialised(folder);
  await using server = await started(folder);
  const clients = await Client.many(server.url, 4);
  // The window of a rotation is open, so the heartbeat writes too, and must not pile up before the requests.
  await Promise.all(clients.map((client) => client.refresh(server.url)));
  using foreign = holdWriteLock(folder);
  let done = false;
  const reading = readsGoOn(server, clients[0]!, () => done);
  const answers: Timed[] = [];
  const end = performance.now() + 7000;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < end) {
        answers.push(await timed(client.refresh(server.url)));
        await pass(50);
      }
    }),
  );
  done = true;
  await reading;
  for (const { status, retryAfter, milliseconds } of answers) {
    assert.equal(status, 503);
    assert.notEqual(retryAfter, null);
    // Behind one heartbeat, another group and a second heartbeat, with two seconds and more for each and for itself.
    assert.ok(milliseconds < 13_000, `an answer took ${milliseconds} ms`);
  }
  foreign.letGo();
  await Promise.all(clients.map((client) => client.holds(server.url)));
  await Promise.all(clients.map((client) => client.noneTwice(server.url)));
  assert.equal(integrity(folder), "ok");
});

test("FL-30: a request that waits when the process stands still for three seconds is answered 503, and nothing is decided for it", async () => {
  using folder = scratch();
  await initialised(folder);
  // Not refused for being late: it is to wait.
  await using server = await started(folder, { environment: { JETON_OVERLOAD_DELAY: "0s" } });
  const [first, second] = (await Client.many(server.url, 2)) as [Client, Client];
  using foreign = holdWriteLock(folder);
  // The first is with the writer, which waits for the lock; the second waits for the writer.
  const begun = first.refresh(server.url);
  await taken(server);
  const waiting = refresh(server.url, second.newest.refresh_token);
  await taken(server);
  server.signal("SIGSTOP");
  await pass(3200);
  foreign.letGo();
  server.signal("SIGCONT");
  const refused = await waiting;
  assert.equal(refused.status, 503, refused.text);
  assert.match(refused.text, /"code":"temporarily_unavailable"/);
  assert.notEqual(refused.retryAfter, null);
  assert.equal(seqOnDisk(folder, sessionOf(second.newest)), 1);
  // What the writer had begun is answered either way.
  assert.ok([200, 503].includes((await begun).status));
  await first.holds(server.url);
  await second.holds(server.url);
  await until(async () => (await ask(server.url, "/readyz")).status === 200, "it is ready");
});
