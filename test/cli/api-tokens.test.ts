/** `jeton token create` and its neighbours, and `jeton user generate-token`: tokens for scripts. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf } from "../authority.ts";
import { now, pair, wire } from "../client/wire.ts";
import { call, oneLine, shell } from "./program.ts";
import { demoServer, desk, type Desk } from "./signed-in.ts";

const server = demoServer();

const input = `${demoPassword}\n`;
const jwtLine = /^eyJqdG4iOiJhcGki[\w-]+\.[\w-]+\.[\w-]{86}\n$/;
const opaqueLine = /^jtn_[0-9A-Za-z]{71}\n$/;
const uuid = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/;

interface Told {
  readonly id: string;
  readonly name: string;
  readonly format: string;
  readonly expires_at: string | null;
  readonly scopes: readonly string[] | null;
  readonly networks: readonly string[] | null;
  readonly audiences: readonly string[] | null;
  readonly requests_per_minute: number | null;
  readonly last_used_at: string | null;
  readonly replaced_by: string | null;
  readonly token: string;
}

async function told<T = Told>(of: Desk, ...words: readonly string[]): Promise<T> {
  const { code, out, err } = await of.run([...words, "--json"]);
  assert.equal(code, 0, err);
  assert.equal(err, "");
  return JSON.parse(out) as T;
}

const listed = async (of: Desk): Promise<readonly Told[]> =>
  (await told<{ api_tokens: readonly Told[] }>(of, "token", "list")).api_tokens;

async function signedIn(): Promise<Desk> {
  const bob = desk(server.url);
  await bob.login();
  return bob;
}

const statusWith = async (token: string): Promise<number> =>
  (await call(server.url, "/api/v1/me", undefined, token)).status;

/** Seconds that are left. */
const lifeOf = ({ expires_at: end }: Told): number => Math.round(Date.parse(end!) / 1000 - now());

test("token create prints the token and nothing else, so a variable has it; and it works at once", async () => {
  using bob = await signedIn();
  const { code, out, err } = await shell('X=$(jeton token create ci); printf "%s" "$X"', bob.surroundings());
  assert.equal(code, 0, err);
  assert.match(`${out}\n`, jwtLine);
  assert.equal(await statusWith(out), 200);
  assert.match(err, /^(?:ok:|✓) API token ci made\n {2}Id {5}\S{36}\n {2}Until {2}.+\nIt is not shown again\.\n$/);
  const quiet = await bob.run(["token", "create", "second", "--quiet"]);
  assert.deepEqual([quiet.code, quiet.err], [0, ""]);
  assert.match(quiet.out, jwtLine);
});

test("token create takes scopes, networks, audiences, a life and a format, and refuses what the server refuses", async () => {
  using bob = await signedIn();
  const words = [
    "token",
    "create",
    "nightly build",
    "--scopes",
    "me:read  sessions:read",
    "--network",
    "127.0.0.0/8 ::1",
  ];
  const made = await told(bob, ...words, "--audience", `${server.url} https://files.example.org`, "--expires-in", "7d");
  assert.deepEqual(made.scopes, ["me:read", "sessions:read"]);
  assert.equal(made.networks?.length, 2);
  assert.deepEqual(made.audiences, [server.url, "https://files.example.org"]);
  assert.ok(Math.abs(lifeOf(made) - 7 * 86_400) < 60);
  assert.deepEqual([made.name, made.format], ["nightly build", "jwt"]);
  assert.deepEqual(claimsOf(made.token)["jti"], made.id);
  assert.equal(made.requests_per_minute, null);
  const opaque = await bob.run(["token", "create", "dark", "--opaque", "--expires-in", "1h"]);
  assert.match(opaque.out, opaqueLine);
  assert.equal(await statusWith(opaque.out.trimEnd()), 200);
  oneLine(
    await bob.run(["token", "create", "x", "--scopes", "users:write"]),
    3,
    /makes no such API token.* exceeds_grant/,
  );
  oneLine(await bob.run(["token", "create", "x", "--expires-in", "never"]), 1, /only an opaque token lives until/);
  oneLine(await bob.run(["token", "create", "x", "--expires-in", "soon"]), 2, /--expires-in must be a whole number/);
  oneLine(await bob.run(["token", "create", "x", "--scopes", " "]), 2, /--scopes has nothing in it/);
  oneLine(await bob.run(["token", "create"]), 2, /token create needs a name/);
});

