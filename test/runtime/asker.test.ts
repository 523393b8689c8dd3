/** Whether who asked is still there: the signal of a request is made late, when somebody wants to know. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { test } from "node:test";

import { open } from "./raw-socket.ts";
import { serving } from "./small-server.ts";

const asks = (path: string): string => `POST ${path} HTTP/1.1\r\nHost: jeton.test\r\nContent-Length: 2\r\n\r\nab`;

test("Runtime S1: a signal that is made after its client has gone tells of it, and one of who waits does not", async () => {
  const requests = new Map<string, Request>();
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await using server = await serving(async (request) => {
    await request.arrayBuffer();
    requests.set(new URL(request.url).pathname, request);
    if (requests.size === 3) arrived.resolve();
    await gate.promise;
    return new Response("done");
  });
  const [gone, last, waiting] = ["/gone", "/last", "/waiting"].map((path) => {
    const wire = open(server);
    wire.socket.write(asks(path));
    return wire;
  });
  await arrived.promise;
  // The server sees them go in this order, and is asked about the first when it has seen the second.
  const seen = once(requests.get("/last")!.signal, "abort");
  gone!.socket.destroy();
  await once(gone!.socket, "close");
  last!.socket.destroy();
  await seen;
  await turn();
  assert.equal(requests.get("/gone")!.signal.aborted, true);
  assert.equal(requests.get("/waiting")!.signal.aborted, false);
  gate.resolve();
  await waiting!.received("done");
  waiting!.socket.destroy();
});
