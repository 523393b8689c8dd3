import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { authority, claimsOf, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { basic, bearer } from "./asking.ts";

/** An authority for one test, since its settings or its clock are the test's own. */
async function alone(
  settings: Readonly<Record<string, unknown>>,
  run: (jeton: Authority) => Promise<void>,
): Promise<void> {
  const jeton = await authority({ settings });
  await run(jeton);
  await jeton.close();
}

const expOf = (token: string): number => Number(claimsOf(token)["exp"]);
const seqOf = (pair: WirePair): number => Number(claimsOf(pair.refresh_token)["seq"]);

describe("POST /api/v1/refresh", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  const sensuLogin = async (): Promise<WirePair> =>
    good<WirePair>(await jeton.ask("/sensu/auth", { headers: basic("bob", demoPassword) }));
  const sensuRefresh = (access: string, refresh: string): Promise<Response> =>
    jeton.ask("/sensu/auth/token", {
      headers: { authorization: `Bearer ${access}` },
      body: { refresh_token: refresh },
    });

  test("F-20: a lost answer is given again byte for byte as long as the retry window is open", async () => {
    const first = await jeton.login();
    const second = await jeton.refreshed(first);
    await jeton.later(60);
    const again = await jeton.refreshed(first);
    assert.deepEqual(again, {
      ...second,
      expires_in: second.expires_in - 60,
      refresh_expires_in: second.refresh_expires_in - 60,
    });
    await jeton.later(1);
    assert.equal(await refusal(jeton.refresh(first)), "401 invalid_grant");
    assert.equal(await refusal(jeton.refresh(second)), "401 invalid_grant");
  });

  test("F-20: a repeat whose access token is past half of its life gets a fresh one, and expires_in tells the truth", async () => {
    await alone({ "sessions.access": "2m", "sessions.retry_window": "10m" }, async (short) => {
      const first = await short.login();
      const second = await short.refreshed(first);
      // The wall clock was set forward: the window, which is counted in served time, is still open.
      short.clock.step(61);
      const again = await short.refreshed(first);
      assert.equal(again.refresh_token, second.refresh_token);
      assert.notEqual(again.access_token, second.access_token);
      assert.equal(again.expires_in, 120);
      assert.equal(expOf(again.access_token), short.clock.now() + 120);
    });
  });

  // Each round makes a chain of 20 rotations within one second of the clock and replays another of its tokens.
  test("F-05: after 20 rotations in one second, any older token is found and ends the session", async () => {
    for (let replayed = 0; replayed < 19; replayed++) {
      const chain = [await jeton.login()];
      const start = jeton.clock.now();
      for (let rotation = 0; rotation < 20; rotation++) chain.push(await jeton.refreshed(chain.at(-1)!));
      assert.equal(jeton.clock.now(), start);
      assert.deepEqual(
        chain.map(seqOf),
        chain.map((_, at) => at + 1),
      );
      assert.equal(await refusal(jeton.refresh(chain[replayed]!)), "401 invalid_grant", `token ${replayed + 1}`);
      assert.equal(await refusal(jeton.refresh(chain[20]!)), "401 invalid_grant", `after token ${replayed + 1}`);
      assert.equal(await refusal(jeton.me(chain[20]!)), "401 invalid_token");
    }
  });

  test("F-02: with a retry window of 0, a hundred refreshes of one token give one pair, and its session ends", async () => {
    await alone({ "sessions.retry_window": "0s" }, async (strict) => {
      const first = await strict.login();
      const answers = await Promise.all(Array.from({ length: 100 }, () => strict.refresh(first)));
      const accepted = answers.filter(({ status }) => status === 200);
      assert.equal(accepted.length, 1);
      for (const answer of answers) if (answer.status !== 200) assert.equal(await refusal(answer), "401 invalid_grant");
      assert.equal(await refusal(strict.refresh(await good<WirePair>(accepted[0]!))), "401 invalid_grant");
    });
  });

  test("F-06: a native refresh token is refused at the Sensu door, and its session goes on", async () => {
    const pair = await jeton.login();
    const response = await sensuRefresh(pair.access_token, pair.refresh_token);
    assert.deepEqual([response.status, await response.text()], [401, "Unauthorized\n"]);
    assert.equal((await jeton.me(pair)).status, 200);
    assert.equal(seqOf(await jeton.refreshed(pair)), 2);
  });

  test("F-06: a Sensu refresh token is refused here, and its session goes on", async () => {
    const pair = await sensuLogin();
    assert.equal(await refusal(jeton.refresh(pair)), "401 invalid_grant");
    assert.equal((await jeton.me(pair)).status, 200);
    assert.equal((await sensuRefresh(pair.access_token, pair.refresh_token)).status, 200);
  });

  test("F-15: a refresh token in the query, in a cookie or in a GET is refused, not used up and not logged", async () => {
    const pair = await jeton.login();
    const { refresh_token } = pair;
    const inQuery = `/api/v1/refresh?refresh_token=${refresh_token}`;
    const answers = [
      await refusal(jeton.ask(inQuery, { body: { refresh_token } })),
      await refusal(jeton.ask(inQuery, { body: {} })),
      await refusal(jeton.ask(inQuery)),
      await refusal(jeton.ask("/api/v1/refresh", { body: {}, headers: { cookie: `refresh_token=${refresh_token}` } })),
      await refusal(jeton.ask("/api/v1/refresh", { body: {}, headers: bearer({ access_token: refresh_token }) })),
      await refusal(jeton.ask("/api/v1/refresh", { headers: { "x-refresh-token": refresh_token } })),
    ];
    assert.deepEqual(
      answers.map((answer) => answer.slice(0, 3)),
      ["400", "400", "405", "400", "400", "405"],
    );
    assert.equal(jeton.logged().includes(refresh_token), false);
    assert.equal(seqOf(await jeton.refreshed(pair)), 2);
  });

  test("F-18: a token that is nearly right is refused and ends nothing", async () => {
    const pair = await jeton.login();
    const token = pair.refresh_token;
    const [header = "", claims = "", mac = ""] = token.split(".");
    const nearly = [
      `${token}A`,
      token.slice(0, -1),
      ` ${token}`,
      `${token}\n`,
      token.toUpperCase(),
      `${header}.${claims}.${mac.toLowerCase()}`,
      `${header}.${claims}.${mac}=`,
      `${header}=.${claims}.${mac}`,
      `${header}.${claims}`,
      `${header}..${mac}`,
      token.replaceAll(".", "%2E"),
      `${header}.${Buffer.from(JSON.stringify({ ...claimsOf(token), seq: 2 })).toString("base64url")}.${mac}`,
    ];
    for (const refresh_token of nearly) {
      assert.equal(await refusal(jeton.refresh({ refresh_token })), "401 invalid_grant", refresh_token);
    }
    assert.equal(seqOf(await jeton.refreshed(pair)), 2);
  });

  test("F-13: a session that is refreshed just in time lives on, and one that is late by a second is over", async () => {
    await alone({ "sessions.idle": "10m" }, async (idle) => {
      let pair = await idle.login();
      for (let round = 0; round < 10; round++) {
        idle.clock.pass(599);
        pair = await idle.refreshed(pair);
        assert.equal(pair.refresh_expires_in, 600);
      }
      idle.clock.pass(600);
      assert.equal(await refusal(idle.refresh(pair)), "401 invalid_grant");
    });
  });

  test("F-13: rotating for ever ends at the absolute end, and no token outlives it", async () => {
    await alone({ "sessions.idle": "10m", "sessions.absolute": "1h", "sessions.access": "4m" }, async (bounded) => {
      const end = bounded.clock.now() + 3600;
      let pair = await bounded.login();
      let rotations = 0;
      for (;;) {
        bounded.clock.pass(97);
        const response = await bounded.refresh(pair);
        if (response.status !== 200) {
          assert.equal(await refusal(response), "401 invalid_grant");
          break;
        }
        pair = await good<WirePair>(response);
        rotations += 1;
        assert.ok(expOf(pair.access_token) <= end && expOf(pair.refresh_token) <= end);
        assert.equal(pair.expires_in, Math.min(240, end - bounded.clock.now()));
        assert.equal(pair.refresh_expires_in, Math.min(600, end - bounded.clock.now()));
      }
      assert.ok(bounded.clock.now() >= end);
      assert.equal(rotations, Math.floor(3599 / 97));
      assert.equal(await refusal(bounded.me(pair)), "401 invalid_token");
    });
  });

  test("F-13: the clients of a session that is at its absolute end cannot get a repeat either", async () => {
    await alone(
      { "sessions.absolute": "10m", "sessions.access": "10m", "sessions.retry_window": "5m" },
      async (bounded) => {
        const first = await bounded.login();
        bounded.clock.pass(590);
        await bounded.refreshed(first);
        bounded.clock.step(10);
        assert.equal(await refusal(bounded.refresh(first)), "401 invalid_grant");
      },
    );
  });

  test("Sessions: over the cap the least used session ends, never the one that was just opened", async () => {
    await alone({ "sessions.cap": "3" }, async (capped) => {
      const open = async (): Promise<WirePair> => {
        capped.clock.pass(1);
        return capped.login();
      };
      const used = await capped.refreshed(await open());
      const unused = [await open(), await open()];
      const fresh = await open();
      assert.equal(await refusal(capped.me(unused[0]!)), "401 invalid_token");
      assert.equal(await refusal(capped.refresh(unused[0]!)), "401 invalid_grant");
      const kept = [used, unused[1]!, fresh];
      for (const pair of kept) assert.equal((await capped.me(pair)).status, 200);
      // All of them used: now the one whose last use is longest ago.
      const all: WirePair[] = [];
      for (const pair of kept) all.push(await capped.refreshed(pair));
      const newest = await open();
      assert.equal((await capped.me(newest)).status, 200);
      assert.equal(await refusal(capped.me(all[0]!)), "401 invalid_token");
      // Somebody else's sessions do not count.
      await capped.login("ada");
      assert.equal((await capped.me(newest)).status, 200);
    });
  });
});
