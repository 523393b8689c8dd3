/** The compatibility checklist of Sensu Go's authentication API: POST /auth/token. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { decodeProtectedHeader, SignJWT } from "jose";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf, good } from "../authority.ts";
import { basic, bearer } from "../api/asking.ts";
import { refused, sensuClient, type SensuClient, type Tokens } from "./sensu-client.ts";

describe("POST /auth/token", () => {
  let sensu: SensuClient;
  before(async () => {
    sensu = await sensuClient();
  });
  after(() => sensu.close());

  test("Sensu 14: without an Authorization header it is 401", async () => {
    const { refresh_token } = await sensu.login();
    assert.equal(
      await refused(sensu.ask("/sensu/auth/token", { body: { refresh_token } })),
      "401 Request unauthorized",
    );
  });

  test("Sensu 15: with a bearer that is no token it is 401", async () => {
    const { refresh_token } = await sensu.login();
    for (const bad of ["garbage", "a.b.c", refresh_token]) {
      assert.equal(await refused(sensu.token(bad, { refresh_token })), "401 Request unauthorized");
    }
  });

  test("Sensu 16: with a good bearer and no body it is 400", async () => {
    assert.equal(await refused(sensu.token((await sensu.login()).access_token, undefined)), "400 EOF");
  });

  test("Sensu 17: with a good bearer and a body that is no JSON object it is 400", async () => {
    const { access_token } = await sensu.login();
    assert.equal(
      await refused(sensu.token(access_token, "foo")),
      "400 invalid character 'f' looking for beginning of value",
    );
    for (const body of ["[]", '"refresh_token"', "17", "{", "\0", "\u00ff"])
      assert.match(await refused(sensu.token(access_token, body)), /^400 /);
  });

  test("Sensu 18: a refresh token that is none is 401", async () => {
    const { access_token } = await sensu.login();
    for (const refresh_token of ["garbage", "", "a.b.c", access_token, 17, null, {}])
      assert.equal(await refused(sensu.token(access_token, { refresh_token })), "401 Request unauthorized");
    assert.equal(await refused(sensu.token(access_token, {})), "401 Request unauthorized");
  });

  test("Sensu 19: the refresh token of another user is 401, and both sessions go on", async () => {
    const [ada, bob] = [await sensu.login("ada"), await sensu.login("bob")];
    assert.equal(
      await refused(sensu.token(ada.access_token, { refresh_token: bob.refresh_token })),
      "401 Request unauthorized",
    );
    assert.equal((await sensu.refresh(ada)).status, 200);
    assert.equal((await sensu.refresh(bob)).status, 200);
  });

  test("Sensu A9.4: the tokens of two sessions of one user do not go together, and both sessions go on", async () => {
    const [one, two] = [await sensu.login(), await sensu.login()];
    assert.equal(
      await refused(sensu.token(one.access_token, { refresh_token: two.refresh_token })),
      "401 Request unauthorized",
    );
    assert.equal((await sensu.refresh(one)).status, 200);
    assert.equal((await sensu.refresh(two)).status, 200);
  });

  test("Sensu 20, 23, 24: a good pair is 200 with new tokens of the same session, as application/json", async () => {
    const first = await sensu.login();
    sensu.jeton.clock.pass(10);
    const response = await sensu.refresh(first);
    assert.equal(response.headers.get("content-type"), "application/json");
    const second = await good<Tokens>(response);
    assert.deepEqual(Object.keys(second), ["access_token", "expires_at", "refresh_token"]);
    assert.equal(second.expires_at, sensu.jeton.clock.now() + 900);
    const [old, fresh] = [claimsOf(first.access_token), claimsOf(second.access_token)];
    for (const claim of ["session_id", "sub", "iss"]) assert.equal(fresh[claim], old[claim]);
    assert.notEqual(fresh["jti"], old["jti"]);
    assert.notEqual(second.refresh_token, first.refresh_token);
  });

  test("Sensu 21: an access token that has expired is good enough to refresh with", async () => {
    const first = await sensu.login();
    sensu.jeton.clock.pass(11 * 3600);
    assert.equal((await sensu.jeton.me(first)).status, 401);
    const second = await sensu.refreshed(first);
    assert.equal((await sensu.jeton.me(second)).status, 200);
  });

  test("Sensu 22: an access token that is wrongly signed is not, expired or not", async () => {
    const tokens = await sensu.login();
    const { privateKey } = generateKeyPairSync("ed25519");
    const header = decodeProtectedHeader(tokens.access_token);
    const forge = (claims: object): Promise<string> =>
      new SignJWT({ ...claimsOf(tokens.access_token), ...claims })
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: header.kid! })
        .sign(privateKey);
    const [, payload, signature] = tokens.access_token.split(".");
    const unsigned = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt", kid: header.kid })).toString("base64url");
    const forged = [
      await forge({}),
      await forge({ exp: 1 }),
      `${unsigned}.${payload}.`,
      `${unsigned}.${payload}.${signature}`,
      tokens.access_token.slice(0, -4),
    ];
    for (const wrong of forged) {
      assert.equal(
        await refused(sensu.token(wrong, { refresh_token: tokens.refresh_token })),
        "401 Request unauthorized",
      );
    }
    assert.equal((await sensu.refresh(tokens)).status, 200);
  });

  test("Sensu 24: where the dialect is set to stable, the refresh token of the answer is the very same", async () => {
    const stable = await sensuClient({ "dialects.sensu.on_refresh": "stable" });
    const first = await stable.login();
    for (let round = 0; round < 3; round++) {
      stable.jeton.clock.pass(1000);
      const next = await stable.refreshed(first);
      assert.equal(next.refresh_token, first.refresh_token);
      assert.equal(next.expires_at, stable.jeton.clock.now() + 900);
    }
    await stable.close();
  });

  test("Sensu 25: the second use of a refresh token is 400, and the new one is dead too", async () => {
    const first = await sensu.login();
    const second = await sensu.refreshed(first);
    await sensu.jeton.later(62);
    assert.equal(await refused(sensu.refresh(first)), "400 invalid access token");
    assert.equal(await refused(sensu.refresh(second)), "401 Unauthorized");
    assert.equal((await sensu.jeton.me(second)).status, 401);
  });

  test("Sensu A9.5: a client that asks again because the answer was lost gets the same bytes", async () => {
    const first = await sensu.login();
    const answers = [await sensu.refresh(first), await sensu.refresh(first)];
    const [one, again] = await Promise.all(answers.map((answer) => answer.text()));
    assert.equal(again, one);
  });

  test("F-02: a hundred refreshes at once get one and the same answer", async () => {
    const first = await sensu.login();
    const answers = await Promise.all(Array.from({ length: 100 }, () => sensu.refresh(first)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    assert.equal(new Set(await Promise.all(answers.map((answer) => answer.text()))).size, 1);
  });

  test("Sensu 26: a refresh token that has expired, after 12 hours of silence, is 401", async () => {
    const tokens = await sensu.login();
    sensu.jeton.clock.pass(12 * 3600);
    assert.match(await refused(sensu.refresh(tokens)), /^401 /);
  });

  for (const [status, verb] of [
    ["disabled", "disable"],
    ["locked", "lock"],
    ["deleted", "delete"],
  ] as const) {
    test(`Sensu 27: a user who is ${status} between login and refresh is 401`, async () => {
      const username = await sensu.somebody();
      const tokens = await sensu.login(username);
      await sensu.setStatus(username, verb);
      assert.equal(await refused(sensu.refresh(tokens)), "401 Unauthorized");
      assert.equal(await refused(sensu.auth(username, demoPassword)), "401 Unauthorized");
      assert.equal((await sensu.jeton.me(tokens)).status, 401);
    });
  }

  test("Sensu 28: a change of groups is visible in the next access token", async () => {
    const username = await sensu.somebody();
    const first = await sensu.login(username);
    assert.deepEqual(claimsOf(first.access_token)["groups"], ["system:users"]);
    await sensu.setRoles(username, ["admin"]);
    const second = await sensu.refreshed(first);
    assert.deepEqual(claimsOf(second.access_token)["groups"], ["cluster-admins", "system:users"]);
    await sensu.setRoles(username, ["member"]);
    assert.deepEqual(claimsOf((await sensu.refreshed(second)).access_token)["groups"], ["system:users"]);
  });

  test("Sensu 29: with Basic it is 400", async () => {
    const { refresh_token } = await sensu.login();
    const answer = sensu.ask("/sensu/auth/token", { headers: basic("bob", demoPassword), body: { refresh_token } });
    assert.equal(await refused(answer), "400 invalid access token");
  });

  test("Sensu 30: without a content type, or with any, it works", async () => {
    let tokens = await sensu.login();
    for (const type of [
      undefined,
      "text/plain",
      "application/x-www-form-urlencoded",
      "application/json; charset=utf-16",
    ]) {
      const response = await sensu.ask("/sensu/auth/token", {
        headers: { ...bearer(tokens), ...(type === undefined ? {} : { "content-type": type }) },
        body: new TextEncoder().encode(JSON.stringify({ refresh_token: tokens.refresh_token })),
      });
      tokens = await good<Tokens>(response);
    }
  });

  test("Sensu A1: members are found in any case, and those that do not matter are ignored", async () => {
    const first = await sensu.login();
    const { refresh_token } = first;
    const second = await good<Tokens>(await sensu.token(first.access_token, { Refresh_Token: refresh_token }));
    const whole = { access_token: "old", expires_at: 1, refresh_token: second.refresh_token, other: [{}] };
    assert.equal((await sensu.token(second.access_token, whole)).status, 200);
  });

  test("Sensu A2: an access token of the native door gives a Sensu session nothing", async () => {
    const [native, tokens] = [await sensu.jeton.login(), await sensu.login()];
    const answer = sensu.token(native.access_token, { refresh_token: tokens.refresh_token });
    assert.equal(await refused(answer), "401 Request unauthorized");
    assert.equal((await sensu.refresh(tokens)).status, 200);
  });
});
