import assert from "node:assert/strict";
import { test } from "node:test";
import { checkEdge, knownMethods } from "../../src/http/edge.ts";
import { exchange, head, request } from "./raw-socket.ts";
import { effectServer } from "./small-server.ts";

/** What the edge says: the path that may be routed, or the code of the refusal. */
function verdict(incoming: Request): string {
  const result = checkEdge(incoming);
  return result.ok ? result.pathname + result.search : result.code;
}

function withHeaders(...pairs: ReadonlyArray<readonly [name: string, value: string]>): Request {
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  return new Request("http://jeton.test/path", { headers });
}

const headerCases: ReadonlyArray<readonly [what: string, incoming: Request, verdict: string]> = [
  ["nothing special", withHeaders(["authorization", "Bearer a"], ["content-type", "application/json"]), "/path"],
  [
    "two Authorization headers (L-21)",
    withHeaders(["authorization", "Basic YTpi"], ["authorization", "Bearer a"]),
    "malformed_request",
  ],
  ["a comma in Authorization (L-21)", withHeaders(["authorization", "Bearer a, Bearer b"]), "malformed_request"],
  [
    "two Content-Types",
    withHeaders(["content-type", "text/plain"], ["content-type", "application/json"]),
    "malformed_request",
  ],
  ["two DPoP proofs", withHeaders(["dpop", "a"], ["dpop", "b"]), "malformed_request"],
  ["two equal DPoP proofs", withHeaders(["dpop", "a"], ["dpop", "a"]), "malformed_request"],
  ["an empty second DPoP", withHeaders(["dpop", "a"], ["dpop", ""]), "malformed_request"],
  ["two Hosts", withHeaders(["host", "a.test"], ["host", "b.test"]), "malformed_request"],
  ["a Host with a port", withHeaders(["host", "a.test:8420"]), "/path"],
  ["a Host that is IPv6", withHeaders(["host", "[::1]:8420"]), "/path"],
  ["a Host with a user", withHeaders(["host", "u@a.test"]), "malformed_request"],
  ["an empty Host", withHeaders(["host", ""]), "malformed_request"],
  ["a length", withHeaders(["content-length", "0"]), "/path"],
  ["a length with a sign", withHeaders(["content-length", "+5"]), "malformed_request"],
  ["an empty length", withHeaders(["content-length", ""]), "malformed_request"],
  ["a length and chunks", withHeaders(["content-length", "5"], ["transfer-encoding", "chunked"]), "malformed_request"],
  ["chunks", withHeaders(["transfer-encoding", "Chunked"]), "/path"],
  ["chunks of gzip", withHeaders(["transfer-encoding", "gzip, chunked"]), "malformed_request"],
  ["gzip (H-03)", withHeaders(["content-encoding", "gzip"]), "unsupported_media_type"],
  ["brotli twice (H-03)", withHeaders(["content-encoding", "br, br"]), "unsupported_media_type"],
  ["an unknown encoding (H-03)", withHeaders(["content-encoding", "zip"]), "unsupported_media_type"],
  ["the identity encoding (H-03)", withHeaders(["content-encoding", "identity"]), "unsupported_media_type"],
  [
    "two cookies and two forwarded addresses",
    withHeaders(["cookie", "a=1"], ["cookie", "b=2"], ["x-forwarded-for", "1.1.1.1, 2.2.2.2"]),
    "/path",
  ],
];

for (const [what, incoming, expected] of headerCases) {
  test(`Runtime S2: at the edge, ${what}: ${expected}`, () => {
    assert.equal(verdict(incoming), expected);
  });
}

const paths: ReadonlyArray<readonly [path: string, verdict: string]> = [
  ["/api/v1/users/a%20b?x=%zz", "/api/v1/users/a%20b?x=%zz"],
  ["/caf%C3%A9", "/caf%C3%A9"],
  ["/a/../b", "/b"],
  ["/a/%2e%2e/b", "/b"],
  ["/?next=//evil.test", "/?next=//evil.test"],
  ["/a%00", "malformed_request"],
  ["/a%2fb", "malformed_request"],
  ["/a%2Fb", "malformed_request"],
  ["/a%5cb", "malformed_request"],
  ["/a%5Cb", "malformed_request"],
  ["//evil.test/x", "malformed_request"],
  ["/a//b", "malformed_request"],
  ["/\\evil.test/x", "malformed_request"],
  ["/a%zz", "malformed_request"],
  ["/a%", "malformed_request"],
  ["/a%2", "malformed_request"],
  ["/a%ff", "malformed_request"],
  ["/a%c3", "malformed_request"],
];

