/** The compatibility checklist of Sensu Go's authentication API: GET /auth. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf, good, issuer } from "../authority.ts";
import { basic } from "../api/asking.ts";
import { add } from "../api/people.ts";
import { refused, sensuClient, type SensuClient, type Tokens } from "./sensu-client.ts";

describe("GET /auth", () => {
  let sensu: SensuClient;
  before(async () => {
    sensu = await sensuClient();
  });
  after(() => sensu.close());

  test("Sensu 1: without credentials it is 401", async () => {
    assert.equal(await refused(sensu.ask("/sensu/auth")), "401 Request unauthorized");
  });

  test("Sensu 2: with wrong credentials it is 401", async () => {
    assert.equal(await refused(sensu.auth("bob", "wrong")), "401 Unauthorized");
    assert.equal(await refused(sensu.auth("nobody", demoPassword)), "401 Unauthorized");
  });

  test("Sensu 3: with good ones it is 200, three members in this order and one line feed", async () => {
    const response = await sensu.auth("bob", demoPassword);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/json");
    const text = await response.text();
    assert.match(
      text,
      /^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+","expires_at":\d{10},"refresh_token":"[\w-]+\.[\w-]+\.[\w-]+"\}\n$/,
    );
  });

  test("Sensu 4: expires_at is exp of the access token, 15 minutes from now as the guide says", async () => {
    const tokens = await sensu.login();
    assert.equal(tokens.expires_at, sensu.jeton.clock.now() + 900);
    assert.equal(tokens.expires_at, claimsOf(tokens.access_token)["exp"]);
  });

  test("Sensu 5: iss is the configured issuer, whatever Host the client sends", async () => {
    const headers = { ...basic("bob", demoPassword), host: "sensu.example.test:8080" };
    const tokens = await good<Tokens>(await sensu.ask("/sensu/auth", { headers }));
    assert.equal(claimsOf(tokens.access_token)["iss"], `${issuer}/sensu`);
  });

  test("Sensu 6: groups ends with system:users, and an administrator is of cluster-admins", async () => {
    assert.deepEqual(claimsOf((await sensu.login("bob")).access_token)["groups"], ["system:users"]);
    assert.deepEqual(claimsOf((await sensu.login("ada")).access_token)["groups"], ["cluster-admins", "system:users"]);
  });

  test("Sensu 7: jti has 32 hexadecimal digits and differs at every call", async () => {
    const ids = await Promise.all(
      Array.from({ length: 10 }, async () => String(claimsOf((await sensu.login()).access_token)["jti"])),
    );
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
    assert.equal(new Set(ids).size, 10);
  });

  test("Sensu A3: the access token has the claims that Sensu's own services read", async () => {
    const claims = claimsOf((await sensu.login()).access_token);
    assert.equal(claims["sub"], "bob");
    assert.deepEqual(claims["provider"], { provider_id: "basic", provider_type: "", user_id: "bob" });
    assert.equal(claims["api_key"], false);
    assert.equal(claims["session_id"], String(claims["sid"]).replaceAll("-", ""));
    assert.match(claims["session_id"], /^[0-9a-f]{32}$/);
  });

  test("Sensu 8: POST /auth is not a login", async () => {
    const response = await sensu.ask("/sensu/auth", { method: "POST", headers: basic("bob", demoPassword) });
    assert.equal(response.headers.get("allow"), "GET");
    assert.match(await refused(response), /^405 /);
  });

  test("Sensu 9: an empty user name or password is 401", async () => {
    for (const [username, secret] of [
      ["", demoPassword],
      ["bob", ""],
      ["", ""],
    ] as const)
      assert.equal(await refused(sensu.auth(username, secret)), "401 Unauthorized");
  });

  test("Sensu 10: a disabled user is 401", async () => {
    assert.equal(await refused(sensu.auth("eve", demoPassword)), "401 Unauthorized");
  });

  test("Sensu A1: an unknown path is 404 in the words of Sensu's router", async () => {
    assert.equal(await refused(sensu.ask("/sensu/auth/nothing")), '404 {"code":2,"message":"not found"}');
  });

  test("RFC 8414 section 3: the access token verifies with the keys at its iss, by another implementation", async () => {
    const { access_token } = await sensu.login("ada");
    const iss = String(claimsOf(access_token)["iss"]);
    const keys = await good<JSONWebKeySet>(await sensu.ask(`${new URL(iss).pathname}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(access_token, createLocalJWKSet(keys), {
      issuer: iss,
      subject: "ada",
      typ: "at+jwt",
      currentDate: new Date(sensu.jeton.clock.now() * 1000),
    });
    assert.equal(payload["client_id"], "sensu");
  });

  test("Sensu A1: a login goes to the organisation that the configuration names", async () => {
    const acme = await sensuClient({ "dialects.sensu.organisation": "Acme" });
    await add(acme.jeton, { username: "bob", password: "the other bob's", organisation: "ACME" });
    assert.equal(await refused(acme.auth("bob", demoPassword)), "401 Unauthorized");
    const { access_token } = await good<Tokens>(await acme.auth("bob", "the other bob's"));
    const me = await good<{ organisation: { name: string } }>(await acme.jeton.me({ access_token }));
    assert.equal(me.organisation.name, "ACME");
    await acme.close();
  });
});
