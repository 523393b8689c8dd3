/** Tampered and forged tokens at the doors of a running authority: RFC 8725, RFC 6750 section 3.1. */
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import type { SigningMaterial } from "../../src/keys/jws.ts";
import { authority, claimsOf, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { craft, headerFor, segment } from "../keys/craft.ts";
import { signersOf } from "../keys/real-keys.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** For each place: the neighbour, whose bits differ least, and a character half an alphabet away. */
function replacements(character: string): readonly string[] {
  const at = alphabet.indexOf(character);
  if (at === -1) return ["A", "-"];
  return [alphabet[at ^ 1]!, alphabet[(at + 32) % 64]!];
}

const changed = (token: string): string[] =>
  [...token].flatMap((character, at) =>
    replacements(character).map((other) => token.slice(0, at) + other + token.slice(at + 1)),
  );

/** What is asked at once; the authority works through it in order. */
async function inBatches<T>(items: readonly T[], ask: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += 100) await Promise.all(items.slice(at, at + 100).map(ask));
}

describe("forged tokens", () => {
  const master = randomBytes(32);
  let jeton: Authority;
  let pair: WirePair;
  let claims: Record<string, unknown>;
  let signer: SigningMaterial;
  before(async () => {
    jeton = await authority({ master });
    [signer] = (await signersOf(jeton.store, master)) as [SigningMaterial];
    pair = await jeton.login();
    claims = claimsOf(pair.access_token);
  });
  after(() => jeton.close());

  const sessions = async (): Promise<unknown> =>
    good(await jeton.ask("/api/v1/sessions", { headers: { authorization: `Bearer ${pair.access_token}` } }));

  /** Refused at each door that takes an access token, with the challenge that RFC 6750 asks for. */
  async function refusedEverywhere(token: string, what: string): Promise<void> {
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ["/api/v1/me", "/api/v1/sessions"]) {
      const answer = await jeton.ask(path, { headers });
      assert.match(answer.headers.get("www-authenticate") ?? "", /error="invalid_token"/, what);
      assert.equal(await refusal(answer), "401 invalid_token", what);
    }
    const { refresh_token } = pair;
    const sensu = await jeton.ask("/sensu/auth/token", { method: "POST", headers, body: { refresh_token } });
    assert.equal(sensu.status, 401, what);
  }

  test("J-21: flips every character of header, payload and signature of an access token at GET /api/v1/me: 401 each time", async () => {
    const listed = await sessions();
    const forged = changed(pair.access_token);
    assert.ok(forged.length === 2 * pair.access_token.length && !forged.includes(pair.access_token));
    await inBatches(forged, async (access_token) => {
      assert.equal(await refusal(jeton.me({ access_token })), "401 invalid_token", access_token);
    });
    assert.equal((await jeton.me(pair)).status, 200);
    assert.deepEqual(await sessions(), listed);
  });

  test("F-18: flips every character of a refresh token at POST /api/v1/refresh: 401 each time, and the session goes on", async () => {
    const mine = await jeton.login();
    const forged = changed(mine.refresh_token);
    assert.ok(forged.length === 2 * mine.refresh_token.length && !forged.includes(mine.refresh_token));
    await inBatches(forged, async (refresh_token) => {
      assert.equal(await refusal(jeton.refresh({ refresh_token })), "401 invalid_grant", refresh_token);
    });
    // It has neither moved on nor ended: the true token is still the newest.
    assert.equal(claimsOf((await jeton.refreshed(mine)).refresh_token)["seq"], 2);
    assert.equal((await jeton.me(mine)).status, 200);
  });

  test("J-01 and J-10: the authority's own key under another alg or typ opens no door", async () => {
    const { alg, typ, kid } = headerFor(signer);
    assert.equal((await jeton.me({ access_token: craft(signer, { alg, typ, kid }, claims) })).status, 200);
    for (const other of ["none", "None", "nOnE", "NONE", "", "HS256", "ES256", "RS256", "eddsa", null, ["EdDSA"]]) {
      await refusedEverywhere(craft(signer, { alg: other, typ, kid }, claims), `alg ${JSON.stringify(other)}`);
      await refusedEverywhere(`${segment({ alg: other, typ, kid })}.${segment(claims)}.`, "no signature");
    }
    await refusedEverywhere(craft(signer, { typ, kid }, claims), "no alg");
    for (const other of ["JWT", "rt+jwt", "dpop+jwt", "", null, ["at+jwt"], "application/application/at+jwt"])
      await refusedEverywhere(craft(signer, { alg, typ: other, kid }, claims), `typ ${JSON.stringify(other)}`);
    await refusedEverywhere(craft(signer, { alg, kid }, claims), "no typ");
    for (const same of ["AT+JWT", "application/at+jwt"])
      assert.equal((await jeton.me({ access_token: craft(signer, { alg, typ: same, kid }, claims) })).status, 200);
  });

  test("J-02: the text of the published key set is no HMAC secret", async () => {
    const text = await (await jeton.ask("/.well-known/jwks.json")).text();
    const { keys } = JSON.parse(text) as { keys: { x: string; kid: string }[] };
    const [{ x, kid }] = keys as [{ x: string; kid: string }];
    const secrets = [text, JSON.stringify(keys[0]), x, Buffer.from(x, "base64url"), ""];
    for (const secret of secrets)
      for (const alg of ["HS256", "EdDSA"])
        for (const typ of ["at+jwt", "rt+jwt"]) {
          const input = `${segment({ alg, typ, kid })}.${segment(claims)}`;
          await refusedEverywhere(`${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`, alg);
        }
  });

  test("J-04 and J-05: a kid that is a path, SQL, huge, no text or the name of an inherited member is a plain 401", async () => {
    const header = headerFor(signer);
    // oxfmt-ignore
    const kids: readonly unknown[] = [
      "../../../../dev/null", "/proc/self/environ", "x' UNION SELECT 'secret'--", "'; DROP TABLE signing_key;--", "",
      "__proto__", "constructor", "toString", 1, true, null, {}, [header.kid], { toString: header.kid }, "k".repeat(4000),
      "k".repeat(1 << 20), `${header.kid} `, header.kid.toUpperCase(),
    ];
    for (const kid of kids)
      await refusedEverywhere(craft(signer, { ...header, kid }, claims), JSON.stringify(kid).slice(0, 40));
    const input = `${segment({ ...header, alg: "HS256", kid: "/dev/null" })}.${segment(claims)}`;
    await refusedEverywhere(`${input}.${createHmac("sha256", "").update(input).digest("base64url")}`, "an empty key");
    assert.equal((await jeton.me(pair)).status, 200);
  });

  test("J-06, J-07 and J-08: keys, addresses and demands in the header are refused, under any signature", async () => {
    const stranger = generateKeyPairSync("ed25519");
    const header = headerFor(signer);
    const jwk = stranger.publicKey.export({ format: "jwk" });
    for (const extra of [
      { jwk },
      { jku: "https://127.0.0.1:1/jwks.json" },
      { x5u: "https://127.0.0.1:1/chain.pem" },
      { x5c: ["AAAA"] },
      { crit: ["exp"] },
      { crit: [] },
      { crit: ["b64"], b64: false },
      { zip: "DEF" },
    ]) {
      await refusedEverywhere(craft(signer, { ...header, ...extra }, claims), Object.keys(extra).join());
      await refusedEverywhere(
        craft({ ...signer, privateKey: stranger.privateKey }, { ...header, ...extra }, claims),
        "",
      );
    }
    await refusedEverywhere(craft({ ...signer, privateKey: stranger.privateKey }, header, claims), "a stranger's key");
  });

  test("J-19: an encrypted token, a bomb and a nested token are refused by their shape", async () => {
    const jwe = { alg: "PBES2-HS256+A128KW", enc: "A128GCM", zip: "DEF", p2c: 2 ** 31, p2s: "AAAAAAAA" };
    await refusedEverywhere(`${segment(jwe)}.AAAA.AAAA.AAAA.AAAA`, "five segments");
    await refusedEverywhere(`${segment({ ...jwe, kid: signer.kid })}.${segment(claims)}.AAAA`, "three segments");
    await refusedEverywhere(craft(signer, { ...headerFor(signer), cty: "JWT" }, pair.access_token), "nested");
    await refusedEverywhere(craft(signer, headerFor(signer), pair.access_token), "nested without saying so");
    await refusedEverywhere(`${pair.access_token}.${"A".repeat(1 << 20)}`, "a megabyte");
  });
});