for (const [path, expected] of paths) {
  test(`Runtime S2: at the edge, the path ${path}: ${expected}`, () => {
    assert.equal(verdict(new Request(`http://jeton.test${path}`)), expected);
  });

  test(`Runtime S2: over a socket, the path ${path}: ${expected}`, async () => {
    await using server = await effectServer();
    const answer = await exchange(server, request("GET", path));
    if (expected === "malformed_request") {
      assert.equal(answer.status, 400, answer.text);
      assert.deepEqual(server.effects, []);
    } else {
      assert.deepEqual(server.effects, [`GET ${expected.split("?")[0] ?? ""}`]);
    }
  });
}

for (const path of [
  "/a/../b",
  "/a/./b",
  "/.",
  "/..",
  "/a/..",
  "/a.b",
  "/a%62",
  "/ü",
  "/a b",
  "/",
  "/a/",
  "/a?",
  "/a?b=c",
]) {
  test(`RFC 3986 section 6: the target ${path} is routed as a URL would have it`, () => {
    // As a runtime hands it on that does not normalise.
    const raw = { method: "GET", headers: new Headers(), url: `http://jeton.test${path}` } as Request;
    const { pathname, search } = new URL(path, "http://jeton.test");
    assert.deepEqual(checkEdge(raw), { ok: true, pathname, search });
  });
}

test("H-07: what is routed has nothing of its Host header, nor of an absolute target", async () => {
  const evil = new Request("http://evil.test/x", { headers: { host: "evil.test" } });
  assert.deepEqual(checkEdge(evil), { ok: true, pathname: "/x", search: "" });
  await using server = await effectServer();
  await exchange(server, request("GET", "http://evil.test/reset"));
  assert.deepEqual(server.effects, ["GET /reset"]);
});

for (const method of knownMethods.split(", ")) {
  test(`RFC 9110 section 9: ${method} passes the edge`, () => {
    assert.equal(verdict(new Request("http://jeton.test/path", { method })), "/path");
  });
}

for (const [method, target] of [
  ["TRACE", "/path"],
  ["CONNECT", "evil.test:80"],
  ["PROPFIND", "/path"],
  ["QUERY", "/path"],
  ["FOO", "/path"],
  ["get", "/path"],
  ["post", "/path"],
] as const) {
  test(`RFC 9110 section 9: the method ${method} is refused`, async () => {
    await using server = await effectServer();
    const answer = await exchange(server, request(method, target));
    // The parsers close or answer 400 where they do not know the method, the edge answers 405.
    assert.ok([0, 400, 405].includes(answer.status), answer.text);
    assert.deepEqual(server.effects, []);
  });
}

const wireCases: ReadonlyArray<readonly [what: string, lines: readonly string[], status: number]> = [
  ["two Authorization headers (L-21)", ["Authorization: Basic YTpi", "Authorization: Bearer a"], 400],
  ["two equal Authorization headers (L-21)", ["Authorization: Bearer a", "authorization: Bearer a"], 400],
  ["an Authorization with a comma (L-21)", ["Authorization: Bearer a, Bearer b"], 400],
  ["two DPoP proofs", ["DPoP: a", "DPoP: b"], 400],
  ["two Content-Types", ["Content-Type: application/json", "Content-Type: text/plain"], 400],
  ["a gzip body (H-03)", ["Content-Encoding: gzip"], 415],
];

for (const [what, lines, status] of wireCases) {
  test(`Runtime S2: over a socket, ${what} is answered ${status}`, async () => {
    await using server = await effectServer();
    const answer = await exchange(server, request("POST", "/token", lines, "12345"));
    assert.equal(answer.status, status, answer.text);
    assert.deepEqual(server.effects, []);
  });
}

test("L-21: a second Authorization is seen behind a thousand other headers, or the head is refused", async () => {
  await using server = await effectServer();
  const many = Array.from({ length: 1100 }, (_, index) => `h${index}:`);
  const lines = [
    "Host: jeton.test",
    "Authorization: Bearer a",
    ...many,
    "Authorization: Bearer b",
    "Connection: close",
  ];
  const answer = await exchange(server, head("GET / HTTP/1.1", lines));
  assert.ok([400, 431].includes(answer.status), answer.text);
  assert.deepEqual(server.effects, []);
});
