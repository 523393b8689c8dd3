import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { authority, claimsOf, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { basic, bearer, seen } from "./asking.ts";

interface Receipt {
  readonly session_id: string;
  readonly refused_here: string;
  readonly refused_everywhere_by: string;
}

const idOf = (pair: Pick<WirePair, "access_token">): string => String(claimsOf(pair.access_token)["sid"]);

describe("ending a session", () => {
  let jeton: Authority;
  const end = (by: Pick<WirePair, "access_token">, id: string): Promise<Response> =>
    jeton.ask(`/api/v1/sessions/${id}`, { method: "DELETE", headers: bearer(by) });
  const logout = (refresh_token: string): Promise<Response> => jeton.ask("/api/v1/logout", { body: { refresh_token } });

  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  describe("DELETE /api/v1/sessions/{id}", () => {
    test("Sessions: the receipt says what ended, that it is refused here now, and everywhere by the last exp", async () => {
      const [mine, other] = [await jeton.login(), await jeton.login()];
      jeton.clock.pass(100);
      const fresh = await jeton.refreshed(other);
      assert.deepEqual(await good<Receipt>(await end(mine, idOf(other))), {
        session_id: idOf(other),
        refused_here: "now",
        refused_everywhere_by: new Date(Number(claimsOf(fresh.access_token)["exp"]) * 1000).toISOString(),
      });
      assert.equal(await refusal(jeton.me(fresh)), "401 invalid_token");
      assert.equal(await refusal(jeton.me(other)), "401 invalid_token");
      assert.equal(await refusal(jeton.refresh(fresh)), "401 invalid_grant");
      assert.equal((await jeton.me(mine)).status, 200);
    });

    test("RFC 9110 section 9.2.2: asked again it answers the same receipt", async () => {
      const [mine, other] = [await jeton.login(), await jeton.login()];
      const first = await good<Receipt>(await end(mine, idOf(other)));
      jeton.clock.pass(60);
      assert.deepEqual(await good<Receipt>(await end(mine, idOf(other))), first);
    });

    test("Sessions: one may end the session that one asks with, and it is over with the answer", async () => {
      const mine = await jeton.login();
      assert.equal((await end(mine, idOf(mine))).status, 200);
      assert.equal(await refusal(end(mine, idOf(mine))), "401 invalid_token");
    });

    test("Sessions: a session of a dialect is ended from here like any other", async () => {
      const sensu = await good<WirePair>(await jeton.ask("/sensu/auth", { headers: basic("bob", demoPassword) }));
      assert.equal((await end(await jeton.login(), idOf(sensu))).status, 200);
      assert.equal(await refusal(jeton.me(sensu)), "401 invalid_token");
    });

    test("A-04: another person's session, an unknown id and what is no id are answered alike, and nothing ends", async () => {
      const [ada, bob] = [await jeton.login("ada"), await jeton.login("bob")];
      const ids = [
        idOf(ada),
        "00000000-0000-0000-0000-000000000000",
        "01a2036c-21cb-7c3c-a61e-584c60070697",
        idOf(bob).toUpperCase(),
        idOf(bob).replaceAll("-", ""),
        `{${idOf(bob)}}`,
        "me",
        "constructor",
        "%27%20OR%201=1--",
      ];
      const answers = new Set(await Promise.all(ids.map(async (id) => seen(await end(bob, id)))));
      assert.equal(answers.size, 1, [...answers].join("\n\n"));
      assert.match([...answers][0]!, /^404\n[^]*"code":"not_found"/);
      assert.equal((await jeton.me(ada)).status, 200);
      assert.equal((await jeton.me(bob)).status, 200);
    });

    test("RFC 6750 section 3.1: without a token nothing is said of any session", async () => {
      const bob = await jeton.login();
      const response = await jeton.ask(`/api/v1/sessions/${idOf(bob)}`, { method: "DELETE" });
      assert.equal(await refusal(response), "401 missing_token");
      assert.equal((await jeton.me(bob)).status, 200);
    });
  });

  describe("POST /api/v1/logout", () => {
    test("RFC 7009 section 2.1: the session is over, its access token included", async () => {
      const pair = await jeton.login();
      const response = await logout(pair.refresh_token);
      assert.equal(response.status, 204);
      assert.equal(await response.text(), "");
      assert.equal(await refusal(jeton.me(pair)), "401 invalid_token");
      assert.equal(await refusal(jeton.refresh(pair)), "401 invalid_grant");
    });

    test("RFC 7009 section 2.1: a rotated refresh token ends its session too", async () => {
      const first = await jeton.login();
      const second = await jeton.refreshed(first);
      const third = await jeton.refreshed(second);
      assert.equal((await logout(first.refresh_token)).status, 204);
      assert.equal(await refusal(jeton.me(third)), "401 invalid_token");
      assert.equal(await refusal(jeton.refresh(third)), "401 invalid_grant");
    });

    test("RFC 7009 section 2.2: an unknown, broken or spent token is answered like a good one", async () => {
      const [fresh, spent] = [await jeton.login(), await jeton.login()];
      await logout(spent.refresh_token);
      const other = await jeton.login();
      const tokens = [
        fresh.refresh_token,
        spent.refresh_token,
        "nonsense",
        other.access_token,
        `${other.refresh_token.slice(0, -1)}x`,
        other.refresh_token.replace(/\.[^.]+$/, "."),
      ];
      const answers = new Set<string>();
      for (const token of tokens) answers.add(await seen(await logout(token)));
      assert.equal(answers.size, 1, [...answers].join("\n\n"));
      assert.equal((await jeton.me(other)).status, 200);
    });

    test("F-06: the token of another door's session ends nothing", async () => {
      const sensu = await good<WirePair>(await jeton.ask("/sensu/auth", { headers: basic("bob", demoPassword) }));
      assert.equal((await logout(sensu.refresh_token)).status, 204);
      assert.equal((await jeton.me(sensu)).status, 200);
    });

    test("RFC 7009 section 2.1: logging out of one session leaves the others", async () => {
      const [one, two] = [await jeton.login(), await jeton.login()];
      await logout(one.refresh_token);
      assert.equal((await jeton.refresh(two)).status, 200);
    });
  });
});
