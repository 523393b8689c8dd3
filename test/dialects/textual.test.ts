/** The compatibility checklist of Tonic Textual's sign-in calls, and what its users need beside them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { loadConfig } from "../../src/config.ts";
import { demoPassword } from "../../src/compose/demo.ts";
import { authority, claimsOf, good, type Authority } from "../authority.ts";
import { asking, bearer, type Ask } from "../api/asking.ts";

interface Tokens {
  readonly jwt: string;
  readonly refreshToken: string;
}

describe("Textual", () => {
  let jeton: Authority;
  let ask: Ask;
  before(async () => {
    jeton = await authority();
    ask = asking(jeton.doors.main);
  });
  after(() => jeton.close());

  const login = (body: unknown): Promise<Response> => ask("/textual/api/auth/login", { body });
  const signedIn = async (userName = "bob"): Promise<Tokens> =>
    good<Tokens>(await login({ userName, password: demoPassword }));
  const refresh = (refreshToken: string): Promise<Response> =>
    ask("/textual/api/auth/token_refresh", { body: { refreshToken } });

  /** Status and sentence; both names of it must be there, since clients read either. */
  async function refused(answer: Response | Promise<Response>): Promise<string> {
    const response = await answer;
    assert.equal(response.headers.get("content-type"), "application/json");
    const { error, message } = (await response.json()) as { error: string; message: string };
    assert.equal(error, message);
    return `${response.status} ${message}`;
  }

  test("Textual 1: login by e-mail address answers jwt and refreshToken, and nothing else", async () => {
    const response = await login({ userName: "bob@example.com", password: demoPassword });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.deepEqual(Object.keys((await response.json()) as object), ["jwt", "refreshToken"]);
  });

  test("Textual 2: names of members are read in any case, unknown ones are ignored, and two spellings are refused", async () => {
    assert.equal((await login({ username: "bob", PASSWORD: demoPassword, rememberMe: true })).status, 200);
    const twice = await login({ userName: "bob", username: "ada", password: demoPassword });
    assert.equal(twice.status, 400);
    assert.deepEqual(((await twice.json()) as { errors: unknown }).errors, [
      { field: "/userName", expected: "one spelling" },
    ]);
  });

  test("Textual 3: a refresh makes both new, and the JWT works at every door of the instance", async () => {
    const first = await signedIn();
    await jeton.later(5);
    const second = await good<Tokens>(await refresh(first.refreshToken));
    assert.notEqual(second.jwt, first.jwt);
    assert.notEqual(second.refreshToken, first.refreshToken);
    assert.equal((await ask("/api/v1/me", { headers: bearer({ access_token: second.jwt }) })).status, 200);
  });

  test("Textual 4: a JWT lives 30 minutes and a refresh token 10,000, renewed by each refresh", async () => {
    const { jwt, refreshToken } = await signedIn();
    const { iat, exp } = claimsOf(jwt) as { iat: number; exp: number };
    assert.equal(exp - iat, 1800);
    const session = jeton.keys.readRefresh(refreshToken)!.sid;
    const row = (await jeton.store.findSession(session))!.session;
    assert.equal(row.expiresAt - row.createdAt, 600_000);
  });

  test("Textual 4, 5: its own variables set the lives, in minutes", () => {
    const { config, settings } = loadConfig({
      file: undefined,
      environment: { SOLAR_JWT_EXPIRATION_IN_MINUTES: "7", SOLAR_REFRESH_TOKEN_EXPIRATION_IN_MINUTES: "20" },
      flags: [],
    });
    assert.deepEqual([config.dialects.textual.access, config.dialects.textual.idle], [420, 1200]);
    const { origin } = settings.find(({ name }) => name === "dialects.textual.access")!;
    assert.equal(origin, "environment SOLAR_JWT_EXPIRATION_IN_MINUTES");
    for (const wrong of ["0", "-1", "1.5", "", "1e3", "30m", "1000000000"]) {
      assert.throws(
        () => loadConfig({ file: undefined, environment: { SOLAR_JWT_EXPIRATION_IN_MINUTES: wrong }, flags: [] }),
        { message: "SOLAR_JWT_EXPIRATION_IN_MINUTES must be a whole number of minutes from 1 on" },
      );
    }
  });

  test("Textual 7: whatever is wrong with a login is 401 with one sentence", async () => {
    const sentence = "401 The user name or password is not right.";
    assert.equal(await refused(login({ userName: "bob", password: "wrong" })), sentence);
    assert.equal(await refused(login({ userName: "nobody", password: demoPassword })), sentence);
    assert.equal(await refused(login({ userName: "eve", password: demoPassword })), sentence);
  });

  test("Textual 8, 9: what cannot be read is 400 or 415, never 422, and every body has `error`", async () => {
    for (const body of ["{", "[]", "17", '{"userName":"bob"}', '{"userName":{"$ne":null},"password":true}'])
      assert.match(await refused(login(body)), /^400 /);
    const form = { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "userName=bob&password=x" };
    assert.match(await refused(ask("/textual/api/auth/login", form)), /^415 /);
    assert.match(await refused(ask("/textual/api/nothing")), /^404 /);
    assert.match(await refused(ask("/textual/api/auth/login")), /^405 /);
  });

  test("RFC 9700 section 4.14.2: a refresh token that comes back after the window is 401 and ends its session", async () => {
    const first = await signedIn();
    const second = await good<Tokens>(await refresh(first.refreshToken));
    await jeton.later(61);
    const sentence = "401 The refresh token is not valid. Log in again.";
    assert.equal(await refused(refresh(first.refreshToken)), sentence);
    assert.equal(await refused(refresh(second.refreshToken)), sentence);
  });

  test("Textual: after the logout that we add, both tokens are refused at once; a second one is answered the same", async () => {
    const { jwt, refreshToken } = await signedIn();
    const logout = (): Promise<Response> => ask("/textual/api/auth/logout", { body: { refreshToken } });
    assert.equal((await logout()).status, 204);
    assert.equal((await ask("/api/v1/me", { headers: bearer({ access_token: jwt }) })).status, 401);
    assert.match(await refused(refresh(refreshToken)), /^401 /);
    assert.equal((await logout()).status, 204);
  });
});
