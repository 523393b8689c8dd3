/** What TLS means on a listener, the same on both runtimes: versions, certificates, times, renewal, and the end. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { connect as netConnect } from "node:net";
import { connect as secureConnect, type ConnectionOptions } from "node:tls";

import { millis } from "../../src/core/units.ts";
import {
  defaultTimeouts,
  listen,
  PortInUse,
  type ListenOptions,
  type ListenTls,
  type Timeouts,
} from "../../src/http/serve.ts";
import { scratch } from "../cli/program.ts";
import { materialOf, put, testAuthority, type Pair } from "../tls/certificates.ts";
import { handshake, hasOpenssl, runs, secureExchange, secureOpen, serialShown } from "../tls/clients.ts";
import { exchange, head, open, request } from "./raw-socket.ts";
import { effectServer, serving, type SmallServer } from "./small-server.ts";

const needsOpenssl = { skip: hasOpenssl ? false : "openssl is not installed" };
const long = millis(60_000);

const house = await testAuthority();
const pair = await house.certify();
const trust: ConnectionOptions = { ca: house.certificate };

const refusals = (): { readonly tls: ListenTls; readonly seen: string[] } => {
  const seen: string[] = [];
  return { seen, tls: { material: materialOf(pair), onRefused: (reason) => seen.push(reason) } };
};
const withTls = (material = materialOf(pair)): Partial<ListenOptions> => ({
  tls: { material, onRefused: () => {} },
  timeouts: defaultTimeouts,
});

test("Runtime S3: TLS 1.2 and 1.3 are spoken, 1.1 is not", needsOpenssl, async () => {
  const { seen, tls } = refusals();
  await using server = await effectServer({ tls });
  assert.match(server.url, /^https:\/\/127\.0\.0\.1:\d+$/);
  assert.match(await handshake(server, "-tls1_2"), /^TLSv1\.2 ECDHE-ECDSA-.+(?:GCM|POLY1305)/);
  assert.match(await handshake(server, "-tls1_3"), /^TLSv1\.3 TLS_/);
  assert.deepEqual(seen, []);
  assert.match(await handshake(server, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"), /alert protocol version/);
  assert.equal(seen.length, 1);
});

for (const [what, suite] of [
  ["without forward secrecy", "AES128-GCM-SHA256"],
  ["without authenticated encryption", "ECDHE-ECDSA-AES128-SHA"],
] as const) {
  test(`RFC 9325 section 4.1: a suite ${what} is not agreed to`, needsOpenssl, async () => {
    await using server = await effectServer(withTls());
    assert.match(await handshake(server, "-tls1_2", "-cipher", suite), /handshake failure/);
  });
}

test(
  "RFC 7301 section 3.2: a client that speaks HTTP/2 only is refused, one that can do without is served",
  needsOpenssl,
  async () => {
    await using server = await effectServer(withTls());
    assert.match(await handshake(server, "-alpn", "h2"), /no application protocol/);
    assert.match(await handshake(server, "-alpn", "h2,http/1.1"), /^TLSv1\.3/);
  },
);

test("a request over TLS has its answer, its effect and its client's address", async () => {
  const seen: string[] = [];
  await using server = await serving(async (incoming, peer) => {
    seen.push(peer.address, new URL(incoming.url).protocol, await incoming.text());
    return new Response("done");
  }, withTls());
  const answer = await secureExchange(server, trust, request("POST", "/token", [], "grant"));
  assert.deepEqual([answer.status, seen], [200, ["127.0.0.1", "https:", "grant"]]);
});

test("H-05: what two servers would frame differently is refused over TLS too, and has no effect", async () => {
  await using server = await effectServer(withTls());
  for (const lines of [
    ["Transfer-Encoding: chunked", "Content-Length: 5"],
    ["Content-Length: 5", "Content-Length: 6"],
    ["Content-Length: +5"],
    ["Content-Length : 5"],
    ["Transfer-Encoding: gzip, chunked"],
    ["Host: other.test"],
    ["Authorization: Bearer a", "Authorization: Bearer b"],
  ]) {
    const { status } = await secureExchange(
      server,
      trust,
      `${head("POST /token HTTP/1.1", ["Host: jeton.test", "Connection: close", ...lines])}5\r\nhello\r\n0\r\n\r\n`,
    );
    assert.ok(status === 400 || status === 0, `${lines.join(", ")}: ${status}`);
  }
  assert.deepEqual(server.effects, []);
});

test("Runtime S2: a body over the limit is refused over TLS, whether it says its length or not", async () => {
  await using server = await effectServer({ ...withTls(), maxBodyBytes: 1024 }, 1 << 20);
  const text = "a".repeat(4000);
  const declared = await secureExchange(server, trust, request("POST", "/declared", [], text));
  assert.equal(declared.status, 413);
  const chunks = `${head("POST /chunked HTTP/1.1", ["Host: jeton.test", "Connection: close", "Transfer-Encoding: chunked"])}fa0\r\n${text}\r\n0\r\n\r\n`;
  const chunked = await secureExchange(server, trust, chunks);
  assert.ok(chunked.status === 413 || chunked.status === 0, String(chunked.status));
  assert.deepEqual(server.effects, []);
});

test("Runtime S1: over TLS too, what is not a Response, and what is thrown, is a 500 that tells nothing", async () => {
  for (const handler of [() => undefined as never, () => Promise.reject(new Error("the secret reason"))]) {
    await using server = await serving(handler, withTls());
    const answer = await secureExchange(server, trust, request("GET", "/"));
    assert.equal(answer.status, 500);
    assert.match(answer.head, /application\/problem\+json/i);
    assert.doesNotMatch(answer.text, /secret reason|TypeError|\.ts/);
    assert.equal(server.faults.length, 1);
  }
});

test("Runtime S2: beside a listener with TLS, one without works as before", async () => {
  await using secured = await effectServer(withTls());
  await using plain = await effectServer();
  assert.equal((await secureExchange(secured, trust, request("GET", "/a"))).status, 200);
  assert.equal((await exchange(plain, request("GET", "/b"))).status, 200);
  assert.equal((await secureExchange(secured, trust, request("GET", "/c"))).status, 200);
  assert.equal(plain.renew, null);
});

for (const [what, bytes] of [
  ["plain HTTP", request("GET", "/plain")],
  ["noise", "\0\x01\x02noise\r\n\r\n"],
  ["a record that says it is longer than it may be", "\x16\x03\x01\xff\xff\x01"],
] as const) {
  test(`Runtime S2: ${what} on the port for TLS is cut off, and told of once`, async () => {
    const { seen, tls } = refusals();
    await using server = await effectServer({ tls });
    const answer = await exchange(server, bytes);
    assert.doesNotMatch(answer.text, /HTTP\/1\.1 200/);
    assert.equal((await secureExchange(server, trust, request("GET", "/after"))).status, 200);
    assert.deepEqual(server.effects, ["GET /after"]);
    assert.equal(seen.length, 1);
    assert.match(seen[0]!, /^[A-Z_\d]+$/);
  });
}

test("H-05: over TLS, a head without measure is refused while it arrives, and has no effect", async () => {
  await using server = await effectServer(withTls());
  for (const lines of [
    [`X-Long: ${"a".repeat(5_000_000)}`],
    Array.from({ length: 100_000 }, (_, at) => `X-${at}: a`),
  ]) {
    const { status } = await secureExchange(server, trust, request("GET", "/long", lines));
    assert.ok([0, 400, 431].includes(status), String(status));
  }
  const { status } = await secureExchange(server, trust, request("GET", `/${"a".repeat(100_000)}`));
  assert.ok([0, 400, 414, 431].includes(status), String(status));
  assert.deepEqual(server.effects, []);
});

test("Runtime S2: over TLS, HTTP/2's preface, an upgrade and CONNECT lead nowhere, and the server goes on", async () => {
  await using server = await effectServer(withTls());
  const preface = await secureExchange(server, trust, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  assert.ok([0, 400, 505].includes(preface.status), preface.text);
  const connect = await secureExchange(server, trust, request("CONNECT", "internal.test:80"));
  assert.ok([0, 400, 405].includes(connect.status), connect.text);
  const upgrade = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
  const answer = await secureExchange(server, trust, request("GET", "/upgrade", upgrade));
  assert.notEqual(answer.status, 101);
  assert.equal((await secureExchange(server, trust, request("GET", "/after"))).status, 200);
  assert.deepEqual(
    server.effects.filter((effect) => effect !== "GET /upgrade"),
    ["GET /after"],
  );
});

test("Runtime S2: connections that are reset, before, in and after their handshake, harm nobody", async () => {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await using server = await serving(async ({ url }) => {
    if (!url.endsWith("/slow")) return new Response("done");
    begun.resolve();
    await gate.promise;
    return new Response("late");
  }, withTls());
  for (const bytes of ["", "\x16\x03\x01\x02\x00\x01\x00"]) {
    const { socket, closed } = open(server);
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(Buffer.from(bytes, "latin1"));
    socket.resetAndDestroy();
    await closed;
  }
  for (const bytes of ["", "GET /half HTTP/1.1\r\nHost: a", request("GET", "/slow")]) {
    const raw = netConnect(server.port, "127.0.0.1");
    raw.on("error", () => {});
    const socket = secureConnect({ ...trust, socket: raw, host: "127.0.0.1" });
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    await new Promise((resolve) => socket.write(bytes, resolve));
    if (bytes.includes("/slow")) await begun.promise;
    raw.resetAndDestroy();
  }
  gate.resolve();
  assert.equal((await secureExchange(server, trust, request("GET", "/after"))).status, 200);
  assert.deepEqual(server.faults, []);
});

const never = millis(60_000);
const post = head("POST /token HTTP/1.1", ["Host: jeton.test", "Content-Length: 4000"]);
const get = head("GET / HTTP/1.1", ["Host: jeton.test"]);
const slow: ReadonlyArray<readonly [what: string, begin: string, drip: string, times: Partial<Timeouts>]> = [
  ["nothing after the handshake", "", "", { head: millis(500) }],
  ["half a header and then nothing", "GET / HTTP/1.1\r\nHost: jeton.test\r\nX-Slow: a", "", { head: millis(500) }],
  ["a header line now and then", "GET / HTTP/1.1\r\nHost: jeton.test\r\n", "X-Slow: a\r\n", { head: millis(500) }],
  ["a head and no body", post, "", { idle: millis(1000) }],
  ["a byte of body now and then", post, "a", { request: millis(1000) }],
  ["a request, and then nothing", get, "", { idle: millis(1000) }],
  ["a request, and then a second one slowly", get, "X", { head: millis(500) }],
];

test("H-04: over TLS, a client that sends slowly or stops sending loses its connection, and has no effect", async () => {
  const effects = slow.map(async ([what, begin, drip, times]) => {
    const timeouts = { head: never, request: never, idle: never, check: millis(50), ...times };
    // The time for the head is not to be longer than the one for the request.
    const ordered = { ...timeouts, head: millis(Math.min(timeouts.head, timeouts.request)) };
    await using server = await effectServer({ ...withTls(), timeouts: ordered });
    const { socket, closed } = secureOpen(server, trust);
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    socket.write(begin);
    const dripping = drip === "" ? undefined : setInterval(() => socket.write(drip), 150);
    await closed;
    clearInterval(dripping);
    return [what, server.effects.length];
  });
  assert.deepEqual(
    await Promise.all(effects),
    slow.map(([what, begin]) => [what, begin === get ? 1 : 0]),
  );
});

test("H-04: a client that never begins the handshake, or stops in it, loses its connection", async () => {
  const { seen, tls } = refusals();
  await using server = await effectServer({
    tls,
    timeouts: { head: millis(500), request: never, idle: never, check: millis(50) },
  });
  // The first bytes of a ClientHello, and no more of it.
  await Promise.all([exchange(server, ""), exchange(server, "\x16\x03\x01\x02\x00\x01\x00")]);
  assert.deepEqual(seen, ["ERR_TLS_HANDSHAKE_TIMEOUT", "ERR_TLS_HANDSHAKE_TIMEOUT"]);
});

test("a stream that goes on sending outlives the time for silence, and one that falls silent does not", async () => {
  const sender = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const timeouts = { head: millis(1500), request: millis(1500), idle: millis(1500), check: millis(50) };
  await using server = await serving(
    () => new Response(new ReadableStream<Uint8Array>({ start: (controller) => sender.resolve(controller) })),
    { ...withTls(), timeouts },
  );
  const { socket, closed, received } = secureOpen(server, trust);
  socket.write(get);
  socket.setMaxListeners(0);
  const controller = await sender.promise;
  const beats = Array.from({ length: 10 }, (_, at) => `beat ${at}.`);
  for (const beat of beats) {
    controller.enqueue(new TextEncoder().encode(beat));
    await received(beat);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await closed;
});

test("a request that is at work longer than the time for heads is not cut", async () => {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const timeouts = { head: millis(1000), request: millis(1000), idle: never, check: millis(20) };
  await using server = await serving(
    async () => {
      begun.resolve();
      await gate.promise;
      return new Response("finished");
    },
    { ...withTls(), timeouts },
  );
  const answer = secureExchange(server, trust, request("GET", "/"));
  await begun.promise;
  setTimeout(gate.resolve, 1300);
  assert.equal((await answer).body, "finished");
});

const stranger = await testAuthority();
const old = await testAuthority({ from: -10, to: -1 });

const credentials: ReadonlyArray<readonly [who: string, pair: Pair | undefined, isIn: boolean]> = [
  ["with a certificate of the authority", await house.certify({ usage: "client" }), true],
  ["without a certificate", undefined, false],
  ["with a certificate of another authority", await stranger.certify({ usage: "client" }), false],
  ["with an expired certificate", await house.certify({ usage: "client", from: -5, to: -1 }), false],
  ["with a certificate that is not valid yet", await house.certify({ usage: "client", from: 1, to: 5 }), false],
  ["with a certificate that is for servers only", await house.certify({ usage: "server" }), false],
  ["with a certificate of an authority that has expired", await old.certify({ usage: "client" }), false],
];

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  for (const [who, own, isIn] of credentials) {
    test(`RFC 8446 section 4.4.2: where clients need a certificate, one ${who} is ${isIn ? "served" : "refused"} (${version})`, async () => {
      const authorities = `${house.certificate}${old.certificate}`;
      await using server = await effectServer(withTls(materialOf(pair, authorities)));
      const shown = own === undefined ? {} : { cert: own.certificate, key: own.key };
      const options = { ...trust, ...shown, minVersion: version, maxVersion: version };
      const { status } = await secureExchange(server, options, request("GET", "/in"));
      assert.equal(status, isIn ? 200 : 0);
      assert.deepEqual(server.effects, isIn ? ["GET /in"] : []);
    });
  }

  test(`RFC 8446 section 4.4.2: an authority that was taken away lets nobody in by a session from before (${version})`, async () => {
    await using server = await effectServer(withTls(materialOf(pair, house.certificate)));
    const own = await house.certify({ usage: "client" });
    const options = { ...trust, cert: own.certificate, key: own.key, minVersion: version, maxVersion: version };
    const first = secureOpen(server, options);
    let session: Buffer | undefined;
    first.socket.on("session", (given: Buffer) => (session = given));
    first.socket.once("secureConnect", () => {
      session ??= first.socket.getSession();
      first.socket.write(request("GET", "/before"));
    });
    assert.equal((await first.closed).status, 200);
    server.renew!(materialOf(pair, stranger.certificate));
    const resumed = session === undefined ? {} : { session };
    assert.equal((await secureExchange(server, { ...options, ...resumed }, request("GET", "/after"))).status, 0);
    assert.deepEqual(server.effects, ["GET /before"]);
  });
}

for (const version of ["-tls1_2", "-tls1_3"] as const) {
  test(
    `RFC 8446 section 4.4.2: where clients need a certificate, each connection shows it anew (${version})`,
    needsOpenssl,
    async () => {
      using folder = scratch();
      const own = await house.certify({ usage: "client" });
      put(folder.path("own.pem"), own.certificate + own.key);
      const again = async (authority: string | null): Promise<string | undefined> => {
        await using server = await effectServer(withTls(materialOf(pair, authority)));
        const words = [
          "s_client",
          "-connect",
          `127.0.0.1:${server.port}`,
          version,
          "-cert",
          folder.path("own.pem"),
          "-ign_eof",
        ];
        const session = folder.path(`${authority === null}`);
        await runs("openssl", [...words, "-sess_out", session], request("GET", "/first"));
        const known = existsSync(session) ? ["-sess_in", session] : [];
        const { output } = await runs("openssl", [...words, ...known], request("GET", "/second"));
        assert.deepEqual(server.effects, ["GET /first", "GET /second"], output);
        return /^(New|Reused), TLSv1\.\d/m.exec(output)?.[1];
      };
      assert.equal(await again(house.certificate), "New");
      assert.equal(await again(null), "Reused", "such a client does resume what it may");
    },
  );
}

test("whether clients need a certificate does not change while a listener is at work", async () => {
  await using server = await effectServer(withTls());
  assert.throws(() => server.renew!(materialOf(pair, house.certificate)), TypeError);
});

test("Runtime S2: renewed, new handshakes get the new certificate, and a connection that is open goes on", async () => {
  await using server = await effectServer(withTls());
  const before = await serialShown(server, house.certificate);
  const kept = secureOpen(server, trust);
  kept.socket.write(get);
  await kept.received("done");
  server.renew!(materialOf(await house.certify()));
  assert.notEqual(await serialShown(server, house.certificate), before);
  kept.socket.write(request("GET", "/kept"));
  await kept.closed;
  assert.deepEqual(server.effects, ["GET /", "GET /kept"]);
});

test("FL-24: renewed twenty times under load, no request fails, on new connections and on kept ones", async () => {
  await using server = await serving((incoming) => new Response(`did ${new URL(incoming.url).pathname}.`), withTls());
  const pairs = await Promise.all(Array.from({ length: 20 }, () => house.certify()));
  const over = new AbortController();
  let answered = 0;
  const afresh = async (): Promise<void> => {
    while (!over.signal.aborted) {
      assert.equal((await secureExchange(server, trust, request("GET", "/new"))).body, "did /new.");
      answered += 1;
    }
  };
  const keeping = async (): Promise<void> => {
    const { socket, received, closed } = secureOpen(server, trust);
    socket.setMaxListeners(0);
    for (let round = 0; !over.signal.aborted; round++) {
      socket.write(head(`GET /${round} HTTP/1.1`, ["Host: jeton.test"]));
      await received(`did /${round}.`);
      answered += 1;
    }
    socket.destroy();
    await closed;
  };
  const load = Promise.all([...Array.from({ length: 6 }, afresh), ...Array.from({ length: 6 }, keeping)]);
  const serials = new Set<string>();
  for (const next of pairs) {
    server.renew!(materialOf(next));
    serials.add(await serialShown(server, house.certificate));
  }
  over.abort();
  await load;
  assert.equal(serials.size, pairs.length);
  assert.ok(answered > pairs.length, String(answered));
});

/** Answers when it is told to. */
async function gated(): Promise<{ server: SmallServer; begun: Promise<void>; open: () => void }> {
  const begun = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const server = await serving(async () => {
    begun.resolve();
    await gate.promise;
    return new Response("finished");
  }, withTls());
  return { server, begun: begun.promise, open: gate.resolve };
}

