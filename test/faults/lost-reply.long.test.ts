import assert from "node:assert/strict";
import { test } from "node:test";

import { initialised, scratch } from "../cli/program.ts";
import { Client, insist, pairOf, pass, refresh } from "./fleet.ts";
import { started } from "./server.ts";

test(
  "F-20, FL-22: after ninety real seconds of standstill a client gets the reply that it had lost",
  { timeout: 300_000 },
  async () => {
    using folder = scratch();
    await initialised(folder);
    await using server = await started(folder);
    const [client] = (await Client.many(server.url, 1)) as [Client];
    const lost = pairOf(await insist(() => refresh(server.url, client.newest.refresh_token)));
    server.signal("SIGSTOP");
    await pass(90_000);
    server.signal("SIGCONT");
    const again = pairOf(await insist(() => refresh(server.url, client.newest.refresh_token)));
    assert.equal(again.refresh_token, lost.refresh_token);
  },
);
