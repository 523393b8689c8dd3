import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import { liveTokens, type Keeping, type Kept, type Need } from "../../packages/client/src/keeper.ts";
import { prepareTokens, readTokens } from "../../packages/client/src/token-file.ts";
import { scratch, type Scratch } from "../cli/program.ts";
import { now, pair, wire, type Wire } from "./wire.ts";

const fileOf = (folder: Scratch): string => folder.path("auth-token.json");

const write = (folder: Scratch, tokens: object): void =>
  writeFileSync(fileOf(folder), JSON.stringify(tokens), { mode: 0o600 });

const keeping = (folder: Scratch, at: Pick<Wire, "door">): Keeping => ({
  path: fileOf(folder),
  door: () => at.door(),
  now,
  lock: {},
});

const keep = (folder: Scratch, at: Pick<Wire, "door">, need: Partial<Need> = {}): Promise<Kept> =>
  liveTokens(keeping(folder, at), { minTtl: 30, ...need });

function live(kept: Kept): string {
  assert.equal(kept.kind, "live", JSON.stringify(kept));
  return kept.tokens.access_token;
}

const invalidGrant = { status: 401, body: { code: "invalid_grant", title: "no" } } as const;
const unopened: Pick<Wire, "door"> = {
  door: () => {
    throw new Error("the door was opened");
  },
};

test("C-03, rule 1: a live token is handed out without a lock and without a request", async () => {
  using folder = scratch();
  const tokens = pair({ left: 31 });
  write(folder, tokens);
  assert.equal(live(await keep(folder, unopened)), tokens.access_token);
  assert.deepEqual(readdirSync(folder.path()), ["auth-token.json"]);
});

test("C-03, rule 4: an expired token is renewed; the new one is on the disk, other members of the file are kept", async () => {
  using folder = scratch();
  const next = pair({ seq: 2 });
  await using at = await wire({ status: 200, body: next });
  const before = { ...pair({ left: -1 }), cluster: "lab" };
  write(folder, before);
  assert.equal(live(await keep(folder, at)), next.access_token);
  assert.deepEqual(readTokens(fileOf(folder)), { ...next, cluster: "lab" });
  assert.deepEqual(
    at.asked.map(({ line }) => line),
    ["POST /api/v1/refresh"],
  );
  assert.equal(at.asked[0]?.body, JSON.stringify({ refresh_token: before.refresh_token }));
});

test("C-03, rule 1: less than the wanted life is renewed ahead of need, but not while the refresh token is younger than the retry window", async () => {
  using folder = scratch();
  const next = pair({ seq: 2 });
  await using at = await wire({ status: 200, body: next });
  const young = pair({ left: 20, age: 10 });
  write(folder, young);
  assert.equal(live(await keep(folder, unopened)), young.access_token);
  await using soon = await wire({ status: 200, body: next });
  write(folder, pair({ left: 0, age: 10 }));
  assert.equal(live(await keep(folder, soon)), next.access_token);
  write(folder, pair({ left: 20, age: 61 }));
  assert.equal(live(await keep(folder, at)), next.access_token);
});

test("C-03, rule 4: a lost answer is asked for again with the same token, and so is a server that is busy", async () => {
  for (const trouble of ["lost", { status: 503, headers: { "retry-after": "1" } }] as const) {
    using folder = scratch();
    const next = pair({ seq: 2 });
    await using at = await wire(trouble, { status: 200, body: next });
    write(folder, pair({ left: -1 }));
    assert.equal(live(await keep(folder, at)), next.access_token);
    assert.equal(at.asked.length, 2);
    assert.equal(at.asked[0]?.body, at.asked[1]?.body);
  }
});

test("C-03, rule 7: what says nothing about the sign-in deletes nothing: no server, a failing one, one that is busy, a proxy's 401", async () => {
  using folder = scratch();
  const tokens = pair({ left: -1 });
  write(folder, tokens);
  const gone = await wire();
  await gone[Symbol.asyncDispose]();
  await assert.rejects(keep(folder, gone), { code: "UNREACHABLE" });
  const answers = [
    { status: 500 },
    { status: 429, headers: { "retry-after": "7" }, body: { code: "too_many_attempts" } },
    { status: 401, body: "<html>Sign in to the network" },
    { status: 401, body: { code: "invalid_token" } },
  ];
  for (const answer of answers) {
    await using at = await wire(answer);
    const kept = await keep(folder, at);
    assert.equal(kept.kind, "refused", JSON.stringify(answer));
    assert.equal(kept.refused.retryAfter, answer.status === 429 ? 7 : undefined);
  }
  await using moved = await wire({ status: 307, headers: { location: "http://127.0.0.1:1/" } });
  await assert.rejects(keep(folder, moved), { code: "NOT_UNDERSTOOD" });
  assert.deepEqual(readTokens(fileOf(folder)), tokens);
});

