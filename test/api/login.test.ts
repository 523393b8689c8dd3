import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { authority, claimsOf, good, issuer, refusal, type Authority, type WirePair } from "../authority.ts";
import { seen } from "./asking.ts";
import { add } from "./people.ts";

describe("POST /api/v1/login", () => {
  let jeton: Authority;
  const login = (body: unknown): Promise<Response> => jeton.ask("/api/v1/login", { body });
  const subjectOf = async (body: unknown): Promise<unknown> =>
    claimsOf((await good<WirePair>(await login(body))).access_token)["sub"];

  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  describe("200", () => {
    test("RFC 6749 section 5.1: the answer has the tokens, their type and their lives, and no cache keeps it", async () => {
      const response = await login({ username: "bob", password: demoPassword });
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(response.headers.get("content-type"), "application/json");
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      const pair = await good<WirePair>(response);
      assert.deepEqual(Object.keys(pair), [
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
        "refresh_expires_in",
      ]);
      assert.deepEqual([pair.token_type, pair.expires_in, pair.refresh_expires_in], ["Bearer", 300, 30 * 86_400]);
      assert.equal((await jeton.me(pair)).status, 200);
    });

    test("RFC 9068 section 2.2: the access token has every claim, with the configured issuer as issuer and audience", async () => {
      const claims = claimsOf((await jeton.login()).access_token);
      assert.deepEqual([claims["iss"], claims["aud"], claims["client_id"]], [issuer, issuer, "native"]);
      assert.equal(claims["exp"], jeton.clock.now() + 300);
      assert.equal(claims["iat"], jeton.clock.now());
      assert.equal(claims["auth_time"], jeton.clock.now());
      assert.deepEqual(claims["amr"], ["pwd"]);
      assert.match(String(claims["jti"]), /^[0-9a-f]{32}$/);
    });

    test("RFC 8265 section 3.3: a user name signs in in any case and width, and with white space around it", async () => {
      const bob = await subjectOf({ username: "bob", password: demoPassword });
      for (const username of ["Bob", "BOB", "ｂｏｂ", "ＢＯＢ", " bob ", "\tbob\n"]) {
        assert.equal(await subjectOf({ username, password: demoPassword }), bob, JSON.stringify(username));
      }
    });

    test("RFC 5321 section 2.4: a verified e-mail address signs in in any case", async () => {
      const bob = await subjectOf({ username: "bob", password: demoPassword });
      for (const username of ["bob@example.com", "Bob@Example.COM", " BOB@example.com "]) {
        assert.equal(await subjectOf({ username, password: demoPassword }), bob, username);
      }
    });

    test("RFC 8266 section 2: an organisation is named in any case, and Root is meant when none is", async () => {
      const bob = await subjectOf({ username: "bob", password: demoPassword });
      for (const organisation of ["Root", "root", "ROOT", "  Ｒｏｏｔ  "]) {
        assert.equal(await subjectOf({ username: "bob", password: demoPassword, organisation }), bob, organisation);
      }
    });

    test("RFC 8266 section 2: the same user name in another organisation is somebody else with another password", async () => {
      const password = "another house, another key";
      const other = await add(jeton, { username: "bob", password, organisation: "Acme & Sons" });
      const named = { username: "BOB", organisation: "acme  &  sons" };
      assert.equal(await subjectOf({ ...named, password }), other);
      assert.equal(await refusal(login({ ...named, password: demoPassword })), "401 invalid_credentials");
      assert.equal(await refusal(login({ username: "bob", password })), "401 invalid_credentials");
    });

    test("RFC 8265 section 4.2: a password is the same in composed and decomposed form, and with any kind of space", async () => {
      await add(jeton, { username: "zoé", password: "café au lait à neuf heures" });
      for (const password of ["cafe\u0301 au lait a\u0300 neuf heures", "café\u00A0au lait\u3000à neuf heures"]) {
        assert.equal((await login({ username: "zoé", password })).status, 200, password);
      }
      for (const password of [
        "Café au lait à neuf heures",
        "cafe au lait a neuf heures",
        " café au lait à neuf heures",
      ]) {
        assert.equal(await refusal(login({ username: "zoé", password })), "401 invalid_credentials", password);
      }
    });

    test("L-20: members that do not belong change nothing", async () => {
      const extra = {
        role: "admin",
        roles: ["admin"],
        scope: "users:write",
        is_admin: true,
        sub: "ada",
        id: 1,
        constructor: {},
      };
      const pair = await good<WirePair>(await login({ username: "bob", password: demoPassword, ...extra }));
      const claims = claimsOf(pair.access_token);
      assert.deepEqual(claims["roles"], ["member"]);
      assert.doesNotMatch(String(claims["scope"]), /users/);
    });
  });

  describe("401", () => {
    test("L-01: a wrong password, an unknown name, a disabled or locked account, one without password: all alike", async () => {
      await add(jeton, { username: "lou", password: demoPassword, status: "locked" });
      await add(jeton, { username: "mia", password: demoPassword, status: "deleted" });
      const refused = [
        { username: "bob", password: `${demoPassword}!` },
        { username: "nobody", password: demoPassword },
        { username: "nobody@example.com", password: demoPassword },
        { username: "eve", password: demoPassword },
        { username: "eve", password: "wrong" },
        { username: "eve@example.com", password: demoPassword },
        { username: "lou", password: demoPassword },
        { username: "mia", password: demoPassword },
        { username: "harvester", password: demoPassword },
        { username: "harvester", password: "null" },
        { username: "bob", password: demoPassword, organisation: "Nowhere" },
        { username: "bob", password: demoPassword, organisation: "R\u043E\u043Et" },
        { username: "a name", password: demoPassword },
      ];
      const answers = new Set(await Promise.all(refused.map(async (body) => seen(await login(body)))));
      assert.equal(answers.size, 1, [...answers].join("\n\n"));
      const [answer = ""] = answers;
      assert.match(answer, /^401\n/);
      assert.match(answer, /"code":"invalid_credentials"/);
      assert.doesNotMatch(answer, /set-cookie|bob|eve|disabled|locked/i);
    });
  });

  describe("400", () => {
    test("RFC 9457 section 3: a refusal names what is wrong and what is expected, never what was sent", async () => {
      const response = await login({ username: 17, organisation: "x".repeat(300) });
      const problem = (await response.json()) as { errors: { field: string; expected: string }[] };
      assert.equal(response.status, 400);
      assert.deepEqual(
        problem.errors.map(({ field }) => field),
        ["/username", "/password", "/organisation"],
      );
      assert.doesNotMatch(JSON.stringify(problem.errors), /17|xxx/);
    });

    test("RFC 6901 section 5: a body that is no object is named by the empty pointer", async () => {
      const response = await login([]);
      const problem = (await response.json()) as { errors: { field: string }[] };
      assert.deepEqual(
        problem.errors.map(({ field }) => field),
        [""],
      );
    });

    for (const member of ["username", "password", "organisation"]) {
      test(`L-20: ${member} as an object, a list, a number, true or null is refused`, async () => {
        for (const value of [{ $ne: null }, { $gt: "" }, [], ["bob"], 0, 17, true, false, null]) {
          const body = { username: "bob", password: demoPassword, organisation: "Root", [member]: value };
          assert.equal(await refusal(login(body)), "400 invalid_request", JSON.stringify(value));
        }
        const twice = `{"username":"bob","password":"${demoPassword}","organisation":"Root","${member}":"x"}`;
        assert.equal(await refusal(login(twice)), "400 malformed_json");
      });
    }
  });
});