test("token create --requests-per-minute is told by token show; more than the server allows is refused, and what is no number", async () => {
  using bob = await signedIn();
  const made = await told(bob, "token", "create", "slow", "--requests-per-minute", "30");
  assert.equal(made.requests_per_minute, 30);
  assert.match((await bob.run(["token", "show", "slow"])).out, /\n {2}Requests {5}30 a minute\n/);
  await told(bob, "token", "create", "usual");
  assert.match(
    (await bob.run(["token", "show", "usual"])).out,
    /\n {2}Requests {5}as many as its server allows a minute\n/,
  );
  const over = ["token", "create", "x", "--requests-per-minute"];
  oneLine(await bob.run([...over, "6001"]), 1, /requests_per_minute: 6000 at most/);
  for (const wrong of ["0", "many", "1.5"])
    oneLine(await bob.run([...over, wrong]), 2, /--requests-per-minute must be a whole number/);
});

test("--expires-in never is a token without an end, where the operator allows it", async () => {
  const me = { id: "i", name: "n", format: "opaque", created_at: "2026-01-01T00:00:00Z", token: "jtn_x" };
  await using at = await wire({ status: 200, body: pair() }, { status: 201, body: { ...me, expires_at: null } });
  using bob = desk(at.url);
  await bob.login();
  const { code, out, err } = await bob.run(["token", "create", "n", "--opaque", "--expires-in", "never"]);
  assert.deepEqual([code, out], [0, "jtn_x\n"], err);
  assert.match(err, /Until {2}it is revoked\n/);
  assert.deepEqual(JSON.parse(at.asked[1]!.body), { name: "n", expires_in: null, format: "opaque" });
});

test("token list and show tell all but the token itself, by id and by name", async () => {
  using bob = await signedIn();
  const made = await told(bob, "token", "create", "listed");
  assert.equal(await statusWith(made.token), 200);
  const { out } = await bob.run(["token", "list"]);
  assert.match(out, /^NAME\tID\tEXPIRES\tLAST USED\tFORMAT\n/);
  assert.match(out, new RegExp(`^listed\\t${made.id}\\t20\\S+Z\\t\\S+\\tjwt$`, "m"));
  assert.ok(!(await bob.run(["token", "list", "--no-header"])).out.includes("NAME"));
  const { token, ...rest } = made;
  for (const meant of ["listed", made.id]) {
    // The server writes a use down some time after it.
    const unused = { last_used_at: null, last_used_from: null };
    assert.deepEqual({ ...(await told(bob, "token", "show", meant)), ...unused }, rest);
  }
  assert.ok((await listed(bob)).some(({ id }) => id === made.id));
  const shown = await bob.run(["token", "show", "listed"]);
  assert.match(shown.out, new RegExp(`^listed\\n {2}Id {11}${made.id}\\n {2}Format {7}jwt\\n`));
  assert.match(shown.out, /\n {2}Scopes {7}what belongs to you\n/);
  for (const text of [shown.out, out, shown.err]) assert.ok(!text.includes(token));
});

test("token list goes on to the last page", async () => {
  const item = (name: string): object => ({ id: name, name, format: "jwt", created_at: "2026-01-01T00:00:00Z" });
  await using at = await wire(
    { status: 200, body: pair() },
    { status: 200, body: { items: [item("a")], next_cursor: "on/ward" } },
    { status: 200, body: { items: [item("b")], next_cursor: null } },
  );
  using bob = desk(at.url);
  await bob.login();
  assert.deepEqual(
    (await listed(bob)).map(({ name }) => name),
    ["a", "b"],
  );
  const lines = at.asked.slice(1).map(({ line }) => line);
  assert.deepEqual(lines, ["GET /api/v1/api-tokens?limit=200", "GET /api/v1/api-tokens?limit=200&cursor=on%2Fward"]);
});

test("token rename gives another name, by which it is found from then on", async () => {
  using bob = await signedIn();
  const { id } = await told(bob, "token", "create", "before");
  const { code, out, err } = await bob.run(["token", "rename", "before", "after now"]);
  assert.deepEqual([code, out], [0, ""], err);
  assert.match(err, /The API token is called after now now/);
  assert.equal((await told(bob, "token", "show", "after now")).id, id);
  oneLine(await bob.run(["token", "show", "before"]), 5, /there is no API token of yours with this id or name/);
  oneLine(await bob.run(["token", "rename", "after now"]), 2, /token rename needs an id or a name, and the new name/);
});

