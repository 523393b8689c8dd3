import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";

import { initialised, scratch } from "../cli/program.ts";
import { busy, Client, Tally, until, Visitor } from "./fleet.ts";
import { inData, integrity, started } from "./server.ts";

test("FL-34: SIGTERM under load fails no request that was acknowledged, leaves no log to replay, and exits 0 in time", async () => {
  using folder = scratch();
  await initialised(folder);
  let clients: Client[];
  const visitor = new Visitor();
  {
    await using server = await started(folder);
    clients = await Client.many(server.url, 16);
    const tally = new Tally();
    const work = busy(server.url, { clients, visitors: [visitor] }, server.isOver, tally);
    await until(() => tally.count("refresh", 200) > 100, "the clients work");
    const from = performance.now();
    server.signal("SIGTERM");
    assert.deepEqual(await server.ended, { code: 0, signal: null }, server.said());
    assert.ok(performance.now() - from < 20_000);
    await work;
    // Whoever was let in was served, or told to come back.
    for (const what of ["refresh", "login", "logout"]) tally.only(what, [0, 200, 503]);
  }
  assert.equal(existsSync(inData(folder, "jeton.db-wal")), false);
  await using next = await started(folder);
  assert.equal(integrity(folder), "ok");
  await Promise.all(clients.map((client) => client.holds(next.url)));
  await visitor.holds(next.url);
  await Promise.all(clients.map((client) => client.noneTwice(next.url)));
});
