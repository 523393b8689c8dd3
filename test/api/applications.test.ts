/** Applications over the native API: under their owner, with secrets, keys and tokens of their own. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import type { ClientSecretId } from "../../src/core/ids.ts";
import { makeClientSecret } from "../../src/keys/opaque-token.ts";

import { answered, house, type House, type Somebody } from "../admin/house.ts";
import { authority, claimsOf, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { newEdPair } from "../keys/ed-pair.ts";
import { bearer, seen } from "./asking.ts";
import { proveKey, setaBody, setaToken, signedIn } from "./signing.ts";
import { bobsPair } from "../keys/rsa-pairs.ts";

interface Application {
  readonly id: string;
  readonly organisation_id: string;
  readonly owner_id: string | null;
  readonly name: string;
  readonly display_name: string;
  readonly roles: readonly string[];
  readonly status: string;
}

interface MadeSecret {
  readonly id: string;
  readonly name: string;
  readonly expires_at: string | null;
  readonly client_id: string;
  readonly client_secret: string;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

type Method = "get" | "post" | "patch" | "delete";
let names = 0;

describe("applications", () => {
  let at: House;
  let jeton: Authority;
  let bob: Somebody;
  let carol: Somebody;
  before(async () => {
    at = await house();
    ({ jeton } = at);
    bob = await at.victim("Acme");
    carol = await at.victim("Acme");
  });
  after(() => jeton.close());

  const as = (who: Somebody, method: Method, path: string, body?: unknown): Promise<Response> =>
    at.as(who, method, `/api/v1/applications${path}`, body);
  const created = async (who: Somebody, wish: object = {}): Promise<Application> =>
    answered<Application>(await as(who, "post", "", { name: `app-${names++}`, ...wish }), 201);
  const secretOf = async (who: Somebody, { id }: Application, wish: object = {}): Promise<MadeSecret> =>
    answered<MadeSecret>(await as(who, "post", `/${id}/secrets`, { name: "prod", ...wish }), 201);
  const login = (secret: Pick<MadeSecret, "client_id" | "client_secret">): Promise<Response> =>
    jeton.ask("/api/v1/login/secret", {
      body: { client_id: secret.client_id, client_secret: secret.client_secret },
    });
  const me = async (pair: Pick<WirePair, "access_token">) =>
    good<{ username: string; roles: string[]; scopes: string[] }>(await jeton.me(pair));

  test("POST makes one of one's own, GET shows it, the list has it, and nobody else's has", async () => {
    const response = await as(bob, "post", "", { name: "Harvester", display_name: "The harvester" });
    const location = response.headers.get("location");
    const app = await answered<Application>(response, 201);
    assert.equal(location, `/api/v1/applications/${app.id}`);
    assert.deepEqual(
      [app.owner_id, app.organisation_id, app.name, app.display_name, app.roles, app.status],
      [bob.id, at.organisations.Acme, "Harvester", "The harvester", ["member"], "active"],
    );
    assert.deepEqual(await answered<Application>(await as(bob, "get", `/${app.id}`)), app);
    const mine = await answered<Page<Application>>(await as(bob, "get", ""));
    assert.deepEqual(mine.items.at(-1), app);
    const hers = await answered<Page<Application>>(await as(carol, "get", ""));
    assert.equal(
      hers.items.some(({ id }) => id === app.id),
      false,
    );
    assert.equal(await refusal(as(carol, "get", `/${app.id}`)), "404 not_found");
    // Administrators see whose it is.
    const listed = await answered<{ kind: string; owner_id: string }>(
      await at.as(at.of("Acme", "org_admin"), "get", `/api/v1/users/${app.id}`),
    );
    assert.deepEqual([listed.kind, listed.owner_id], ["application", bob.id]);
  });

  test("a page ends where it says, and its cursor goes on", async () => {
    const dora = await at.victim("Acme");
    const ids = [];
    for (let count = 0; count < 3; count++) ids.push((await created(dora)).id);
    const first = await answered<Page<Application>>(await as(dora, "get", "?limit=2"));
    const second = await answered<Page<Application>>(await as(dora, "get", `?limit=2&cursor=${first.next_cursor}`));
    assert.deepEqual(
      [...first.items, ...second.items].map(({ id }) => id),
      // Those of one millisecond come in any order, and in the same one each time.
      ids.toSorted(),
    );
    assert.equal(second.next_cursor, null);
    assert.equal(await refusal(as(bob, "get", `?cursor=${first.next_cursor}`)), "400 invalid_request");
  });

  test("a secret is shown once, signs the application in, and is told of without itself", async () => {
    const app = await created(bob);
    const secret = await secretOf(bob, app);
    assert.match(secret.client_secret, /^jcs_[0-9A-Za-z]{71}$/);
    assert.equal(secret.client_id, app.id);
    const pair = await good<WirePair>(await login(secret));
    const { sub, amr } = claimsOf(pair.access_token);
    assert.deepEqual([sub, amr], [app.id, ["client_secret"]]);
    assert.deepEqual((await me(await jeton.refreshed(pair))).username, app.name);
    const list = await as(bob, "get", `/${app.id}/secrets`);
    const text = await list.text();
    assert.equal(text.includes(secret.client_secret), false);
    const [listed] = (JSON.parse(text) as Page<{ id: string; last_used_at: string; last_used_from: string }>).items;
    assert.deepEqual([listed?.id, listed?.last_used_from], [secret.id, "127.0.0.1"]);
    assert.equal(Date.parse(listed!.last_used_at), jeton.clock.now() * 1000);
    assert.equal(jeton.logged().includes(secret.client_secret), false);
  });

  test("two secrets at a time: the new one is in use before the old one ends, with what it opened", async () => {
    const app = await created(bob);
    const [old, next] = [await secretOf(bob, app), await secretOf(bob, app, { name: "next" })];
    assert.equal(await refusal(as(bob, "post", `/${app.id}/secrets`, { name: "third" })), "409 too_many");
    const [ofOld, ofNext] = [await good<WirePair>(await login(old)), await good<WirePair>(await login(next))];
    assert.equal((await as(bob, "delete", `/${app.id}/secrets/${old.id}`)).status, 204);
    assert.equal(await refusal(login(old)), "401 invalid_credentials");
    assert.equal(await refusal(jeton.refresh(ofOld)), "401 invalid_grant");
    assert.equal((await jeton.me(ofNext)).status, 200);
    assert.equal(await refusal(as(bob, "delete", `/${app.id}/secrets/${old.id}`)), "404 not_found");
    await secretOf(bob, app);
  });

  test("a secret with an end: its sessions end by then, and it makes room", async () => {
    const app = await created(bob);
    const secret = await secretOf(bob, app, { expires_in: 120 });
    await secretOf(bob, app);
    const pair = await good<WirePair>(await login(secret));
    assert.equal(pair.refresh_expires_in, 120);
    jeton.clock.pass(120);
    assert.equal(await refusal(login(secret)), "401 invalid_credentials");
    assert.equal((await jeton.me(pair)).status, 401);
    // Bob's own sign-in is still a recent one.
    await secretOf(bob, app);
  });

  test("R-11, ASVS 6.3.8: every reason to refuse a secret is answered alike", async () => {
    const [app, other] = [await created(bob), await created(bob)];
    await as(bob, "post", `/${other.id}/disable`);
    assert.equal(await refusal(as(bob, "post", `/${other.id}/api-tokens`, { name: "later" })), "409 wrong_state");
    await as(bob, "post", `/${other.id}/enable`);
    const [secret, ended, paused] = [await secretOf(bob, app), await secretOf(bob, app), await secretOf(bob, other)];
    await as(bob, "delete", `/${app.id}/secrets/${ended.id}`);
    await as(bob, "post", `/${other.id}/disable`);
    const flipped = `${secret.client_secret.slice(0, -1)}${secret.client_secret.endsWith("a") ? "b" : "a"}`;
    const { token: apiToken } = await answered<{ token: string }>(
      await as(bob, "post", `/${app.id}/api-tokens`, { name: "ci", format: "opaque" }),
      201,
    );
    const answers = new Set<string>();
    for (const body of [
      { ...secret, client_id: other.id },
      { ...secret, client_id: bob.id },
      { ...secret, client_id: app.id.toUpperCase() },
      { ...secret, client_id: app.name },
      { ...secret, client_secret: flipped },
      { ...secret, client_secret: ` ${secret.client_secret}` },
      { ...secret, client_secret: secret.client_secret.replace("jcs_", "jtn_") },
      { ...secret, client_secret: apiToken },
      { ...secret, client_secret: "x" },
      ended,
      paused,
    ])
      answers.add(await seen(await login(body)));
    assert.equal(answers.size, 1, [...answers].join("\n\n"));
    assert.match([...answers][0]!, /^401/);
    assert.equal((await login(secret)).status, 200);
    // Nor is it a token.
    assert.equal((await jeton.me({ access_token: secret.client_secret })).status, 401);
  });

  test("K-02: an application, a secret, a key and a token for one take a sign-in by password of a moment ago", async () => {
    const app = await created(bob);
    const secret = await secretOf(bob, app);
    const asked = async (pair: Pick<WirePair, "access_token">): Promise<readonly string[]> => {
      const post = (path: string, body: object): Promise<string> =>
        refusal(jeton.ask(`/api/v1/applications${path}`, { headers: bearer(pair), body }));
      return [
        await post("", { name: "another" }),
        await post(`/${app.id}/secrets`, { name: "prod" }),
        await post(`/${app.id}/auth-key-challenge`, { public_key: newEdPair().ssh }),
        await post(`/${app.id}/api-tokens`, { name: "ci" }),
      ];
    };
    const again = Array<string>(4).fill("401 reauthentication_needed");
    const scopes = ["applications:read", "applications:write", "tokens:mint", "api-tokens:write", "auth-keys:write"];
    const minted = await at.as(bob, "post", "/api/v1/api-tokens", { name: "ci", scopes });
    const { token } = await answered<{ token: string }>(minted, 201);
    assert.deepEqual(await asked({ access_token: token }), again);
    // The application itself has a session, and no password.
    const its = await good<WirePair>(await login(secret));
    assert.deepEqual(await asked(its), again);
    const other = await authority();
    let pair = await other.login();
    for (const span of [299, 299, 3]) {
      other.clock.pass(span);
      pair = await other.refreshed(pair);
    }
    const late = other.ask("/api/v1/applications", { headers: bearer(pair), body: { name: "late" } });
    assert.equal(await refusal(late), again[0]);
    await other.close();
  });

  test("K-03: what belongs to somebody else's application is not there, whatever one does", async () => {
    const app = await created(bob);
    const secret = await secretOf(bob, app);
    const pair = newEdPair();
    const key = await answered<{ id: string }>(
      await proveKey(jeton, bob.tokens, { pair }, `/api/v1/applications/${app.id}`),
      201,
    );
    const token = await answered<{ id: string }>(await as(bob, "post", `/${app.id}/api-tokens`, { name: "ci" }), 201);
    for (const [method, path, body] of [
      ["get", `/applications/${app.id}`],
      ["patch", `/applications/${app.id}`, { display_name: "mine" }],
      ["delete", `/applications/${app.id}`],
      ["post", `/applications/${app.id}/disable`],
      ["post", `/applications/${app.id}/secrets`, { name: "mine" }],
      ["get", `/applications/${app.id}/secrets`],
      ["delete", `/applications/${app.id}/secrets/${secret.id}`],
      ["post", `/applications/${app.id}/auth-key-challenge`, { public_key: pair.ssh }],
      ["get", `/applications/${app.id}/auth-keys`],
      ["post", `/applications/${app.id}/api-tokens`, { name: "mine" }],
      ["get", `/applications/${app.id}/api-tokens`],
      ["get", `/auth-keys/${key.id}`],
      ["patch", `/auth-keys/${key.id}`, { name: "mine" }],
      ["delete", `/auth-keys/${key.id}`],
      ["get", `/api-tokens/${token.id}`],
      ["patch", `/api-tokens/${token.id}`, { name: "mine" }],
      ["post", `/api-tokens/${token.id}/rotate`, {}],
      ["delete", `/api-tokens/${token.id}`],
      ["post", "/revoke-tokens", { subject: app.id }],
      // A user is no application.
      ["get", `/applications/${carol.id}`],
      ["delete", `/applications/${carol.id}`],
      ["post", `/applications/${carol.id}/secrets`, { name: "mine" }],
    ] as const)
      assert.equal(await refusal(at.as(carol, method, `/api/v1${path}`, body)), "404 not_found", `${method} ${path}`);
    // Its owner does all of it.
    assert.equal((await at.as(bob, "patch", `/api/v1/auth-keys/${key.id}`, { name: "build" })).status, 200);
    assert.equal((await at.as(bob, "get", `/api/v1/api-tokens/${token.id}`)).status, 200);
    assert.equal((await login(secret)).status, 200);
    assert.equal((await at.as(bob, "post", "/api/v1/revoke-tokens", { subject: app.id })).status, 200);
    assert.equal((await at.as(bob, "get", `/api/v1/api-tokens/${token.id}`)).status, 404);
    assert.equal((await login(secret)).status, 200);
  });

  test("K-08: an application has no more than its owner: roles, scopes of its tokens, and what both may do now", async () => {
    const erin = await at.victim("Acme", ["auditor", "member"]);
    for (const roles of [["org_admin"], ["admin"], ["member", "org_admin"]])
      assert.equal(await refusal(as(erin, "post", "", { name: "riser", roles })), "403 forbidden");
    const app = await created(erin, { roles: ["auditor", "member"] });
    assert.equal(await refusal(as(erin, "patch", `/${app.id}`, { roles: ["org_admin"] })), "403 forbidden");
    const pair = await good<WirePair>(await login(await secretOf(erin, app)));
    const mint = (scopes: readonly string[]): Promise<Response> =>
      as(erin, "post", `/${app.id}/api-tokens`, { name: "ci", scopes });
    const { token } = await answered<{ token: string }>(await mint(["journal:read", "me:read"]), 201);
    assert.equal(await refusal(mint(["users:write"])), "403 exceeds_grant");
    assert.ok((await me(pair)).scopes.includes("journal:read"));
    assert.deepEqual((await me({ access_token: token })).scopes, ["journal:read", "me:read"]);

    const admin = at.of("Acme", "org_admin");
    await answered(await at.as(at.of("Root", "admin"), "patch", `/api/v1/users/${erin.id}`, { roles: ["member"] }));
    assert.deepEqual((await me(pair)).roles, ["member"]);
    assert.equal((await me(pair)).scopes.includes("journal:read"), false);
    assert.deepEqual((await me({ access_token: token })).scopes, ["me:read"]);
    assert.equal(await refusal(mint(["journal:read"])), "403 exceeds_grant");
    assert.deepEqual(claimsOf((await jeton.refreshed(pair)).access_token)["roles"], ["member"]);
    // What it was given is still written on it.
    const shown = await answered<Application>(await as(erin, "get", `/${app.id}`));
    assert.deepEqual(shown.roles, ["auditor", "member"]);
    assert.equal(await refusal(as(admin, "get", `/${app.id}`)), "404 not_found");
  });

  test("K-08: the end of the owner is the end of the application, at each door", async () => {
    const frank = await at.victim("Acme");
    const app = await created(frank, { name: "franks-own" });
    const secret = await secretOf(frank, app);
    const pair = newEdPair();
    await answered(await proveKey(jeton, frank.tokens, { pair }, `/api/v1/applications/${app.id}`), 201);
    const { token } = await answered<{ token: string }>(
      await as(frank, "post", `/${app.id}/api-tokens`, { name: "ci" }),
      201,
    );
    const byKey = (): Promise<WirePair> => signedIn(jeton, { username: app.name, organisation: "Acme", pair });
    const session = await byKey();
    const admin = at.of("Acme", "org_admin");
    const status = async (verb: string): Promise<void> => {
      await answered(await at.as(admin, "post", `/api/v1/users/${frank.id}/${verb}`));
    };
    for (const [down, up] of [
      ["disable", "enable"],
      ["lock", "unlock"],
    ] as const) {
      await status(down);
      assert.equal(await refusal(login(secret)), "401 invalid_credentials");
      await assert.rejects(byKey());
      for (const text of [session.access_token, token])
        assert.equal((await jeton.me({ access_token: text })).status, 401);
      await status(up);
      assert.equal((await login(secret)).status, 200);
      assert.equal((await jeton.me(await byKey())).status, 200);
      for (const text of [session.access_token, token])
        assert.equal((await jeton.me({ access_token: text })).status, 401);
    }
    await answered(await at.as(admin, "delete", `/api/v1/users/${frank.id}`));
    assert.equal(await refusal(login(secret)), "401 invalid_credentials");
    assert.equal(await refusal(at.as(admin, "get", `/api/v1/users/${app.id}`)), "404 not_found");
    const journal = await answered<Page<{ kind: string; detail: Record<string, unknown> }>>(
      await at.as(admin, "get", `/api/v1/journal?subject=${app.id}`),
    );
    const { kind, detail } = journal.items[0]!;
    assert.deepEqual(
      [kind, detail["with_owner"], detail["auth_keys"], detail["client_secrets"]],
      ["subject_deleted", frank.id, 1, 1],
    );
  });

  test("L-16, K-08: an application opens no account, and neither does a sign-in of long ago: passwords are for those who gave theirs", async () => {
    const admin = at.of("Acme", "org_admin");
    const app = await created(admin, { roles: ["org_admin"] });
    const its = await good<WirePair>(await login(await secretOf(admin, app)));
    const victim = await at.victim("Acme");
    const by = (path: string, body?: object): Promise<Response> =>
      jeton.ask(`/api/v1${path}`, { method: "POST", headers: bearer(its), ...(body === undefined ? {} : { body }) });
    for (const id of [victim.id, admin.id])
      assert.equal(await refusal(by(`/users/${id}/password-reset`)), "401 reauthentication_needed");
    const user = { username: "ghost", password: "a ghost in the machine room" };
    assert.equal(await refusal(by("/users", user)), "401 reauthentication_needed");
    assert.equal((await by("/users", { username: "ghost" })).status, 201);
    // One's own password is changed by the old one.
    assert.equal(await refusal(at.as(admin, "post", `/api/v1/users/${admin.id}/password-reset`)), "409 wrong_state");
  });

  test("A-03: an owned application is as high as its owner for those who administer", async () => {
    const app = await created(at.of("Root", "admin"));
    const orgAdmin = at.of("Root", "org_admin");
    for (const [method, path] of [
      ["patch", `/api/v1/users/${app.id}`],
      ["delete", `/api/v1/users/${app.id}`],
      ["post", `/api/v1/users/${app.id}/disable`],
    ] as const)
      assert.equal(
        await refusal(at.as(orgAdmin, method, path, method === "patch" ? { roles: [] } : undefined)),
        "403 forbidden",
      );
    const ofMember = await created(bob);
    assert.equal((await at.as(at.of("Acme", "org_admin"), "post", `/api/v1/users/${ofMember.id}/disable`)).status, 200);
  });

  test("K-08: the receipt of an owner's end counts the applications, and waits for the last of their tokens", async () => {
    const gina = await at.victim("Acme");
    const app = await created(gina);
    const { expires_at: ends } = await answered<{ expires_at: string }>(
      await as(gina, "post", `/${app.id}/api-tokens`, { name: "ci", expires_in: 864_000 }),
      201,
    );
    const { receipt } = await answered<{ receipt: { ended_api_tokens: number; refused_everywhere_by: string } }>(
      await at.as(at.of("Acme", "org_admin"), "post", `/api/v1/users/${gina.id}/disable`),
    );
    assert.deepEqual([receipt.ended_api_tokens, receipt.refused_everywhere_by], [1, ends]);
  });

  test("F-10: under /applications there are applications alone, for narrow tokens too", async () => {
    const { token } = await answered<{ token: string }>(
      await at.as(bob, "post", "/api/v1/api-tokens", { name: "ci", scopes: ["applications:read"] }),
      201,
    );
    const app = await created(bob);
    const get = (path: string): Promise<Response> =>
      jeton.ask(`/api/v1/applications/${path}`, { headers: bearer({ access_token: token }) });
    for (const path of ["", "/auth-keys", "/api-tokens", "/secrets"]) {
      assert.equal(await refusal(get(`${bob.id}${path}`)), "404 not_found", path);
      assert.equal((await get(`${app.id}${path}`)).status, 200, path);
    }
  });

  test("L-13: what looks like the name of somebody who administers is for those who make users", async () => {
    for (const name of ["admin", "Admin", "аdmin", "r00t", "jeton"]) {
      const status = (await as(bob, "post", "", { name })).status;
      assert.equal(status, 400, name);
    }
    assert.equal((await as(at.of("Acme", "org_admin"), "post", "", { name: "support" })).status, 201);
  });

  test("CWE-770: who has used up the changes of a minute can still end sessions and everything", async () => {
    const small = await authority({ settings: { "limits.changes": 2 } });
    const pair = await small.login();
    const headers = bearer(pair);
    for (let count = 0; count < 2; count++) await small.ask("/api/v1/applications", { headers, body: {} });
    assert.equal(
      await refusal(small.ask("/api/v1/applications", { headers, body: { name: "more" } })),
      "429 too_many_changes",
    );
    assert.equal((await small.ask("/api/v1/revoke-tokens", { headers, body: {} })).status, 200);
    await small.close();
  });

  test("CWE-770: each sign-in by secret is one of the application's changes, and costs its owner nothing", async () => {
    const small = await authority({ settings: { "limits.changes": 4 } });
    const headers = bearer(await small.login());
    const app = await answered<Application>(
      await small.ask("/api/v1/applications", { headers, body: { name: "eager" } }),
      201,
    );
    const made = await small.ask(`/api/v1/applications/${app.id}/secrets`, { headers, body: { name: "prod" } });
    const { client_id, client_secret } = await answered<MadeSecret>(made, 201);
    const signIn = (): Promise<Response> => small.ask("/api/v1/login/secret", { body: { client_id, client_secret } });
    for (let count = 0; count < 4; count++) assert.equal((await signIn()).status, 200);
    const refused = await signIn();
    assert.equal(refused.headers.get("retry-after"), "15");
    assert.equal(await refusal(refused), "429 too_many_changes");
    const path = `/api/v1/applications/${app.id}`;
    assert.equal((await small.ask(path, { method: "PATCH", headers, body: { display_name: "Eager" } })).status, 200);
    await small.close();
  });

  test("K-01: a leaked token takes along what it put in its own place", async () => {
    const scopes = ["me:read", "tokens:mint", "api-tokens:write"];
    const minted = await at.as(carol, "post", "/api/v1/api-tokens", { name: "ci", scopes });
    const first = await answered<{ id: string; token: string }>(minted, 201);
    const rotate = async (by: { id: string; token: string }): Promise<{ id: string; token: string }> =>
      answered(
        await jeton.ask(`/api/v1/api-tokens/${by.id}/rotate`, {
          headers: bearer({ access_token: by.token }),
          body: { keep_old: 3600 },
        }),
        201,
      );
    const second = await rotate(first);
    const third = await rotate(second);
    assert.equal((await jeton.me({ access_token: third.token })).status, 200);
    await jeton.ask("/api/v1/leaked", { body: { token: first.token } });
    for (const { token } of [first, second, third]) assert.equal((await jeton.me({ access_token: token })).status, 401);
  });

  test("an organisation's own is its administrators' to look after, and outlives each of them", async () => {
    const [one, two] = [await at.victim("Acme", ["org_admin"]), await at.victim("Acme", ["org_admin"])];
    assert.equal(await refusal(as(bob, "post", "", { name: "common", owner: "organisation" })), "403 forbidden");
    const app = await created(one, { owner: "organisation" });
    assert.equal(app.owner_id, null);
    const secret = await secretOf(two, app);
    const listed = await answered<Page<Application>>(await as(two, "get", "?owner=organisation"));
    assert.ok(listed.items.some(({ id }) => id === app.id));
    assert.equal(await refusal(as(bob, "get", "?owner=organisation")), "403 forbidden");
    await answered(await at.as(two, "delete", `/api/v1/users/${one.id}`));
    assert.equal((await login(secret)).status, 200);
    assert.equal(await refusal(as(at.of("Root", "org_admin"), "get", `/${app.id}`)), "404 not_found");
  });

  test("CWE-770: somebody has as many applications as the operator says", async () => {
    const small = await authority({ settings: { "applications.cap": 2 } });
    const headers = bearer(await small.login());
    const make = (name: string): Promise<Response> => small.ask("/api/v1/applications", { headers, body: { name } });
    // The harvester is Bob's, too.
    assert.equal((await make("one")).status, 201);
    assert.equal(await refusal(make("two")), "409 too_many");
    await small.close();
  });

  test("names: one that is taken, none, or no name is refused, and so is what is no role and no owner", async () => {
    const { name } = await created(bob);
    for (const taken of [name, name.toUpperCase(), bob.username])
      assert.equal(await refusal(as(carol, "post", "", { name: taken })), "409 name_taken");
    for (const body of [
      {},
      { name: "" },
      { name: "a b\n" },
      { name: "fine", roles: ["root"] },
      { name: "fine", owner: carol.id },
      { name: "fine", owner_id: carol.id },
      { name: "fine", organisation: at.organisations.Root },
      { name: "fine", kind: "user" },
    ])
      assert.equal(await refusal(as(bob, "post", "", body)), "400 invalid_request", JSON.stringify(body));
  });

  test("a leaked secret dies at POST /leaked, with what it opened, and answers as every text does", async () => {
    const app = await created(bob);
    const secret = await secretOf(bob, app);
    const pair = await good<WirePair>(await login(secret));
    const found = (token: string): Promise<Response> => jeton.ask("/api/v1/leaked", { body: { token } });
    // The right id, another secret, and a checksum that is right for it.
    const { text: guessed } = makeClientSecret(secret.id as ClientSecretId, randomBytes(32));
    assert.equal((await found(guessed)).status, 204);
    assert.equal((await jeton.me(pair)).status, 200);
    assert.equal((await found(secret.client_secret)).status, 204);
    assert.equal(await refusal(login(secret)), "401 invalid_credentials");
    assert.equal((await jeton.me(pair)).status, 401);
  });

  test("SeTA 9: an application signs in at SeTA's door with its own key, which its owner added", async () => {
    const other = await authority();
    const headers = bearer(await other.login());
    const { items } = await good<Page<Application>>(await other.ask("/api/v1/applications", { headers }));
    const harvester = items.find(({ name }) => name === "harvester")!;
    await answered(await proveKey(other, await other.login(), {}, `/api/v1/applications/${harvester.id}`), 201);
    const body = setaBody({ username: "harvester", provider: "seta" }, bobsPair);
    const { access_token: token } = await good<WirePair>(await setaToken(other, body));
    assert.equal(claimsOf(token)["user_type"], "application");
    await other.close();
  });
});