test("token rotate prints the new token; with --keep-old the old one is good beside it, and without it is over", async () => {
  using bob = await signedIn();
  const first = await told(bob, "token", "create", "turning", "--scopes", "me:read");
  const second = await bob.run(["token", "rotate", "turning", "--keep-old", "24h"]);
  assert.equal(second.code, 0, second.err);
  assert.match(second.out, jwtLine);
  assert.match(second.err, new RegExp(`API token turning made anew; the old one, ${first.id}, ends by .+\\n`));
  const token = second.out.trimEnd();
  assert.deepEqual([await statusWith(first.token), await statusWith(token)], [200, 200]);
  assert.ok(Math.abs(lifeOf(await told(bob, "token", "show", first.id)) - 86_400) < 60);
  // The name means the heir now; an end by the name would leave one of them alive.
  const heir = await told(bob, "token", "show", "turning");
  assert.deepEqual([heir.id, heir.scopes], [claimsOf(token)["jti"], ["me:read"]]);
  oneLine(
    await bob.run(["token", "revoke", "turning"]),
    6,
    new RegExp(`2 of your API tokens are called turning.*${first.id}`),
  );
  oneLine(await bob.run(["token", "rotate", first.id]), 6, /the API token was not rotated/);
  const third = await bob.run(["token", "rotate", "turning"]);
  assert.match(third.err, /the old one, \S+, is over\n/);
  assert.deepEqual([await statusWith(token), await statusWith(third.out.trimEnd())], [401, 200]);
});

test("token revoke tells where it is refused, and by when", async () => {
  using bob = await signedIn();
  const { token } = await told(bob, "token", "create", "ending");
  const { code, out, err } = await bob.run(["token", "revoke", "ending"]);
  assert.deepEqual([code, out], [0, ""], err);
  assert.match(err, /The API token is revoked\n {2}It is refused here now, and wherever nobody asks by .+\n$/);
  assert.equal(await statusWith(token), 401);
  const opaque = await told(bob, "token", "create", "dark", "--opaque");
  const receipt = await told<Record<string, string>>(bob, "token", "revoke", opaque.id);
  assert.deepEqual(Object.keys(receipt), ["api_token_id", "refused_here", "refused_everywhere_by"]);
  assert.deepEqual([receipt["api_token_id"], receipt["refused_here"]], [opaque.id, "now"]);
});

test("a name that several have is refused with their ids, and an unknown id or name is exit code 5", async () => {
  using bob = await signedIn();
  const ids = [(await told(bob, "token", "create", "twin")).id, (await told(bob, "token", "create", "twin")).id];
  const { code, err } = await bob.run(["token", "show", "twin"]);
  assert.equal(code, 6);
  for (const id of ids) assert.ok(err.includes(id));
  const nobody = "01920000-0000-7000-8000-000000000000";
  for (const words of [["show"], ["revoke"], ["rotate"]]) {
    oneLine(await bob.run(["token", ...words, nobody]), 5, /API token.* not_found/);
    const leaked = await bob.run(["token", ...words, "jtn_secret"]);
    oneLine(leaked, 5, /there is no API token of yours with this id or name\. Do: jeton token list$/);
    assert.ok(!leaked.err.includes("jtn_secret"));
  }
  oneLine(await bob.run(["token", "rename", nobody, "x"]), 5, /the API token was not renamed/);
});

test("API tokens want a sign-in: exit code 4 without one, and one of a moment ago for what makes a token", async () => {
  using bob = desk(server.url);
  for (const words of [
    ["create", "x"],
    ["list"],
    ["show", "x"],
    ["rename", "x", "y"],
    ["rotate", "x"],
    ["revoke", "x"],
  ])
    oneLine(await bob.run(["token", ...words]), 4, /you are not signed in at .* Do: jeton login/);
  oneLine(await bob.run(["user", "generate-token"]), 4, /you are not signed in at .* Do: jeton user login$/);
});

test("ASVS 7.5.3: where the sign-in is not of a moment ago the password is wanted once more, and taken", async () => {
  const refused = { status: 401, body: { code: "reauthentication_needed", title: "No" } };
  const minted = { id: "i", name: "n", format: "jwt", created_at: "2026-01-01T00:00:00Z", token: "t" };
  const made = { status: 201, body: { ...minted, expires_at: "2026-01-02T00:00:00Z" } };
  const later = { status: 200, body: pair({ sid: "two" }) };
  await using at = await wire({ status: 200, body: pair() }, refused, refused, later, { status: 204 }, made);
  using bob = desk(at.url);
  await bob.login();
  oneLine(await bob.run(["token", "create", "n"]), 4, /your sign-in is not of a moment ago.* Do: jeton login/);
  const { code, out, err } = await bob.run(["token", "create", "n", "--password-stdin"], { input });
  assert.deepEqual([code, out], [0, "t\n"], err);
  assert.equal(at.asked.at(-1)!.authorization, `Bearer ${bob.tokens().access_token}`);
});

