/** Notices by webhook: signed, taken, refused, redirected and slow. The receiver verifies by plain node:crypto. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { describe, test } from "node:test";

import { readWebhookSecret, webhookCourier } from "../../src/couriers/webhook.ts";
import { Secret } from "../../src/core/secret.ts";
import { hours, millis, minutes } from "../../src/core/units.ts";
import { administrator, call, initialised, scratch, serve } from "../cli/program.ts";
import { until } from "../faults/fleet.ts";
import { endpoint, type Received } from "./endpoint.ts";
import { issuer, office } from "./office.ts";

const key = randomBytes(32);
const secret = new Secret(key.toString("base64"));

/** Says that a call is what was signed, as docs/notices.md does it. */
function verify({ headers, body }: Received, bytes = key): void {
  const mac = createHmac("sha256", bytes)
    .update(`${String(headers["webhook-id"])}.${String(headers["webhook-timestamp"])}.${body}`)
    .digest("base64");
  assert.equal(headers["webhook-signature"], `v1,${mac}`);
}

const answering =
  (...statuses: readonly number[]) =>
  (response: ServerResponse, number: number): void =>
    void response.writeHead(statuses[Math.min(number, statuses.length) - 1]!, { location: "/elsewhere" }).end("ok");

test("FL-28, Standard Webhooks: a running server posts what happened, signed; while the sink hangs, sign-in is as quick as ever", async () => {
  // It never answers the first call, and takes every other.
  await using sink = await endpoint((response, number) => number > 1 && void response.writeHead(204).end());
  using folder = scratch();
  await initialised(folder);
  writeFileSync(folder.path("secret"), `whsec_${key.toString("base64")}\n`, { mode: 0o600 });
  await using server = await serve(["--data", folder.path("data")], {
    cwd: folder.path(),
    environment: { JETON_WEBHOOK_URL: sink.url, JETON_WEBHOOK_SECRET_FILE: folder.path("secret") },
  });
  const login = async (): Promise<string> => {
    const answer = await call(server.url, "/api/v1/login", administrator);
    assert.equal(answer.status, 200);
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  const minted = await call(server.url, "/api/v1/api-tokens", { name: "nightly" }, await login());
  assert.equal(minted.status, 201);
  await until(() => sink.received.length === 1, "the first call");
  // The courier waits for five seconds; whoever signs in or makes a token does not.
  const began = performance.now();
  const again = await call(server.url, "/api/v1/api-tokens", { name: "weekly" }, await login());
  assert.equal(again.status, 201);
  assert.ok(performance.now() - began < 4000);
  verify(sink.received[0]!);
  const { type, timestamp, data } = JSON.parse(sink.received[0]!.body) as Record<string, unknown>;
  const { actor, organisation, ...rest } = data as Record<string, unknown>;
  const { token, id, expires_at } = (await minted.json()) as { token: string; id: string; expires_at: string };
  assert.equal(type, "api_token_minted");
  assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual(rest, {
    issuer: server.url,
    subject: { ...(actor as object), kind: "user" },
    address: "127.0.0.1",
    detail: { api_token: id, name: "nightly", expires_at: Date.parse(expires_at) / 1000, scopes: null },
  });
  assert.equal((organisation as { name: string }).name, "Root");
  assert.ok(!sink.received[0]!.body.includes(token.slice(-20)));
  const { code, err } = await server.stop();
  assert.equal(code, 0, err);
  assert.ok(!err.includes(key.toString("base64")));
});

describe("notices by webhook", () => {
  const { person, mint, open, under } = office();
  const courier = (url: string, limit = millis(3000)) =>
    webhookCourier({ url, secret, issuer, now: under().now, limit });

  test("Standard Webhooks: what is not taken comes again with the same id, and a signature of its own time", async () => {
    await using sink = await endpoint(answering(500, 200));
    const desk = await open({ webhook: courier(sink.url) });
    await mint(await person("vera"));
    await desk.round();
    await desk.round();
    assert.deepEqual([sink.received.length, desk.waiting()], [1, 1]);
    assert.deepEqual(desk.troubles, [{ kind: "failing", channel: "webhook", count: 1, reason: "HTTP 500" }]);
    under().pass(minutes(1));
    await desk.round();
    await desk.round();
    const [first, second] = sink.received as [Received, Received];
    assert.deepEqual([sink.received.length, desk.waiting()], [2, 0]);
    for (const one of [first, second]) verify(one);
    assert.throws(() => verify(first, randomBytes(32)));
    assert.equal(first.body, second.body);
    assert.equal(first.headers["webhook-id"], second.headers["webhook-id"]);
    assert.equal(Number(second.headers["webhook-timestamp"]) - Number(first.headers["webhook-timestamp"]), 60);
    assert.equal(first.headers["content-type"], "application/json");
  });

  test("S-03: a redirect is not followed, and counts as a failure", async () => {
    await using target = await endpoint(answering(200));
    await using sink = await endpoint((response) => void response.writeHead(302, { location: target.url }).end());
    const desk = await open({ webhook: courier(sink.url) });
    await mint(await person("vera"));
    await desk.round();
    assert.deepEqual([sink.received.length, target.received.length], [1, 0]);
    assert.deepEqual(desk.counted(), { "webhook retried": 1 });
    assert.equal(desk.troubles[0]?.reason, "HTTP 302");
  });

  test("410 gives one up at once, and what comes after it is sent", async () => {
    await using sink = await endpoint(answering(410, 200));
    const desk = await open({ webhook: courier(sink.url) });
    const vera = await person("vera");
    await mint(vera);
    await mint(vera);
    await desk.round();
    assert.deepEqual(desk.counted(), { "webhook given_up": 1, "webhook delivered": 1 });
    assert.equal(desk.waiting(), 0);
  });

  test("FL-28: an endpoint that hangs, before its answer or in it, costs its limit or nothing, and one at a time", async () => {
    await using silent = await endpoint(() => undefined);
    await using endless = await endpoint((response) => {
      response.writeHead(200);
      response.write("x".repeat(100_000));
    });
    const vera = await person("vera");
    const desk = await open({ webhook: courier(silent.url, millis(150)) });
    await mint(vera);
    await mint(vera);
    const rounds = [desk.round(), desk.round()];
    assert.equal(rounds[0], rounds[1]);
    await Promise.all(rounds);
    assert.equal(silent.received.length, 1);
    assert.equal(desk.troubles[0]?.reason, "no answer within 0.15 s");
    under().pass(hours(1));
    const other = await open({ webhook: courier(endless.url) });
    await other.round();
    assert.deepEqual(other.counted(), { "webhook delivered": 2 });
  });

  test("FL-28: an orderly stop cuts off what is under way, and it waits for the next start", async () => {
    await using sink = await endpoint((response, number) => number > 1 && void response.writeHead(200).end());
    const desk = await open({ webhook: courier(sink.url, millis(60_000)) });
    await mint(await person("vera"));
    const round = desk.round();
    await until(() => sink.received.length === 1, "the call");
    await desk.stop();
    await round;
    await desk.round();
    assert.deepEqual([desk.counted(), desk.troubles, sink.received.length], [{}, [], 1]);
    const next = await open({ webhook: courier(sink.url) });
    await next.round();
    assert.deepEqual(next.counted(), { "webhook delivered": 1 });
    assert.equal(sink.received[0]?.headers["webhook-id"], sink.received[1]?.headers["webhook-id"]);
  });
});

test("the secret of a webhook is whsec_ and 24 to 64 bytes, in a file that nobody else can read", () => {
  using folder = scratch();
  const put = (text: string, mode = 0o600): string => {
    const file = folder.path(`secret-${randomBytes(4).toString("hex")}`);
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  for (const bytes of [24, 32, 64]) {
    const base64 = randomBytes(bytes).toString("base64");
    assert.equal(readWebhookSecret(put(`whsec_${base64}\n`)).reveal(), base64);
  }
  const good = `whsec_${key.toString("base64")}`;
  for (const [text, complaint] of [
    [`whsec_${randomBytes(16).toString("base64")}`, /has no secret/],
    [`whsec_${randomBytes(65).toString("base64")}`, /has no secret/],
    [key.toString("base64"), /has no secret/],
    ["", /is not one line/],
    [`${good}\n${good}\n`, /is not one line/],
  ] as const)
    assert.throws(() => readWebhookSecret(put(text)), complaint);
  assert.throws(() => readWebhookSecret(put(good, 0o644)), /can be read by others. Do: chmod 600/);
  assert.throws(() => readWebhookSecret(folder.path("none")), /cannot be read/);
});
