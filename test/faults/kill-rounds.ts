/** Clients that refresh while the server is killed, again and again, on one folder. */
import assert from "node:assert/strict";

import { initialised, scratch } from "../cli/program.ts";
import { busy, Client, Tally, Visitor } from "./fleet.ts";
import { integrity, kill, started } from "./server.ts";

const fleet = 32;

/** Kills the server `rounds` times; each time after another number of answers, so that it is at another place. */
export async function killRounds(rounds: number): Promise<void> {
  using folder = scratch();
  await initialised(folder);
  let clients: Client[] = [];
  const visitor = new Visitor();
  for (let round = 0; round < rounds; round++) {
    await using server = await started(folder);
    if (round === 0) clients = await Client.many(server.url, fleet);
    const tally = new Tally();
    const answers = 50 + ((round * 37) % 100);
    const killing = async (): Promise<void> => {
      while (tally.count("refresh", 200) < answers) await new Promise((settle) => setImmediate(settle));
      await kill(server);
    };
    await Promise.all([busy(server.url, { clients, visitors: [visitor] }, server.isOver, tally), killing()]);
    for (const what of ["refresh", "login", "logout"]) tally.only(what, [0, 200, 503]);

    await using next = await started(folder);
    assert.equal(integrity(folder), "ok");
    await Promise.all(clients.map((client) => client.holds(next.url)));
    await visitor.holds(next.url);
    if (round === rounds - 1) await Promise.all(clients.map((client) => client.noneTwice(next.url)));
    // Every other start is on what a server left that was told to stop.
    if (round % 2 === 0) await kill(next);
    else {
      next.signal("SIGTERM");
      assert.deepEqual(await next.ended, { code: 0, signal: null });
    }
  }
}
