import assert from "node:assert/strict";
import { test } from "node:test";

import { initialised, scratch, type Scratch } from "../cli/program.ts";
import { busy, Client, Tally, until, Visitor } from "./fleet.ts";
import { fault, integrity, started, withoutStrace } from "./server.ts";

/** Everybody works until the server ends at the fault; then it starts again without one, and everything is there. */
async function round(
  folder: Scratch,
  everybody: { clients: readonly Client[]; visitors: readonly Visitor[] },
  through: readonly string[],
) {
  const tally = new Tally();
  await using server = await started(folder, { through });
  const deadline = performance.now() + 15_000;
  await busy(server.url, everybody, () => server.isOver() || performance.now() > deadline, tally);
  await until(server.isOver, "the fault ends the server");
  const ended = await server.ended;
  await using next = await started(folder);
  assert.equal(integrity(folder), "ok");
  await Promise.all(everybody.clients.map((client) => client.holds(next.url)));
  for (const visitor of everybody.visitors) await visitor.holds(next.url);
  return { ended, tally, said: server.said() };
}

async function inhabited(folder: Scratch) {
  await initialised(folder);
  await using server = await started(folder);
  return { clients: await Client.many(server.url, 8), visitors: [new Visitor(), new Visitor()] };
}

test(
  "FL-01, FL-02: killed at a write or at a sync of its log, the server has lost nothing acknowledged, and no token works twice",
  { skip: withoutStrace },
  async () => {
    using folder = scratch();
    const everybody = await inhabited(folder);
    const places = [
      ["fsync", 4],
      ["pwrite64", 18],
    ] as const;
    for (const [call, n] of places) {
      const { ended, tally } = await round(folder, everybody, fault(call, "signal=KILL", n));
      assert.deepEqual(ended, { code: null, signal: "SIGKILL" });
      for (const what of ["refresh", "login", "logout"]) tally.only(what, [0, 200, 503]);
    }
    await using server = await started(folder);
    await Promise.all(everybody.clients.map((client) => client.noneTwice(server.url)));
  },
);

for (const call of ["fsync", "pwrite64"] as const) {
  test(
    `FL-05: one I/O error at ${call} ends the process with its own exit code, and the next start has what was acknowledged`,
    { skip: withoutStrace },
    async () => {
      using folder = scratch();
      const everybody = await inhabited(folder);
      // The error is answered once: whoever went on would find a disk that seems well.
      const { ended, tally, said } = await round(folder, everybody, fault(call, "error=EIO", 30));
      assert.deepEqual(ended, { code: 74, signal: null }, said);
      assert.match(said, /"the disk failed; this process ends, and the next start reads what is there"/);
      for (const what of ["refresh", "login", "logout"]) tally.only(what, [0, 200, 503]);
    },
  );
}