test("WEKA's auth-token.json: a member that another program adds during the refresh is kept", async () => {
  using folder = scratch();
  const tokens = pair({ left: -1 });
  await using at = await wire(() => {
    write(folder, { ...tokens, cluster: "lab" });
    return { status: 200, body: pair({ seq: 2 }) };
  });
  write(folder, tokens);
  await keep(folder, at);
  assert.equal(readTokens(fileOf(folder))?.["cluster"], "lab");
});

test("C-03, rule 6: a refresh token that the server does not take is deleted, once the file has been looked at again", async () => {
  using folder = scratch();
  await using at = await wire(invalidGrant);
  write(folder, pair({ left: -1 }));
  const kept = await keep(folder, at);
  assert.equal(kept.kind, "over");
  assert.equal(existsSync(fileOf(folder)), false);
});

test("C-03, rule 6: a token that another program stored meanwhile is used instead, and renewed where it is needed", async () => {
  using folder = scratch();
  const other = pair({ seq: 2 });
  await using at = await wire(() => {
    write(folder, other);
    return invalidGrant;
  });
  write(folder, pair({ left: -1 }));
  assert.equal(live(await keep(folder, at)), other.access_token);

  const last = pair({ seq: 4 });
  await using again = await wire(
    () => {
      write(folder, pair({ seq: 3, left: -1 }));
      return invalidGrant;
    },
    { status: 200, body: last },
  );
  write(folder, pair({ left: -1 }));
  assert.equal(live(await keep(folder, again)), last.access_token);
  assert.deepEqual(readTokens(fileOf(folder)), last);
});

test("C-03, rule 5: an older token, or one of another session, is not written over the one that is there", async () => {
  for (const wrong of [pair({ seq: 2, age: 5 }), pair({ seq: 1, age: 1 }), pair({ seq: 9, sid: "other" })]) {
    using folder = scratch();
    await using at = await wire({ status: 200, body: wrong });
    const tokens = pair({ seq: 2, left: -1 });
    write(folder, tokens);
    await assert.rejects(keep(folder, at), { code: "NOT_UNDERSTOOD" }, JSON.stringify(wrong));
    assert.deepEqual(readTokens(fileOf(folder)), tokens);
  }
});

test("C-03, rule 5: a file that has moved on during the refresh wins over an answer that is older", async () => {
  using folder = scratch();
  const newer = pair({ seq: 3 });
  await using at = await wire(() => {
    write(folder, newer);
    return { status: 200, body: pair({ seq: 2 }) };
  });
  write(folder, pair({ left: -1 }));
  assert.equal(live(await keep(folder, at)), newer.access_token);
  assert.deepEqual(readTokens(fileOf(folder)), newer);
});

test("C-03, rule 5: a session that does not rotate keeps its refresh token and gets a new access token", async () => {
  using folder = scratch();
  const tokens = pair({ left: -1 });
  const next = { ...tokens, access_token: pair().access_token };
  await using at = await wire({ status: 200, body: next });
  write(folder, tokens);
  assert.equal(live(await keep(folder, at)), next.access_token);
  assert.deepEqual(readTokens(fileOf(folder)), next);
});

test("C-03, rule 3: of twenty in one process that find an expired token one asks, and all get the same answer", async () => {
  using folder = scratch();
  const next = pair({ seq: 2 });
  await using at = await wire({ status: 200, body: next });
  write(folder, pair({ left: -1 }));
  const all = await Promise.all(Array.from({ length: 20 }, () => keep(folder, at)));
  assert.deepEqual(new Set(all.map(live)), new Set([next.access_token]));
  assert.equal(at.asked.length, 1);
});

test("C-03, rule 8: somebody who signs out while the token is renewed stays signed out", async () => {
  using folder = scratch();
  await using at = await wire(() => {
    writeFileSync(fileOf(folder), "");
    return { status: 200, body: pair({ seq: 2 }) };
  });
  write(folder, pair({ left: -1 }));
  await assert.rejects(keep(folder, at), { code: "FILE_DAMAGED" });
  assert.equal(readFileSync(fileOf(folder), "utf8"), "");
});

test("CWE-93: a token that could break out of a header or of a shell's line is not taken from a server", async () => {
  for (const access of ["a b", "a'$(id)", "a;b", "", 5]) {
    using folder = scratch();
    await using at = await wire({ status: 200, body: { ...pair({ seq: 2 }), access_token: access } });
    write(folder, pair({ left: -1 }));
    await assert.rejects(keep(folder, at), { code: "NOT_UNDERSTOOD" }, String(access));
  }
});

test("C-03: whoever cannot store the answer does not ask for it", async () => {
  using folder = scratch();
  // A folder is in the way of the temporary file's folder.
  writeFileSync(folder.path("file"), "");
  assert.throws(() => prepareTokens(folder.path("file", "auth-token.json")), { code: "FILE_UNWRITABLE" });
});
