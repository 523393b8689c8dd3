/** Claims under the authority's own good signature that are for somebody else, out of time or broken: RFC 7519, RFC 8725. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import type { AccessClaims } from "../../src/core/claims.ts";
import type { SigningMaterial } from "../../src/keys/jws.ts";
import { authority, claimsOf, issuer, refusal, type Authority, type WirePair } from "../authority.ts";
import { craft, headerFor } from "../keys/craft.ts";
import { signersOf } from "../keys/real-keys.ts";

describe("claims", () => {
  const master = randomBytes(32);
  let jeton: Authority;
  let signer: SigningMaterial;
  let pair: WirePair;
  let claims: Record<string, unknown>;
  before(async () => {
    jeton = await authority({ master });
    [signer] = (await signersOf(jeton.store, master)) as [SigningMaterial];
    pair = await jeton.login();
    claims = claimsOf(pair.access_token);
  });
  after(() => jeton.close());

  const knock = async (payload: unknown): Promise<string> => {
    const answer = await jeton.me({ access_token: craft(signer, headerFor(signer), payload) });
    return answer.status === 200 ? "200" : refusal(answer);
  };
  /** Signed by the authority itself, with some claims changed. */
  const signed = (changes: object): string => {
    const { jti: _, ...rest } = { ...(claims as unknown as AccessClaims), ...changes };
    return jeton.keys.signAccess(rest, {}, 1, jeton.clock.now());
  };

  test("J-13: a token passes one second before exp, and neither at exp nor after it", async () => {
    const { access_token, expires_in } = await jeton.login();
    const me = (): Promise<Response> => jeton.me({ access_token });
    assert.equal(claimsOf(access_token)["exp"], jeton.clock.now() + expires_in);
    jeton.clock.pass(expires_in - 1);
    assert.equal((await me()).status, 200);
    jeton.clock.pass(1);
    assert.equal(await refusal(me()), "401 invalid_token");
    jeton.clock.pass(1);
    assert.equal(await refusal(me()), "401 invalid_token");
    jeton.clock.step(-expires_in - 1);
    assert.equal((await me()).status, 200);
  });

  test("J-13: an exp that is missing, no whole number, beyond all numbers or written twice is refused", async () => {
    const text = JSON.stringify(claims);
    const exp = `"exp":${String(claims["exp"])}`;
    assert.ok(text.includes(exp));
    for (const other of [
      '"exp":1e400',
      '"exp":null',
      '"exp":"9999999999"',
      '"exp":true',
      '"exp":[9999999999]',
      '"exp":1e300',
    ])
      assert.equal(await knock(text.replace(exp, other)), "401 invalid_token", other);
    for (const other of ['"exp":1.5e9', '"exp":0', '"exp":-1', '"exp":1772323500.5', '"exp":9007199254740993'])
      assert.equal(await knock(text.replace(exp, other)), "401 invalid_token", other);
    assert.equal(await knock(text.replace(exp, `"exp":1,${exp}`)), "401 invalid_token");
    assert.equal(await knock(text.replace(exp, `${exp},"exp":9999999999`)), "401 invalid_token");
    assert.equal(await knock(text.replace(`${exp},`, "")), "401 invalid_token");
    assert.equal(await knock(text), "200");
  });

  test("J-14: a token for another audience is refused: prefix, suffix, case, slash, list, none", async () => {
    assert.equal((await jeton.me({ access_token: signed({ aud: issuer }) })).status, 200);
    // oxfmt-ignore
    const others = [
      `${issuer}/`, issuer.slice(0, -1), `${issuer}0`, issuer.toUpperCase(), issuer.replace("http", "https"), "native",
      issuer.replace("127.0.0.1", "localhost"), ` ${issuer}`, `${issuer} `, `${issuer}/sensu`, `${issuer}#`, "*", "null",
      `${issuer},${issuer}`, "https://other.example",
    ];
    for (const aud of others)
      assert.equal(await refusal(jeton.me({ access_token: signed({ aud }) })), "401 invalid_token", aud);
    const { aud: _, ...without } = claims;
    assert.equal(await knock(without), "401 invalid_token");
    // Our own tokens name one audience, as a text; whatever else carries our signature was not meant for this door.
    for (const aud of ["", null, true, 1, {}, [], [[issuer]], [`${issuer}/`], ["https://other.example"]])
      assert.equal(await knock({ ...claims, aud }), "401 invalid_token", JSON.stringify(aud));
  });

  test("J-15: a token of another issuer is refused, also where only a slash, a port or the case differs", async () => {
    assert.equal((await jeton.me({ access_token: signed({ iss: issuer }) })).status, 200);
    // oxfmt-ignore
    const others = [
      `${issuer}/`, issuer.replace("8420", "8421"), issuer.replace(":8420", ""), issuer.toUpperCase(), `${issuer}/Sensu`,
      issuer.replace("http", "https"), issuer.replace("127.0.0.1", "localhost"), `${issuer}/sensu/`, ` ${issuer}`,
      "https://other.example", "__proto__", "constructor",
    ];
    for (const iss of others)
      assert.equal(await refusal(jeton.me({ access_token: signed({ iss }) })), "401 invalid_token", iss);
    const { iss: _, ...without } = claims;
    assert.equal(await knock(without), "401 invalid_token");
    for (const iss of ["", null, 1, {}, [issuer], [[issuer]]])
      assert.equal(await knock({ ...claims, iss }), "401 invalid_token", JSON.stringify(iss));
  });

  test("J-15: the issuer of a dialect is one of ours only while its door is open", async () => {
    const iss = `${issuer}/sensu`;
    assert.equal(await knock({ ...claims, iss }), "200");
    const closed = await authority({ settings: { "dialects.sensu.open": false } });
    try {
      const { jti: _, ...rest } = {
        ...(claimsOf((await closed.login()).access_token) as unknown as AccessClaims),
        iss,
      };
      const access_token = closed.keys.signAccess(rest, {}, 1, closed.clock.now());
      assert.equal(await refusal(closed.me({ access_token })), "401 invalid_token");
    } finally {
      await closed.close();
    }
  });

  test("J-15: a token of another authority, with the same issuer and names, is refused for its key", async () => {
    const other = await authority();
    try {
      const theirs = await other.login();
      assert.equal((await other.me(theirs)).status, 200);
      assert.equal(await refusal(jeton.me(theirs)), "401 invalid_token");
      assert.equal(await refusal(jeton.refresh(theirs)), "401 invalid_grant");
    } finally {
      await other.close();
    }
  });

  test("J-22: claims with broken UTF-8, a byte order mark, lone surrogates or NUL are refused at the door", async () => {
    const text = JSON.stringify(claims);
    const sub = `"sub":"${String(claims["sub"])}`;
    assert.ok(text.includes(sub));
    const withBytes = (...bytes: readonly number[]): Buffer => {
      const [head, tail] = text.split(sub) as [string, string];
      return Buffer.concat([Buffer.from(head + sub), Buffer.from(bytes), Buffer.from(tail)]);
    };
    for (const broken of [
      withBytes(0xff),
      withBytes(0xc0, 0x80),
      withBytes(0xed, 0xa0, 0x80),
      withBytes(0xe2, 0x82),
      withBytes(0),
      `\ufeff${text}`,
      Buffer.from(text, "utf16le"),
      Buffer.from(`\ufeff${text}`, "utf16le"),
      text.replace(sub, String.raw`${sub}\ud800`),
      text.replace(sub, String.raw`${sub}\u0000`),
      text.replace(sub, String.raw`${sub}\u0000admin`),
      `${text}\0`,
    ])
      assert.equal(await knock(broken), "401 invalid_token", String(broken).slice(0, 80));
    assert.equal(await knock(withBytes()), "200");
  });

  test("RFC 9068 section 2.2: a claim of ours that is missing, empty or of another type is refused, never a fault", async () => {
    for (const name of Object.keys(claims)) {
      const { [name]: original, ...without } = claims;
      assert.equal(await knock(without), "401 invalid_token", `no ${name}`);
      const wrong: readonly unknown[] = [null, {}, [null], [{}], [""], true, 1.5, { length: 1 }];
      for (const value of typeof original === "string" ? [...wrong, 1, [original]] : [...wrong, "1", String(original)])
        assert.equal(
          await knock({ ...claims, [name]: value }),
          "401 invalid_token",
          `${name} ${JSON.stringify(value)}`,
        );
    }
    for (const sid of ["x", "__proto__", "0".repeat(36), "é".repeat(36)])
      assert.equal(await knock({ ...claims, sid }), "401 invalid_token", sid);
  });

  test("J-05: claims and bodies named after prototypes change no object but their own", async () => {
    const poison = '"__proto__":{"polluted":true,"status":200}';
    const text = JSON.stringify(claims);
    assert.equal(await knock(text.replace("{", `{${poison},`)), "401 invalid_token");
    assert.equal(await knock(text.replace('"roles":[', `"a":{${poison}},"roles":[`)), "401 invalid_token");
    const constructor = { prototype: { polluted: true } };
    assert.equal(await knock({ ...claims, constructor, prototype: { polluted: true }, toString: 1 }), "200");
    for (const path of ["/api/v1/login", "/api/v1/refresh", "/sensu/auth/token"]) {
      const headers = { authorization: `Bearer ${pair.access_token}` };
      const answer = await jeton.ask(path, { headers, body: `{${poison},"refresh_token":"x","username":"bob"}` });
      assert.ok(answer.status === 400, `${path}: ${answer.status}`);
    }
    const fresh: Record<string, unknown> = {};
    assert.equal(fresh["polluted"], undefined);
    assert.equal((Function.prototype as unknown as Record<string, unknown>)["polluted"], undefined);
    assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
  });
});
