import assert from "node:assert/strict";
import { test } from "node:test";
import { readBody } from "../../src/http/edge.ts";
import type { Handler } from "../../src/http/serve.ts";
import { exchange, head, open, request } from "./raw-socket.ts";
import { effectServer, serving } from "./small-server.ts";

const kib = 1024;

const chunked = (body: string): string =>
  head("POST /token HTTP/1.1", ["Host: jeton.test", "Connection: close", "Transfer-Encoding: chunked"]) +
  `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const declared = (body: string): string => request("POST", "/token", [], body);

for (const [how, encode] of [
  ["declared", declared],
  ["chunked", chunked],
] as const) {
  test(`H-02: a ${how} body at the limit of its route is read whole`, async () => {
    await using server = await effectServer({}, 4 * kib);
    const body = "x".repeat(4 * kib);
    assert.equal((await exchange(server, encode(body))).status, 200);
    assert.deepEqual(server.effects, [`POST /token ${body}`]);
  });

  test(`H-02: a ${how} body one byte over the limit of its route is answered 413`, async () => {
    await using server = await effectServer({}, 4 * kib);
    const answer = await exchange(server, encode("x".repeat(4 * kib + 1)));
    assert.equal(answer.status, 413, answer.text);
    assert.match(answer.body, /"code":"body_too_large"/);
    assert.deepEqual(server.effects, []);
  });

  test(`Runtime S2: a ${how} body over the limit of the listener never reaches a handler whole`, async () => {
    const read: string[] = [];
    // A handler that forgets the limit: it takes all that there is.
    const greedy: Handler = async (incoming) => {
      read.push(await incoming.text());
      return new Response("done");
    };
    await using server = await serving(greedy, { maxBodyBytes: 64 * kib });
    const answer = await exchange(server, encode("x".repeat(64 * kib + 1)));
    // The reset of the connection can overtake the 413 while the client is still sending.
    assert.ok([0, 413].includes(answer.status), answer.text);
    assert.deepEqual(read, []);
    assert.equal((await exchange(server, encode("well"))).body.includes("done"), true);
  });

  test(`Runtime S2: a ${how} body that breaks off has no effect`, async () => {
    await using server = await effectServer();
    const { socket, closed } = open(server);
    socket.write(encode("x".repeat(100)).slice(0, -50));
    socket.end();
    const answer = await closed;
    assert.notEqual(answer.status, 200);
    assert.deepEqual(server.effects, []);
    assert.deepEqual(server.faults, []);
  });
}

test("H-02: a declared length over the limit is refused before the body is sent", async () => {
  await using server = await effectServer({}, 4 * kib);
  const { socket, received } = open(server);
  socket.write(head("POST /token HTTP/1.1", ["Host: jeton.test", "Content-Length: 5000"]));
  await received("413");
  socket.destroy();
});

test("H-02: chunks without end are answered 413 as soon as they are too many", async () => {
  await using server = await effectServer({}, 4 * kib);
  const { socket, received, closed } = open(server);
  socket.write(head("POST /token HTTP/1.1", ["Host: jeton.test", "Transfer-Encoding: chunked"]));
  const chunk = `400\r\n${"x".repeat(kib)}\r\n`;
  const more = setInterval(() => socket.write(chunk), 1);
  try {
    await received("413");
  } finally {
    clearInterval(more);
    socket.destroy();
  }
  await closed;
  assert.deepEqual(server.effects, []);
});

const streamOf = (...parts: readonly string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });
const made = (body: ReadableStream<Uint8Array> | string | null, headers: Record<string, string> = {}): Request =>
  new Request("http://jeton.test/", { method: "POST", body, headers, duplex: "half" });
const failing = (): ReadableStream<Uint8Array> =>
  new ReadableStream({ start: (controller) => controller.error(new Error("gone")) });

const made413 = "body_too_large";
const requests: ReadonlyArray<readonly [what: string, incoming: () => Request, result: string]> = [
  ["no body", () => made(null), ""],
  ["a GET", () => new Request("http://jeton.test/"), ""],
  ["a stream of one part", () => made(streamOf("12345678")), "12345678"],
  ["a stream of three parts", () => made(streamOf("123", "", "45678")), "12345678"],
  ["a stream that is too long", () => made(streamOf("12345", "6789")), made413],
  ["a length that says less than there is", () => made("123456789", { "content-length": "3" }), made413],
  ["a length that says too much", () => made("123", { "content-length": "9" }), made413],
  ["a length that is no number", () => made(streamOf("123456789"), { "content-length": "x" }), made413],
  ["a stream that fails", () => made(failing()), "malformed_request"],
];

for (const [what, incoming, expected] of requests) {
  test(`Runtime S2: readBody with a limit of 8 and ${what}: ${expected || "nothing"}`, async () => {
    const body = await readBody(incoming(), 8);
    assert.equal(body.ok ? new TextDecoder().decode(body.value) : body.code, expected);
  });
}

test("Runtime S2: a head of more than 16 KiB is answered 431, a long one below that is not", async () => {
  await using server = await effectServer();
  assert.equal((await exchange(server, request("GET", "/", [`X-Long: ${"x".repeat(12 * kib)}`]))).status, 200);
  assert.equal((await exchange(server, request("GET", "/", [`X-Long: ${"x".repeat(17 * kib)}`]))).status, 431);
  assert.equal((await exchange(server, request("GET", `/${"x".repeat(17 * kib)}`))).status, 431);
  assert.deepEqual(server.effects, ["GET /"]);
});
