import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { authority, claimsOf, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { bearer } from "./asking.ts";
import { add } from "./people.ts";

interface Me {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
  readonly emails: readonly string[];
  readonly organisation: { readonly id: string; readonly name: string };
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly session_id: string;
}

describe("GET /api/v1/me", () => {
  let jeton: Authority;
  const me = (authorization?: string): Promise<Response> =>
    jeton.ask("/api/v1/me", authorization === undefined ? {} : { headers: { authorization } });

  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  test("RFC 9068 section 2.2: it says of the caller what the token says", async () => {
    const pair = await jeton.login("Bob@example.com");
    const claims = claimsOf(pair.access_token);
    const bob = await good<Me>(await jeton.me(pair));
    assert.deepEqual(
      { ...bob, scopes: bob.scopes.join(" ") },
      {
        id: claims["sub"],
        username: "bob",
        display_name: "Bob",
        emails: ["bob@example.com"],
        organisation: { id: claims["org"], name: "Root" },
        roles: ["member"],
        scopes: claims["scope"],
        session_id: claims["sid"],
        api_token_id: null,
      },
    );
  });

  test("RFC 6749 section 3.3: an administrator has the scopes of a member and more", async () => {
    const ada = await good<Me>(await jeton.me(await jeton.login("ada")));
    const bob = await good<Me>(await jeton.me(await jeton.login("bob")));
    assert.deepEqual(ada.roles, ["admin"]);
    assert.deepEqual(
      bob.scopes.filter((scope) => !ada.scopes.includes(scope)),
      [],
    );
    assert.ok(ada.scopes.includes("users:write") && !bob.scopes.includes("users:write"));
  });

  test("RFC 6750 section 3.1: a token without the scope is 403, and the challenge names the scope", async () => {
    await add(jeton, { username: "mounter", password: "only for mounting", roles: ["mount_only"] });
    const pair = await jeton.login("mounter", "only for mounting");
    assert.equal((await jeton.me(pair)).status, 200);
    const response = await jeton.ask("/api/v1/sessions", { headers: bearer(pair) });
    assert.equal(
      response.headers.get("www-authenticate"),
      'Bearer realm="jeton", error="insufficient_scope", scope="sessions:read"',
    );
    assert.equal(await refusal(response), "403 insufficient_scope");
  });

  test("RFC 6750 section 3: without a token the challenge has no error, with a bad one it has", async () => {
    const without = await me();
    assert.equal(without.headers.get("www-authenticate"), 'Bearer realm="jeton"');
    assert.equal(await refusal(without), "401 missing_token");
    const bad = await me("Bearer nonsense");
    assert.equal(bad.headers.get("www-authenticate"), 'Bearer realm="jeton", error="invalid_token"');
    assert.equal(await refusal(bad), "401 invalid_token");
  });

  test("RFC 9110 section 11.6.2: the scheme counts in any case, with one or more spaces after it", async () => {
    const { access_token } = await jeton.login();
    for (const scheme of ["Bearer ", "bearer ", "BEARER   "])
      assert.equal((await me(scheme + access_token)).status, 200);
    for (const value of [`Bearer${access_token}`, `Bearer\t${access_token}`, `Bearer ${access_token} x`, "Bearer"]) {
      assert.equal((await me(value)).status, 401, value);
    }
    assert.equal(await refusal(me(`Basic ${access_token}`)), "401 missing_token");
  });

  test("J-09, F-14: a refresh token is no access token, and an access token is no refresh token", async () => {
    const pair = await jeton.login();
    assert.equal(await refusal(me(`Bearer ${pair.refresh_token}`)), "401 invalid_token");
    assert.equal(await refusal(jeton.refresh({ refresh_token: pair.access_token })), "401 invalid_grant");
    assert.equal((await jeton.refresh(pair)).status, 200);
  });

  test("J-13: an access token is good until the second before its exp, and refused from exp on", async () => {
    const pair = await jeton.login();
    jeton.clock.pass(299);
    assert.equal((await jeton.me(pair)).status, 200);
    jeton.clock.pass(1);
    assert.equal(await refusal(jeton.me(pair)), "401 invalid_token");
  });

  test("J-09: a token of the Sensu door passes here, since both doors are of one authority", async () => {
    const { access_token } = await good<WirePair>(
      await jeton.ask("/sensu/auth", {
        headers: { authorization: `Basic ${Buffer.from("bob:correct horse battery staple").toString("base64")}` },
      }),
    );
    assert.equal((await good<Me>(await jeton.me({ access_token }))).username, "bob");
  });
});
