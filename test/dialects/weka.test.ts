/** The compatibility checklist of WEKA's REST API 2, as far as tokens go, and its strictest client step by step. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { Secret } from "../../src/core/secret.ts";
import { passwords } from "../../src/identity/passwords.ts";
import { roleNames } from "../../src/core/scope.ts";
import { authority, claimsOf, good, type Authority } from "../authority.ts";
import { asking, bearer, reopened, type Ask, type Sent } from "../api/asking.ts";
import { add } from "../api/people.ts";

interface Tokens {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly refresh_token: string;
  readonly password_change_required: boolean;
}

interface WhoAmI {
  readonly org_id: number;
  readonly username: string;
  readonly uid: string;
  readonly source: string;
  readonly role: string;
  readonly org_name: string;
}

const api = "/weka/api/v2";
const form = (text: string, type = "application/x-www-form-urlencoded"): Sent => ({
  headers: { "content-type": type },
  body: text,
});

/** Status and body of an answer; every body of that wire is JSON with `data`, `message` or both. */
async function told(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer;
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const text = await response.text();
  const { message = "" } = JSON.parse(text) as { message?: unknown };
  assert.equal(typeof message, "string");
  return `${response.status} ${text}`;
}

const unauthorized = '401 {"data":"Unauthorized"}';
const forbidden = '403 {"data":"Forbidden"}';