test("Runtime S2: with TLS, stop lets a request in flight finish, asks its client to close, and takes no more", async () => {
  const { server, begun, open: finish } = await gated();
  const { socket, closed } = secureOpen(server, trust);
  socket.write(get);
  await begun;
  const stopped = server.stop(long);
  assert.equal((await secureExchange(server, trust, request("GET", "/late"))).status, 0);
  finish();
  const answer = await closed;
  assert.equal(answer.body, "finished");
  assert.match(answer.head, /connection: close/i);
  await stopped;
});

for (const [what, bytes] of [
  ["that is idle between requests", get],
  ["that has sent half a head", "GET / HTTP/1.1\r\nHost: jeton.test\r\nX-Half: a"],
] as const) {
  test(`Runtime S2: with TLS, stop closes a connection ${what} without waiting for the grace`, async () => {
    const server = await effectServer(withTls());
    const { socket, closed, received } = secureOpen(server, trust);
    socket.write(bytes);
    if (bytes === get) await received("done");
    await secureExchange(server, trust, request("GET", "/"));
    await server.stop(long);
    await closed;
  });
}

test("Runtime S2: with TLS, stop closes a connection in its handshake without waiting for the grace", async () => {
  const server = await effectServer({ ...withTls(), timeouts: { ...defaultTimeouts, head: never, request: never } });
  const { socket, closed } = open(server);
  socket.write("\x16\x03\x01");
  await secureExchange(server, trust, request("GET", "/"));
  await server.stop(long);
  await closed;
});

