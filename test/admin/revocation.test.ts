import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { good, refusal, type WirePair } from "../authority.ts";
import { answered, house, password, type House, type Somebody } from "./house.ts";

interface Receipt {
  readonly ended_sessions: number;
  readonly refused_here: string;
  readonly refused_everywhere_by: string;
}

describe("revocation", () => {
  let at: House;
  let admin: Somebody;
  before(async () => {
    at = await house();
    admin = at.of("Root", "admin");
  });
  after(() => at.jeton.close());

  const another = async ({ username }: Somebody): Promise<WirePair> =>
    good<WirePair>(await at.jeton.ask("/api/v1/login", { body: { username, password } }));
  const basic = ({ username }: Somebody): string =>
    `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

  /** Every token of them is refused at every door of ours. */
  async function allDead(pairs: readonly WirePair[]): Promise<void> {
    for (const pair of pairs) {
      assert.equal(await refusal(at.jeton.me(pair)), "401 invalid_token");
      assert.equal(await refusal(at.jeton.refresh(pair)), "401 invalid_grant");
    }
  }

  test("POST /revoke-tokens ends every session of the caller, this one too, and says by when", async () => {
    const bob = await at.victim("Root");
    const more = [await another(bob), await another(bob)];
    const answer = await answered<{ subject: string; receipt: Receipt; tokens?: unknown }>(
      await at.as(bob, "post", "/api/v1/revoke-tokens", {}),
    );
    assert.equal(answer.subject, bob.id);
    assert.equal(answer.receipt.ended_sessions, 3);
    assert.equal(answer.receipt.refused_here, "now");
    const by = Date.parse(answer.receipt.refused_everywhere_by) / 1000;
    assert.equal(by, at.jeton.clock.now() + 300);
    assert.equal(answer.tokens, undefined);
    await allDead([bob.tokens, ...more]);
  });

  test("POST /revoke-tokens with keep_current answers with new tokens, and only those are good", async () => {
    const bob = await at.victim("Root");
    const more = [await another(bob), await another(bob)];
    const { tokens, receipt } = await answered<{ tokens: WirePair; receipt: Receipt }>(
      await at.as(bob, "post", "/api/v1/revoke-tokens", { keep_current: true }),
    );
    assert.equal(receipt.ended_sessions, 3);
    await allDead([bob.tokens, ...more]);
    assert.equal((await at.jeton.me(tokens)).status, 200);
    const refreshed = await at.jeton.refreshed(tokens);
    assert.equal((await at.jeton.me(refreshed)).status, 200);
  });

  test("keep_current does not make a sign-in out of a session: auth_time stays", async () => {
    const bob = await at.victim("Root");
    at.jeton.clock.pass(120);
    const claims = ({ access_token }: WirePair): { auth_time: number; iat: number } =>
      JSON.parse(Buffer.from(access_token.split(".")[1]!, "base64url").toString()) as never;
    const { tokens } = await answered<{ tokens: WirePair }>(
      await at.as(bob, "post", "/api/v1/revoke-tokens", { keep_current: true }),
    );
    assert.equal(claims(tokens).auth_time, claims(bob.tokens).auth_time);
    assert.equal(claims(tokens).iat, claims(bob.tokens).iat + 120);
  });

  test("F-13: keep_current keeps the session's end, so an access token alone never becomes more than it was", async () => {
    const bob = await at.victim("Root");
    const end = async (pair: WirePair): Promise<string> =>
      (await answered<{ items: { ends_at: string }[] }>(await at.as({ tokens: pair }, "get", "/api/v1/sessions")))
        .items[0]!.ends_at;
    const promised = await end(bob.tokens);
    at.jeton.clock.pass(60);
    const { tokens } = await answered<{ tokens: WirePair }>(
      await at.as(bob, "post", "/api/v1/revoke-tokens", { keep_current: true }),
    );
    assert.equal(await end(tokens), promised);
  });

  test("a token of another door keeps nothing here, and ends nothing by asking", async () => {
    const bob = await at.victim("Root");
    const sensu = await answered<WirePair>(
      await at.jeton.ask("/sensu/auth", { headers: { authorization: basic(bob) } }),
    );
    const asked = at.as({ tokens: sensu }, "post", "/api/v1/revoke-tokens", { keep_current: true });
    assert.equal(await refusal(asked), "400 invalid_request");
    assert.equal((await at.jeton.me(bob.tokens)).status, 200);
  });

  test("an administrator ends another's sessions, whichever door opened them, and cannot keep them", async () => {
    const bob = await at.victim("Root");
    const sensu = await answered<WirePair>(
      await at.jeton.ask("/sensu/auth", { headers: { authorization: basic(bob) } }),
    );
    const kept = await at.as(admin, "post", "/api/v1/revoke-tokens", { subject: bob.id, keep_current: true });
    assert.equal(await refusal(kept), "400 invalid_request");
    await answered(await at.as(admin, "post", "/api/v1/revoke-tokens", { subject: bob.id }));
    await allDead([bob.tokens]);
    assert.equal(await refusal(at.jeton.me(sensu)), "401 invalid_token");
    assert.equal((await at.jeton.me(admin.tokens)).status, 200);
    assert.equal((await at.jeton.me(await another(bob))).status, 200);
  });

  for (const verb of ["disable", "lock"] as const) {
    const undo = verb === "disable" ? "enable" : "unlock";
    test(`F-11, L-07: ${verb} ends everything at once, sign-in too, and ${undo} brings nothing back`, async () => {
      const bob = await at.victim("Root");
      const more = await another(bob);
      const { user, receipt } = await answered<{ user: { status: string }; receipt: Receipt }>(
        await at.as(admin, "post", `/api/v1/users/${bob.id}/${verb}`),
      );
      assert.equal(user.status, `${verb}${verb.endsWith("e") ? "d" : "ed"}`);
      assert.equal(receipt.ended_sessions, 2);
      await allDead([bob.tokens, more]);
      const login = (): Promise<Response> =>
        at.jeton.ask("/api/v1/login", { body: { username: bob.username, password } });
      assert.equal(await refusal(login()), "401 invalid_credentials");
      assert.equal((await at.jeton.ask("/sensu/auth", { headers: { authorization: basic(bob) } })).status, 401);
      await answered(await at.as(admin, "post", `/api/v1/users/${bob.id}/${undo}`));
      await allDead([bob.tokens, more]);
      assert.equal((await login()).status, 200);
    });
  }

  test("F-10: a changed password ends every session, and the caller goes on with the new tokens", async () => {
    const bob = await at.victim("Root");
    const thief = await another(bob);
    const body = { current_password: password, new_password: "a warmer cellar door" };
    const fresh = await answered<WirePair>(await at.as(bob, "put", "/api/v1/me/password", body));
    await allDead([bob.tokens, thief]);
    assert.equal((await at.jeton.me(fresh)).status, 200);
    const login = (secret: string): Promise<Response> =>
      at.jeton.ask("/api/v1/login", { body: { username: bob.username, password: secret } });
    assert.equal(await refusal(login(password)), "401 invalid_credentials");
    assert.equal((await login(body.new_password)).status, 200);
  });

  test("L-16: the current password is asked for, and a wrong one changes nothing", async () => {
    const bob = await at.victim("Root");
    const put = (body: unknown): Promise<Response> => at.as(bob, "put", "/api/v1/me/password", body);
    const next = "a warmer cellar door";
    assert.equal(await refusal(put({ new_password: next })), "400 invalid_request");
    assert.equal(
      await refusal(put({ current_password: "not the one at all", new_password: next })),
      "403 wrong_password",
    );
    for (const weak of ["short", "123456789012", "x".repeat(1025)])
      assert.equal(await refusal(put({ current_password: password, new_password: weak })), "400 invalid_request", weak);
    assert.equal((await at.jeton.me(bob.tokens)).status, 200);
    assert.equal((await another(bob)).token_type, "Bearer");
  });

  test("F-10: a login that read the old password before a change and writes after it is dead", async () => {
    // The login's hash is under way while the change commits: many interleavings, never a live session of the old one.
    for (let round = 0; round < 10; round++) {
      const bob = await at.victim("Root");
      const logins = Array.from({ length: 4 }, () =>
        at.jeton.ask("/api/v1/login", { body: { username: bob.username, password } }),
      );
      const body = { current_password: password, new_password: "a warmer cellar door" };
      const changed = await at.as(bob, "put", "/api/v1/me/password", body);
      assert.equal(changed.status, 200);
      for (const response of await Promise.all(logins)) {
        if (response.status !== 200) continue;
        await allDead([(await response.json()) as WirePair]);
      }
    }
  });

  test("F-04: of refreshes that race a revocation, none leaves a live token", async () => {
    const bob = await at.victim("Root");
    for (let round = 0; round < 100; round++) {
      const pair = await another(bob);
      const [first, revoked, second] = await Promise.all([
        at.jeton.refresh(pair),
        at.as({ tokens: pair }, "post", "/api/v1/revoke-tokens", {}),
        at.jeton.refresh(pair),
      ]);
      assert.equal(revoked.status, 200);
      for (const response of [first, second])
        if (response.status === 200) await allDead([(await response.json()) as WirePair]);
      await allDead([pair]);
      if (round === 20) break;
    }
  });

  test("L-14: a name that is made again is somebody else, and inherits nothing", async () => {
    const bob = await at.victim("Root");
    await answered(await at.as(admin, "delete", `/api/v1/users/${bob.id}`));
    assert.equal((await at.as(admin, "get", `/api/v1/users/${bob.id}`)).status, 404);
    await allDead([bob.tokens]);
    const body = { username: bob.username, password: "an altogether other door" };
    const made = await answered<{ id: string; roles: string[] }>(
      await at.as(admin, "post", "/api/v1/users", body),
      201,
    );
    assert.notEqual(made.id, bob.id);
    assert.deepEqual(made.roles, ["member"]);
    await allDead([bob.tokens]);
    const login = { body: { username: bob.username, password } };
    assert.equal(await refusal(at.jeton.ask("/api/v1/login", login)), "401 invalid_credentials");
  });

  test("a disabled organisation refuses everybody in it and nobody else; a deleted one's name is free", async () => {
    const made = await answered<{ id: string }>(
      await at.as(admin, "post", "/api/v1/organisations", { name: "Wound up" }),
      201,
    );
    const user = { username: "carl", password, organisation: made.id };
    await answered(await at.as(admin, "post", "/api/v1/users", user), 201);
    const login = (): Promise<Response> =>
      at.jeton.ask("/api/v1/login", { body: { username: "carl", password, organisation: "wound UP" } });
    const tokens = await good<WirePair>(await login());
    await answered(await at.as(admin, "post", `/api/v1/organisations/${made.id}/disable`));
    await allDead([tokens]);
    assert.equal(await refusal(login()), "401 invalid_credentials");
    assert.equal((await at.jeton.me(admin.tokens)).status, 200);
    await answered(await at.as(admin, "post", `/api/v1/organisations/${made.id}/enable`));
    await allDead([tokens]);
    assert.equal((await login()).status, 200);
    await answered(await at.as(admin, "delete", `/api/v1/organisations/${made.id}`));
    assert.equal(await refusal(login()), "401 invalid_credentials");
    const people = await answered<{ items: { username: string }[] }>(
      await at.as(admin, "get", "/api/v1/users?username=carl"),
    );
    assert.deepEqual(people.items, [], "everybody in it is deleted with it");
    await answered(await at.as(admin, "post", "/api/v1/organisations", { name: "Wound Up" }), 201);
    assert.equal(await refusal(login()), "401 invalid_credentials");
  });

  test("nobody can leave the instance without an administrator", async () => {
    const alone = await house();
    try {
      const admins = [alone.of("Root", "admin"), alone.of("Acme", "admin")] as const;
      const [first, last] = admins;
      const ada = await answered<{ items: { id: string }[] }>(
        await alone.as(first, "get", "/api/v1/users?username=ADA"),
      );
      await answered(await alone.as(first, "delete", `/api/v1/users/${ada.items[0]!.id}`));
      await answered(await alone.as(last, "post", `/api/v1/users/${first.id}/disable`));
      for (const [method, path, body] of [
        ["post", `/users/${last.id}/disable`],
        ["post", `/users/${last.id}/lock`],
        ["delete", `/users/${last.id}`],
        ["patch", `/users/${last.id}`, { roles: ["member"] }],
        ["post", `/organisations/${alone.organisations.Acme}/disable`],
        ["delete", `/organisations/${alone.organisations.Acme}`],
      ] as const)
        assert.equal(await refusal(alone.as(last, method, `/api/v1${path}`, body)), "409 last_administrator", path);
      assert.equal((await alone.jeton.me(last.tokens)).status, 200);
    } finally {
      await alone.jeton.close();
    }
  });

  test("disabled and locked are two things: neither undoes the other", async () => {
    const { id } = await at.victim("Root");
    const post = (verb: string): Promise<Response> => at.as(admin, "post", `/api/v1/users/${id}/${verb}`);
    for (const verb of ["enable", "unlock"]) assert.equal((await post(verb)).status, 200, verb);
    assert.equal((await post("lock")).status, 200);
    assert.equal((await post("lock")).status, 200);
    assert.equal(await refusal(post("enable")), "409 wrong_state");
    assert.equal((await post("disable")).status, 200);
    assert.equal(await refusal(post("unlock")), "409 wrong_state");
    assert.equal(await refusal(post("lock")), "409 wrong_state");
    assert.equal((await post("enable")).status, 200);
  });

  test("L-17: of many uses of one reset token at once one sets the password", async () => {
    const bob = await at.victim("Root");
    const { reset_token } = await answered<{ reset_token: string }>(
      await at.as(admin, "post", `/api/v1/users/${bob.id}/password-reset`),
      201,
    );
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, number) =>
        at.jeton.ask("/api/v1/password-reset", {
          body: { reset_token, new_password: `a cellar door, number ${number}` },
        }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 204).length, 1);
    for (const response of answers)
      if (response.status !== 204)
        assert.match(await refusal(response), /^(?:401 invalid_grant|503 temporarily_unavailable)$/);
  });

  test("A-03, A-07: a reset token gives nothing that its maker could not ask for now", async () => {
    const issue = async (maker: Somebody, target: Somebody): Promise<string> =>
      (
        await answered<{ reset_token: string }>(
          await at.as(maker, "post", `/api/v1/users/${target.id}/password-reset`),
          201,
        )
      ).reset_token;
    const use = (reset_token: string): Promise<Response> =>
      at.jeton.ask("/api/v1/password-reset", { body: { reset_token, new_password: "a warmer cellar door" } });
    const promoted = await at.victim("Acme");
    const token = await issue(at.of("Acme", "org_admin"), promoted);
    await answered(await at.as(admin, "patch", `/api/v1/users/${promoted.id}`, { roles: ["admin"] }));
    assert.equal(await refusal(use(token)), "401 invalid_grant");
    for (const [method, path, body] of [
      ["post", "/disable"],
      ["delete", ""],
      ["patch", "", { roles: ["member"] }],
    ] as const) {
      const maker = await at.victim("Acme", ["org_admin"]);
      const stale = await issue(maker, await at.victim("Acme"));
      await answered(await at.as(admin, method, `/api/v1/users/${maker.id}${path}`, body));
      assert.equal(await refusal(use(stale)), "401 invalid_grant", `${method} ${path}`);
    }
    const spelled = await issue(admin, await at.victim("Root"));
    assert.equal(await refusal(use(spelled.replace(/\.(\d+)\./, ".00$1."))), "401 invalid_grant");
    assert.equal((await use(spelled)).status, 204);
  });

  test("INV-2: a change of password that was under way when its session was revoked or signed out is not made", async () => {
    for (const path of ["/api/v1/revoke-tokens", "/api/v1/logout"]) {
      const bob = await at.victim("Root");
      const changing = at.as(bob, "put", "/api/v1/me/password", {
        current_password: password,
        new_password: "a warmer cellar door",
      });
      const ended =
        path === "/api/v1/logout"
          ? at.jeton.ask(path, { body: { refresh_token: bob.tokens.refresh_token } })
          : at.as(admin, "post", path, { subject: bob.id });
      assert.ok((await ended).status < 300);
      // The hash takes longer than the revocation, so the change comes after it; it is refused for either reason.
      assert.match(await refusal(changing), /^(?:401 invalid_token|503 temporarily_unavailable)$/);
      const login = { body: { username: bob.username, password } };
      assert.equal((await at.jeton.ask("/api/v1/login", login)).status, 200);
    }
  });

  test("an address that is named twice is one, at creation and at a change", async () => {
    const body = { username: "twice", emails: ["twice@example.com", "TWICE@example.com"] };
    const made = await answered<{ id: string; emails: string[] }>(
      await at.as(admin, "post", "/api/v1/users", body),
      201,
    );
    assert.equal(made.emails.length, 1);
    const change = { emails: ["a@example.com", "a@example.com"] };
    const changed = await answered<{ emails: string[] }>(
      await at.as(admin, "patch", `/api/v1/users/${made.id}`, change),
    );
    assert.deepEqual(changed.emails, ["a@example.com"]);
  });

  test("L-11, H-10: whoever sets many passwords is told to come back, and takes no sign-in's place", async () => {
    const making = Array.from({ length: 60 }, (_, number) =>
      at.as(admin, "post", "/api/v1/users", { username: `many-${number}`, password }),
    );
    const bob = at.of("Root", "member");
    assert.equal((await another(bob)).token_type, "Bearer");
    const statuses = (await Promise.all(making)).map(({ status }) => status);
    assert.deepEqual(new Set(statuses), new Set([201, 503]));
  });

  test("Root keeps its name, since sign-ins that name no organisation mean it", async () => {
    const path = `/api/v1/organisations/${at.organisations.Root}`;
    assert.equal(await refusal(at.as(admin, "patch", path, { name: "Trunk" })), "409 wrong_state");
    assert.equal((await at.as(admin, "patch", path, { name: "ROOT" })).status, 200);
    assert.equal((await at.as(admin, "patch", path, { name: "Root" })).status, 200);
  });

  test("L-17: a reset token dies with its day, with a revocation, and with any other character", async () => {
    const bob = await at.victim("Root");
    const issue = async (): Promise<string> =>
      (
        await answered<{ reset_token: string }>(
          await at.as(admin, "post", `/api/v1/users/${bob.id}/password-reset`),
          201,
        )
      ).reset_token;
    const use = (reset_token: string): Promise<Response> =>
      at.jeton.ask("/api/v1/password-reset", { body: { reset_token, new_password: "a warmer cellar door" } });
    const token = await issue();
    for (let place = 0; place < token.length; place += 7) {
      const other = token[place] === "a" ? "b" : "a";
      assert.equal(await refusal(use(token.slice(0, place) + other + token.slice(place + 1))), "401 invalid_grant");
    }
    await answered(await at.as(admin, "post", "/api/v1/revoke-tokens", { subject: bob.id }));
    assert.equal(await refusal(use(token)), "401 invalid_grant");
    const disabled = await issue();
    await answered(await at.as(admin, "post", `/api/v1/users/${bob.id}/disable`));
    assert.equal(await refusal(use(disabled)), "401 invalid_grant");
    await answered(await at.as(admin, "post", `/api/v1/users/${bob.id}/enable`));
    const stale = await issue();
    at.jeton.clock.pass(24 * 3600);
    assert.equal(await refusal(use(stale)), "401 invalid_grant");
  });
});
