import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { millis } from "../../src/core/units.ts";
import { defaultTimeouts, type Timeouts } from "../../src/http/serve.ts";
import { exchange, head, open, request, type Wire } from "./raw-socket.ts";
import { effectServer, onBun, serving } from "./small-server.ts";

/** Bun gives a head 12 s whatever is asked, and looks at other silent connections every 4 s. */

const never = millis(60_000);
const post = head("POST /token HTTP/1.1", ["Host: jeton.test", "Content-Length: 4000"]);
const get = head("GET / HTTP/1.1", ["Host: jeton.test"]);
/** Which of the four times must end it; the others are out of reach. */
const slow: ReadonlyArray<readonly [what: string, begin: string, drip: string, times: Partial<Timeouts>]> = [
  ["the first line and then nothing", "GET / HTTP/1.1\r\n", "", { head: millis(500) }],
  ["half a header and then nothing", "GET / HTTP/1.1\r\nHost: jeton.test\r\nX-Slow: a", "", { head: millis(500) }],
  ["a header line now and then", "GET / HTTP/1.1\r\nHost: jeton.test\r\n", "X-Slow: a\r\n", { head: millis(500) }],
  ["a head and no body", post, "", { idle: millis(1000) }],
  // Node counts the bytes of a slow body as life and has a time for the request as a whole; Bun wants more of them.
  ["a byte of body now and then", post, "a", onBun ? { idle: millis(1000) } : { request: millis(1000) }],
  ["a request, and then nothing", get, "", { idle: millis(1000) }],
];

test("H-04: a client that sends slowly or stops sending loses its connection, and has no effect", async () => {
  const effects = slow.map(async ([what, begin, drip, times]) => {
    const timeouts = { head: never, request: never, idle: never, check: millis(100), ...times };
    // The time for the head is not to be longer than the one for the request.
    await using server = await effectServer({
      timeouts: { ...timeouts, head: millis(Math.min(timeouts.head, timeouts.request)) },
    });
    const { socket, closed } = open(server);
    socket.write(begin);
    const dripping = drip === "" ? undefined : setInterval(() => socket.write(drip), 300);
    await closed;
    clearInterval(dripping);
    return [what, server.effects.length];
  });
  assert.deepEqual(
    await Promise.all(effects),
    slow.map(([what, begin]) => [what, begin === get ? 1 : 0]),
  );
});

test("H-04: slow clients do not keep the others waiting", async () => {
  await using server = await effectServer();
  const crowd = Array.from({ length: 100 }, () => open(server));
  for (const { socket } of crowd) socket.write("GET / HTTP/1.1\r\nHost: jeton.test\r\nX-Slow: a");
  assert.equal((await exchange(server, request("GET", "/quick"))).status, 200);
  assert.deepEqual(server.effects, ["GET /quick"]);
  await server.stop(millis(0));
  await Promise.all(crowd.map(({ closed }) => closed));
});

test("Runtime S2: a handler that takes longer than the silence allowed loses its client and goes on", async () => {
  const gate = Promise.withResolvers<void>();
  const effects: string[] = [];
  await using server = await serving(async () => {
    await gate.promise;
    effects.push("committed");
    return new Response("done");
  });
  const answer = await exchange(server, request("POST", "/token"));
  assert.equal(answer.status, 0);
  gate.resolve();
  await gate.promise;
  assert.deepEqual(effects, ["committed"]); // so a long job must not be a request
  assert.deepEqual(server.faults, []);
});

const openFiles = (): number => readdirSync("/proc/self/fd").length;

async function idleConnections(count: number): Promise<void> {
  await using server = await effectServer({ timeouts: defaultTimeouts });
  const wires = Array.from({ length: count }, () => open(server));
  await Promise.all(wires.map(oneRequest));
  assert.equal(server.effects.length, count);
  assert.equal((await exchange(server, request("GET", "/late"))).status, 200);
  for (const { socket } of wires) socket.destroy();
  await Promise.all(wires.map(({ closed }) => closed));
}

function oneRequest({ socket, received }: Wire): Promise<void> {
  socket.write(head("GET /idle HTTP/1.1", ["Host: jeton.test"]));
  return received("done");
}

test("H-04: two hundred idle connections are served beside a new one, and their files are given back", async () => {
  await idleConnections(1); // whatever the runtime opens once
  const before = openFiles();
  await idleConnections(200);
  assert.ok(openFiles() <= before, `${openFiles()} open files, ${before} before`);
});
