import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import { initialised, scratch } from "../cli/program.ts";
import { authority, refusal, testClock, type Authority, type TestClock } from "../authority.ts";
import { Client, insist, pass, pairOf, refresh } from "./fleet.ts";
import { kill, started } from "./server.ts";

/** An authority on a disk, whose process may die and whose clocks may be moved. */
interface Fragile {
  readonly clock: TestClock;
  jeton: Authority;
  readonly crash: (downtime: number) => Promise<void>;
}

async function fragile(file: string): Promise<Fragile> {
  const clock = testClock();
  const master = randomBytes(32);
  const world: Fragile = {
    clock,
    jeton: await authority({ clock, file, master }),
    crash: async (downtime) => {
      await world.jeton.close();
      clock.pass(downtime);
      world.jeton = await authority({ clock, file, master, unfurnished: true });
    },
  };
  return world;
}

const mishaps: readonly (readonly [what: string, happen: (world: Fragile) => unknown])[] = [
  ["the server was down for 90 s", ({ crash }) => crash(90)],
  ["the server was down for 90 s, twice", async ({ crash }) => (await crash(90), crash(90))],
  ["the process stood still for 90 s", ({ clock }) => clock.pass(90)],
  ["the machine was suspended for two hours", ({ clock }) => clock.pass(7200)],
  ["the wall clock was set an hour on", ({ clock }) => clock.step(3600)],
  ["the wall clock was set an hour back", ({ clock }) => clock.step(-3600)],
];

for (const [what, happen] of mishaps) {
  test(`F-20, FL-22: a client whose reply was lost asks again after ${what}, and gets the same token`, async () => {
    using folder = scratch();
    const world = await fragile(folder.path("db"));
    try {
      const first = await world.jeton.login();
      const lost = await world.jeton.refreshed(first);
      await happen(world);
      await world.jeton.store.beat();
      const again = await world.jeton.refreshed(first);
      assert.equal(again.refresh_token, lost.refresh_token);
      assert.equal((await world.jeton.me(again)).status, 200);
      // The window is not for ever: while the server serves, it closes.
      await world.jeton.later(90);
      assert.equal(await refusal(world.jeton.refresh(first)), "401 invalid_grant");
      assert.equal(await refusal(world.jeton.refresh(lost)), "401 invalid_grant");
    } finally {
      await world.jeton.close();
    }
  });
}

test("F-20, FL-22: the real server, stopped for longer than its retry window and then killed, gives the lost reply again", async () => {
  using folder = scratch();
  await initialised(folder);
  // A standstill and a crash count two seconds each at most.
  const start = { environment: { JETON_SESSIONS_RETRY_WINDOW: "5s" } };
  let client: Client;
  let lost: string;
  {
    await using server = await started(folder, start);
    [client] = (await Client.many(server.url, 1)) as [Client];
    lost = pairOf(await insist(() => refresh(server.url, client.newest.refresh_token))).refresh_token;
    server.signal("SIGSTOP");
    await pass(6000);
    server.signal("SIGCONT");
    assert.equal(pairOf(await insist(() => refresh(server.url, client.newest.refresh_token))).refresh_token, lost);
    await kill(server);
  }
  await using server = await started(folder, start);
  assert.equal(pairOf(await insist(() => refresh(server.url, client.newest.refresh_token))).refresh_token, lost);
});
