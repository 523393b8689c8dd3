/** The programs in docs/notices.md take what a webhook is sent, and nothing else. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { webhookCourier } from "../../src/couriers/webhook.ts";
import type { NoticeId, OrganisationId, SubjectId } from "../../src/core/ids.ts";
import type { Notice } from "../../src/core/notice.ts";
import { Secret } from "../../src/core/secret.ts";
import { millis, seconds, type Seconds } from "../../src/core/units.ts";
import { scratch } from "../cli/program.ts";
import { endpoint, type Received } from "../notices/endpoint.ts";

const text = readFileSync(new URL("../../docs/notices.md", import.meta.url), "utf8");
const block = (language: string): string => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(text)![1]!;

const base64 = randomBytes(32).toString("base64");
const notice: Notice = {
  id: "01959f3c-0000-7000-8000-000000000009" as NoticeId,
  channel: "webhook",
  kind: "api_token_ends",
  told: {
    at: seconds(1_772_366_400),
    organisation: { id: "01959f3c-0000-7000-8000-000000000003" as OrganisationId, name: "Root" },
    subject: { id: "01959f3c-0000-7000-8000-000000000002" as SubjectId, kind: "user", username: "bob" },
    actor: null,
    address: null,
    detail: { api_token: "01959f3c-0000-7000-8000-000000000001", name: "ci", expires_at: 1_772_971_200, days: 7 },
  },
  recipient: null,
  createdAt: seconds(1_772_366_400),
  attempts: 0,
};

interface Call {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an endpoint gets when the courier's clock says `at`. */
async function called(at: number): Promise<Call> {
  await using sink = await endpoint((response) => void response.writeHead(204).end());
  const send = webhookCourier({
    url: sink.url,
    secret: new Secret(base64),
    issuer: "https://auth.example.com",
    now: () => Math.floor(at) as Seconds,
    limit: millis(5000),
  });
  assert.deepEqual(await send(notice, new AbortController().signal), { kind: "delivered" });
  const [{ headers, body }] = sink.received as [Received];
  return { headers: headers as Call["headers"], body };
}

/** A good call, and some that are not; whether each is to be taken. */
async function calls(): Promise<readonly (readonly [Call, boolean])[]> {
  const now = Date.now() / 1000;
  const good = await called(now);
  const { headers, body } = good;
  return [
    [good, true],
    [{ headers: { ...headers, "webhook-signature": `v1,AAAA ${headers["webhook-signature"]}` }, body }, true],
    [{ headers: { ...headers, "webhook-id": "another" }, body }, false],
    [{ headers: { ...headers, "webhook-timestamp": String(Math.floor(now) - 1) }, body }, false],
    [{ headers: { ...headers, "webhook-signature": "v1,é" }, body }, false],
    [{ headers, body: body.replace("bob", "eve") }, false],
    [await called(now - 400), false],
  ];
}

test("docs/notices.md: the webhook's body is as it is printed", async () => {
  const { body } = await called(Date.now() / 1000);
  const printed = [...text.matchAll(/```json\n([^]*?)```/g)].map(([, json]) => JSON.parse(json!) as unknown);
  assert.deepEqual(printed, [JSON.parse(body)]);
});

test("docs/notices.md: its JavaScript tells the calls of Jeton from others", async () => {
  using folder = scratch();
  writeFileSync(folder.path("verify.mjs"), block("js"));
  const { isFromJeton } = (await import(pathToFileURL(folder.path("verify.mjs")).href)) as {
    isFromJeton: (headers: object, body: string, secret: string) => boolean;
  };
  for (const [{ headers, body }, good] of await calls())
    assert.equal(isFromJeton(headers, body, `whsec_${base64}`), good, JSON.stringify(headers));
});

const python = "/usr/bin/python3";
const skip =
  spawnSync(python, ["-c", "''.removeprefix('')"]).status === 0
    ? false
    : "Python 3.9 is missing. Do: apt-get install python3";

test("docs/notices.md: its Python tells the calls of Jeton from others", { skip }, async () => {
  const given = await calls();
  const program = `${block("python")}
import json, sys
print(json.dumps([is_from_jeton(c["headers"], c["body"].encode(), "whsec_${base64}") for c in json.load(sys.stdin)]))`;
  const { stdout, stderr } = spawnSync(python, ["-c", program], {
    input: JSON.stringify(given.map(([call]) => call)),
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  assert.deepEqual(
    JSON.parse(stdout),
    given.map(([, good]) => good),
  );
});