describe("WEKA", () => {
  let jeton: Authority;
  let ask: Ask;
  before(async () => {
    jeton = await authority();
    ask = asking(jeton.doors.main);
  });
  after(() => jeton.close());

  const login = (body: unknown): Promise<Response> => ask(`${api}/login`, { body });
  const dataOf = async <T>(answer: Promise<Response>): Promise<T> => (await good<{ data: T }>(await answer)).data;
  const signedIn = (username = "bob", more: object = {}): Promise<Tokens> =>
    dataOf<Tokens>(login({ username, password: demoPassword, ...more }));
  const refresh = ({ refresh_token }: Tokens, more: object = {}): Promise<Response> =>
    ask(`${api}/login/refresh`, { body: { refresh_token, ...more } });
  const whoami = (tokens: Tokens): Promise<Response> => ask(`${api}/users/whoami`, { headers: bearer(tokens) });
  const revoke = (tokens: Tokens, uid: unknown): Promise<Response> =>
    ask(`${api}/users/${String(uid)}/revoke`, { method: "DELETE", headers: bearer(tokens) });
  const uidOf = async (tokens: Tokens): Promise<string> => (await dataOf<WhoAmI>(whoami(tokens))).uid;

  test("WEKA 1, 3: login and refresh answer an object under data, with the tokens in the guide's order", async () => {
    const first = await login({ username: "bob", password: demoPassword, org: "Root" });
    const { data, ...nothing } = await good<{ data: Tokens }>(first);
    assert.deepEqual(nothing, {});
    const members = ["access_token", "token_type", "expires_in", "refresh_token", "password_change_required"];
    assert.deepEqual(Object.keys(data), members);
    const second = await dataOf<Tokens>(refresh(data));
    assert.deepEqual(Object.keys(second), members);
    assert.notEqual(second.refresh_token, data.refresh_token);
    assert.notEqual(second.access_token, data.access_token);
  });

  test("WEKA 2: expires_in is the access token's real life, five minutes, and a repeat tells what is left", async () => {
    const first = await signedIn();
    const { iat, exp } = claimsOf(first.access_token) as { iat: number; exp: number };
    assert.deepEqual([first.expires_in, exp - iat], [300, 300]);
    assert.equal((await dataOf<Tokens>(refresh(first))).expires_in, 300);
    await jeton.later(50);
    assert.equal((await dataOf<Tokens>(refresh(first))).expires_in, 250);
  });

  test("WEKA 2: a refresh token lives thirty days, renewed by each refresh", async () => {
    const first = await signedIn();
    jeton.clock.pass(29 * 86_400);
    const second = await dataOf<Tokens>(refresh(first));
    jeton.clock.pass(29 * 86_400);
    const third = await dataOf<Tokens>(refresh(second));
    jeton.clock.pass(30 * 86_400);
    assert.equal(await told(refresh(third)), unauthorized);
  });

  test("WEKA 4: the type is Bearer, and a client may write it as it likes", async () => {
    const tokens = await signedIn();
    assert.equal(tokens.token_type, "Bearer");
    for (const scheme of ["Bearer ", "bearer ", "BEARER   "]) {
      const headers = { authorization: scheme + tokens.access_token };
      assert.equal((await ask(`${api}/users/whoami`, { headers })).status, 200, scheme);
    }
  });

  test("WEKA 5: org is left out, empty, or Root in any case", async () => {
    for (const more of [{}, { org: "" }, { org: " " }, { org: "Root" }, { org: "root" }, { org: "ROOT" }])
      assert.equal((await dataOf<WhoAmI>(whoami(await signedIn("bob", more)))).org_id, 0, JSON.stringify(more));
    assert.equal(await told(login({ username: "bob", password: demoPassword, org: "Nowhere" })), unauthorized);
  });

  test("WEKA 5: the same name in another org is somebody else", async () => {
    await add(jeton, { username: "bob", password: "the other bob's", organisation: "Bobbin" });
    assert.equal(await told(login({ username: "bob", password: demoPassword, org: "Bobbin" })), unauthorized);
    const other = await dataOf<Tokens>(login({ username: "bob", password: "the other bob's", org: "BOBBIN" }));
    assert.notEqual(await uidOf(other), await uidOf(await signedIn()));
  });

  test("WEKA 5: where no org is named, it is the one that the configuration names", async () => {
    const elsewhere = await authority({ settings: { "dialects.weka.organisation": "Bobbin" } });
    await add(elsewhere, { username: "bob", password: "the other bob's", organisation: "Bobbin" });
    const at = (body: unknown): Promise<Response> => elsewhere.ask(`${api}/login`, { body });
    assert.equal((await at({ username: "bob", password: "the other bob's", org: "" })).status, 200);
    assert.equal(await told(at({ username: "bob", password: demoPassword })), unauthorized);
    assert.equal((await at({ username: "bob", password: demoPassword, org: "root" })).status, 200);
    await elsewhere.close();
  });

  test("WEKA 6: both calls take a form, with spaces, signs and letters of any kind in the password", async () => {
    await add(jeton, { username: "zoë", password: "größe + 100% & =" });
    const written = "username=zo%C3%AB&password=gr%C3%B6%C3%9Fe+%2B+100%25+%26+%3D&org=Root";
    const first = await dataOf<Tokens>(ask(`${api}/login`, form(written)));
    const again = form(`refresh_token=${first.refresh_token}`, "application/x-www-form-urlencoded; charset=UTF-8");
    assert.equal((await ask(`${api}/login/refresh`, again)).status, 200);
  });

  test("WEKA 6: a form that can be read in two ways, or in none, is 400", async () => {
    const password = encodeURIComponent(demoPassword);
    for (const text of [
      `username=bob&password=${password}&username=ada`,
      `username=bob&password=${password}&%75sername=bob`,
      `username=bob&password=${password}&x=%`,
      `username=bob&password=${password}&x=%FF`,
    ])
      assert.match(await told(ask(`${api}/login`, form(text))), /^400 /, text);
    for (const type of [
      "text/plain",
      "multipart/form-data; boundary=x",
      "application/x-www-form-urlencoded; charset=x",
    ])
      assert.match(await told(ask(`${api}/login`, form(`username=bob&password=${password}`, type))), /^415 /, type);
  });

  test("H-01: a page cannot have its reader's browser try passwords with a form, and a script may send JSON", async () => {
    const right = `username=bob&password=${encodeURIComponent(demoPassword)}`;
    for (const origin of ["https://elsewhere.example", "null", "http://127.0.0.1:8420"]) {
      const { headers, body } = form(right);
      assert.equal(await told(ask(`${api}/login`, { headers: { ...headers, origin }, body })), forbidden);
    }
    const json = { headers: { origin: "http://127.0.0.1:8420" }, body: { username: "bob", password: demoPassword } };
    assert.equal((await ask(`${api}/login`, json)).status, 200);
  });

  test("WEKA 7: a bearer that is stale, revoked or garbage is ignored at login and refresh", async () => {
    const stale = await signedIn();
    jeton.clock.pass(301);
    assert.equal(await told(whoami(stale)), unauthorized);
    for (const authorization of [`Bearer ${stale.access_token}`, "Bearer garbage", "bearer", "Basic x"]) {
      const headers = { authorization };
      const body = { username: "bob", password: demoPassword };
      const { refresh_token } = await dataOf<Tokens>(ask(`${api}/login`, { headers, body }));
      assert.equal((await ask(`${api}/login/refresh`, { headers, body: { refresh_token } })).status, 200);
    }
  });

  test("WEKA 8: whoami tells number and name of the org, user, uid, source and role", async () => {
    const who = await dataOf<WhoAmI>(whoami(await signedIn()));
    assert.deepEqual(Object.keys(who), ["org_id", "username", "uid", "source", "role", "org_name"]);
    const { uid, ...rest } = who;
    assert.deepEqual(rest, { org_id: 0, username: "bob", source: "Internal", role: "Regular", org_name: "Root" });
    assert.match(uid, /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
  });

  test("WEKA 8: roles are spelled as the CSI plug-in knows them, and of several the strongest counts", async () => {
    const spelled: string[] = [];
    for (const [at, role] of roleNames.entries()) {
      const username = `role-${at}`;
      await add(jeton, { username, password: demoPassword, roles: [role] });
      spelled.push((await dataOf<WhoAmI>(whoami(await signedIn(username)))).role);
    }
    assert.deepEqual(spelled, ["ClusterAdmin", "OrgAdmin", "ReadOnly", "Regular", "CSI"]);
    await add(jeton, { username: "many", password: demoPassword, roles: ["mount_only", "member", "org_admin"] });
    assert.equal((await dataOf<WhoAmI>(whoami(await signedIn("many")))).role, "OrgAdmin");
  });

  test("WEKA 8: an org has one number, a whole one that is not Root's and no other org's", async () => {
    const numbers: number[] = [];
    for (const organisation of ["First", "Second"]) {
      for (const username of ["one", "two"]) {
        await add(jeton, { username, password: demoPassword, organisation });
        numbers.push((await dataOf<WhoAmI>(whoami(await signedIn(username, { org: organisation })))).org_id);
      }
    }
    for (const number of numbers) assert.ok(Number.isSafeInteger(number) && number > 0, String(number));
    assert.deepEqual([numbers[0], numbers[2]], [numbers[1], numbers[3]]);
    assert.notEqual(numbers[0], numbers[2]);
  });

  test("WEKA 9: defaultTokensExpiry tells in seconds what this door gives, and the most that can be set", async () => {
    const expiry = async ({ ask: at }: Pick<Authority, "ask">): Promise<unknown> => {
      const tokens = await dataOf<Tokens>(at(`${api}/login`, { body: { username: "bob", password: demoPassword } }));
      const data = await dataOf<Record<string, number>>(
        at(`${api}/security/defaultTokensExpiry`, { headers: bearer(tokens) }),
      );
      assert.equal(data["access_token_expiry"], tokens.expires_in);
      return data;
    };
    const most = { max_access_token_expiry: 86_400, max_refresh_token_expiry: 366 * 86_400 };
    assert.deepEqual(await expiry(jeton), { access_token_expiry: 300, refresh_token_expiry: 30 * 86_400, ...most });
    const other = await authority({ settings: { "dialects.weka.access": "10m", "dialects.weka.idle": "14d" } });
    assert.deepEqual(await expiry(other), { access_token_expiry: 600, refresh_token_expiry: 14 * 86_400, ...most });
    await other.close();
    assert.equal(await told(ask(`${api}/security/defaultTokensExpiry`)), unauthorized);
  });

  test("WEKA 10: whatever is wrong with credentials or a token is 401 with one body", async () => {
    const { refresh_token } = await signedIn();
    for (const [username, password] of [
      ["bob", "wrong"],
      ["nobody", demoPassword],
      ["eve", demoPassword],
      ["harvester", demoPassword],
    ])
      assert.equal(await told(login({ username, password })), unauthorized);
    for (const authorization of [undefined, "Bearer x", `Bearer ${refresh_token}`, "Basic Ym9iOng="]) {
      const headers = authorization === undefined ? {} : { authorization };
      assert.equal(await told(ask(`${api}/users/whoami`, { headers })), unauthorized);
    }
    const { access_token } = await signedIn();
    for (const wrong of ["garbage", "a.b.c", access_token, refresh_token.slice(0, -1)])
      assert.equal(await told(ask(`${api}/login/refresh`, { body: { refresh_token: wrong } })), unauthorized);
  });

  test("WEKA 10: 400 has a message, names the missing parameters, and one with what is wrong with it", async () => {
    const wrong = async (body: unknown): Promise<unknown> => {
      const text = await told(login(body));
      assert.match(text, /^400 /);
      return JSON.parse(text.slice(4));
    };
    const message = "The request has a wrong or missing value";
    assert.deepEqual(await wrong({ username: "bob" }), {
      message,
      data: { missing_params: ["password"], param: "password", error: "password: it is missing" },
    });
    assert.deepEqual(await wrong({}), {
      message,
      data: { missing_params: ["username", "password"], param: "username", error: "username: it is missing" },
    });
    assert.deepEqual(await wrong({ username: 17, password: "x" }), {
      message,
      data: { missing_params: [], param: "username", error: "username: it is no text" },
    });
    assert.deepEqual(await wrong("[]"), {
      message,
      data: { missing_params: [], param: "", error: "the body: it is no object" },
    });
    const unreadable = "The body is not one JSON value.";
    assert.deepEqual(await wrong("{"), {
      message: unreadable,
      data: { missing_params: [], param: "", error: unreadable },
    });
  });

  test("WEKA 10: an unknown path, an unknown uid and another method are JSON with a message", async () => {
    const ada = await signedIn("ada");
    const nobody = "01920000-0000-7000-8000-000000000000";
    const nothing = '404 {"message":"There is nothing here"}';
    assert.equal(await told(ask(`${api}/cluster/nothing`, { headers: bearer(ada) })), nothing);
    for (const uid of [nobody, "bob", "0"]) assert.equal(await told(revoke(ada, uid)), nothing);
    const answer = await ask(`${api}/login`);
    assert.equal(answer.headers.get("allow"), "POST");
    assert.equal(await told(answer), '405 {"message":"This path does not know the method"}');
  });

  test("WEKA 10: an outage is 503 with a message and Retry-After, which the CSI plug-in takes for transient", async () => {
    const narrow = passwords(randomBytes, { concurrent: 1, waiting: 1 });
    const small = await reopened(jeton, { passwords: narrow });
    const busy = ["one at work", "one waits"].map((text) => narrow.verify(null, new Secret(text)));
    const answer = await small.ask(`${api}/login`, { body: { username: "bob", password: demoPassword } });
    assert.equal(answer.headers.get("retry-after"), "1");
    assert.equal(await told(answer), '503 {"message":"The server cannot answer right now"}');
    await Promise.all(busy);
  });

  test("WEKA 11: after five bad passwords it is 403 and says how long, the right one does not count, and no session ends", async () => {
    const { ask: at, ...strict } = await authority({ settings: { "throttle.free": 4, "throttle.longest": "2m" } });
    const owner = await dataOf<Tokens>(at(`${api}/login`, { body: { username: "bob", password: demoPassword } }));
    const from = (password: string): Promise<Response> =>
      at(`${api}/login`, { body: { username: "bob", password }, address: "203.0.113.9" });
    for (let tried = 0; tried < 5; tried++) assert.equal(await told(from("wrong")), unauthorized);
    for (const password of ["wrong", demoPassword]) {
      const answer = await from(password);
      assert.equal(answer.headers.get("retry-after"), "1");
      assert.equal(await told(answer), '403 {"message":"Too many failed logins: locked out for 1 seconds"}');
    }
    assert.equal((await at(`${api}/users/whoami`, { headers: bearer(owner) })).status, 200);
    const { refresh_token } = owner;
    assert.equal((await at(`${api}/login/refresh`, { body: { refresh_token } })).status, 200);
    await strict.later(1);
    assert.equal((await from(demoPassword)).status, 200);
    await strict.close();
  });

  test("WEKA 12: a user revokes all of its own tokens, at every door, at once", async () => {
    await add(jeton, { username: "rita", password: demoPassword });
    const [one, two, native] = [await signedIn("rita"), await signedIn("rita"), await jeton.login("rita")];
    assert.equal(await told(revoke(one, await uidOf(one))), '200 {"data":null}');
    for (const tokens of [one, two]) {
      assert.equal(await told(whoami(tokens)), unauthorized);
      assert.equal(await told(refresh(tokens)), unauthorized);
    }
    assert.equal((await jeton.me(native)).status, 401);
    assert.equal((await jeton.refresh(native)).status, 401);
    assert.equal((await whoami(await signedIn("rita"))).status, 200);
  });

  test("WEKA 12: an administrator revokes whom it administers; nobody else does, and what they do not reach is not there", async () => {
    await add(jeton, { username: "vic", password: demoPassword });
    await add(jeton, { username: "head", password: demoPassword, roles: ["org_admin"] });
    await add(jeton, { username: "head", password: demoPassword, roles: ["org_admin"], organisation: "Afar" });
    await add(jeton, { username: "eye", password: demoPassword, roles: ["auditor"] });
    const [vic, head, ada] = [await signedIn("vic"), await signedIn("head"), await signedIn("ada")];
    const uid = await uidOf(vic);
    assert.match(await told(revoke(await signedIn(), uid)), /^404 /);
    assert.equal(await told(revoke(await signedIn("eye"), uid)), forbidden);
    assert.match(await told(revoke(await signedIn("head", { org: "Afar" }), uid)), /^404 /);
    assert.equal(await told(revoke(head, await uidOf(ada))), forbidden);
    assert.equal((await whoami(vic)).status, 200);
    assert.equal(await told(revoke(head, uid)), '200 {"data":null}');
    assert.equal(await told(whoami(vic)), unauthorized);
    const again = await signedIn("vic");
    assert.equal((await revoke(ada, uid)).status, 200);
    assert.equal(await told(refresh(again)), unauthorized);
  });

  test("WEKA 13: a wish for another life is taken, and expires_in tells what was given", async () => {
    const first = await signedIn();
    const second = await dataOf<Tokens>(refresh(first, { access_token_expiry: 86_400, refresh_token_expiry: 1 }));
    const { iat, exp } = claimsOf(second.access_token) as { iat: number; exp: number };
    assert.deepEqual([second.expires_in, exp - iat], [300, 300]);
  });

  test("WEKA 2.9: the CSI plug-in logs in, asks for the lives and for itself, and refreshes for a day with its old bearer", async () => {
    await add(jeton, { username: "csi", password: demoPassword, roles: ["mount_only"] });
    let tokens = await signedIn("csi", { org: "" });
    const headers = (): Sent => ({ headers: bearer(tokens) });
    const lives = await dataOf<Record<string, number>>(ask(`${api}/security/defaultTokensExpiry`, headers()));
    assert.equal((await dataOf<WhoAmI>(ask(`${api}/users/whoami`, headers()))).role, "CSI");
    for (let passed = 0; passed < 86_400; passed += lives["access_token_expiry"]!) {
      jeton.clock.pass(lives["access_token_expiry"]!);
      const body = { refresh_token: tokens.refresh_token };
      tokens = await dataOf<Tokens>(ask(`${api}/login/refresh`, { ...headers(), body }));
      assert.equal((await whoami(tokens)).status, 200);
    }
  });

  test("WEKA 2: tokens of this door pass at every door of the instance, and refresh tokens at their own only", async () => {
    const [tokens, native] = [await signedIn(), await jeton.login()];
    assert.equal((await jeton.me(tokens)).status, 200);
    assert.equal((await whoami({ ...tokens, access_token: native.access_token })).status, 200);
    assert.equal((await jeton.refresh(tokens)).status, 401);
    assert.equal(await told(refresh({ ...tokens, refresh_token: native.refresh_token })), unauthorized);
    assert.equal((await refresh(tokens)).status, 200);
  });

  test("WEKA: on a listener of its own the paths are those of the product", async () => {
    const own = asking(jeton.doors.dialect("weka"));
    const tokens = await dataOf<Tokens>(own("/api/v2/login", { body: { username: "bob", password: demoPassword } }));
    assert.equal((await dataOf<WhoAmI>(own("/api/v2/users/whoami", { headers: bearer(tokens) }))).username, "bob");
    assert.equal(await told(own("/api/v1/me", { headers: bearer(tokens) })), '404 {"message":"There is nothing here"}');
  });

  test("WEKA: the door is closed unless the configuration opens it", async () => {
    const closed = await authority({ settings: { "dialects.weka.open": false } });
    assert.equal((await closed.ask(`${api}/login`, { body: {} })).status, 404);
    await closed.close();
  });
});
