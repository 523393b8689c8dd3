/** Callers who hang up while they are served. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { passwords } from "../../src/identity/passwords.ts";
import { reopened } from "../api/asking.ts";
import { authority, good, type Authority } from "../authority.ts";

const sessionsOf = async (jeton: Authority, access: string): Promise<number> => {
  const answer = await jeton.ask("/api/v1/sessions", { headers: { authorization: `Bearer ${access}` } });
  return (await good<{ items: readonly unknown[] }>(answer)).items.length;
};

describe("a caller who has gone", () => {
  test("L-11: who hangs up while the password is compared is given no session, and nobody else loses one to it", async () => {
    const jeton = await authority({ settings: { "sessions.cap": 2 } });
    const own = await jeton.login();
    let hangUp: AbortController;
    const abandoned = await reopened(jeton, {
      passwords: {
        ...passwords(randomBytes),
        verify: async () => {
          hangUp.abort();
          return true;
        },
      },
    });
    for (let at = 0; at < 4; at++) {
      hangUp = new AbortController();
      const body = { username: "bob", password: demoPassword };
      const answer = await abandoned.ask("/api/v1/login", { body, signal: hangUp.signal });
      assert.equal(answer.status, 503);
    }
    assert.equal(await sessionsOf(jeton, own.access_token), 1);
    assert.equal((await jeton.refresh(own)).status, 200);
    await jeton.close();
  });

  const refreshed = async (jeton: Authority): Promise<readonly [gone: number, here: number]> => {
    const { refresh_token } = await jeton.login();
    const asked = { body: { refresh_token } };
    const gone = await jeton.ask("/api/v1/refresh", { ...asked, signal: AbortSignal.abort() });
    const here = await jeton.ask("/api/v1/refresh", asked);
    return [gone.status, here.status];
  };

  test("F-20: a refresh whose caller has just gone can be asked again", async () => {
    const jeton = await authority();
    assert.deepEqual(await refreshed(jeton), [200, 200]);
    await jeton.close();
  });

  test("F-20: without a retry window nothing is decided for a caller who has gone, so the token is still good", async () => {
    const jeton = await authority({ settings: { "sessions.retry_window": "0s" } });
    assert.deepEqual(await refreshed(jeton), [503, 200]);
    await jeton.close();
  });
});
