/** A token that was found where it should not be: whoever has it may end it, and learns nothing. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { authority, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { bearer, seen } from "./asking.ts";

describe("POST /api/v1/leaked", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  const report = (token: string): Promise<Response> => jeton.ask("/api/v1/leaked", { body: { token } });
  const me = (token: string): Promise<Response> => jeton.me({ access_token: token });
  const mint = async (pair: WirePair, wish: object = {}): Promise<{ id: string; token: string }> => {
    const answer = await jeton.ask("/api/v1/api-tokens", { body: { name: "ci", ...wish }, headers: bearer(pair) });
    assert.equal(answer.status, 201);
    return (await answer.json()) as { id: string; token: string };
  };
  const events = async (kind: string): Promise<readonly Record<string, unknown>[]> => {
    const headers = bearer(await jeton.login("ada"));
    const { items } = await good<{ items: Record<string, unknown>[] }>(
      await jeton.ask(`/api/v1/journal?kind=${kind}`, { headers }),
    );
    return items;
  };

  test("an API token of either form is over, whatever it may do itself, and nothing else of its owner", async () => {
    const pair = await jeton.login();
    const other = await mint(pair);
    for (const wish of [{}, { format: "opaque" }, { scopes: ["me:read"] }, { networks: ["192.0.2.7"] }]) {
      const { token } = await mint(pair, wish);
      assert.equal((await report(`  ${token}\n`)).status, 204);
      assert.equal(await refusal(me(token)), "401 invalid_token", JSON.stringify(wish));
    }
    for (const token of [other.token, pair.access_token]) assert.equal((await me(token)).status, 200);
    const told = await events("api_token_leaked");
    assert.equal(told.length, 4);
    assert.equal(told[0]!["actor"] ?? null, null);
  });

  test("an access token, and a refresh token of any turn, end their session and no other", async () => {
    const kept = await jeton.login();
    const first = await jeton.login();
    assert.equal((await report(first.access_token)).status, 204);
    assert.equal(await refusal(jeton.refresh(first)), "401 invalid_grant");
    const second = await jeton.login();
    const renewed = await jeton.refreshed(await jeton.refreshed(second));
    assert.equal((await report(second.refresh_token)).status, 204);
    assert.equal(await refusal(me(renewed.access_token)), "401 invalid_token");
    assert.equal((await jeton.me(kept)).status, 200);
  });

  test("what is no token of ours, no more or not quite one, is answered the same and ends nothing", async () => {
    const pair = await jeton.login();
    const { token } = await mint(pair);
    const opaque = await mint(pair, { format: "opaque" });
    const gone = await mint(pair);
    await jeton.ask(`/api/v1/api-tokens/${gone.id}`, { method: "DELETE", headers: bearer(pair) });
    const usual = await seen(await report((await mint(pair)).token));
    const guess = jeton.keys.makeOpaque(jeton.keys.readOpaque(opaque.token)!.id, new Uint8Array(32)).text;
    const [head, claims, mark] = token.split(".") as [string, string, string];
    const forged = `${head}.${claims}.${mark.startsWith("A") ? "B" : "A"}${mark.slice(1)}`;
    const bent = `${pair.refresh_token.slice(0, -6)}AAAAAA`;
    for (const text of [gone.token, guess, forged, bent, "x", "jtn_", "\u0000", "..", "a".repeat(8192)])
      assert.equal(await seen(await report(text)), usual, text.slice(0, 40));
    for (const live of [token, opaque.token, pair.access_token]) assert.equal((await me(live)).status, 200);
    assert.equal((await jeton.refresh(pair)).status, 200);
  });

  test("an expired access token in an old log ends no session that is alive", async () => {
    const pair = await jeton.login();
    jeton.clock.pass(301);
    assert.equal((await report(pair.access_token)).status, 204);
    assert.equal((await jeton.refresh(pair)).status, 200);
  });

  test("the token is not in the log, and a body that is none is refused", async () => {
    const { token } = await mint(await jeton.login());
    await report(token);
    assert.ok(!jeton.logged().includes(token));
    for (const body of [{}, { token: "" }, { token: 7 }, { token: "a".repeat(8193) }, { token: "x", also: "y" }])
      assert.equal(await refusal(jeton.ask("/api/v1/leaked", { body })), "400 invalid_request");
  });
});
