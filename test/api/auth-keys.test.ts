/** One's own authentication keys over the native API, and what they open. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";

import { answered } from "../admin/house.ts";
import { scratch } from "../cli/program.ts";
import { authority, claimsOf, good, refusal, type Authority } from "../authority.ts";
import { newEdPair } from "../keys/ed-pair.ts";
import { bobsPair, newPair } from "../keys/rsa-pairs.ts";
import { bearer } from "./asking.ts";
import { addKey, challengeFor, proveKey, setaBody, setaToken, signedIn } from "./signing.ts";

interface WireKey {
  readonly id: string;
  readonly name: string;
  readonly fingerprint: string;
  readonly type: string;
  readonly bits: number;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
  readonly last_used_from: string | null;
  readonly own_messages: number;
}

interface Page {
  readonly items: readonly WireKey[];
  readonly next_cursor: string | null;
}

describe("authentication keys", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  type Adding = Parameters<typeof addKey> extends [Authority, ...infer Rest] ? Rest : never;
  const as = async (username: string, path = "", sent: object = {}): Promise<Response> =>
    jeton.ask(`/api/v1/auth-keys${path}`, { headers: bearer(await jeton.login(username)), ...sent });
  const shown = async (id: string): Promise<WireKey> => good<WireKey>(await as("bob", `/${id}`));
  const added = async (...of: Adding): Promise<WireKey> => answered(await addKey(jeton, ...of), 201);

  describe("201", () => {
    test("POST answers what the key is and where it is found; GET answers the same", async () => {
      const response = await addKey(jeton, { text: bobsPair.ssh, name: " tower " });
      const location = response.headers.get("location");
      const key = await answered<WireKey>(response, 201);
      assert.equal(location, `/api/v1/auth-keys/${key.id}`);
      const created_at = new Date(jeton.clock.now() * 1000).toISOString();
      assert.deepEqual(key, {
        id: key.id,
        name: "tower",
        fingerprint: bobsPair.fingerprint,
        type: "RSA",
        bits: 2048,
        created_at,
        expires_at: null,
        last_used_at: null,
        last_used_from: null,
        own_messages: 0,
      });
      assert.deepEqual(await shown(key.id), key);
    });

    test("a key may come as a JWK, as text or as the object that it is", async () => {
      for (const asText of [true, false]) {
        const { privateKey, ...pair } = newPair();
        const { n, e } = privateKey.export({ format: "jwk" });
        const jwk = { kty: "RSA", n, e };
        const key = await added({ pair, text: asText ? JSON.stringify(jwk) : jwk }, "ada");
        assert.equal(key.fingerprint, pair.fingerprint);
      }
    });
  });

  describe("200", () => {
    test("SeTA 7: OpenSSH, SPKI and PKCS#1 of one key are one key, with any comment and either line end", async () => {
      const { ssh, spki, pkcs1 } = bobsPair;
      const headers = bearer(await jeton.login());
      const prints = new Set<string>();
      for (const text of [
        ssh,
        `${ssh}\n`,
        ssh.split(" ", 2).join(" "),
        ssh.replace(/ \S+$/, ' höl\'zerne "Käfer" #1 <b>'),
        spki,
        spki.trimEnd(),
        spki.replaceAll("\n", "\r\n"),
        pkcs1,
      ]) {
        const asked = jeton.ask("/api/v1/auth-key-challenge", { headers, body: { public_key: text } });
        prints.add((await good<WireKey>(await asked)).fingerprint);
      }
      assert.deepEqual([...prints], [bobsPair.fingerprint]);
      assert.equal((await setaToken(jeton, setaBody())).status, 200);
    });

    test("the list has one's own, newest first and in pages, with the last use of each", async () => {
      const pairs = [newEdPair(), newEdPair(), newEdPair()];
      const ids: string[] = [];
      for (const pair of pairs) {
        jeton.clock.pass(1);
        ids.unshift((await added({ pair })).id);
      }
      jeton.clock.pass(60);
      await signedIn(jeton, { pair: pairs[1]! });
      const first = await good<Page>(await as("bob", "?limit=2"));
      assert.deepEqual(
        first.items.map(({ id }) => id),
        ids.slice(0, 2),
      );
      assert.deepEqual(
        first.items.map(({ last_used_at: at, last_used_from: from, own_messages: own }) => [at, from, own]),
        [
          [null, null, 0],
          [new Date(jeton.clock.now() * 1000).toISOString(), "127.0.0.1", 0],
        ],
      );
      const second = await good<Page>(await as("bob", `?limit=2&cursor=${first.next_cursor}`));
      assert.equal(second.items[0]?.id, ids[2]);
      // A cursor is its list's.
      assert.equal(await refusal(as("ada", `?cursor=${first.next_cursor}`)), "400 invalid_request");
    });

    test("a challenge that is signed opens a session whose amr is swk (RFC 8176); several keys each open their own", async () => {
      const [one, two] = [newEdPair(), newPair(3072)];
      const [first, second] = [await added({ pair: one }), await added({ pair: two })];
      const [ofOne, ofTwo] = [await signedIn(jeton, { pair: one }), await signedIn(jeton, { pair: two })];
      assert.deepEqual(claimsOf(ofOne.access_token)["amr"], ["swk"]);
      assert.equal((await as("bob", `/${first.id}`, { method: "DELETE" })).status, 204);
      assert.equal((await jeton.me(ofOne)).status, 401);
      assert.equal(await refusal(jeton.refresh(ofOne)), "401 invalid_grant");
      assert.equal((await jeton.me(await jeton.refreshed(ofTwo))).status, 200);
      assert.equal((await as("bob", `/${second.id}`)).status, 200);
    });

    test("the name of a challenge may be an address, in any case", async () => {
      const pair = newEdPair();
      await added({ pair }, "ada");
      for (const username of ["ada", "ADA", "Ada@Example.com"])
        await signedIn(jeton, { username, organisation: "ROOT", pair });
    });

    test("PATCH renames", async () => {
      const { id } = await added({ pair: newEdPair() });
      const renamed = await good<WireKey>(await as("bob", `/${id}`, { method: "PATCH", body: { name: "build" } }));
      assert.equal(renamed.name, "build");
      assert.equal((await shown(id)).name, "build");
    });

    test("a key with an end: its sessions end by then, and after it there is no such key", async () => {
      const pair = newEdPair();
      const key = await added({ pair, expires_in: 600 });
      assert.equal(Date.parse(key.expires_at!), (jeton.clock.now() + 600) * 1000);
      jeton.clock.pass(590);
      const session = await signedIn(jeton, { pair });
      assert.deepEqual([session.expires_in, session.refresh_expires_in], [10, 10]);
      jeton.clock.pass(10);
      assert.equal((await jeton.me(session)).status, 401);
      assert.equal(await refusal(as("bob", `/${key.id}`)), "404 not_found");
    });
  });

  describe("204 and 404", () => {
    test("DELETE ends what the key opened; after it there is none, and it does not come back", async () => {
      const pair = newEdPair();
      const { id } = await added({ pair }, "ada");
      const session = await signedIn(jeton, { username: "ada", pair });
      assert.equal((await as("ada", `/${id}`, { method: "DELETE" })).status, 204);
      assert.equal((await jeton.me(session)).status, 401);
      for (const method of ["GET", "DELETE"])
        assert.equal(await refusal(as("ada", `/${id}`, { method })), "404 not_found");
      const back = await addKey(jeton, { pair }, "ada");
      assert.match(await back.clone().text(), /this key was in use before/);
      assert.equal(await refusal(back), "400 invalid_request");
    });

    test("K-03: a key of somebody else is not there, as one that never was", async () => {
      const { id } = await added({ pair: newEdPair() });
      for (const which of [id, "01a2036c-21cb-7c3c-a61e-584c60070697"])
        for (const sent of [{}, { method: "DELETE" }, { method: "PATCH", body: { name: "mine" } }])
          assert.equal(await refusal(as("ada", `/${which}`, sent)), "404 not_found");
      assert.equal((await shown(id)).name, "laptop");
    });
  });

  describe("400 and 409", () => {
    test("what is no name, no life and no key is refused with the member named, and nothing is stored", async () => {
      const there = await good<Page>(await as("bob"));
      for (const [member, value] of [
        ["name", ""],
        ["name", "  "],
        ["name", "a\nb"],
        ["name", "x".repeat(101)],
        ["name", 7],
        ["expires_in", 0],
        ["expires_in", -1],
        ["expires_in", 59],
        ["expires_in", 1.5],
        ["expires_in", "600"],
        ["expires_in", 400_000_000],
      ] as const) {
        const response = await addKey(jeton, { pair: newEdPair(), [member]: value });
        const text = await response.text();
        assert.equal(response.status, 400, `${member} ${String(value)} ${text}`);
        assert.match(text, new RegExp(member));
      }
      assert.equal(await refusal(addKey(jeton, { pair: newEdPair(), more: true } as object)), "400 invalid_request");
      assert.deepEqual(await good<Page>(await as("bob")), there);
    });

    test("a key twice is refused, and the one that is there stays", async () => {
      const pair = newEdPair();
      const { id } = await added({ pair });
      const again = await addKey(jeton, { pair, name: "again" });
      assert.match(await again.clone().text(), /public_key: this key is there already/);
      assert.equal(await refusal(again), "400 invalid_request");
      assert.equal((await shown(id)).name, "laptop");
    });

    test("CWE-770: there are as many keys as the operator says, and four of one size of RSA", async () => {
      const house = await authority({ settings: { "auth_keys.cap": 6 } });
      for (let at = 0; at < 4; at++) assert.equal((await addKey(house, { pair: newPair() })).status, 201);
      assert.equal(await refusal(addKey(house, { pair: newPair() })), "409 too_many");
      for (let at = 0; at < 2; at++) assert.equal((await addKey(house, { pair: newEdPair() })).status, 201);
      assert.equal(await refusal(addKey(house, { pair: newEdPair() })), "409 too_many");
      assert.equal((await addKey(house, { pair: newEdPair() }, "ada")).status, 201);
      await house.close();
    });
  });

  test("R-05: more than 4,096 bits are for SeTA's clients, and so where SeTA's door is open", async () => {
    const pair = newPair(4224);
    const house = await authority({ settings: { "dialects.seta.open": false } });
    const refused = await addKey(house, { pair });
    assert.match(await refused.clone().text(), /public_key: the modulus/);
    assert.equal(await refusal(refused), "400 invalid_request");
    await house.close();
    assert.equal((await added({ pair })).bits, 4224);
  });

  test("R-12: SeTA's own messages are good for so many sessions of a key; then it takes challenges, and says so", async () => {
    const house = await authority({ settings: { "auth_keys.messages": 2 } });
    const { id } = await answered<WireKey>(await addKey(house), 201);
    for (let at = 0; at < 2; at++) assert.equal((await setaToken(house, setaBody())).status, 200);
    const third = await setaToken(house, setaBody());
    assert.deepEqual(
      [third.status, await third.json()],
      [403, { message: "Sign a challenge: POST /api/v1/login/challenge gives one" }],
    );
    // Nobody hears of it who has not the key.
    const wrong = await setaToken(house, setaBody({ rsa_message_signature: "00".repeat(256) }));
    assert.deepEqual([wrong.status, await wrong.json()], [403, { message: "Invalid Signature" }]);
    await signedIn(house);
    const headers = bearer(await house.login());
    const seen = await good<WireKey>(await house.ask(`/api/v1/auth-keys/${id}`, { headers }));
    assert.equal(seen.own_messages, 2);
    await house.close();
  });

  test("R-12: an organisation that takes challenges alone refuses SeTA's own messages, and takes challenges there", async () => {
    const house = await authority();
    await answered(await addKey(house), 201);
    const headers = bearer(await house.login("ada"));
    const { items } = await good<{ items: { id: string }[] }>(await house.ask("/api/v1/organisations", { headers }));
    const set = (to: string): Promise<Response> =>
      house.ask(`/api/v1/organisations/${items[0]!.id}`, { method: "PATCH", headers, body: { signed_login: to } });
    assert.equal((await set("challenge")).status, 200);
    const body = setaBody();
    assert.equal((await setaToken(house, body)).status, 403);
    const challenge = await challengeFor(house);
    assert.equal((await setaToken(house, setaBody({ rsa_original_message: challenge }))).status, 200);
    await signedIn(house);
    assert.equal((await set("any")).status, 200);
    // It was not used up.
    assert.equal((await setaToken(house, body)).status, 200);
    await house.close();
  });

  test("K-02: a token of whatever scopes adds and removes no key", async () => {
    const { id } = await added({ pair: newEdPair() });
    const minted = await answered<{ token: string }>(
      await jeton.ask("/api/v1/api-tokens", {
        headers: bearer(await jeton.login()),
        body: { name: "ci", scopes: ["auth-keys:read", "auth-keys:write", "tokens:mint"] },
      }),
      201,
    );
    const token = { access_token: minted.token };
    assert.equal(await refusal(proveKey(jeton, token, { pair: newEdPair() })), "401 reauthentication_needed");
    const path = `/api/v1/auth-keys/${id}`;
    assert.equal(
      await refusal(jeton.ask(path, { method: "DELETE", headers: bearer(token) })),
      "401 reauthentication_needed",
    );
    assert.equal((await jeton.ask(path, { headers: bearer(token) })).status, 200);
  });

  test("FL-40: housekeeping forgets challenges after their minute, what was signed with a key that is gone, and nothing else", async () => {
    using folder = scratch();
    const file = folder.path("jeton.db");
    const house = await authority({ file });
    const known = (): unknown => {
      const db = new DatabaseSync(file, { readOnly: true });
      try {
        return db.prepare("SELECT count(*) AS known FROM spent_signature").get()?.["known"];
      } finally {
        db.close();
      }
    };
    const { id } = await answered<WireKey>(await addKey(house), 201);
    for (let count = 0; count < 3; count++) await signedIn(house);
    for (let count = 0; count < 2; count++) assert.equal((await setaToken(house, setaBody())).status, 200);
    house.clock.pass(3600);
    await house.doors.engine.keepHouse();
    assert.equal(known(), 5);
    house.clock.pass(60);
    await house.doors.engine.keepHouse();
    assert.equal(known(), 2);
    const gone = { method: "DELETE", headers: bearer(await house.login()) };
    assert.equal((await house.ask(`/api/v1/auth-keys/${id}`, gone)).status, 204);
    await house.doors.engine.keepHouse();
    assert.equal(known(), 0);
    await house.close();
  });
});
