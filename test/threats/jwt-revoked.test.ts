/** Tokens that were good once: revoked, and under keys whose time is over or has not come. RFC 8725 section 2.4, RFC 7009. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import type { AccessClaims } from "../../src/core/claims.ts";
import type { Seconds } from "../../src/core/units.ts";
import type { SigningMaterial } from "../../src/keys/jws.ts";
import { authority, claimsOf, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { craft, headerFor } from "../keys/craft.ts";
import { signersOf } from "../keys/real-keys.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const day = 86_400;

/** The same bytes in other characters: spare bits of each segment, padding, white space, the JSON serialisation. */
function spellings(token: string): string[] {
  const segments = token.split(".");
  const twins = segments.flatMap((segment, at) =>
    [...alphabet]
      .map((last) => segment.slice(0, -1) + last)
      .filter((twin) => twin !== segment && Buffer.from(twin, "base64url").equals(Buffer.from(segment, "base64url")))
      .map((twin) => segments.with(at, twin).join(".")),
  );
  const [header, payload, signature] = segments as [string, string, string];
  const standard = (text: string): string => Buffer.from(text, "base64url").toString("base64");
  return [
    ...twins,
    ...segments.flatMap((segment, at) => ["=", "=="].map((padding) => segments.with(at, segment + padding).join("."))),
    segments.map(standard).join("."),
    `${token}.`,
    `.${token}`,
    `${token} x`,
    `${token}%20`,
    `${token}%0A`,
    `${token.slice(0, 50)} ${token.slice(50)}`,
    `${token.slice(0, -3)} ${token.slice(-3)}`,
    `${header}. ${payload}.${signature}`,
    JSON.stringify({ protected: header, payload, signature }),
    JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
    `"${token}"`,
    `${token}, ${token}`,
    token.replaceAll(".", "%2e"),
  ];
}

describe("revoked tokens", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  const endings: Readonly<Record<string, (pair: WirePair) => Promise<unknown>>> = {
    "a logout": ({ refresh_token }) => jeton.ask("/api/v1/logout", { body: { refresh_token } }),
    "the end of the session from another": async ({ access_token }) => {
      const { access_token: other } = await jeton.login();
      const path = `/api/v1/sessions/${String(claimsOf(access_token)["sid"])}`;
      return good(await jeton.ask(path, { method: "DELETE", headers: { authorization: `Bearer ${other}` } }));
    },
  };

  for (const [what, end] of Object.entries(endings))
    test(`J-21: after ${what} an access token is refused in every spelling, and no other spelling passed before`, async () => {
      const pair = await jeton.login();
      const others = spellings(pair.access_token);
      assert.ok(others.length > 20, `${others.length}`);
      const answersAll401 = async (): Promise<void> => {
        for (const access_token of others) {
          const { status } = await jeton.me({ access_token });
          // Two values in one header are a malformed request.
          assert.equal(status, access_token.includes(",") ? 400 : 401, access_token);
        }
      };
      await answersAll401();
      assert.equal((await jeton.me(pair)).status, 200);
      await end(pair);
      assert.equal(await refusal(jeton.me(pair)), "401 invalid_token");
      await answersAll401();
    });

  test("J-21: after a logout the refresh token is refused in every spelling, and other sessions live", async () => {
    const pair = await jeton.login();
    const bystander = await jeton.login();
    const others = spellings(pair.refresh_token);
    for (const refresh_token of others)
      assert.equal(await refusal(jeton.refresh({ refresh_token })), "401 invalid_grant");
    const second = await jeton.refreshed(pair);
    await jeton.ask("/api/v1/logout", { body: { refresh_token: second.refresh_token } });
    for (const refresh_token of [
      pair.refresh_token,
      second.refresh_token,
      ...others,
      ...spellings(second.refresh_token),
    ])
      assert.equal(await refusal(jeton.refresh({ refresh_token })), "401 invalid_grant");
    assert.equal((await jeton.me(bystander)).status, 200);
    assert.equal((await jeton.refresh(bystander)).status, 200);
  });

  test("J-21: a token signed anew over the claims of a revoked one is refused: the session counts, not the text", async () => {
    const master = randomBytes(32);
    const own = await authority({ master });
    try {
      const [signer] = (await signersOf(own.store, master)) as [SigningMaterial];
      const pair = await own.login();
      const claims = claimsOf(pair.access_token);
      const again = { access_token: craft(signer, headerFor(signer), { ...claims, jti: "another" }) };
      assert.equal((await own.me(again)).status, 200);
      await own.ask("/api/v1/logout", { body: { refresh_token: pair.refresh_token } });
      assert.equal(await refusal(own.me(again)), "401 invalid_token");
    } finally {
      await own.close();
    }
  });
});

