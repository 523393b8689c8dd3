/** The ends of a session: idle and absolute (RFC 9700 section 4.14.2). */
import assert from "node:assert/strict";
import { test } from "node:test";

import { authority, refusal, type WirePair } from "../authority.ts";

test("F-13: when a session's idle life is over, neither its newest token nor a repeat of the one before gives anything", async () => {
  const jeton = await authority({ settings: { "sessions.idle": "12h" } });
  try {
    const first = await jeton.login();
    const second: WirePair = await jeton.refreshed(first);
    // The server was down, so served time stood still and the retry window is open.
    jeton.clock.pass(13 * 3600);
    assert.equal(await refusal(jeton.refresh(first)), "401 invalid_grant");
    assert.equal(await refusal(jeton.refresh(second)), "401 invalid_grant");
  } finally {
    await jeton.close();
  }
});

test("a login and a refresh within one second give two access tokens, and a repeat gives the same", async () => {
  const jeton = await authority();
  try {
    const first = await jeton.login();
    const second = await jeton.refreshed(first);
    const again = await jeton.refreshed(first);
    assert.notEqual(second.access_token, first.access_token);
    assert.equal(again.access_token, second.access_token);
  } finally {
    await jeton.close();
  }
});
