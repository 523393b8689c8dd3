/** What a kill does to notices: none is lost, and one that may have been taken comes again under its own id. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { test } from "node:test";

import { administrator, call, complaint, initialised, jeton, scratch, serve } from "../cli/program.ts";
import { until } from "../faults/fleet.ts";
import { endpoint } from "./endpoint.ts";

test("FL-28, FL-01: a server that is killed while a notice is under way sends it again, under the same id, and no other", async () => {
  // The first call is never answered: nobody knows whether it was taken.
  await using sink = await endpoint((response, number) => number > 1 && void response.writeHead(204).end());
  using folder = scratch();
  await initialised(folder);
  writeFileSync(folder.path("secret"), `whsec_${randomBytes(32).toString("base64")}`, { mode: 0o600 });
  const surroundings = {
    cwd: folder.path(),
    environment: { JETON_WEBHOOK_URL: sink.url, JETON_WEBHOOK_SECRET_FILE: folder.path("secret") },
  };
  const words = ["--data", folder.path("data")];
  await using first = await serve(words, surroundings);
  const login = await call(first.url, "/api/v1/login", administrator);
  const { access_token: token } = (await login.json()) as { access_token: string };
  assert.equal((await call(first.url, "/api/v1/api-tokens", { name: "nightly" }, token)).status, 201);
  await until(() => sink.received.length === 1, "the call");
  await first.stop("SIGKILL");

  await using second = await serve(words, surroundings);
  const metrics = async (): Promise<string> => (await call(second.url, "/metrics")).text();
  const delivered = 'jeton_notices_total{channel="webhook",result="delivered"} 1\n';
  await until(async () => (await metrics()).includes(delivered), "it is counted");
  assert.match(await metrics(), /^jeton_notices_waiting 0$/m);
  assert.equal(sink.received.length, 2);
  const [one, other] = sink.received;
  assert.equal(one?.headers["webhook-id"], other?.headers["webhook-id"]);
  assert.equal(one?.body.replace(first.url, ""), other?.body.replace(second.url, ""));
  assert.equal((await second.stop()).code, 0);
});

test("jeton serve: a secret that others can read, or that is none, ends the start with its reason", async () => {
  using folder = scratch();
  await initialised(folder);
  writeFileSync(folder.path("secret"), "hunter2\n", { mode: 0o600 });
  const ended = await jeton(["serve", "--data", folder.path("data"), "--listen", "127.0.0.1:0"], {
    cwd: folder.path(),
    environment: { JETON_WEBHOOK_URL: "https://hooks.example.com/", JETON_WEBHOOK_SECRET_FILE: "secret" },
  });
  assert.equal(ended.code, 5, ended.err);
  assert.match(complaint(ended.err), /webhook\.secret_file: secret has no secret of 24 to 64 bytes\. Do: printf/);
  assert.ok(!ended.err.includes("hunter2"));
});