test("J-25: a key's tokens pass from its activation until a day and a minute after the next one took over", async () => {
  const master = randomBytes(32);
  const jeton = await authority({ master, settings: { "sessions.idle": "60d" } });
  try {
    const [first, second] = (await signersOf(jeton.store, master)) as [SigningMaterial, SigningMaterial];
    const claims = { ...claimsOf((await jeton.login()).access_token), exp: 9_999_999_999 };
    const [old, next] = [first, second].map((key) => craft(key, headerFor(key), claims)) as [string, string];
    const seen = async (): Promise<string> => {
      await jeton.keys.ensure(jeton.clock.now());
      const both = await Promise.all([old, next].map((access_token) => jeton.me({ access_token })));
      return both.map(({ status }) => status).join(" ");
    };
    assert.equal(await seen(), "200 401");
    jeton.clock.pass(30 * day - 1);
    assert.equal(await seen(), "200 401");
    jeton.clock.pass(1);
    assert.equal(await seen(), "200 200");
    jeton.clock.pass(day + 59);
    assert.equal(await seen(), "200 200");
    jeton.clock.pass(1);
    assert.equal(await seen(), "401 200");
    // Somebody sets the clock back, and what was true then is true again.
    jeton.clock.step(-day);
    assert.equal(await seen(), "200 200");
    jeton.clock.step(-3 * day);
    assert.equal(await seen(), "200 401");
  } finally {
    await jeton.close();
  }
});

test("Y-01: a node that fetches the key set once an hour verifies every token of a day's life, through two rotations", async () => {
  const jeton = await authority({ settings: { "sessions.access": "24h" } });
  try {
    const { jti: _, ...claims } = claimsOf((await jeton.login()).access_token) as unknown as AccessClaims;
    assert.equal(claims.exp - claims.iat, day);
    const kidOf = (token: string): string =>
      (JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()) as { kid: string }).kid;
    const signers = new Set<string>();
    let cached = new Set<string>();
    let fetchedAt = -Infinity;
    let living: { kid: string; exp: number }[] = [];
    const fetched = async (): Promise<Set<string>> => {
      const { keys } = await good<{ keys: { kid: string }[] }>(await jeton.ask("/.well-known/jwks.json"));
      return new Set(keys.map(({ kid }) => kid));
    };
    const start = jeton.clock.now();
    for (let now = start; now < start + 65 * day; now = jeton.clock.now()) {
      // The node's hour is over before housekeeping has had its turn: the worst order of the two.
      if (now - fetchedAt >= 3600) {
        cached = await fetched();
        fetchedAt = now;
      }
      await jeton.keys.ensure(now);
      const kid = kidOf(jeton.keys.signAccess({ ...claims, iat: now, exp: (now + day) as Seconds }, {}, 1, now));
      signers.add(kid);
      living = [...living.filter(({ exp }) => now < exp), { kid, exp: now + day }];
      const unknown = living.filter((token) => !cached.has(token.kid));
      assert.deepEqual(unknown, [], `after ${now - start} seconds`);
      jeton.clock.pass(3599);
    }
    assert.equal(signers.size, 3);
  } finally {
    await jeton.close();
  }
});
