/** Requests that a client sends without waiting for the answers: few are answered in turn, many are nobody's memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ConnectionOptions } from "node:tls";

import { millis } from "../../src/core/units.ts";
import { defaultTimeouts, type Handler, type ListenOptions } from "../../src/http/serve.ts";
import { mostRequests } from "../../src/http/turns.ts";
import { materialOf, testAuthority } from "../tls/certificates.ts";
import { secureExchange, secureOpen } from "../tls/clients.ts";
import { exchange, head, open, request, type Answer, type Wire } from "./raw-socket.ts";
import { serving, type SmallServer } from "./small-server.ts";

const long = millis(60_000);

const house = await testAuthority();
const pair = await house.certify();
const trust: ConnectionOptions = { ca: house.certificate };

interface Kind {
  readonly name: string;
  readonly options: Partial<ListenOptions>;
  readonly open: (server: SmallServer) => Wire;
  readonly exchange: (server: SmallServer, bytes: string) => Promise<Answer>;
}

const secured: Kind = {
  name: "with TLS",
  options: { tls: { material: materialOf(pair), onRefused: () => {} }, timeouts: defaultTimeouts },
  open: (server) => secureOpen(server, trust),
  exchange: (server, bytes) => secureExchange(server, trust, bytes),
};
const plain: Kind = { name: "without TLS", options: { timeouts: defaultTimeouts }, open, exchange };

const get = (at: number): string => head(`GET /${at} HTTP/1.1`, ["Host: jeton.test"]);
const many = (count: number): string => Array.from({ length: count }, (_, at) => get(at)).join("");
const pathOf = (incoming: Request): string => new URL(incoming.url).pathname;

for (const kind of [plain, secured]) {
  test(`H-13: ${kind.name}, what clients ask for and do not take is not made, and others are answered meanwhile`, async () => {
    const big = new Uint8Array(4 << 20);
    let made = 0;
    const handler: Handler = (incoming) => {
      if (pathOf(incoming) === "/other") return new Response("fine");
      made += 1;
      return new Response(big.slice());
    };
    await using server = await serving(handler, kind.options);
    const wires = Array.from({ length: 4 }, () => kind.open(server));
    for (const { socket } of wires) {
      socket.pause();
      socket.write(many(mostRequests));
    }
    for (let round = 0; round < 50; round++) {
      assert.equal((await kind.exchange(server, request("GET", "/other"))).body, "fine");
    }
    // The system takes one or two for each client.
    assert.ok(made >= 4 && made <= 4 * 4, `${made} answers of 4 MiB were made for clients that take none`);
    for (const { socket, closed } of wires) {
      socket.destroy();
      await closed;
    }
    await server.stop(long);
  });
}

// With TLS only: Bun.serve closes a connection when a request comes before the answer to the last one.
for (const kind of [secured]) {
  test(`RFC 9112 section 9.3.2: ${kind.name}, eight requests sent at once are answered, in their order`, async () => {
    // The later ones would be done before the earlier ones if they could.
    const handler: Handler = async (incoming) => {
      const path = pathOf(incoming);
      await new Promise((resolve) => setTimeout(resolve, 8 - Number(path.slice(1))));
      return new Response(`did ${path}.`);
    };
    await using server = await serving(handler, kind.options);
    const { socket, closed } = kind.open(server);
    socket.write(many(7) + request("GET", "/7"));
    const { text } = await closed;
    assert.deepEqual(
      text.match(/did \/\d\./g),
      Array.from({ length: 8 }, (_, at) => `did /${at}.`),
    );
  });

  test(`H-13: ${kind.name}, a client that sends more requests than may wait is cut off, and none of them begins`, async () => {
    const begun: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = Promise.withResolvers<void>();
    const handler: Handler = async (incoming) => {
      begun.push(pathOf(incoming));
      first.resolve();
      await gate.promise;
      return new Response(`did ${pathOf(incoming)}.`);
    };
    await using server = await serving(handler, kind.options);
    const most = kind.open(server);
    most.socket.write(many(mostRequests));
    await first.promise;
    const floods = Array.from({ length: 4 }, () => kind.open(server));
    for (const { socket } of floods) socket.write(many(2000));
    for (const { closed } of floods) assert.equal((await closed).text, "");
    assert.deepEqual(
      begun,
      Array.from({ length: 5 }, () => "/0"),
    );
    gate.resolve();
    await most.received(`did /${mostRequests - 1}.`);
    assert.equal(begun.length, 4 + mostRequests);
    // Nothing is left of those that were cut: none of them is waited for.
    await server.stop(long);
    assert.deepEqual(server.faults, []);
  });

  test(`${kind.name}, what waits on a connection that its client gives up never begins`, async () => {
    const begun: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = Promise.withResolvers<void>();
    const handler: Handler = async (incoming) => {
      begun.push(pathOf(incoming));
      first.resolve();
      await gate.promise;
      return new Response("done");
    };
    await using server = await serving(handler, kind.options);
    const { socket, closed } = kind.open(server);
    socket.write(many(8));
    await first.promise;
    socket.destroy();
    await closed;
    assert.equal((await kind.exchange(server, "nonsense\r\n\r\n")).status, 400);
    gate.resolve();
    await server.stop(long);
    assert.deepEqual([begun, server.faults], [["/0"], []]);
  });
}
