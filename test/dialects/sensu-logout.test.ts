/** The compatibility checklist of Sensu Go's authentication API: POST /auth/logout. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { decodeProtectedHeader, SignJWT } from "jose";

import { claimsOf, good } from "../authority.ts";
import { basic, bearer, reopened } from "../api/asking.ts";
import { demoPassword } from "../../src/compose/demo.ts";
import { StoreUnavailable } from "../../src/core/faults.ts";
import { refused, sensuClient, type SensuClient, type Tokens } from "./sensu-client.ts";

describe("POST /auth/logout", () => {
  let sensu: SensuClient;
  before(async () => {
    sensu = await sensuClient();
  });
  after(() => sensu.close());

  const send = (access_token: string, body: unknown): Promise<Response> =>
    sensu.ask("/sensu/auth/logout", { method: "POST", headers: bearer({ access_token }), body });
  const logout = ({ access_token, refresh_token }: Tokens): Promise<Response> => send(access_token, { refresh_token });

  async function loggedOut(answer: Promise<Response>): Promise<void> {
    const response = await answer;
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), null);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(await response.text(), "");
  }
  const goesOn = async (tokens: Tokens): Promise<void> => {
    assert.equal((await sensu.jeton.me(tokens)).status, 200);
  };

  test("Sensu 31, 32: a good pair is 200 and empty, and the refresh token is 401 afterwards", async () => {
    const tokens = await sensu.login();
    await loggedOut(logout(tokens));
    assert.equal(await refused(sensu.refresh(tokens)), "401 Unauthorized");
  });

  test("Sensu 33, mended: the access token is refused at once, too", async () => {
    const tokens = await sensu.login();
    await goesOn(tokens);
    await loggedOut(logout(tokens));
    assert.equal((await sensu.jeton.me(tokens)).status, 401);
  });

  test("Sensu 34: with an access token that has expired it works", async () => {
    const tokens = await sensu.login();
    sensu.jeton.clock.pass(3600);
    await loggedOut(logout(tokens));
    assert.equal(await refused(sensu.refresh(tokens)), "401 Unauthorized");
  });

  test("Sensu 35: a second logout is 200 as well", async () => {
    const tokens = await sensu.login();
    await loggedOut(logout(tokens));
    await loggedOut(logout(tokens));
  });

  test("Sensu 36: without an Authorization header it is 401, with Basic too, and nothing ends", async () => {
    const tokens = await sensu.login();
    const body = { refresh_token: tokens.refresh_token };
    assert.equal(await refused(sensu.ask("/sensu/auth/logout", { body })), "401 Request unauthorized");
    const headers = basic("bob", demoPassword);
    assert.equal(await refused(sensu.ask("/sensu/auth/logout", { headers, body })), "401 Request unauthorized");
    await goesOn(tokens);
  });

  test("Sensu A5: sensuctl refreshes an expired token first and then sends the refresh token of before", async () => {
    const first = await sensu.login();
    sensu.jeton.clock.pass(3600);
    const second = await sensu.refreshed(first);
    await loggedOut(send(second.access_token, { refresh_token: first.refresh_token }));
    assert.equal(await refused(sensu.refresh(second)), "401 Unauthorized");
    assert.equal((await sensu.jeton.me(second)).status, 401);
  });

  test("Sensu A2: a body that is none is 400, a refresh token that is none is 401, and nothing ends", async () => {
    const tokens = await sensu.login();
    assert.equal(await refused(send(tokens.access_token, undefined)), "400 EOF");
    for (const body of ["foo", "[]", "17", "{"]) assert.match(await refused(send(tokens.access_token, body)), /^400 /);
    const nearly = [`${tokens.refresh_token}x`, `${tokens.refresh_token.slice(0, -4)}AAAA`, tokens.access_token];
    for (const refresh_token of ["", "garbage", 17, null, ...nearly])
      assert.equal(await refused(send(tokens.access_token, { refresh_token })), "401 Request unauthorized");
    await goesOn(tokens);
  });

  test("Sensu A9.4: the tokens of two sessions do not go together, of one user or of two, and both go on", async () => {
    const [one, two, ada] = [await sensu.login(), await sensu.login(), await sensu.login("ada")];
    for (const other of [two, ada]) {
      assert.equal(
        await refused(send(one.access_token, { refresh_token: other.refresh_token })),
        "401 Request unauthorized",
      );
      await goesOn(other);
    }
    await goesOn(one);
  });

  test("Sensu 22: an access token with a stranger's signature ends nothing, expired or not", async () => {
    const tokens = await sensu.login();
    const { privateKey } = generateKeyPairSync("ed25519");
    const { kid } = decodeProtectedHeader(tokens.access_token);
    for (const claims of [{}, { exp: 1 }]) {
      const forged = await new SignJWT({ ...claimsOf(tokens.access_token), ...claims })
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: kid! })
        .sign(privateKey);
      assert.equal(await refused(send(forged, { refresh_token: tokens.refresh_token })), "401 Request unauthorized");
    }
    await goesOn(tokens);
  });

  test("F-06: a session of another door is not this one's to end", async () => {
    const native = await sensu.jeton.login();
    assert.equal(await refused(logout({ ...native, expires_at: 0 })), "401 Request unauthorized");
    assert.equal((await sensu.jeton.me(native)).status, 200);
  });

  test("F-04: of a hundred refreshes and one logout at once, nothing that was given is alive afterwards", async () => {
    const first = await sensu.login();
    const asked = Array.from({ length: 100 }, (_, at) => (at === 50 ? logout(first) : sensu.refresh(first)));
    const answers = await Promise.all(asked);
    await loggedOut(Promise.resolve(answers[50]!));
    for (const [at, answer] of answers.entries()) {
      if (at === 50 || answer.status !== 200) continue;
      const given = await good<Tokens>(answer);
      assert.equal((await sensu.jeton.me(given)).status, 401);
      assert.equal(await refused(sensu.refresh(given)), "401 Unauthorized");
    }
  });

  test("FL-08: an outage is 500 on this wire, says when to come back, and ends nothing", async () => {
    const tokens = await sensu.login();
    const { ask } = await reopened(sensu.jeton, {
      store: { ...sensu.jeton.store, endSession: () => Promise.reject(new StoreUnavailable("the disk is full")) },
    });
    const { access_token, refresh_token } = tokens;
    const answer = await ask("/sensu/auth/logout", { headers: bearer({ access_token }), body: { refresh_token } });
    assert.equal(answer.headers.get("retry-after"), "1");
    assert.equal(await refused(answer), "500 Internal Server Error");
    await goesOn(tokens);
  });
});
