/** What strangers, thieves and bad networks try on the dialects whose login and refresh are JSON. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { authority, claimsOf, good, issuer, type Authority } from "../authority.ts";
import { asking, basic, seen, type Ask, type Sent } from "../api/asking.ts";
import { wrongBodies } from "../api/wrong-bodies.ts";
import { jsonDoors } from "./json-doors.ts";

const text = async (answer: Response | Promise<Response>): Promise<string> => {
  const response = await answer;
  assert.equal(response.headers.get("content-type"), "application/json");
  return `${response.status} ${await response.text()}`;
};

for (const { product, read, ...door } of jsonDoors) {
  describe(`${product}: login and refresh`, () => {
    let jeton: Authority;
    let ask: Ask;
    before(async () => {
      jeton = await authority();
      ask = asking(jeton.doors.main);
    });
    after(() => jeton.close());

    const login = (username = "bob", password = demoPassword, sent: Sent = {}): Promise<Response> =>
      ask(door.login, { body: door.credentials(username, password), ...sent });
    const refresh = (token: string, sent: Sent = {}): Promise<Response> =>
      ask(door.refresh, { body: door.token(token), ...sent });
    const tokens = async (answer: Response | Promise<Response>) => read(await good<never>(await answer));
    const isAlive = async (access_token: string): Promise<boolean> => (await jeton.me({ access_token })).status === 200;

    test("F-02: a hundred refreshes of one token at once give one pair", async () => {
      const first = await tokens(login());
      const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(first.refresh)));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
      const texts = new Set(await Promise.all(answers.map((answer) => answer.text())));
      assert.equal(texts.size, 1);
      const pair = read(JSON.parse([...texts][0]!) as never);
      assert.equal(claimsOf(pair.refresh)["seq"], 2);
      assert.equal((await refresh(pair.refresh)).status, 200);
    });

    test("F-20: a client that asks again because the reply was lost gets the same tokens, and they go on working", async () => {
      const first = await tokens(login());
      const lost = await tokens(refresh(first.refresh));
      await jeton.later(45);
      const again = await tokens(refresh(first.refresh));
      assert.deepEqual(again, lost);
      const third = await tokens(refresh(again.refresh));
      assert.ok(await isAlive(third.access));
    });

    test("RFC 9700 section 4.14.2: a refresh token that comes back after the window ends its session, and no other", async () => {
      const [first, other] = [await tokens(login()), await tokens(login())];
      const second = await tokens(refresh(first.refresh));
      await jeton.later(61);
      assert.equal(await text(refresh(first.refresh)), door.notRefreshed);
      assert.equal(await text(refresh(second.refresh)), door.notRefreshed);
      assert.equal(await isAlive(second.access), false);
      assert.equal((await refresh(other.refresh)).status, 200);
    });

    test("L-01: a wrong password, an unknown name and every account that may not enter are answered alike", async () => {
      const refused = [
        ["bob", "wrong"],
        ["nobody", demoPassword],
        ["nobody@example.com", demoPassword],
        ["eve", demoPassword],
        ["harvester", demoPassword],
        ["bob\0", demoPassword],
        ["bob", "x".repeat(2000)],
      ] as const;
      const answers = await Promise.all(refused.map(async ([name, password]) => seen(await login(name, password))));
      assert.equal(new Set(answers).size, 1, answers.join("\n\n"));
      assert.equal(await text(login("bob", "wrong")), door.notAccepted);
    });

    for (const [what, make, answer] of wrongBodies) {
      // The same names do not come twice at every door; its own are below.
      if (what.startsWith("a member twice")) continue;
      test(`L-20, H-02: ${what} as a body is ${answer.slice(0, 3)}, and nothing changes`, async () => {
        const first = await tokens(login());
        for (const [path, obeyed] of [
          [door.login, door.credentials("bob", demoPassword)],
          [door.refresh, door.token(first.refresh)],
        ] as const) {
          const sent = { body: make(obeyed), headers: { "content-type": "application/json" } };
          assert.equal((await text(ask(path, sent))).slice(0, 3), answer.slice(0, 3), path);
        }
        assert.equal(claimsOf((await tokens(refresh(first.refresh))).refresh)["seq"], 2);
        assert.equal(({} as { admin?: unknown }).admin, undefined);
      });
    }

    test("L-20: a member that comes twice is 400, whichever of the two is right", async () => {
      const first = await tokens(login());
      for (const [path, obeyed] of [
        [door.login, door.credentials("bob", demoPassword)],
        [door.refresh, door.token(first.refresh)],
      ] as const) {
        for (const [name, value] of Object.entries(obeyed)) {
          const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
          const whole = JSON.stringify(obeyed).slice(1, -1);
          for (const body of [`{${member},${whole}}`, `{${whole},${member}}`])
            assert.match(await text(ask(path, { body })), /^400 /, body);
        }
      }
    });

    test("L-20: members that do not belong give nothing", async () => {
      const more = { role: "admin", roles: ["admin"], scope: "users:write", organisation: "Other", expires_in: 1e9 };
      const body = { ...door.credentials("bob", demoPassword), ...more };
      const { access } = await tokens(ask(door.login, { body }));
      const { roles, scope, iat, exp } = claimsOf(access) as Record<string, unknown> & { iat: number; exp: number };
      assert.deepEqual(roles, ["member"]);
      assert.doesNotMatch(String(scope), /users/);
      assert.ok(exp - iat <= 1800);
    });

    test("H-07: a forged host is in no token and in no refusal", async () => {
      const headers = {
        host: "evil.test",
        origin: "http://evil.test",
        "x-forwarded-host": "evil.test",
        forwarded: "host=evil.test;proto=https",
      };
      const pair = await tokens(login("bob", demoPassword, { headers }));
      for (const token of [pair.access, pair.refresh]) assert.equal(claimsOf(token)["iss"], issuer);
      for (const answer of [
        login("bob", "wrong", { headers }),
        refresh("x", { headers }),
        ask(door.login, { headers }),
      ])
        assert.doesNotMatch(await seen(await answer), /evil\.test/);
    });

    test("H-01, H-03: a body in another type or in a content coding is 415, and nothing changes", async () => {
      const first = await tokens(login());
      const types = [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "text/json",
        "",
      ];
      for (const type of types)
        assert.match(await text(refresh(first.refresh, { headers: { "content-type": type } })), /^415 /, type);
      for (const coding of ["gzip", "identity", "gzip, gzip", ""])
        assert.match(await text(refresh(first.refresh, { headers: { "content-encoding": coding } })), /^415 /, coding);
      assert.equal(claimsOf((await tokens(refresh(first.refresh))).refresh)["seq"], 2);
    });

    test("L-21: Basic opens nothing here, alone or beside a body, and two credentials in one header are 400", async () => {
      const headers = { ...basic("bob", demoPassword), "content-type": "application/json" };
      assert.match(await text(ask(door.login, { headers, body: "{}" })), /^400 /);
      assert.equal(await text(login("bob", "wrong", { headers })), door.notAccepted);
      const { authorization } = basic("bob", demoPassword);
      for (const joined of [`${authorization}, Bearer x`, `Bearer x, ${authorization}`, "Bearer x,"])
        assert.match(await text(login("bob", demoPassword, { headers: { authorization: joined } })), /^400 /);
    });

    test("G-01: no password and no token, right or wrong, is in a refusal or in the log", async () => {
      const first = await tokens(login());
      const second = await tokens(refresh(first.refresh));
      const canary = "canary-in-the-body";
      const sent: readonly Sent[] = [
        { body: door.credentials(canary, canary) },
        { body: door.token(canary) },
        { body: { ...door.credentials("bob", canary), [canary]: canary } },
        { body: Object.fromEntries(Object.keys(door.credentials("", "")).map((name) => [name, [canary]])) },
        { body: `{"${canary}` },
        { body: `username=${canary}&password=${canary}&password=${canary}&x=%` },
        { headers: { "content-type": "application/x-www-form-urlencoded" }, body: `${canary}=${canary}&${canary}=1` },
        { headers: { authorization: `Bearer ${canary}`, "content-type": canary }, body: canary },
      ];
      for (const path of [door.login, door.refresh]) {
        for (const one of sent) assert.doesNotMatch(await text(ask(path, one)), /^200|canary-in-the-body/);
      }
      const logged = jeton.logged();
      for (const secret of [canary, demoPassword, first.access, first.refresh, second.access, second.refresh])
        assert.equal(logged.includes(secret), false);
    });

    test("L-23: credentials in the query or in the host are 400, and not logged", async () => {
      const canary = "canary-in-the-url";
      const query = `?username=bob&userName=bob&password=${canary}&refresh_token=${canary}`;
      assert.match(await text(ask(door.login + query, { body: door.credentials("bob", demoPassword) })), /^400 /);
      assert.match(await text(ask(door.refresh + query, { body: door.token("x") })), /^400 /);
      assert.match(await text(ask(door.login + query)), /^405 /);
      assert.match(await text(login("bob", canary, { headers: { host: `bob:${canary}@127.0.0.1:8420` } })), /^400 /);
      assert.equal(jeton.logged().includes(canary), false);
    });
  });
}

test("L-06: every spelling of a name at every door shares one budget, and each door says so in its own words", async () => {
  const jeton = await authority({ settings: { "throttle.free": 5 } });
  const attempts = jsonDoors.map(
    (door) =>
      (name: string, password: string): Promise<Response> =>
        jeton.ask(door.login, { body: door.credentials(name, password) }),
  );
  const [weka, textual] = attempts as [(typeof attempts)[0], (typeof attempts)[0]];
  const wekaForm = (name: string, password: string): Promise<Response> =>
    jeton.ask("/weka/api/v2/login", {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ username: name, password, org: "" }).toString(),
    });
  const native = (username: string, password: string): Promise<Response> =>
    jeton.ask("/api/v1/login", { body: { username, password } });
  const sensu = (name: string, password: string): Promise<Response> =>
    jeton.ask("/sensu/auth", { headers: basic(name, password) });

  const failures = [
    [weka, "bob"],
    [wekaForm, " BOB "],
    [textual, "bob@example.com"],
    [native, "ｂｏｂ"],
    [sensu, "Bob"],
    [textual, "BOB@Example.com"],
  ] as const;
  for (const [attempt, name] of failures) assert.equal((await attempt(name, "wrong")).status, 401, name);
  for (const [at, door] of jsonDoors.entries())
    assert.equal(await text(attempts[at]!("Bob", demoPassword)), door.lockedOut(1));
  assert.equal(await text(wekaForm("bob@example.com", demoPassword)), jsonDoors[0]!.lockedOut(1));
  assert.equal((await native("bob", demoPassword)).status, 429);
  assert.equal((await sensu("bob", demoPassword)).status, 429);
  // A name that only looks like it is another one.
  assert.equal((await weka("b\u043eb", "wrong")).status, 401);
  await jeton.close();
});
