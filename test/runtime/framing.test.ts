import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, head, open, request } from "./raw-socket.ts";
import { effectServer, onBun, serving } from "./small-server.ts";

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: jeton.test\r\n\r\n";
const first = "POST /token HTTP/1.1";
const host = "Host: jeton.test";

/** Follows what is tested, so that a connection that goes on is closed at once and not by a time-out. */
const after = request("GET", "/after");

/** A POST with the header lines given and no others but Host. */
const post = (lines: readonly string[], body: string): string => head(first, [host, ...lines]) + body;
const chunked = (body: string): string => post(["Transfer-Encoding: chunked"], body);
const declared = (length: string, body = "12345"): string => post([`Content-Length: ${length}`], body);

const noRequests: ReadonlyArray<readonly [what: string, bytes: string]> = [
  [
    "Content-Length and then Transfer-Encoding",
    post(["Content-Length: 5", "Transfer-Encoding: chunked"], `0\r\n\r\n${smuggled}`),
  ],
  [
    "Transfer-Encoding and then Content-Length",
    post(["Transfer-Encoding: chunked", "Content-Length: 5"], `0\r\n\r\n${smuggled}`),
  ],
  ["two lengths that differ", post(["Content-Length: 0", `Content-Length: ${smuggled.length}`], smuggled)],
  ["two lengths that are equal", post(["Content-Length: 5", "Content-Length: 5"], "12345")],
  ["a list of lengths", declared("5, 5")],
  ["a length with a plus", declared("+5")],
  ["a length with a minus", declared("-5")],
  ["a length in hexadecimal", declared("0x5")],
  ["a length with a space in it", declared("5 5")],
  ["a length of twenty digits", declared("18446744073709551621")],
  ["a length that is a word", declared("five")],
  ["Transfer-Encoding: xchunked", post(["Transfer-Encoding: xchunked"], `0\r\n\r\n${smuggled}`)],
  ["Transfer-Encoding: identity", post(["Transfer-Encoding: identity"], smuggled)],
  ["Transfer-Encoding: chunked, gzip", post(["Transfer-Encoding: chunked, gzip"], `0\r\n\r\n${smuggled}`)],
  ["Transfer-Encoding: gzip, chunked", post(["Transfer-Encoding: gzip, chunked"], "5\r\n12345\r\n0\r\n\r\n")],
  [
    "Transfer-Encoding twice",
    post(["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], `0\r\n\r\n${smuggled}`),
  ],
  ["a space before the colon of Transfer-Encoding", post(["Transfer-Encoding : chunked"], `0\r\n\r\n${smuggled}`)],
  ["a space before the colon of Content-Length", post(["Content-Length : 5"], "12345")],
  ["a chunk size that is no number", chunked("zz\r\n12345\r\n0\r\n\r\n")],
  ["a chunk size with 0x", chunked("0x5\r\n12345\r\n0\r\n\r\n")],
  ["a chunk size with a minus", chunked(`-5\r\n12345\r\n0\r\n\r\n${smuggled}`)],
  ["a chunk size of 17 digits", chunked(`10000000000000005\r\n12345\r\n0\r\n\r\n${smuggled}`)],
  ["a chunk that is longer than its size", chunked(`3\r\n12345\r\n0\r\n\r\n${smuggled}`)],
  ["a chunk that ends in a bare LF", chunked(`5\r\n12345\n0\r\n\r\n${smuggled}`)],
  ["a chunk size that ends in a bare LF", chunked(`5\n12345\r\n0\r\n\r\n${smuggled}`)],
  ["a folded header line", head(first, [host, "Content-Length: 0", "X-Folded: a", " b"])],
  ["a NUL in a header value", head(first, [host, "Content-Length: 0", "X-Value: a\0b"])],
  ["a NUL in a header name", head(first, [host, "Content-Length: 0", "X\0Name: a"])],
  ["a bare CR in a header value", head(first, [host, "Content-Length: 0", "X-Value: a\rContent-Length: 5"])],
  ["a space in a header name", head(first, [host, "Content-Length: 0", "X Name: a"])],
  ["a header line without a colon", head(first, [host, "Content-Length: 0", "Nothing"])],
  ["a header line before Host that begins with a space", head(first, [" X-First: a", host, "Content-Length: 0"])],
  ["lines that end in a bare LF", `${first}\n${host}\nContent-Length: 0\n\n`],
  ["one line that ends in a bare LF", `${first}\r\n${host}\nContent-Length: 0\r\n\r\n`],
  ["no Host", head(first, ["Content-Length: 0", "Connection: close"])],
  ["HTTP/1.0 without a Host", head("POST /token HTTP/1.0", ["Content-Length: 0"])],
  ["HTTP/1.0 without a Host, and a URL in the query", head("POST /a?u=http://x/token HTTP/1.0", ["Content-Length: 0"])],
  ["an empty Host", head(first, ["Host:", "Content-Length: 0", "Connection: close"])],
  ["two Hosts", head(first, [host, "Host: evil.test", "Content-Length: 0", "Connection: close"])],
  ["two Hosts that are equal", head(first, [host, host, "Content-Length: 0", "Connection: close"])],
  ["a Host with a space", head(first, ["Host: a b", "Content-Length: 0", "Connection: close"])],
  ["a Host with a user", head(first, ["Host: u:p@evil.test", "Content-Length: 0", "Connection: close"])],
  ["a Host with a path", head(first, ["Host: evil.test/x", "Content-Length: 0", "Connection: close"])],
  ["a Host with a fragment", head(first, ["Host: evil.test#", "Content-Length: 0", "Connection: close"])],
  [
    "a Host with an impossible port",
    head(first, ["Host: jeton.test:9999999", "Content-Length: 0", "Connection: close"]),
  ],
];

for (const [what, bytes] of noRequests) {
  test(`H-05: ${what} is refused, and its body never runs`, async () => {
    await using server = await effectServer();
    const answer = await exchange(server, bytes + after);
    // A refusal by the edge leaves the connection in step, and the next request is answered; nothing else may run.
    const wanted = server.effects.length === 0 ? [] : ["GET /after"];
    assert.deepEqual(server.effects, wanted);
    assert.ok(
      answer.status === 0 || (answer.status >= 400 && answer.status < 500) || answer.status === 505,
      answer.text,
    );
    assert.deepEqual(server.faults, []); // INV-7: no 5xx from what a client sends
    assert.equal((await exchange(server, request("GET", "/alive"))).status, 200);
  });
}

const neverTwo: ReadonlyArray<readonly [what: string, bytes: string]> = [
  ["a body that nobody read", post(["Content-Encoding: gzip", `Content-Length: ${smuggled.length}`], smuggled)],
  ["a body that was too large", post([`Content-Length: ${smuggled.length + 5000}`], smuggled + "x".repeat(5000))],
  ["trailers", chunked(`5\r\n12345\r\n0\r\nX-Trailer: a\r\n${smuggled}`)],
  ["a trailer that is a request line", chunked(`5\r\n12345\r\n0\r\n${smuggled}`)],
  [
    "a chunked body in HTTP/1.0",
    head("POST /token HTTP/1.0", [host, "Transfer-Encoding: chunked"]) + `0\r\n\r\n${smuggled}`,
  ],
  ["the body of a GET", head("GET /token HTTP/1.1", [host, `Content-Length: ${smuggled.length}`]) + smuggled],
  ["the preface of HTTP/2", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${smuggled}`],
];

for (const [what, bytes] of neverTwo) {
  test(`H-05: ${what} is never run as a request of its own`, async () => {
    await using server = await effectServer();
    await exchange(server, bytes + after);
    const own = server.effects.filter((effect) => effect.startsWith("GET /smuggled"));
    // After trailers, an HTTP/1.0 body that has ended and the like, a next request may be one; never one inside a body.
    const afterTheEnd = what.includes("chunked body in HTTP/1.0") ? 1 : 0;
    assert.ok(own.length <= afterTheEnd, server.effects.join());
    assert.equal((await exchange(server, request("GET", "/alive"))).status, 200);
  });
}

test("H-05: a body ends at its declared length, so that readBody may rely on it", async () => {
  await using server = await effectServer();
  await exchange(server, head(first, [host, "Content-Length: 3", "Connection: close"]) + "abcdefgh");
  assert.deepEqual(server.effects.slice(0, 1), ["POST /token abc"]);
  assert.equal(server.effects.length, 1);
});

for (const [what, bytes] of [
  ["a second request", smuggled],
  ["a stray CRLF", "\r\n"],
] as const) {
  test(`Runtime S1: ${what} after a POST that is pending does not run it twice, and the server survives`, async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const effects: string[] = [];
    await using server = await serving(async (incoming) => {
      if (incoming.url.endsWith("/alive")) return new Response("alive");
      begun.resolve();
      await gate.promise;
      effects.push(new URL(incoming.url).pathname);
      return new Response("committed");
    });
    const { socket, closed, received } = open(server);
    socket.write(post(["Content-Length: 0"], ""));
    await begun.promise;
    socket.write(bytes);
    // Bun closes the connection on the second message, answers neither, and lets the handler go on: a state-changing
    // endpoint must stand a retry. Node answers in order.
    if (onBun) await closed;
    gate.resolve();
    if (!onBun) {
      await received("committed");
      socket.write(after);
    }
    const answer = await closed;
    if (onBun) assert.ok(!answer.text.includes("committed"), answer.text);
    else assert.equal(answer.status, 200);
    assert.equal(effects.filter((path) => path === "/token").length, 1);
    assert.equal((await exchange(server, request("GET", "/alive"))).body, "alive");
  });
}
