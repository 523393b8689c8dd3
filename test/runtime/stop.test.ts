import assert from "node:assert/strict";
import { test } from "node:test";
import { millis } from "../../src/core/units.ts";
import { defaultTimeouts, listen, PortInUse, unknownAddress, type ListenOptions } from "../../src/http/serve.ts";
import { exchange, head, open, request } from "./raw-socket.ts";
import { effectServer, onBun, serving } from "./small-server.ts";

const long = millis(60_000);
/** Connections are closed by `stop` here and by nothing else. */
const patient = { timeouts: defaultTimeouts };

const keptAlive = head("GET / HTTP/1.1", ["Host: jeton.test"]);

test("Runtime S2: stop lets a request in flight finish, and asks its client to close", async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const server = await serving(async () => {
    begun.resolve();
    await gate.promise;
    return new Response("finished");
  }, patient);
  const { socket, closed } = open(server);
  socket.write(keptAlive);
  await begun.promise;
  const stopped = server.stop(long);
  gate.resolve();
  const answer = await closed;
  assert.equal(answer.body, "finished");
  // Bun closes after the answer, without having said so in it.
  if (!onBun) assert.match(answer.head, /connection: close/i);
  await stopped;
});

test("Runtime S2: stop refuses new connections at once", async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const server = await serving(async () => {
    begun.resolve();
    await gate.promise;
    return new Response("finished");
  }, patient);
  const inFlight = exchange(server, request("GET", "/"));
  await begun.promise;
  const stopped = server.stop(long);
  assert.equal((await exchange(server, request("GET", "/"))).status, 0);
  gate.resolve();
  assert.equal((await inFlight).body, "finished");
  await stopped;
});

for (const [what, bytes] of [
  ["that is idle between requests", keptAlive],
  ["that has sent half a head", "GET / HTTP/1.1\r\nHost: jeton.test\r\nX-Half: a"],
] as const) {
  test(`Runtime S2: stop closes a connection ${what} without waiting for the grace`, async () => {
    const server = await effectServer(patient);
    const { socket, closed, received } = open(server);
    socket.write(bytes);
    if (bytes === keptAlive) await received("done");
    // A second connection shows that the server has read the first one's bytes.
    await exchange(server, request("GET", "/"));
    await server.stop(long);
    await closed;
  });
}

test("Runtime S2: stop cuts what is left after the grace: a handler that hangs", async () => {
  const begun = Promise.withResolvers<void>();
  const server = await serving(() => {
    begun.resolve();
    return new Promise(() => {});
  }, patient);
  const answer = exchange(server, request("GET", "/"));
  await begun.promise;
  await server.stop(millis(50));
  assert.equal((await answer).status, 0);
});

test("Runtime S2: stop cuts what is left after the grace: a stream without end", async () => {
  const server = await serving(() => {
    const stream = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("event")) });
    return new Response(stream);
  }, patient);
  const { socket, closed, received } = open(server);
  socket.write(keptAlive);
  await received("event");
  await server.stop(millis(50));
  const { text } = await closed;
  assert.ok(!text.endsWith("0\r\n\r\n"));
});

test("Runtime S2: a second stop may shorten the grace of the first", async () => {
  const begun = Promise.withResolvers<void>();
  const server = await serving(() => {
    begun.resolve();
    return new Promise(() => {});
  }, patient);
  const answer = exchange(server, request("GET", "/"));
  await begun.promise;
  await Promise.all([server.stop(long), server.stop(millis(0))]);
  assert.equal((await answer).status, 0);
});

test("Runtime S2: after stop the port is free again", async () => {
  const server = await effectServer(patient);
  await exchange(server, request("GET", "/"));
  await server.stop(long);
  const next = await effectServer({ ...patient, port: server.port });
  assert.equal((await exchange(next, request("GET", "/"))).status, 200);
  await next.stop(long);
});

test("Runtime S2: a port that is taken is said so, with the address and what to do", async () => {
  await using server = await effectServer();
  const options = optionsFor(server.port);
  await assert.rejects(listen(options), (error: unknown) => {
    assert.ok(error instanceof PortInUse);
    assert.equal(error.code, "PORT_IN_USE");
    assert.equal(error.address, `127.0.0.1:${server.port}`);
    assert.match(error.message, /already in use.*Do: /);
    return true;
  });
  assert.equal((await exchange(server, request("GET", "/"))).status, 200); // the first one is not disturbed
});

test("Runtime S2: another reason not to listen is not called a taken port", async () => {
  // TEST-NET-1 (RFC 5737) is no address of this machine.
  await assert.rejects(
    listen({ ...optionsFor(0), hostname: "192.0.2.1" }),
    (error: unknown) => !(error instanceof PortInUse),
  );
  await assert.rejects(listen({ ...optionsFor(0), hostname: "" }), TypeError);
});

test("Runtime S2: the listener tells where it listens, the handler who asks", async () => {
  const seen: string[] = [];
  await using server = await serving((_, peer) => {
    seen.push(peer.address, peer.address);
    return new Response("done");
  });
  assert.equal(server.url, `http://127.0.0.1:${server.port}`);
  assert.equal(server.hostname, "127.0.0.1");
  await exchange(server, request("GET", "/", ["X-Forwarded-For: 192.0.2.1"]));
  assert.deepEqual(seen, ["127.0.0.1", "127.0.0.1"]);
});

test("N-01: the address of a client that has hung up is the unknown one or its own, never empty", async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<string>();
  await using server = await serving(async (_, peer) => {
    begun.resolve();
    await gate.promise;
    seen.resolve(peer.address);
    return new Response("done");
  });
  const { socket, closed } = open(server);
  socket.write(keptAlive);
  await begun.promise;
  socket.destroy();
  await closed;
  gate.resolve();
  assert.ok([unknownAddress, "127.0.0.1"].includes(await seen.promise));
});

function optionsFor(port: number): ListenOptions {
  return {
    hostname: "127.0.0.1",
    port,
    handler: () => new Response(""),
    onFault: () => {},
    maxBodyBytes: 1024,
    tls: null,
  };
}
