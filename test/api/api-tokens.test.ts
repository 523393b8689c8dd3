/** API tokens over the native API, and what they open at every door. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";

import { verifyAccessToken } from "../../packages/verifier/src/verify.ts";
import { importKeySet } from "../../packages/verifier/src/keys.ts";
import { scopeNames } from "../../src/core/scope.ts";
import { authority, claimsOf, good, issuer, refusal, type Authority, type WirePair } from "../authority.ts";
import { bearer, type Sent } from "./asking.ts";

interface WireToken {
  readonly id: string;
  readonly name: string;
  readonly format: "jwt" | "opaque";
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly scopes: readonly string[] | null;
  readonly last_used_at: string | null;
  readonly last_used_from: string | null;
  readonly replaced_by: string | null;
  readonly current: boolean;
}

interface Minted extends WireToken {
  readonly token: string;
}

interface Me {
  readonly username: string;
  readonly scopes: readonly string[];
  readonly session_id: string | null;
  readonly api_token_id: string | null;
}

const day = 86_400;
const path = "/api/v1/api-tokens";
const by = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });

describe("API tokens", () => {
  let jeton: Authority;
  let bob: WirePair;
  before(async () => {
    jeton = await authority({ settings: { "api_tokens.endless": true, "api_tokens.cap": 10_000 } });
    bob = await jeton.login();
  });
  after(() => jeton.close());

  /** Signed in again where it was long ago: the clock of these tests moves. */
  const signedIn = async (): Promise<Readonly<Record<string, string>>> => {
    if ((await jeton.me(bob)).status !== 200) bob = await jeton.login();
    return bearer(bob);
  };
  const post = async (body: unknown, headers?: Readonly<Record<string, string>>, to = path): Promise<Response> =>
    jeton.ask(to, { body, headers: headers ?? (await signedIn()) });
  const mint = async (wish: object = {}, headers?: Readonly<Record<string, string>>): Promise<Minted> => {
    const answer = await post({ name: "ci", ...wish }, headers);
    const text = await answer.text();
    assert.equal(answer.status, 201, text);
    return JSON.parse(text) as Minted;
  };
  const me = (token: string, sent: Sent = {}): Promise<Response> =>
    jeton.ask("/api/v1/me", { ...(sent as object), headers: by(token) });
  const show = async (id: string): Promise<Response> => jeton.ask(`${path}/${id}`, { headers: await signedIn() });
  const revoke = async (id: string, headers?: Readonly<Record<string, string>>): Promise<Response> =>
    jeton.ask(`${path}/${id}`, { method: "DELETE", headers: headers ?? (await signedIn()) });
  const rotate = async (id: string, body: object = {}, headers?: Readonly<Record<string, string>>): Promise<Minted> => {
    const answer = await post(body, headers, `${path}/${id}/rotate`);
    const text = await answer.text();
    assert.equal(answer.status, 201, text);
    return JSON.parse(text) as Minted;
  };
  const keySet = async (): Promise<JSONWebKeySet> => good(await jeton.ask("/.well-known/jwks.json"));

  describe("made and used", () => {
    test("K-04: a token is shown when it is made, and never again", async () => {
      const { token, ...described } = await mint({ name: " deploy " });
      assert.equal(described.name, "deploy");
      assert.deepEqual(await good(await show(described.id)), described);
      const list = await (await jeton.ask(path, { headers: await signedIn() })).text();
      assert.ok(list.includes(described.id));
      for (const secret of [token, token.split(".")[2]!]) {
        assert.ok(!list.includes(secret));
        assert.ok(!jeton.logged().includes(secret));
      }
    });

    test("it tells who it is: its owner, no session, its own id, and no making of further tokens", async () => {
      const { token, id } = await mint();
      const shown = await good<Me>(await me(token));
      assert.deepEqual([shown.username, shown.session_id, shown.api_token_id], ["bob", null, id]);
      assert.ok(shown.scopes.includes("me:write"));
      for (const scope of ["tokens:mint", "offline_access"]) assert.ok(!shown.scopes.includes(scope), scope);
    });

    test("without a list of its own an administrator's token does not administer", async () => {
      const { token } = await mint({}, bearer(await jeton.login("ada")));
      assert.equal(await refusal(jeton.ask("/api/v1/users", { headers: by(token) })), "403 insufficient_scope");
      const wide = await mint({ scopes: ["users:read"] }, bearer(await jeton.login("ada")));
      assert.equal((await jeton.ask("/api/v1/users", { headers: by(wide.token) })).status, 200);
      assert.equal(await refusal(me(wide.token)), "403 insufficient_scope");
    });

    test("RFC 9068 section 2: jose and our verifier accept it by the key set, and find the token's id and rights in it", async () => {
      const { token, id, expires_at: end } = await mint({ scopes: ["me:read", "sessions:read"] });
      const keys = await keySet();
      const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
        issuer,
        audience: issuer,
        typ: "at+jwt",
        currentDate: new Date(jeton.clock.millis()),
      });
      assert.deepEqual([payload.jti, payload["scope"], payload["client_id"]], [id, "me:read sessions:read", "native"]);
      assert.equal(payload.exp! * 1000, Date.parse(end!));
      for (const absent of ["sid", "auth_time", "amr"]) assert.ok(!(absent in payload), absent);
      assert.equal(protectedHeader["jtn"], "api");
      const verdict = await verifyAccessToken(token, {
        keys: await importKeySet(keys),
        issuer,
        audience: issuer,
        now: jeton.clock.now(),
      });
      assert.equal(verdict.reason, null);
    });

    test("each begins with the characters that secret scanners look for, and is signed by a key that signs nothing else", async () => {
      const { token } = await mint();
      assert.match(token, /^eyJqdG4iOiJhcGki/);
      const access = decodeProtectedHeader(bob.access_token);
      assert.notEqual(decodeProtectedHeader(token).kid, access.kid);
      assert.ok(!("jtn" in access));
    });

    test("an opaque one is a word of 75 letters and digits, good here and for no offline check", async () => {
      const { token, format } = await mint({ format: "opaque" });
      assert.equal(format, "opaque");
      assert.match(token, /^jtn_[0-9A-Za-z]{71}$/);
      assert.equal((await me(token)).status, 200);
      await assert.rejects(jwtVerify(token, createLocalJWKSet(await keySet())));
    });

    test("it passes where access tokens pass at the products' doors", async () => {
      for (const format of ["jwt", "opaque"]) {
        const { token } = await mint({ format });
        assert.equal((await jeton.ask("/weka/api/v2/users/whoami", { headers: by(token) })).status, 200, format);
        // FeatureBase's door reads JWTs alone, as the product does.
        const status = format === "jwt" ? 200 : 401;
        assert.equal((await jeton.ask("/featurebase/auth", { headers: by(token) })).status, status, format);
      }
    });

    test("its end is told with every answer", async () => {
      const { token, expires_at: end } = await mint();
      assert.equal((await me(token)).headers.get("token-expires"), end);
      const endless = await mint({ format: "opaque", expires_in: null });
      assert.equal((await me(endless.token)).headers.get("token-expires"), null);
      assert.equal((await jeton.me(bob)).headers.get("token-expires"), null);
    });

    test("its last use is known, from where and to the minute", async () => {
      const { token, id } = await mint();
      await me(token, { address: "192.0.2.7" });
      await jeton.doors.engine.writeTokenUses();
      const used = jeton.clock.now();
      const shown = await good<WireToken>(await show(id));
      assert.deepEqual([Date.parse(shown.last_used_at!) / 1000, shown.last_used_from], [used, "192.0.2.7"]);
      jeton.clock.pass(30);
      await me(token, { address: "192.0.2.8" });
      await jeton.doors.engine.writeTokenUses();
      assert.equal((await good<WireToken>(await show(id))).last_used_from, "192.0.2.7");
      jeton.clock.pass(31);
      await me(token, { address: "192.0.2.8" });
      await jeton.doors.engine.writeTokenUses();
      assert.equal((await good<WireToken>(await show(id))).last_used_from, "192.0.2.8");
    });
  });

  describe("K-05: its life", () => {
    test("thirty days when nobody says otherwise, and as long as was asked for", async () => {
      const lives = [
        [{}, 30 * day],
        [{ expires_in: 60 }, 60],
        [{ expires_in: 366 * day }, 366 * day],
      ] as const;
      for (const [wish, life] of lives) {
        const { expires_at: end, created_at: made } = await mint(wish);
        assert.equal(Date.parse(end!) - Date.parse(made), life * 1000);
      }
      const { expires_at: end } = await mint({ format: "opaque", expires_in: null });
      assert.equal(end, null);
    });

    test("what is no length of time is refused, names the member, and stores nothing", async () => {
      const count = async (): Promise<number> =>
        (await good<{ items: unknown[] }>(await jeton.ask(`${path}?limit=200`, { headers: await signedIn() }))).items
          .length;
      const had = await count();
      for (const wrong of [
        0,
        -1,
        59,
        1.5,
        "never",
        "3600",
        true,
        [],
        {},
        366 * day + 1,
        1e15,
        "2030-01-01T00:00:00Z",
      ]) {
        const answer = await post({ name: "ci", expires_in: wrong });
        const text = await answer.text();
        assert.equal(answer.status, 400, `${String(wrong)}: ${text}`);
        assert.match(text, /expires_in/, String(wrong));
      }
      for (const wrong of ['{"name":"ci","expires_in":1e308}', '{"name":"ci","expires_in":NaN}'])
        assert.equal((await post(wrong)).status, 400);
      // What is checked offline has an end.
      assert.equal(await refusal(post({ name: "ci", expires_in: null })), "400 invalid_request");
      assert.equal(await count(), had);
    });

    test("the operator's limits hold: the longest life, no token without an end, so many of one subject", async () => {
      const settings = { "api_tokens.longest": "1d", "api_tokens.cap": 2 };
      const strict = await authority({ settings });
      try {
        const headers = bearer(await strict.login());
        const ask = (wish: object): Promise<Response> => strict.ask(path, { body: { name: "ci", ...wish }, headers });
        assert.equal(await refusal(ask({ expires_in: day + 1 })), "400 invalid_request");
        assert.equal(await refusal(ask({ expires_in: null, format: "opaque" })), "400 invalid_request");
        const made = (await (await ask({})).json()) as Minted;
        assert.equal(Date.parse(made.expires_at!) - Date.parse(made.created_at), day * 1000);
        assert.equal((await ask({})).status, 201);
        assert.equal(await refusal(ask({})), "409 too_many_tokens");
        assert.equal((await strict.ask(`${path}/${made.id}`, { method: "DELETE", headers })).status, 200);
        assert.equal((await ask({})).status, 201);
      } finally {
        await strict.close();
      }
    });

    test("it ends when it said", async () => {
      for (const format of ["jwt", "opaque"]) {
        const { token, id } = await mint({ expires_in: 120, format });
        jeton.clock.pass(119);
        assert.equal((await me(token)).status, 200, format);
        jeton.clock.pass(1);
        assert.equal(await refusal(me(token)), "401 invalid_token", format);
        assert.equal(await refusal(show(id)), "404 not_found", format);
      }
    });
  });

  describe("who may make one", () => {
    test("K-02, ASVS 7.5.3: whoever signed in by password at most ten minutes ago; a refresh does not count", async () => {
      const pair = await jeton.login();
      jeton.clock.pass(600);
      const renewed = await jeton.refreshed(pair);
      assert.equal((await post({ name: "ci" }, bearer(renewed))).status, 201);
      jeton.clock.pass(1);
      const answer = await post({ name: "ci" }, bearer(renewed));
      assert.match(answer.headers.get("www-authenticate")!, /insufficient_user_authentication", max_age="600"/);
      assert.equal(await refusal(answer), "401 reauthentication_needed");
      assert.equal(
        await refusal(post({}, bearer(renewed), `${path}/${(await mint()).id}/rotate`)),
        "401 reauthentication_needed",
      );
    });

    test("K-01: a token makes tokens only where its scopes say so, and passes on no more than it has", async () => {
      const plain = await mint();
      assert.equal(await refusal(post({ name: "x" }, by(plain.token))), "403 insufficient_scope");
      const maker = await mint({ scopes: ["me:read", "tokens:mint", "api-tokens:read"], expires_in: 10 * day });
      const child = await mint({}, by(maker.token));
      assert.deepEqual(child.scopes, ["api-tokens:read", "me:read"]);
      assert.equal(child.expires_at, maker.expires_at);
      assert.equal(await refusal(post({ name: "x", scopes: ["me:write"] }, by(maker.token))), "403 exceeds_grant");
      assert.equal(await refusal(post({ name: "x", expires_in: 11 * day }, by(maker.token))), "403 exceeds_grant");
      const endless = { name: "x", expires_in: null, format: "opaque" };
      assert.equal(await refusal(post(endless, by(maker.token))), "403 exceeds_grant");
    });

    test("INV-4: what a token has made ends with it, whoever ends it, and the journal says what made it", async () => {
      for (const how of ["revoke", "leaked"] as const) {
        const maker = await mint({ scopes: ["me:read", "tokens:mint"] });
        const child = await mint({ scopes: ["me:read", "tokens:mint"] }, by(maker.token));
        const grandchild = await mint({ scopes: ["me:read"], expires_in: 20 * day }, by(child.token));
        const other = await mint();
        if (how === "revoke") {
          const receipt = await good<Record<string, string>>(await revoke(maker.id));
          assert.equal(receipt["refused_everywhere_by"], maker.expires_at);
        } else await jeton.ask("/api/v1/leaked", { body: { token: maker.token } });
        for (const { token } of [maker, child, grandchild])
          assert.equal(await refusal(me(token)), "401 invalid_token", how);
        assert.equal((await me(other.token)).status, 200);
        const { items } = await good<{ items: { detail: Record<string, unknown> }[] }>(
          await jeton.ask("/api/v1/journal?kind=api_token_minted&limit=3", {
            headers: bearer(await jeton.login("ada")),
          }),
        );
        assert.deepEqual(
          items.map(({ detail }) => detail["by_api_token"]),
          [undefined, child.id, maker.id],
        );
      }
    });

    test("INV-4: no rotation takes a token out of the line of what made it", async () => {
      const scopes = ["me:read", "tokens:mint", "api-tokens:write"];
      const maker = await mint({ scopes });
      const own = await mint();
      const child = await mint({ scopes }, by(maker.token));
      const grandchild = await mint({ scopes: ["me:read"] }, by(child.token));
      // Out of its own hand, out of its maker's, and somebody else's token into it.
      const renewed = await rotate(child.id, {}, by(child.token));
      const again = await rotate(renewed.id, {}, by(maker.token));
      const narrow = await mint({ scopes: ["me:read"] });
      const taken = await rotate(narrow.id, {}, by(maker.token));
      for (const { token } of [maker, grandchild, again, taken, own]) assert.equal((await me(token)).status, 200);
      // A maker that rotates itself hands on what it made.
      const heir = await rotate(maker.id, {}, by(maker.token));
      assert.equal((await revoke(heir.id)).status, 200);
      for (const { token } of [heir, grandchild, again, taken])
        assert.equal(await refusal(me(token)), "401 invalid_token");
      assert.equal((await me(own.token)).status, 200);
    });

    test("INV-4: roles are told of a token only as far as it has all of what they are", async () => {
      const ada = bearer(await jeton.login("ada"));
      const roles = async (token: string): Promise<unknown> => {
        const shown = await good<{ roles: unknown }>(await me(token));
        assert.deepEqual(claimsOf(token)["roles"], shown.roles);
        return shown.roles;
      };
      const plain = await mint({}, ada);
      assert.deepEqual(await roles(plain.token), []);
      assert.equal((await jeton.ask("/featurebase/auth", { headers: by(plain.token) })).status, 401);
      const { data } = await good<{ data: { role: string } }>(
        await jeton.ask("/weka/api/v2/users/whoami", { headers: by(plain.token) }),
      );
      assert.equal(data.role, "Regular");
      assert.deepEqual(await roles((await mint()).token), ["member"]);
      const { scopes } = await good<Me>(await jeton.ask("/api/v1/me", { headers: ada }));
      assert.deepEqual(await roles((await mint({ scopes }, ada)).token), ["admin"]);
      assert.deepEqual(await roles((await mint({ scopes: ["me:read"] })).token), []);
    });

    test("CWE-770: a token that leaked cannot use up what its owner needs to end it", async () => {
      const strict = await authority({ settings: { "limits.changes": 5 } });
      try {
        const pair = bearer(await strict.login());
        const made = (await (await strict.ask(path, { body: { name: "ci" }, headers: pair })).json()) as Minted;
        const rename = (): Promise<Response> =>
          strict.ask(`${path}/${made.id}`, { method: "PATCH", body: { name: "x" }, headers: by(made.token) });
        for (let change = 0; change < 5; change++) assert.equal((await rename()).status, 200);
        assert.equal(await refusal(rename()), "429 too_many_changes");
        assert.equal((await strict.ask(`${path}/${made.id}`, { method: "DELETE", headers: pair })).status, 200);
      } finally {
        await strict.close();
      }
    });

    test("a token that may end sessions and not API tokens does not end all at once", async () => {
      const { token } = await mint({ scopes: ["sessions:write"] });
      assert.equal(
        await refusal(jeton.ask("/api/v1/revoke-tokens", { body: {}, headers: by(token) })),
        "403 forbidden",
      );
    });

    test("K-01: a token with networks or audiences of its own makes none", async () => {
      for (const limit of [{ networks: ["127.0.0.1"] }, { audiences: [issuer] }]) {
        const { token } = await mint({ scopes: ["tokens:mint"], ...limit });
        assert.equal(await refusal(post({ name: "x" }, by(token))), "403 exceeds_grant");
      }
    });

    test("K-01: nobody gives a scope that they do not have, and no scope that there is not", async () => {
      const answer = await post({ name: "ci", scopes: ["me:read", "users:write"] });
      assert.match(await answer.clone().text(), /scopes: you do not have users:write\./);
      assert.equal(await refusal(answer), "403 exceeds_grant");
      for (const wrong of ["everything", "me:admin", "", "me:read users:write", "__proto__", null, 7]) {
        const text = await (await post({ name: "ci", scopes: [wrong] })).text();
        assert.match(text, /"field":"\/scopes\/0"/, String(wrong));
      }
      for (const scope of scopeNames) {
        const { status } = await post({ name: "ci", scopes: [scope] });
        assert.ok(status === 201 || status === 403, scope);
      }
    });

    test("F-10, ASVS 7.4.3: a token does nothing that needs a sign-in", async () => {
      const ada = await jeton.login("ada");
      const { scopes } = await good<Me>(await jeton.me(ada));
      const { token } = await mint({ scopes: scopes.filter((scope) => scope !== "tokens:mint") }, bearer(ada));
      const password = { current_password: "correct horse battery staple", new_password: "another cellar door" };
      const asked: readonly (readonly [path: string, sent: Sent, answer: string])[] = [
        ["/api/v1/me/password", { method: "PUT", body: password }, "401 reauthentication_needed"],
        ["/api/v1/auth-key-challenge", { body: { public_key: "x" } }, "401 reauthentication_needed"],
        ["/api/v1/applications", { body: { name: "x" } }, "401 reauthentication_needed"],
        ["/api/v1/revoke-tokens", { body: { keep_current: true } }, "400 invalid_request"],
      ];
      for (const [to, sent, answer] of asked)
        assert.equal(await refusal(jeton.ask(to, { ...(sent as object), headers: by(token) })), answer, to);
      assert.equal((await me(token)).status, 200);
    });
  });

  describe("where it is good", () => {
    test("K-09: from its networks alone, however an address is written, and whatever a caller says of itself", async () => {
      const { token } = await mint({ networks: ["10.0.0.0/8", "2001:DB8::/32", "::ffff:192.0.2.7"] });
      const inside = ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.7", "::ffff:c000:207"];
      const outside = ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::1", "fe80::1%eth0", "", "unknown", "::ffff:11.0.0.1"];
      for (const address of inside) assert.equal((await me(token, { address })).status, 200, address);
      for (const address of outside) assert.equal(await refusal(me(token, { address })), "401 invalid_token", address);
      const forwarded = { ...by(token), "x-forwarded-for": "10.1.2.3" };
      const spoofed = await jeton.ask("/api/v1/me", { headers: forwarded, address: "203.0.113.9" });
      assert.equal(await refusal(spoofed), "401 invalid_token");
    });

    test("K-09: a network that is none is refused, and those that are, are kept in one spelling", async () => {
      for (const wrong of [
        "10.0.0.0/33",
        "10.0.0",
        "::/129",
        "::ffff:10.0.0.0/104",
        "fe80::1%eth0",
        "example.org",
        "0x7f.1",
        "10.0.0.0/08/8",
      ]) {
        const answer = await post({ name: "ci", networks: [wrong] });
        assert.equal(answer.status, 400, wrong);
        assert.match(await answer.text(), /networks/, wrong);
      }
      const { networks } = (await mint({
        networks: ["2001:DB8:0::/32", "::ffff:192.0.2.7", "192.0.2.7"],
      })) as Minted & {
        networks: unknown;
      };
      assert.deepEqual(networks, ["2001:db8::/32", "192.0.2.7/32"]);
    });

    test("one for other audiences is refused here, tells them to those, and is refused where it is not meant", async () => {
      for (const nowhere of [{ format: "opaque" }, { networks: ["10.0.0.0/8"] }]) {
        const wish = { name: "x", audiences: ["https://files.example.org"], ...nowhere };
        assert.equal(await refusal(post(wish)), "400 invalid_request");
      }
      const { token } = await mint({ audiences: ["https://files.example.org"] });
      assert.equal(await refusal(me(token)), "401 invalid_token");
      assert.equal(claimsOf(token)["aud"], "https://files.example.org");
      const both = await mint({ audiences: ["https://files.example.org", issuer] });
      assert.equal((await me(both.token)).status, 200);
      const set = createLocalJWKSet(await keySet());
      const currentDate = new Date(jeton.clock.millis());
      await jwtVerify(token, set, { audience: "https://files.example.org", currentDate });
      await assert.rejects(jwtVerify(token, set, { audience: issuer, currentDate }));
    });
  });

  describe("rotated", () => {
    test("the new one has name, rights and life of the old one, and both are good for as long as was said", async () => {
      const old = await mint({ name: "nightly", scopes: ["me:read"], expires_in: 10 * day });
      jeton.clock.pass(day);
      const fresh = await rotate(old.id, { keep_old: 3600 });
      assert.notEqual(fresh.token, old.token);
      assert.deepEqual([fresh.name, fresh.scopes], ["nightly", ["me:read"]]);
      assert.equal(Date.parse(fresh.expires_at!) - Date.parse(fresh.created_at), 10 * day * 1000);
      const shown = await good<WireToken>(await show(old.id));
      assert.equal(shown.replaced_by, fresh.id);
      assert.equal(Date.parse(shown.expires_at!) / 1000, jeton.clock.now() + 3600);
      for (const { token } of [old, fresh]) assert.equal((await me(token)).status, 200);
      // While it is still used, that can be seen.
      await jeton.doors.engine.writeTokenUses();
      assert.notEqual((await good<WireToken>(await show(old.id))).last_used_at, null);
      jeton.clock.pass(3600);
      assert.equal(await refusal(me(old.token)), "401 invalid_token");
      assert.equal((await me(fresh.token)).status, 200);
    });

    test("without an overlap the old one is over at once; it is rotated once", async () => {
      const old = await mint();
      await rotate(old.id);
      assert.equal(await refusal(me(old.token)), "401 invalid_token");
      const kept = await mint();
      await rotate(kept.id, { keep_old: 60 });
      assert.equal(await refusal(post({ keep_old: 60 }, undefined, `${path}/${kept.id}/rotate`)), "409 wrong_state");
    });

    test("the receipt of an old one tells the end that is in it, and not that of the overlap", async () => {
      const old = await mint({ expires_in: 10 * day });
      await rotate(old.id, { keep_old: 60 });
      const receipt = await good<Record<string, string>>(await revoke(old.id));
      assert.equal(receipt["refused_everywhere_by"], old.expires_at);
    });

    test("a token that may make tokens rotates itself, for no longer than it has left", async () => {
      const old = await mint({ scopes: ["tokens:mint", "me:read", "api-tokens:write"], expires_in: 10 * day });
      jeton.clock.pass(100);
      const fresh = await rotate(old.id, { keep_old: 60 }, by(old.token));
      assert.equal(fresh.expires_at, old.expires_at);
    });

    test("an opaque one without an end stays so", async () => {
      const old = await mint({ format: "opaque", expires_in: null });
      const fresh = await rotate(old.id, { keep_old: 0 });
      assert.deepEqual([fresh.format, fresh.expires_at], ["opaque", null]);
      assert.equal((await me(fresh.token)).status, 200);
      assert.equal(await refusal(me(old.token)), "401 invalid_token");
    });

    test("rotated again and again with an overlap while eight callers use it, it is never refused", async () => {
      let current = await mint();
      const over = new AbortController();
      const answers = new Map<number, number>();
      const use = async (): Promise<void> => {
        while (!over.signal.aborted) {
          const { status } = await me(current.token);
          answers.set(status, (answers.get(status) ?? 0) + 1);
          // The writer has a turn too.
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      const callers = Array.from({ length: 8 }, use);
      for (let round = 0; round < 20; round++) current = await rotate(current.id, { keep_old: 60 });
      over.abort();
      await Promise.all(callers);
      assert.deepEqual([...answers.keys()], [200]);
      assert.ok(answers.get(200)! > 20);
    });

    test("what it cannot be kept for is refused", async () => {
      const { id } = await mint();
      for (const wrong of [-1, 1.5, "1h", 31 * day, null])
        assert.equal(
          await refusal(post({ keep_old: wrong }, undefined, `${path}/${id}/rotate`)),
          "400 invalid_request",
        );
    });
  });

  describe("ended", () => {
    test("a revoked one is refused by the next request at every door, and the receipt says until when elsewhere", async () => {
      for (const format of ["jwt", "opaque"]) {
        const { token, id, expires_at: end } = await mint({ format });
        const receipt = await good<Record<string, string>>(await revoke(id));
        const everywhere = format === "jwt" ? end : new Date(jeton.clock.now() * 1000).toISOString();
        assert.deepEqual(receipt, { api_token_id: id, refused_here: "now", refused_everywhere_by: everywhere });
        assert.equal(await refusal(me(token)), "401 invalid_token");
        assert.equal((await jeton.ask("/weka/api/v2/users/whoami", { headers: by(token) })).status, 401);
        assert.equal((await jeton.ask("/featurebase/auth", { headers: by(token) })).status, 401);
        assert.equal(await refusal(revoke(id)), "404 not_found");
      }
    });

    test("K-01: a hundred made while everything is revoked: those that were made before are dead, and none comes after", async () => {
      const pair = await jeton.login();
      const headers = bearer(pair);
      const all: Promise<Response>[] = [];
      for (let made = 0; made < 100; made++) {
        all.push(post({ name: `race-${made}` }, headers));
        if (made === 50) all.push(jeton.ask("/api/v1/revoke-tokens", { body: {}, headers }));
      }
      const answers = await Promise.all(all);
      assert.equal(answers[51]!.status, 200);
      const made = answers.filter(({ status }) => status === 201);
      const refused = answers.filter(({ status }) => status === 401);
      assert.equal(made.length + refused.length, 100);
      for (const answer of made) {
        const { token } = (await answer.json()) as Minted;
        assert.equal(await refusal(me(token)), "401 invalid_token");
      }
    });

    test("a token may end itself", async () => {
      const { token, id } = await mint();
      assert.equal((await revoke(id, by(token))).status, 200);
      assert.equal(await refusal(me(token)), "401 invalid_token");
    });

    test("revoke-tokens ends them with the sessions and counts them; logout ends none", async () => {
      const pair = await jeton.login("bob");
      const { token } = await mint({}, bearer(pair));
      await jeton.ask("/api/v1/logout", { body: { refresh_token: pair.refresh_token } });
      assert.equal((await me(token)).status, 200);
      const again = bearer(await jeton.login("bob"));
      const { receipt } = await good<{ receipt: Record<string, unknown> }>(
        await jeton.ask("/api/v1/revoke-tokens", { body: {}, headers: again }),
      );
      assert.ok(Number(receipt["ended_api_tokens"]) > 0);
      // The longest of them is known elsewhere until its own end.
      assert.ok(Date.parse(String(receipt["refused_everywhere_by"])) / 1000 > jeton.clock.now() + day);
      assert.equal(await refusal(me(token)), "401 invalid_token");
    });
  });

  describe("K-03: somebody else's", () => {
    test("is not there, whatever is asked of it", async () => {
      const { id } = await mint();
      const eve = bearer(await jeton.login("ada"));
      const nobody = "01920000-0000-7000-8000-000000000000";
      for (const which of [id, nobody]) {
        assert.equal(await refusal(jeton.ask(`${path}/${which}`, { headers: eve })), "404 not_found");
        const rotation = jeton.ask(`${path}/${which}/rotate`, { body: {}, headers: eve });
        assert.equal(await refusal(rotation), "404 not_found");
      }
      assert.equal(await refusal(revoke(nobody, eve)), "404 not_found");
    });

    test("but an administrator sees a user's and revokes them, and never sees the token", async () => {
      const { id, token } = await mint();
      const ada = bearer(await jeton.login("ada"));
      const { sub } = claimsOf(token);
      const list = await jeton.ask(`/api/v1/users/${String(sub)}/api-tokens`, { headers: ada });
      const text = await list.text();
      assert.equal(list.status, 200, text);
      assert.ok(text.includes(id) && !text.includes(token));
      assert.equal((await revoke(id, ada)).status, 200);
      assert.equal(await refusal(me(token)), "401 invalid_token");
    });
  });

  describe("J-09: each kind verifies only as itself", () => {
    test("an API token refreshes nothing and ends no session, and no other kind is one", async () => {
      const { token, id } = await mint();
      const opaque = await mint({ format: "opaque" });
      for (const refresh of [token, opaque.token]) {
        assert.equal(await refusal(jeton.refresh({ refresh_token: refresh })), "401 invalid_grant");
        await jeton.ask("/api/v1/logout", { body: { refresh_token: refresh } });
        assert.equal((await me(refresh)).status, 200);
      }
      assert.equal(await refusal(me(bob.refresh_token)), "401 invalid_token");
      // The claims of one under the header of the other.
      const [head, , mark] = bob.access_token.split(".");
      const [, claims] = token.split(".");
      assert.equal(await refusal(me(`${head}.${claims}.${mark}`)), "401 invalid_token");
      assert.equal((await show(id)).status, 200);
    });

    test("K-07: texts of chance with a right checksum are refused, and those with a wrong one before any row is read", async () => {
      const { token } = await mint({ format: "opaque" });
      const real = jeton.keys.readOpaque(token)!;
      const guess = jeton.keys.makeOpaque(real.id, new Uint8Array(32).fill(7)).text;
      assert.notEqual(jeton.keys.readOpaque(guess), undefined);
      assert.equal(await refusal(me(guess)), "401 invalid_token");
      for (let at = 0; at < token.length; at++) {
        const changed = `${token.slice(0, at)}${token[at] === "x" ? "y" : "x"}${token.slice(at + 1)}`;
        assert.equal(jeton.keys.readOpaque(changed), undefined, String(at));
        assert.equal(await refusal(me(changed)), "401 invalid_token");
      }
      for (const wrong of [`${token}0`, token.slice(0, -1), ` ${token}`, token.toUpperCase(), "jtn_"])
        assert.equal(jeton.keys.readOpaque(wrong), undefined);
    });
  });
});