test("Runtime S2: with TLS, stop cuts what is left after the grace, and the port is free then", async () => {
  const { server, begun } = await gated();
  const answer = secureExchange(server, trust, request("GET", "/"));
  await begun;
  await server.stop(millis(50));
  assert.equal((await answer).status, 0);
  await using next = await effectServer({ ...withTls(), port: server.port });
  assert.equal((await secureExchange(next, trust, request("GET", "/"))).status, 200);
});

test("Runtime S2: a port that another listener has is not shared, with TLS or without", async () => {
  await using secured = await effectServer(withTls());
  await using plain = await effectServer();
  const options = {
    hostname: "127.0.0.1",
    handler: () => new Response(""),
    onFault: () => {},
    maxBodyBytes: 1024,
    tls: null,
  };
  await assert.rejects(listen({ ...options, ...withTls(), port: secured.port }), PortInUse);
  await assert.rejects(listen({ ...options, ...withTls(), port: plain.port }), PortInUse);
  await assert.rejects(listen({ ...options, port: secured.port }), PortInUse);
  assert.equal((await secureExchange(secured, trust, request("GET", "/"))).status, 200);
});

const openFiles = (): number => readdirSync("/proc/self/fd").length;

test("H-04: two hundred connections with TLS give their files back, however they end", async () => {
  const crowd = async (count: number): Promise<void> => {
    await using server = await effectServer(withTls());
    const wires = Array.from({ length: count }, () => secureOpen(server, trust));
    await Promise.all(
      wires.map(async ({ socket, received }) => {
        socket.write(get);
        await received("done");
      }),
    );
    await Promise.all(Array.from({ length: count }, () => exchange(server, request("GET", "/plain"))));
    for (const { socket } of wires) socket.destroy();
    await Promise.all(wires.map(({ closed }) => closed));
  };
  await crowd(1); // whatever the runtime opens once
  const before = openFiles();
  await crowd(100);
  assert.ok(openFiles() <= before, `${openFiles()} open files, ${before} before`);
});
