import assert from "node:assert/strict";
import { test } from "node:test";
import { guard, RequestFault, type Handler } from "../../src/http/serve.ts";
import { exchange, request, type Answer } from "./raw-socket.ts";
import { serving } from "./small-server.ts";

const secret = "sesame-4711";

/** What a handler may do wrong, seen by the type checker as if it were right. */
const wrongly = (value: unknown): Handler => (() => value) as Handler;
const wronglyLater = (value: unknown): Handler => (() => Promise.resolve(value)) as Handler;
const usedUp: Handler = async () => {
  const answer = new Response(secret);
  await answer.text();
  return answer;
};
const locked: Handler = () => {
  const stream = new ReadableStream({ start: (controller) => controller.close() });
  const answer = new Response(stream);
  answer.body?.getReader();
  return answer;
};

const failures: ReadonlyArray<readonly [what: string, handler: Handler]> = [
  [
    "throws",
    () => {
      throw new Error(secret);
    },
  ],
  [
    "throws a string",
    () => {
      throw secret as unknown;
    },
  ],
  [
    "throws undefined",
    () => {
      throw undefined as unknown;
    },
  ],
  ["rejects", () => Promise.reject(new Error(secret))],
  [
    "rejects with a string",
    async () => {
      await Promise.resolve();
      throw secret as unknown;
    },
  ],
  ["returns undefined", wrongly(undefined)],
  ["returns null", wrongly(null)],
  ["returns a string", wrongly(secret)],
  ["returns a number", wrongly(204)],
  ["returns an object that looks like an answer", wrongly({ status: 200, body: secret, headers: new Headers() })],
  ["returns a thenable", wrongly({ then: (done: (value: unknown) => void) => done(new Response(secret)) })],
  ["resolves with undefined", wronglyLater(undefined)],
  ["resolves with a string", wronglyLater(secret)],
  ["returns Response.error()", () => Response.error()],
  ["returns an answer whose body was read", usedUp],
  ["returns an answer whose body is locked", locked],
  ["returns a header value with a line break", () => new Response("", { headers: { "x-name": `a\n${secret}` } })],
  [
    "resolves with a header value with a line break",
    async () => new Response("", { headers: { "x-name": `a\n${secret}` } }),
  ],
];

function assertNothingLeaks(answer: Answer): void {
  for (const trace of [
    secret,
    process.cwd(),
    "node_modules",
    ".ts",
    ".mjs",
    "    at ",
    "Error:",
    "TypeError",
    "Welcome to Bun",
  ]) {
    assert.ok(!answer.text.includes(trace), `the answer contains ${trace}: ${answer.text}`);
  }
}

for (const [what, handler] of failures) {
  test(`Runtime S1: a handler that ${what} is answered 500 with our problem, and nothing leaks`, async () => {
    await using server = await serving((incoming, peer) =>
      incoming.url.endsWith("/well") ? new Response("well") : handler(incoming, peer),
    );
    const answer = await exchange(server, request("GET", "/fails"));

    assert.equal(answer.status, 500, answer.text);
    assert.match(answer.head, /content-type: application\/problem\+json/i);
    assertNothingLeaks(answer);
    assert.equal(server.faults.length, 1);
    const [fault] = server.faults;
    assert.ok(fault instanceof RequestFault);
    const { code, request_id: requestId } = JSON.parse(answer.body) as Record<string, unknown>;
    assert.equal(code, "internal_error");
    assert.equal(fault.requestId, requestId); // what the client can quote is what the log says
    assert.equal((await exchange(server, request("GET", "/well"))).body, "well");
  });
}

test("Runtime S1: the fault that is reported has what was thrown as its cause", async () => {
  const thrown = new Error(secret);
  await using server = await serving(() => {
    throw thrown;
  });
  await exchange(server, request("GET", "/"));
  const [fault] = server.faults;
  assert.ok(fault instanceof RequestFault);
  assert.equal(fault.cause, thrown);
});

test("Runtime S1: the wrapped handler gives or promises an answer, whatever the handler does", async () => {
  const faults: unknown[] = [];
  const { answer } = guard(
    () => Promise.reject(new Error(secret)),
    (fault) => faults.push(fault),
  );
  const given = await answer(new Request("http://jeton.test/"), { address: "127.0.0.1" });
  assert.equal(given.status, 500);
  assert.equal(faults.length, 1);
});

test("Runtime S1: a journal of faults that fails itself costs the client nothing", async () => {
  await using server = await serving(
    () => {
      throw new Error(secret);
    },
    {
      onFault: () => {
        throw new Error(secret);
      },
    },
  );
  const answer = await exchange(server, request("GET", "/"));
  assert.equal(answer.status, 500);
  assertNothingLeaks(answer);
});

test("Runtime S1: a stream that fails half-way is cut off without a word about the reason", async () => {
  await using server = await serving(() => {
    let pulls = 0;
    const stream = new ReadableStream({
      pull(controller) {
        pulls += 1;
        if (pulls > 3) controller.error(secret);
        else controller.enqueue(new TextEncoder().encode("part"));
      },
    });
    return new Response(stream);
  });
  const answer = await exchange(server, request("GET", "/"));
  assertNothingLeaks(answer);
  assert.ok(!answer.text.endsWith("0\r\n\r\n"), "the end of the body must not be there"); // else it looks complete
});

test("RFC 9110 section 9.3.2: an answer to HEAD has the headers and no body", async () => {
  await using server = await serving(() => new Response("seven b"));
  const answer = await exchange(server, request("HEAD", "/"));
  assert.equal(answer.status, 200);
  assert.match(answer.head, /content-length: 7/i);
  assert.equal(answer.body, "");
});

test("RFC 9110 section 9.3.2: a refused HEAD has no body either", async () => {
  await using server = await serving(() => {
    throw new Error(secret);
  });
  const answer = await exchange(server, request("HEAD", "/"));
  assert.equal(answer.status, 500);
  assert.equal(answer.body, "");
});
