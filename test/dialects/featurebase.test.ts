/** The compatibility checklist of FeatureBase's bearer check, as far as it is about tokens. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, SignJWT, type JSONWebKeySet } from "jose";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf, good, issuer } from "../authority.ts";
import { add } from "../api/people.ts";
import {
  byCookie,
  byHeader,
  expired,
  featurebaseClient,
  foreign,
  reason,
  type FeatureBaseClient,
  type Tokens,
  type UserInfo,
} from "./featurebase-client.ts";

describe("FeatureBase", () => {
  let featurebase: FeatureBaseClient;
  let bob: Tokens;
  before(async () => {
    featurebase = await featurebaseClient();
    bob = await featurebase.login();
  });
  after(() => featurebase.jeton.close());

  const ways = [byHeader, byCookie] as const;

  /** The reason at both paths, which must be the same; the statuses are the product's own. */
  async function reasonAt(headers: Readonly<Record<string, string>>): Promise<string> {
    const [auth, userinfo] = [await featurebase.get("/auth", headers), await featurebase.get("/userinfo", headers)];
    for (const { headers: sent } of [auth, userinfo]) assert.deepEqual(sent.getSetCookie(), []);
    assert.match(auth.headers.get("www-authenticate") ?? "", /^Bearer /);
    const why = (await reason(auth)).replace(/^401 /, "");
    assert.equal(await reason(userinfo), `403 ${why}`);
    return why;
  }

  test("FeatureBase 3: GET /auth with a good token is 200 and OK", async () => {
    for (const way of ways) {
      const response = await featurebase.get("/auth", way(bob));
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "text/plain");
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(await response.text(), "OK");
    }
  });

  test("FeatureBase 4, 8, 18: without an access token the reason says so, whether or not there is a refresh token", async () => {
    for (const headers of [
      {},
      { cookie: "" },
      { cookie: "molecula-chip=; theme=dark" },
      byHeader({ refresh_token: bob.refresh_token }),
      byCookie({ refresh_token: bob.refresh_token }),
    ])
      assert.equal(await reasonAt(headers), "auth token is empty");
    assert.equal(claimsOf((await featurebase.login()).refresh_token)["seq"], 1);
  });

  test("FeatureBase 5: a token without its scheme is no token", async () => {
    assert.equal(await reasonAt({ authorization: bob.access_token }), "auth token is empty");
    assert.equal(await reasonAt({ authorization: `Token ${bob.access_token}` }), "auth token is empty");
    assert.match(await reasonAt({ authorization: `Bearer ${bob.access_token} x` }), /^parsing auth token: /);
  });

  test("FeatureBase 17, 27: what is no JWT gets a reason that begins so, by header and by cookie", async () => {
    const segments = "parsing auth token: token contains an invalid number of segments";
    const malformed = "parsing auth token: token is malformed";
    for (const way of ways) {
      for (const token of ["garbage", "a.b", "a.b.c.d", `${bob.access_token}.x`])
        assert.equal(await reasonAt(way({ access_token: token })), segments, token);
      for (const token of ["a.b.c", "W10.W10.x", `${bob.access_token.split(".")[0]}.x.y`])
        assert.equal(await reasonAt(way({ access_token: token })), malformed, token);
    }
  });

  test("FeatureBase 6, 19: an expired token without a refresh token gets the reason with the 400 of its provider", async () => {
    const tokens = await featurebase.login();
    featurebase.jeton.clock.pass(3600);
    for (const way of ways) assert.equal(await reasonAt(way({ access_token: tokens.access_token })), expired);
    bob = await featurebase.login();
  });

  test("FeatureBase B9.3: the signature is verified: none, a stranger's and a changed one are refused alike", async () => {
    const { access_token } = bob;
    const { privateKey } = generateKeyPairSync("ed25519");
    const { kid } = decodeProtectedHeader(access_token);
    const forged = await new SignJWT(claimsOf(access_token))
      .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: kid! })
      .sign(privateKey);
    const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const [header, claims, signature] = access_token.split(".") as [string, string, string];
    const promoted = text({ ...claimsOf(access_token), roles: ["admin"] });
    const late = text({ ...claimsOf(access_token), exp: 1 });
    for (const way of ways)
      for (const token of [
        forged,
        `${text({ alg: "none", typ: "at+jwt" })}.${claims}.`,
        `${header}.${promoted}.${signature}`,
        // Expired by its own words only: not a word of it counts.
        `${header}.${late}.${signature}`,
        bob.refresh_token,
      ])
        assert.equal(await reasonAt(way({ ...bob, access_token: token })), foreign, token);
  });

  test("FeatureBase B9.3: a revoked token is refused by the next request, with the reason of a foreign one", async () => {
    const tokens = await featurebase.login("ada");
    const revoked = await featurebase.ask("/api/v1/revoke-tokens", { headers: byHeader(tokens), body: {} });
    assert.equal(revoked.status, 200);
    for (const way of ways) assert.equal(await reasonAt(way(tokens)), foreign);
  });

  test("FeatureBase 7, 16: GET /userinfo is who the token is of, in the product's order; a caller by header sees its tokens", async () => {
    const response = await featurebase.get("/userinfo", byHeader(bob));
    assert.equal(response.status, 200);
    const me = claimsOf(bob.access_token)["sub"];
    const { access_token, refresh_token } = bob;
    assert.equal(
      await response.text(),
      `{"userid":"${String(me)}","username":"bob","groups":[{"id":"member","displayName":"member"}],` +
        `"expiry":"0001-01-01T00:00:00Z","token":"${access_token}","refreshtoken":"${refresh_token}"}`,
    );
    const alone = await good<UserInfo>(await featurebase.get("/userinfo", byHeader({ access_token })));
    assert.deepEqual([alone.token, alone.refreshtoken], [access_token, ""]);
  });

  test("FeatureBase B9.5: nothing that HttpOnly hides is in a body, also where only one of the two is a cookie", async () => {
    const { access_token, refresh_token } = bob;
    const mixes = [
      byCookie(bob),
      byCookie({ access_token }),
      { ...byHeader({ access_token }), ...byCookie({ refresh_token }) },
      { ...byCookie({ access_token }), ...byHeader({ refresh_token }) },
    ];
    for (const headers of mixes) {
      const response = await featurebase.get("/userinfo", headers);
      assert.deepEqual(response.headers.getSetCookie(), []);
      const { username, token, refreshtoken } = await good<UserInfo>(response);
      assert.deepEqual([username, token, refreshtoken], ["bob", "", ""]);
    }
  });

  test("FeatureBase B2: a header goes before a cookie, an empty header is none, and each is looked for on its own", async () => {
    const ada = await featurebase.login("ada");
    const who = async (headers: Readonly<Record<string, string>>): Promise<string> =>
      (await good<UserInfo>(await featurebase.get("/userinfo", headers))).username;
    assert.equal(await who({ ...byCookie(bob), ...byHeader(ada) }), "ada");
    assert.equal(await who({ ...byHeader(bob), "x-molecula-refresh-token": "" }), "bob");
    assert.equal(await who({ ...byCookie(bob), authorization: "Basic eDp5" }), "bob");
  });

  test("FeatureBase B2: tokens of two sessions are refused, also of one user, and both sessions go on", async () => {
    const other = await featurebase.login();
    const mixed = { access_token: bob.access_token, refresh_token: other.refresh_token };
    for (const way of ways) assert.equal(await reasonAt(way(mixed)), foreign);
    assert.equal(await reasonAt({ ...byHeader({ access_token: bob.access_token }), ...byCookie(other) }), foreign);
    for (const tokens of [bob, other]) assert.equal((await featurebase.get("/auth", byHeader(tokens))).status, 200);
  });

  test("W-04, RFC 6265 section 4.2.2: a cookie that comes twice may be a neighbour's, and the request is 400", async () => {
    const { cookie = "" } = byCookie(bob);
    for (const twice of [
      `${cookie}; molecula-chip=x`,
      `molecula-chip=x; ${cookie}`,
      `${cookie};refresh-molecula-chip=`,
      `${cookie}; ${cookie}`,
    ])
      for (const path of ["/auth", "/userinfo", "/logout"] as const)
        assert.match(await reason(featurebase.get(path, { cookie: twice })), /^400 The cookie .+ must come once\.$/);
    assert.equal((await featurebase.get("/auth", byCookie(bob))).status, 200);
  });

  test("W-04: a hundred other cookies change nothing, names that are nearly right are others, and 16 KB are no token", async () => {
    const { cookie = "" } = byCookie(bob);
    const others = Array.from({ length: 100 }, (_, at) => `molecula-chip-${at}=${at}`).join("; ");
    assert.equal((await featurebase.get("/auth", { cookie: `${others}; ${cookie}; ${others}` })).status, 200);
    const token = bob.access_token;
    for (const nearly of [
      "Molecula-Chip",
      "__Host-molecula-chip",
      "molecula-chip2",
      "x molecula-chip",
      '"molecula-chip"',
    ])
      assert.equal(await reasonAt({ cookie: `${nearly}=${token}` }), "auth token is empty", nearly);
    assert.match(await reasonAt({ cookie: `molecula-chip="${token}"` }), /^parsing auth token: /);
    assert.equal(await reasonAt({ cookie: `molecula-chip=${token.padEnd(16_384, "A")}` }), foreign);
  });

  test("FeatureBase 15: a client that takes no JSON is 406, one that takes any is served", async () => {
    const accepted = [
      "application/json",
      "application/json; charset=utf-8",
      "application/*",
      "*/json",
      "*/*",
      "text/html, */*;q=0.1",
      "TEXT/HTML, Application/JSON;q=0.001",
    ];
    const refused = ["text/html", "image/*", "application/jsonx", "*/*;q=0", "*/*, application/json;q=0.0", "json", ""];
    for (const path of ["/auth", "/userinfo"] as const) {
      for (const accept of accepted)
        assert.equal((await featurebase.get(path, { ...byHeader(bob), accept })).status, 200, accept);
      for (const accept of refused)
        assert.equal(
          await reason(featurebase.get(path, { ...byHeader(bob), accept })),
          "406 JSON only acceptable response",
          accept,
        );
    }
  });

  test("FeatureBase B3: somebody without roles has no groups, and is told so", async () => {
    await add(featurebase.jeton, { username: "nemo", password: demoPassword, roles: [] });
    const nemo = byHeader(await featurebase.login("nemo"));
    assert.equal(await reason(featurebase.get("/auth", nemo)), "401 getting groups: no groups found");
    assert.equal(await reason(featurebase.get("/userinfo", nemo)), "403 getting groups: no groups found");
  });

  test("FeatureBase B3.4, RFC 9068: the claims that its services read, verified by another implementation", async () => {
    const keys = await good<JSONWebKeySet>(await featurebase.ask("/.well-known/jwks.json"));
    const { payload } = await jwtVerify(bob.access_token, createLocalJWKSet(keys), {
      issuer,
      audience: issuer,
      typ: "at+jwt",
      currentDate: new Date(featurebase.jeton.clock.now() * 1000),
    });
    assert.equal(payload["oid"], payload.sub);
    assert.equal(payload["name"], "bob");
    assert.equal(payload["client_id"], "featurebase");
    assert.equal(payload.exp! - payload.iat!, 3600);
  });

  test("FeatureBase B3.5: a token of another door of the instance is a token of the instance", async () => {
    assert.equal(
      (await featurebase.get("/auth", byHeader({ access_token: (await featurebase.jeton.login()).access_token })))
        .status,
      200,
    );
  });

  describe("POST /login, our addition", () => {
    const login = (body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
      featurebase.ask("/featurebase/login", { body, headers });
    const right = { username: "bob", password: demoPassword };

    test("FeatureBase B6: it answers what auth-token reads, with a number of seconds, and sets no cookie", async () => {
      const response = await login(right);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.deepEqual(response.headers.getSetCookie(), []);
      const tokens = await good<Record<string, unknown>>(response);
      assert.deepEqual(Object.keys(tokens), ["access_token", "refresh_token", "token_type", "expires_in"]);
      assert.deepEqual([tokens["token_type"], tokens["expires_in"]], ["Bearer", 3600]);
    });

    test("L-01: whatever is wrong with a login is 401 with one sentence", async () => {
      for (const body of [
        { username: "bob", password: "wrong" },
        { username: "nobody", password: demoPassword },
        { username: "eve", password: demoPassword },
      ])
        assert.equal(await reason(login(body)), "401 The credentials were not accepted");
    });

    test("L-20: what is no JSON object with two texts is refused", async () => {
      for (const body of ["{", "[]", "17", { username: "bob" }, { username: { $ne: null }, password: true }])
        assert.match(await reason(login(body)), /^400 /);
      const twice = `{"username":"bob","username":"ada","password":"${demoPassword}"}`;
      assert.match(await reason(login(twice)), /^400 /);
    });

    test("W-02: neither a form nor a page of another site signs anybody in, and there is no login by GET", async () => {
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
        assert.match(await reason(login(JSON.stringify(right), { "content-type": type })), /^415 /);
      assert.match(await reason(login(right, { "sec-fetch-site": "cross-site" })), /^403 cross-origin /);
      assert.equal((await login(right, { "sec-fetch-site": "same-origin" })).status, 200);
      const get = await featurebase.ask("/featurebase/login");
      assert.equal(get.headers.get("allow"), "POST");
      assert.match(await reason(get), /^405 /);
    });

    test("L-06: guesses here are of the one budget that a name has at every door", async () => {
      const strict = await featurebaseClient({ settings: { "throttle.free": 1 } });
      const guess = (password: string): Promise<Response> =>
        strict.ask("/featurebase/login", { body: { username: "BOB", password }, address: "192.0.2.7" });
      assert.equal((await guess("wrong")).status, 401);
      const native = { body: { username: "bob", password: "wrong" }, address: "192.0.2.7" };
      assert.equal((await strict.ask("/api/v1/login", native)).status, 401);
      const held = await guess(demoPassword);
      assert.equal(held.headers.get("retry-after"), "1");
      assert.equal(await reason(held), "429 There were too many failed attempts");
      await strict.jeton.close();
    });

    test("L-23, F-15: a query is refused at every path, whatever it says", async () => {
      const query = `password=${encodeURIComponent(demoPassword)}&access_token=${bob.access_token}`;
      assert.match(await reason(featurebase.ask(`/featurebase/login?${query}`, { body: right })), /^400 /);
      for (const path of ["/auth", "/userinfo", "/logout"])
        assert.match(
          await reason(featurebase.ask(`/featurebase${path}?${query}`, { headers: byHeader(bob) })),
          /^400 /,
        );
      assert.ok(!featurebase.jeton.logged().includes(bob.access_token));
      assert.equal((await featurebase.get("/auth", byHeader(bob))).status, 200);
    });
  });

  describe("GET /logout", () => {
    const [accessGone, refreshGone] = ["molecula-chip", "refresh-molecula-chip"].map(
      (name) => `${name}=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict`,
    );
    async function loggedOut(headers: Readonly<Record<string, string>>): Promise<void> {
      const response = await featurebase.get("/logout", headers);
      assert.equal(response.status, 307);
      assert.equal(response.headers.get("location"), "/");
      assert.deepEqual(response.headers.getSetCookie(), [accessGone, refreshGone]);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(await response.text(), "");
    }
    const isOver = async (tokens: Tokens): Promise<void> => {
      assert.equal(await reasonAt(byHeader(tokens)), foreign);
      assert.equal((await featurebase.jeton.me(tokens)).status, 401);
    };

    test("FeatureBase 2: it clears both cookies, ends the session, and is answered the same when it is over", async () => {
      for (const way of ways) {
        for (const held of [["access_token", "refresh_token"], ["access_token"], ["refresh_token"]] as const) {
          const tokens = await featurebase.login();
          const some = way(Object.fromEntries(held.map((name) => [name, tokens[name]])));
          await loggedOut(some);
          await isOver(tokens);
          await loggedOut(some);
        }
      }
      await loggedOut({});
    });

    test("FeatureBase 2: an expired session is ended by its refresh token, the one before the last too", async () => {
      const first = await featurebase.login();
      featurebase.jeton.clock.pass(3600);
      const { token, refreshtoken } = await good<UserInfo>(await featurebase.get("/userinfo", byHeader(first)));
      await loggedOut(byCookie(first));
      await isOver({ access_token: token, refresh_token: refreshtoken });
      bob = await featurebase.login();
    });

    test("FeatureBase 2: an access token that has expired ends its session too", async () => {
      const tokens = await featurebase.login();
      featurebase.jeton.clock.pass(3600);
      await loggedOut(byHeader({ access_token: tokens.access_token }));
      assert.equal(await reasonAt(byHeader(tokens)), `401 ${expired}`.slice(4));
      bob = await featurebase.login();
    });

    test("FeatureBase 2: neither a forged token nor one of another door ends a session", async () => {
      const native = await featurebase.jeton.login();
      await loggedOut(byHeader(native));
      assert.equal((await featurebase.jeton.me(native)).status, 200);
      // In the middle of the signature: at its end there are ways to write the same one.
      const forged = bob.access_token.replace(/.(?=.{20}$)/, (was) => (was === "A" ? "B" : "A"));
      await loggedOut(byHeader({ access_token: forged, refresh_token: `${bob.refresh_token}x` }));
      assert.equal((await featurebase.get("/auth", byHeader(bob))).status, 200);
    });

    test("W-02: no page of another site signs anybody out, or learns who is signed in", async () => {
      for (const site of ["cross-site", "same-site"]) {
        const headers = { ...byCookie(bob), "sec-fetch-site": site, "sec-fetch-dest": "image" };
        for (const path of ["/logout", "/auth", "/userinfo"] as const) {
          const response = await featurebase.get(path, headers);
          assert.deepEqual(response.headers.getSetCookie(), []);
          assert.equal(await reason(response), "403 cross-origin request refused");
        }
      }
      assert.equal((await featurebase.get("/auth", byCookie(bob))).status, 200);
    });
  });

  test("RFC 9110 section 9.3.2: HEAD, which could renew tokens and tell nobody, is refused like any other method", async () => {
    for (const path of ["/auth", "/userinfo", "/logout"]) {
      for (const method of ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"]) {
        const response = await featurebase.ask(`/featurebase${path}`, { method, headers: byHeader(bob) });
        assert.equal(response.status, 405, `${method} ${path}`);
        assert.equal(response.headers.get("allow"), "GET");
      }
    }
    assert.match(await reason(featurebase.ask("/featurebase/nothing")), /^404 /);
  });
});