test("C-04: -vv and errors tell what was asked, and show neither password nor token", async () => {
  using bob = await signedIn();
  const words = ["token", "create", "told", "--password-stdin", "-vv"];
  const made = await bob.run(words, { input });
  assert.match(made.err, /POST http\S+\/api\/v1\/api-tokens: 201, request /);
  const turned = await bob.run(["-vv", "token", "rotate", "told"]);
  const wrong = await bob.run(["-vv", "token", "revoke", made.out.trimEnd()]);
  assert.equal(wrong.code, 5);
  const all = [
    made,
    turned,
    wrong,
    await bob.run(["-vv", "token", "list"]),
    await bob.run(["-vv", "token", "show", "told"]),
  ];
  const stored = bob.tokens();
  for (const { err } of all) {
    for (const secret of [
      made.out.trimEnd(),
      turned.out.trimEnd(),
      demoPassword,
      stored.access_token,
      stored.refresh_token,
    ])
      assert.ok(!err.includes(secret));
  }
});

test("an API token in JETON_TOKEN is used like any other, and makes no further one unless it may", async () => {
  using bob = await signedIn();
  const environment = { JETON_TOKEN: (await told(bob, "token", "create", "plain")).token };
  assert.equal((await bob.run(["whoami"], { environment })).code, 0);
  oneLine(await bob.run(["token", "create", "child"], { environment }), 3, /makes no such API token/);
  const minting = {
    JETON_TOKEN: (await told(bob, "token", "create", "minter", "--scopes", "tokens:mint me:read")).token,
  };
  assert.match((await bob.run(["token", "create", "child"], { environment: minting })).out, jwtLine);
});

test("jeton token alone is the live access token as ever; a word after it has to be one of its verbs", async () => {
  using bob = await signedIn();
  const { access_token: live } = bob.tokens();
  assert.equal((await bob.run(["token"])).out, `${live}\n`);
  assert.equal((await bob.run(["token", "--min-ttl", "1s"])).out, `${live}\n`);
  oneLine(
    await bob.run(["token", "lsit"]),
    2,
    /^unknown command lsit\. Did you mean list\?\. Do: jeton token create \|/,
  );
  const pasted = await bob.run(["token", live]);
  oneLine(pasted, 2, /token takes no word here/);
  assert.ok(!pasted.err.includes(live));
  const { out } = await bob.run(["token", "--help"]);
  assert.match(out, /\nCommands\n {2}token create /);
  assert.match((await bob.run(["help", "token", "rotate"])).out, /^Usage: jeton token rotate ID/);
});

test("user generate-token prints a bare token of 30 days, or of WEKA's --access-token-timeout, and revoke-tokens ends it", async () => {
  using bob = desk(server.url);
  assert.equal((await bob.run(["user", "login", "bob", "--password-stdin"], { input })).code, 0);
  const { code, out, err } = await bob.run(["user", "generate-token"]);
  assert.equal(code, 0, err);
  assert.match(out, jwtLine);
  assert.match(err, /It is not shown again\./);
  const token = out.trimEnd();
  const lifeIn = (text: string): number => Number(claimsOf(text)["exp"]) - Number(claimsOf(text)["iat"]);
  assert.equal(lifeIn(token), 30 * 86_400);
  assert.equal(await statusWith(token), 200);
  // WEKA's own clients show it at WEKA's door.
  assert.equal((await call(server.url, "/weka/api/v2/users/whoami", undefined, token)).status, 200);
  for (const [timeout, life] of [
    ["3600", 3600],
    ["12h", 43_200],
  ] as const) {
    const short = await bob.run(["user", "generate-token", "--plain", "--access-token-timeout", timeout]);
    assert.equal(lifeIn(short.out.trimEnd()), life, short.err);
  }
  const { name, id } = await told(bob, "user", "generate-token");
  assert.equal(name, "weka user generate-token");
  assert.match(id, uuid);
  assert.equal((await bob.run(["user", "revoke-tokens"])).code, 0);
  assert.equal(await statusWith(token), 401);
});

test("where the server is an address of WEKA's words alone, there is no way to API tokens, and that is told", async () => {
  const address = "http://127.0.0.1:9/api/v2";
  using bob = desk(address);
  oneLine(
    await bob.run(["user", "generate-token", "--server", address], { environment: { JETON_SERVER: "" } }),
    2,
    /has no way to API tokens.* Do: jeton token create NAME --server URL/,
  );
  const environment = { JETON_TOKEN: "some" };
  oneLine(
    await bob.run(["token", "list"], { environment }),
    2,
    /api\/v2 speaks weka, which has no word for API tokens/,
  );
});
