/** How many requests an API token may make, and what it is told of it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { authority, good, refusal, type Authority } from "../authority.ts";
import { bearer } from "./asking.ts";

interface Minted {
  readonly id: string;
  readonly token: string;
  readonly requests_per_minute: number | null;
}

const path = "/api/v1/api-tokens";
const by = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });

describe("requests of an API token", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority({ settings: { "api_tokens.requests": 7 } });
  });
  after(() => jeton.close());

  const minted = async (answer: Response): Promise<Minted> => {
    assert.equal(answer.status, 201, await answer.clone().text());
    return (await answer.json()) as Minted;
  };
  const mint = async (wish: object = {}, headers?: Readonly<Record<string, string>>): Promise<Minted> =>
    minted(
      await jeton.ask(path, { body: { name: "ci", ...wish }, headers: headers ?? bearer(await jeton.login("bob")) }),
    );
  const me = (token: string): Promise<Response> => jeton.ask("/api/v1/me", { headers: by(token) });
  const limitOf = ({ headers }: Response): readonly (string | null)[] =>
    ["ratelimit-policy", "ratelimit", "retry-after"].map((name) => headers.get(name));

  test("RFC 6585 section 4, CWE-770: the eighth in a minute is 429 with Retry-After, and goes through when that is over", async () => {
    const { token } = await mint();
    for (let left = 6; left >= 0; left--) {
      const answer = await me(token);
      assert.equal(answer.status, 200);
      assert.deepEqual(limitOf(answer), ['"token";q=7;w=60', `"token";r=${left};t=9`, null]);
    }
    const refused = await me(token);
    assert.deepEqual(limitOf(refused), ['"token";q=7;w=60', '"token";r=0;t=9', "9"]);
    assert.ok(refused.headers.has("token-expires"));
    assert.equal(await refusal(refused), "429 too_many_requests");
    await jeton.later(9);
    assert.equal((await me(token)).status, 200);
    assert.equal(await refusal(me(token)), "429 too_many_requests");
  });

  test("H-11: one token has one count, at every door, by every path, spelling and address; another has its own", async () => {
    const { token } = await mint();
    const other = await mint();
    const asked: readonly (readonly [path: string, headers: Readonly<Record<string, string>>, address: string])[] = [
      ["/api/v1/me", by(token), "192.0.2.1"],
      ["/api/v1/me", { authorization: `bearer   ${token}` }, "192.0.2.2"],
      ["/api/v1/sessions?limit=1", { Authorization: `BEARER ${token}` }, "2001:db8::1"],
      ["/weka/api/v2/users/whoami", by(token), "2001:db8:1::1"],
      ["/featurebase/auth", by(token), "::ffff:192.0.2.1"],
      ["/featurebase/userinfo", { cookie: `molecula-chip=${token}` }, "192.0.2.3"],
      ["/api/v1/api-tokens", { ...by(token), "x-forwarded-for": "192.0.2.9" }, "192.0.2.4"],
    ];
    for (const [at, [to, headers, address]] of asked.entries()) {
      const answer = await jeton.ask(to, { headers, address });
      assert.equal(answer.status, 200, to);
      assert.match(answer.headers.get("ratelimit")!, new RegExp(`^"token";r=${6 - at};t=`), to);
    }
    for (const [to, headers, address] of asked) {
      const answer = await jeton.ask(to, { headers, address });
      assert.deepEqual([answer.status, ...limitOf(answer)], [429, '"token";q=7;w=60', '"token";r=0;t=9', "9"], to);
    }
    assert.equal((await me(other.token)).status, 200);
  });

  test("refusals after the token was found good count and tell it; those before, and sessions, do neither", async () => {
    const { token } = await mint({ scopes: ["me:read", "api-tokens:write"] });
    const asked = [
      ["/api/v1/users", {}, "403 insufficient_scope"],
      ["/api/v1/me?x=1", {}, "400 invalid_request"],
      [`${path}/01a2036c-21cb-7c3c-a61e-584c60070697`, { method: "PATCH", body: "{" }, "400 malformed_json"],
      [`${path}/01a2036c-21cb-7c3c-a61e-584c60070697`, { method: "DELETE" }, "404 not_found"],
    ] as const;
    for (const [at, [to, sent, answer]] of asked.entries()) {
      const refused = await jeton.ask(to, { ...sent, headers: by(token) });
      assert.deepEqual(limitOf(refused).slice(0, 2), ['"token";q=7;w=60', `"token";r=${6 - at};t=9`], to);
      assert.equal(await refusal(refused), answer);
    }
    const none = [null, null, null];
    assert.deepEqual(limitOf(await me(`${token.slice(0, -2)}xx`)), none);
    const bob = await jeton.login("bob");
    for (let count = 0; count < 9; count++) {
      const answer = await jeton.me(bob);
      assert.deepEqual([answer.status, ...limitOf(answer)], [200, ...none]);
    }
  });

  test("a token may have fewer of its own, which lists tell and a rotation keeps, with a count that begins anew", async () => {
    const headers = bearer(await jeton.login("bob"));
    const { id, token, requests_per_minute: own } = await mint({ requests_per_minute: 2, format: "opaque" });
    assert.equal(own, 2);
    for (const status of [200, 200, 429]) {
      const answer = await me(token);
      assert.equal(answer.status, status);
      assert.equal(answer.headers.get("ratelimit-policy"), '"token";q=2;w=60');
    }
    const { items } = await good<{ items: readonly Minted[] }>(await jeton.ask(path, { headers }));
    assert.equal(items.find((item) => item.id === id)?.requests_per_minute, 2);
    assert.equal((await mint()).requests_per_minute, null);
    const heir = await minted(await jeton.ask(`${path}/${id}/rotate`, { body: {}, headers }));
    assert.equal(heir.requests_per_minute, 2);
    for (const status of [200, 200, 429]) assert.equal((await me(heir.token)).status, status);
  });

  test("more than the operator allows is refused and named, as is what is no such number", async () => {
    const headers = bearer(await jeton.login("bob"));
    const ask = (wish: unknown): Promise<Response> =>
      jeton.ask(path, { body: { name: "ci", requests_per_minute: wish }, headers });
    for (const wrong of [8, 0, -1, 1.5, "7", null, 1_000_001]) {
      const answer = await ask(wrong);
      assert.match(await answer.clone().text(), /requests_per_minute/, String(wrong));
      assert.equal(await refusal(answer), "400 invalid_request");
    }
    assert.match(await (await ask(8)).text(), /7 at most/);
    assert.equal((await ask(7)).status, 201);
  });

  test("K-01: a token with a limit of its own makes and rotates none: as many as it likes would have no limit", async () => {
    const scopes = ["me:read", "tokens:mint", "api-tokens:write"];
    const maker = await mint({ requests_per_minute: 5, scopes });
    const free = await mint({ scopes: ["me:read"] });
    for (const [to, body] of [
      [path, { name: "ci" }],
      [path, { name: "ci", requests_per_minute: 3 }],
      [`${path}/${free.id}/rotate`, {}],
      [`${path}/${maker.id}/rotate`, {}],
    ] as const)
      assert.equal(await refusal(jeton.ask(to, { body, headers: by(maker.token) })), "403 exceeds_grant", to);
  });
});
