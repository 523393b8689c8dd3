/** RFC 6749 section 6 and RFC 9700 section 4.14, over the native API. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { authority, claimsOf, good, refusal, type Authority, type WirePair } from "../authority.ts";

describe("refresh", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  test("RFC 6749 section 6: a refresh answers a new access token and a new refresh token of the same session", async () => {
    const first = await jeton.login();
    jeton.clock.pass(1);
    const second = await jeton.refreshed(first);
    assert.notEqual(second.access_token, first.access_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal(claimsOf(second.access_token)["sid"], claimsOf(first.access_token)["sid"]);
    assert.equal(second.expires_in, 300);
    assert.equal((await jeton.me(second)).status, 200);
  });

  test("F-02, F-20: a hundred refreshes of one token answer one and the same pair, twenty times over", async () => {
    let pair = await jeton.login();
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(Array.from({ length: 100 }, () => jeton.refresh(pair)));
      const pairs = await Promise.all(answers.map((answer) => good<WirePair>(answer)));
      assert.equal(new Set(pairs.map((answered) => `${answered.access_token} ${answered.refresh_token}`)).size, 1);
      pair = pairs[0]!;
    }
    assert.equal(claimsOf(pair.refresh_token)["seq"], 21);
  });

  test("F-01: a refresh token two steps back is refused, and the newest one is dead too", async () => {
    const first = await jeton.login();
    const second = await jeton.refreshed(first);
    const third = await jeton.refreshed(second);
    assert.equal(await refusal(jeton.refresh(first)), "401 invalid_grant");
    assert.equal(await refusal(jeton.refresh(third)), "401 invalid_grant");
    assert.equal(await refusal(jeton.me(third)), "401 invalid_token");
  });

  test("RFC 9700 section 4.14.2: replaying a rotated refresh token after the retry window ends the session", async () => {
    const first = await jeton.login();
    const second = await jeton.refreshed(first);
    await jeton.later(120);
    assert.equal(await refusal(jeton.refresh(first)), "401 invalid_grant");
    assert.equal(await refusal(jeton.refresh(second)), "401 invalid_grant");
  });
});
