/**
 * Signing keys in a running server, by the clock: published -> active -> retired -> gone (OpenID Connect Core section
 * 10.1.1, RFC 7517 section 5). What is issued is good at once and to its last second, here and at every verifier that
 * keeps the key set no longer than it was told to.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";

import { jwksMaxAge } from "../../src/keys/keyring.ts";
import { authority, claimsOf, good, issuer, testClock, type Authority, type WirePair } from "../authority.ts";

const minute = 60;
const hour = 3600;
const day = 86_400;
/** As compose/server.ts does it. */
const houseRound = 5 * minute;

const folder = mkdtempSync(join(tmpdir(), "jeton-rotation-"));
after(() => rmSync(folder, { recursive: true }));

const kidOf = (token: string): string => String(decodeProtectedHeader(token).kid);

/** A service that verifies offline and fetches the key set as rarely as it may. */
function verifier(jeton: Authority, maxAge: number) {
  let cached: JSONWebKeySet = { keys: [] };
  let fetchedAt = -Infinity;
  return {
    /** Called before the server has had its turn: what it publishes in it is seen as late as can be. */
    refetch: async (): Promise<void> => {
      if (jeton.clock.now() - fetchedAt < maxAge) return;
      const response = await jeton.ask("/.well-known/jwks.json");
      assert.equal(response.headers.get("cache-control"), `public, max-age=${jwksMaxAge}`);
      cached = await good<JSONWebKeySet>(response);
      fetchedAt = jeton.clock.now();
    },
    verifies: async (token: string): Promise<void> => {
      await jwtVerify(token, createLocalJWKSet(cached), {
        issuer,
        audience: issuer,
        algorithms: ["EdDSA"],
        typ: "at+jwt",
        currentDate: new Date(jeton.clock.now() * 1000),
      });
    },
    kids: (): readonly string[] => cached.keys.map(({ kid }) => kid!),
  };
}

test("Y-01, J-25: over a hundred days no token is refused, here or by a verifier with its cached key set, at any phase of a key", async () => {
  const jeton = await authority({ settings: { "sessions.access": "24h", "sessions.absolute": "366d" } });
  try {
    const prompt = verifier(jeton, jwksMaxAge);
    const slow = verifier(jeton, hour);
    const started = jeton.clock.now();
    let pair: WirePair = await jeton.login();
    /** Tokens at their first use are looked at at once; these wait for their last second. */
    let living: { token: string; exp: number }[] = [];
    const signers = new Map<string, { first: number; last: number }>();
    const published = new Map<string, { first: number; last: number }>();
    const see = (seen: typeof signers, kid: string): void => {
      const now = jeton.clock.now();
      seen.set(kid, { first: seen.get(kid)?.first ?? now, last: now });
    };
    const check = async (token: string): Promise<void> => {
      assert.equal((await jeton.me({ access_token: token })).status, 200, `our door, ${jeton.clock.now() - started} s`);
      await prompt.verifies(token);
      await slow.verifies(token);
    };

    while (jeton.clock.now() < started + 100 * day) {
      await prompt.refetch();
      await slow.refetch();
      await jeton.doors.engine.keepHouse();
      pair = await jeton.refreshed(pair);
      see(signers, kidOf(pair.access_token));
      await check(pair.access_token);
      living.push({ token: pair.access_token, exp: Number(claimsOf(pair.access_token)["exp"]) });
      const { keys } = await good<{ keys: { kid: string }[] }>(await jeton.ask("/.well-known/jwks.json"));
      for (const { kid } of keys) see(published, kid);
      // Those of API tokens are two for a year.
      assert.ok(keys.length >= 4 && keys.length <= 5, `${keys.length} keys`);

      // Small steps around a change, which comes an hour after a publication and a day before a removal; else large ones.
      const { nextAt } = jeton.keys.census(jeton.clock.now());
      const until = nextAt! - jeton.clock.now();
      const since = Math.min(...[...signers.values()].map(({ first }) => jeton.clock.now() - first));
      const near = houseRound - 1;
      const isNear = since < hour || (since > day - hour && since < day + hour);
      const toRemoval = since < day ? day - hour - since : Infinity;
      const step = isNear ? near : Math.max(near, Math.min(5 * hour, until - 90 * minute, toRemoval));
      const next = jeton.clock.now() + step;
      // In between, each token has its last second.
      living = living.toSorted((a, b) => a.exp - b.exp);
      while (living.length > 0 && living[0]!.exp <= next) {
        const { token, exp } = living.shift()!;
        jeton.clock.pass(exp - 1 - jeton.clock.now());
        await prompt.refetch();
        await slow.refetch();
        await check(token);
      }
      jeton.clock.pass(Math.max(next - jeton.clock.now(), 0));
    }

    // Four keys signed, each for its thirty days; those before the last two are gone from the set, a day after their end.
    const order = [...signers];
    assert.equal(order.length, 4);
    for (const [at, [kid, { first, last }]] of order.entries()) {
      const shown = published.get(kid)!;
      if (at > 0) assert.ok(first - shown.first >= hour, "published for an hour before it signed");
      if (at > 0) assert.ok(Math.abs(first - started - at * 30 * day) <= houseRound, "on its day");
      if (at < 3) {
        assert.ok(shown.last >= last + day - 5 * hour, "kept while its tokens lived");
        assert.ok(shown.last <= order[at + 1]![1].first + day + hour, "and not for long after that");
      }
    }
  } finally {
    await jeton.close();
  }
});

