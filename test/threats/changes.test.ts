/** A loop in a script must not fill the disk by what its user may do: changes are counted for each caller. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { authority, refusal, type Authority, type WirePair } from "../authority.ts";
import { bearer } from "../api/asking.ts";

describe("changes in a minute", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority({ settings: { "limits.changes": 5 } });
  });
  after(() => jeton.close());

  const revoke = (pair: WirePair): Promise<Response> =>
    jeton.ask("/api/v1/revoke-tokens", { method: "POST", headers: bearer(pair), body: { keep_current: true } });

  test("CWE-770: the sixth of one user is 429 with Retry-After and changes nothing; others, reads and refreshes go on", async () => {
    let bob = await jeton.login("bob");
    const ada = await jeton.login("ada");
    for (let count = 0; count < 5; count++) {
      const response = await revoke(bob);
      assert.equal(response.status, 200);
      // The session goes on with other tokens, and the count with it.
      bob = ((await response.json()) as { tokens: WirePair }).tokens;
    }
    const refused = await revoke(bob);
    assert.equal(refused.headers.get("retry-after"), "12");
    assert.equal(await refusal(refused), "429 too_many_changes");
    assert.equal((await jeton.me(bob)).status, 200);
    bob = await jeton.refreshed(bob);
    assert.equal((await revoke(ada)).status, 200);
    await jeton.later(12);
    assert.equal((await revoke(bob)).status, 200);
  });
});
