/** FeatureBase's refresh on the fly: an access token that has expired is renewed on the way to what was asked. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { StoreUnavailable } from "../../src/core/faults.ts";
import type { SessionId } from "../../src/core/ids.ts";
import { defaultTimeouts } from "../../src/http/serve.ts";
import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf, good } from "../authority.ts";
import { bearer, reopened } from "../api/asking.ts";
import { add } from "../api/people.ts";
import { serving } from "../runtime/small-server.ts";
import {
  byCookie,
  byHeader,
  expired,
  featurebaseClient,
  foreign,
  reason,
  setCookies,
  type FeatureBaseClient,
  type Tokens,
  type UserInfo,
} from "./featurebase-client.ts";

describe("FeatureBase, on the fly", () => {
  const folder = mkdtempSync(join(tmpdir(), "jeton-featurebase-"));
  let featurebase: FeatureBaseClient;
  before(async () => {
    featurebase = await featurebaseClient({ file: join(folder, "jeton.db") });
  });
  after(async () => {
    await featurebase.jeton.close();
    rmSync(folder, { recursive: true });
  });

  /** Tokens whose access token has expired. */
  async function stale(username = "bob"): Promise<Tokens> {
    const tokens = await featurebase.login(username);
    featurebase.jeton.clock.pass(3600);
    return tokens;
  }
  const userinfo = async (headers: Readonly<Record<string, string>>): Promise<UserInfo> =>
    good<UserInfo>(await featurebase.get("/userinfo", headers));
  const seqOf = async ({ refresh_token }: Tokens): Promise<number> => {
    const found = await featurebase.jeton.store.findSession(claimsOf(refresh_token)["sid"] as SessionId);
    return found!.session.seq;
  };

  test("FeatureBase 20, 28, 31: a caller by cookie passes, and the answer sets both cookies anew", async () => {
    for (const path of ["/auth", "/userinfo"] as const) {
      const first = await stale();
      const response = await featurebase.get(path, byCookie(first));
      assert.equal(response.status, 200);
      const second = setCookies(response);
      assert.equal(claimsOf(second.access_token)["exp"], featurebase.jeton.clock.now() + 3600);
      assert.equal(claimsOf(second.access_token)["sid"], claimsOf(first.access_token)["sid"]);
      assert.equal(claimsOf(second.refresh_token)["seq"], 2);
      const next = await featurebase.get(path, byCookie(second));
      assert.equal(next.status, 200);
      assert.deepEqual(next.headers.getSetCookie(), []);
    }
  });

  test("FeatureBase B9.5: the new tokens of a caller by cookie are in the cookies and in no body", async () => {
    const first = await stale();
    const mixes = [
      byCookie(first),
      { ...byHeader({ access_token: first.access_token }), ...byCookie({ refresh_token: first.refresh_token }) },
      { ...byCookie({ access_token: first.access_token }), ...byHeader({ refresh_token: first.refresh_token }) },
    ];
    for (const headers of mixes) {
      const response = await featurebase.get("/userinfo", headers);
      setCookies(response);
      const { username, token, refreshtoken } = await good<UserInfo>(response);
      assert.deepEqual([username, token, refreshtoken], ["bob", "", ""]);
    }
    assert.equal(await seqOf(first), 2);
  });

  test("FeatureBase 20, 31: a caller by header passes too, and learns of the new tokens by the cookies", async () => {
    const first = await stale();
    const response = await featurebase.get("/auth", byHeader(first));
    assert.equal(response.status, 200);
    const second = setCookies(response);
    const next = await featurebase.get("/auth", byHeader(second));
    assert.equal(next.status, 200);
    assert.deepEqual(next.headers.getSetCookie(), []);
  });

  test("FeatureBase 20: a caller by header gets the new tokens from GET /userinfo as well", async () => {
    const first = await stale();
    const response = await featurebase.get("/userinfo", byHeader(first));
    const { token, refreshtoken } = await good<UserInfo>(response);
    const second = { access_token: token, refresh_token: refreshtoken };
    assert.equal(claimsOf(token)["exp"], featurebase.jeton.clock.now() + 3600);
    assert.equal((await featurebase.get("/auth", byHeader(second))).status, 200);
    featurebase.jeton.clock.pass(3600);
    assert.equal(claimsOf((await userinfo(byHeader(second))).refreshtoken)["seq"], 3);
  });

  test("RFC 6749 section 6: a good access token is never renewed, however often it is shown", async () => {
    const tokens = await featurebase.login();
    featurebase.jeton.clock.pass(3599);
    for (let round = 0; round < 3; round++)
      assert.deepEqual((await featurebase.get("/userinfo", byCookie(tokens))).headers.getSetCookie(), []);
    assert.equal(await seqOf(tokens), 1);
  });

  test("F-02: fifty requests at once with one expired token make one rotation and one pair", async () => {
    const first = await stale();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => featurebase.get(at % 2 === 0 ? "/auth" : "/userinfo", byCookie(first))),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    const pairs = answers.map((answer) => JSON.stringify(setCookies(answer)));
    assert.equal(new Set(pairs).size, 1);
    assert.equal(await seqOf(first), 2);
    const bodies = await Promise.all(
      Array.from({ length: 50 }, async () => (await featurebase.get("/userinfo", byHeader(first))).text()),
    );
    assert.equal(new Set(bodies).size, 1);
    assert.equal(await seqOf(first), 2);
  });

  test("F-20: a caller whose answer was lost asks again and gets the same pair, byte for byte", async () => {
    const first = await stale();
    const lost = setCookies(await featurebase.get("/auth", byCookie(first)));
    await featurebase.jeton.later(59);
    assert.deepEqual(setCookies(await featurebase.get("/auth", byCookie(first))), lost);
    assert.equal((await featurebase.get("/auth", byCookie(lost))).status, 200);
  });

  test("F-01: the old pair after the retry window is refused with the reason of its 400, and the new pair is dead too", async () => {
    const first = await stale();
    const second = setCookies(await featurebase.get("/auth", byCookie(first)));
    await featurebase.jeton.later(61);
    const replayed = await featurebase.get("/auth", byCookie(first));
    assert.deepEqual(replayed.headers.getSetCookie(), []);
    assert.equal(await reason(replayed), `401 ${expired}`);
    assert.equal(await reason(featurebase.get("/auth", byCookie(second))), `401 ${foreign}`);
    assert.equal(await reason(featurebase.get("/userinfo", byHeader(second))), `403 ${foreign}`);
    assert.match(featurebase.jeton.logged(), /"event":"refresh_reuse"/);
  });

  test("FeatureBase 21: a refresh token that is none, changed, expired or of a session that is over renews nothing", async () => {
    const first = await stale();
    const { access_token, refresh_token } = first;
    for (const way of [byHeader, byCookie]) {
      const changed = `${refresh_token.slice(0, -4)}AAAA`;
      assert.equal(
        await reason(featurebase.get("/userinfo", way({ access_token, refresh_token: changed }))),
        `403 ${expired}`,
      );
      for (const none of ["garbage", access_token])
        assert.equal(
          await reason(featurebase.get("/userinfo", way({ access_token, refresh_token: none }))),
          `403 ${foreign}`,
        );
    }
    assert.equal(await seqOf(first), 1);
    featurebase.jeton.clock.pass(30 * 86_400);
    assert.equal(await reason(featurebase.get("/userinfo", byCookie(first))), `403 ${expired}`);
    const ended = await featurebase.login();
    await featurebase.get("/logout", byCookie(ended));
    featurebase.jeton.clock.pass(3600);
    assert.equal(await reason(featurebase.get("/auth", byCookie(ended))), `401 ${expired}`);
  });

  test("F-06: the refresh token of another door renews nothing here, and this door's nothing there", async () => {
    const native = await featurebase.jeton.login();
    featurebase.jeton.clock.pass(3600);
    assert.equal(await reason(featurebase.get("/userinfo", byHeader(native))), `403 ${expired}`);
    assert.equal((await featurebase.jeton.refresh(native)).status, 200);
    const own = await stale();
    assert.equal((await featurebase.jeton.refresh(own)).status, 401);
    assert.equal((await featurebase.get("/auth", byCookie(own))).status, 200);
  });

  test("F-11: a change of roles is in the renewed answer, and whoever was disabled is not renewed", async () => {
    await add(featurebase.jeton, { username: "mira", password: demoPassword });
    const first = await stale("mira");
    const id = String(claimsOf(first.access_token)["sub"]);
    const admin = await featurebase.jeton.login("ada");
    const change = async (path: string, method: string, body: unknown): Promise<void> => {
      const sent = { method, headers: bearer(admin), body };
      const response = await featurebase.ask(`/api/v1/users/${id}${path}`, sent);
      assert.equal(response.status, 200, await response.text());
    };
    await change("", "PATCH", { roles: ["auditor", "member"] });
    const { groups, token, refreshtoken } = await userinfo(byHeader(first));
    assert.deepEqual(
      groups.map((group) => group.id),
      ["auditor", "member"],
    );
    // Without roles there is no access, and still the answer carries what the refresh token was spent for.
    await change("", "PATCH", { roles: [] });
    featurebase.jeton.clock.pass(3600);
    const response = await featurebase.get("/auth", byCookie({ access_token: token, refresh_token: refreshtoken }));
    const third = setCookies(response);
    assert.equal(await reason(response), "401 getting groups: no groups found");
    const again = await featurebase.jeton.login("ada");
    const locked = await featurebase.ask(`/api/v1/users/${id}/disable`, { method: "POST", headers: bearer(again) });
    assert.equal(locked.status, 200);
    featurebase.jeton.clock.pass(3600);
    assert.equal(await reason(featurebase.get("/auth", byCookie(third))), `401 ${expired}`);
  });

  test("FL-08: a store that cannot answer is 503, says when to come back, and spends nothing", async () => {
    const first = await stale();
    const { ask } = await reopened(featurebase.jeton, {
      store: { ...featurebase.jeton.store, rotate: () => Promise.reject(new StoreUnavailable("the disk is full")) },
    });
    for (const path of ["/auth", "/userinfo"]) {
      const response = await ask(`/featurebase${path}`, { headers: byCookie(first) });
      assert.equal(response.headers.get("retry-after"), "1");
      assert.deepEqual(response.headers.getSetCookie(), []);
      assert.equal(await reason(response), "503 The server cannot answer right now");
    }
    assert.equal((await featurebase.get("/auth", byCookie(first))).status, 200);
  });

  test("RFC 6265 section 3: over a connection, too, the two cookies are two headers", async () => {
    const first = await stale();
    // The short times of that server could cut a connection on a busy machine.
    await using server = await serving(featurebase.jeton.doors.main, { timeouts: defaultTimeouts });
    const get = (path: string): Promise<Response> =>
      fetch(`${server.url}/featurebase${path}`, { headers: byCookie(first), redirect: "manual" });
    const renewed = await get("/auth");
    assert.equal(await renewed.text(), "OK");
    assert.equal(claimsOf(setCookies(renewed).refresh_token)["seq"], 2);
    const gone = await get("/logout");
    assert.equal(gone.status, 307);
    assert.deepEqual(
      gone.headers.getSetCookie().map((cookie) => cookie.split("=;")[0]),
      ["molecula-chip", "refresh-molecula-chip"],
    );
    await gone.text();
    assert.equal(await reason(await get("/auth")), `401 ${expired}`);
  });

  test("G-01: no token that came or went, in a header, a cookie or a body, is in the log", async () => {
    const first = await stale();
    const second = setCookies(await featurebase.get("/auth", byCookie(first)));
    await featurebase.get(
      "/userinfo",
      byHeader({ access_token: first.access_token, refresh_token: `${first.refresh_token}x` }),
    );
    await featurebase.get("/logout", byHeader(second));
    const log = featurebase.jeton.logged();
    assert.match(log, /\/featurebase\/userinfo/);
    for (const token of [first, second].flatMap(({ access_token, refresh_token }) => [access_token, refresh_token]))
      for (const part of token.split(".").slice(1)) assert.ok(!log.includes(part));
  });
});