test("Y-01: a server that was down for ninety days starts, signs at once with the key that was ahead, and rotates an hour later", async () => {
  const clock = testClock();
  const [file, master] = [join(folder, "down.db"), randomBytes(32)];
  const before = await authority({ clock, file, master });
  const known = await good<JSONWebKeySet>(await before.ask("/.well-known/jwks.json"));
  const old = await before.login();
  await before.close();
  clock.pass(90 * day);
  const jeton = await authority({ clock, file, master, unfurnished: true });
  try {
    assert.equal((await jeton.me(old)).status, 401);
    const service = verifier(jeton, jwksMaxAge);
    const first = await jeton.login();
    const kid = kidOf(first.access_token);
    assert.ok(
      known.keys.some((key) => key.kid === kid),
      "everybody may have known it all the time",
    );
    assert.notEqual(kid, kidOf(old.access_token));
    let pair = first;
    const signers = new Set<string>();
    for (let passed = 0; passed < 3 * hour; passed += houseRound) {
      await service.refetch();
      await jeton.doors.engine.keepHouse();
      pair = await jeton.refreshed(pair);
      await service.verifies(pair.access_token);
      assert.equal((await jeton.me(pair)).status, 200);
      signers.add(kidOf(pair.access_token));
      assert.equal(kidOf(pair.access_token) === kid, passed < hour, `after ${passed} s`);
      clock.pass(houseRound);
    }
    assert.equal(signers.size, 2);
    assert.ok(jeton.keys.census(clock.now()).nextAt! > clock.now());
  } finally {
    await jeton.close();
  }
});

test("Y-03: a clock that is corrected by minutes, at each phase, refuses nothing that is issued after it", async () => {
  const jeton = await authority({ settings: { "sessions.idle": "60d" } });
  try {
    const service = verifier(jeton, jwksMaxAge);
    let pair = await jeton.login();
    const use = async (): Promise<void> => {
      await service.refetch();
      await jeton.doors.engine.keepHouse();
      pair = await jeton.refreshed(pair);
      assert.equal((await jeton.me(pair)).status, 200);
      await service.verifies(pair.access_token);
    };
    const activeAt = jeton.keys.census(jeton.clock.now()).nextAt!;
    for (const moment of [
      activeAt - 2 * hour,
      activeAt,
      activeAt + minute,
      activeAt + day,
      activeAt + day + 2 * minute,
    ]) {
      jeton.clock.pass(moment - jeton.clock.now());
      for (const by of [0, -5 * minute, 5 * minute, 5 * minute, -5 * minute]) {
        jeton.clock.step(by);
        await use();
        jeton.clock.pass(1);
      }
    }
  } finally {
    await jeton.close();
  }
});

test("Y-03: a clock that was a year ahead for a while does not hold up the rotation when it is right again", async () => {
  const jeton = await authority({ settings: { "sessions.idle": "366d", "sessions.absolute": "366d" } });
  try {
    jeton.clock.step(365 * day);
    await jeton.doors.engine.keepHouse();
    await jeton.login();
    jeton.clock.step(-365 * day);
    const service = verifier(jeton, jwksMaxAge);
    const started = jeton.clock.now();
    let pair = await jeton.login();
    const signers = new Set<string>();
    while (jeton.clock.now() < started + 95 * day) {
      await service.refetch();
      await jeton.doors.engine.keepHouse();
      pair = await jeton.refreshed(pair);
      await service.verifies(pair.access_token);
      signers.add(kidOf(pair.access_token));
      const { nextAt } = jeton.keys.census(jeton.clock.now());
      assert.ok(nextAt! - jeton.clock.now() <= 30 * day, "the next one is at most a period ahead");
      jeton.clock.pass(6 * hour);
    }
    assert.equal(signers.size, 4);
  } finally {
    await jeton.close();
  }
});

test("Y-01: two rounds of housekeeping at once make each key once", async () => {
  const jeton = await authority();
  try {
    jeton.clock.pass(31 * day);
    await Promise.all(Array.from({ length: 5 }, () => jeton.keys.ensure(jeton.clock.now())));
    assert.deepEqual(jeton.keys.census(jeton.clock.now()).states, { published: 1, active: 1, retired: 1, gone: 0 });
  } finally {
    await jeton.close();
  }
});
