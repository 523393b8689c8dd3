/** Jeton beside PyJWT, as Debian packages it: another language, another JSON parser, another ECDSA. RFC 7515, RFC 7517. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

import { headerText, signJws } from "../../src/keys/jws.ts";
import { authority, claimsOf, good, issuer, testClock } from "../authority.ts";
import { verdict } from "../keys/craft.ts";
import { allKeys } from "../keys/fixed-keys.ts";

const python = "/usr/bin/python3";

/** The program reads one JSON value as `given` and prints one. */
function run(program: string, given: unknown): unknown {
  const frame = `import json, sys, jwt\ngiven = json.load(sys.stdin)\n${program}\njson.dump(answer, sys.stdout)\n`;
  const { status, stdout, stderr } = spawnSync(python, ["-c", frame], {
    input: JSON.stringify(given),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

const probe = spawnSync(python, ["-c", "import jwt, cryptography; jwt.PyJWKSet"], { encoding: "utf8" });
const skip = probe.status === 0 ? false : "PyJWT is missing. Do: apt-get install python3-jwt python3-cryptography";

/** Each token: its claims, or the name of the exception. */
const verifyAll = `
keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(given["jwks"]).keys}
def verify(token):
    try:
        kid = jwt.get_unverified_header(token)["kid"]
        return jwt.decode(token, keys[kid].key, algorithms=given["algorithms"], audience=given["audience"],
                          issuer=given["issuer"], options={"require": ["exp", "iat", "iss", "aud", "sub"]})
    except Exception as refused:
        return type(refused).__name__
answer = [verify(token) for token in given["tokens"]]
`;

test(
  "RFC 9068 section 4: an access token of the authority verifies in PyJWT by the published key set",
  { skip },
  async () => {
    const clock = testClock();
    // PyJWT reads the machine's clock.
    clock.step(Math.floor(Date.now() / 1000) - clock.now());
    const jeton = await authority({ clock });
    try {
      const jwks = await good<unknown>(await jeton.ask("/.well-known/jwks.json"));
      const { access_token, refresh_token } = await jeton.login();
      clock.step(-3600);
      const { access_token: expired } = await jeton.login();
      const [header, , signature] = access_token.split(".") as [string, string, string];
      const changed = Buffer.from(JSON.stringify({ ...claimsOf(access_token), sub: "ada" })).toString("base64url");
      const given = { jwks, algorithms: ["EdDSA"], issuer, audience: issuer };
      const tokens = [access_token, expired, `${header}.${changed}.${signature}`, refresh_token];
      assert.deepEqual(run(verifyAll, { ...given, tokens }), [
        claimsOf(access_token),
        "ExpiredSignatureError",
        "InvalidSignatureError",
        "KeyError",
      ]);
      assert.deepEqual(run(verifyAll, { ...given, audience: "another", tokens: [access_token] }), [
        "InvalidAudienceError",
      ]);
      assert.deepEqual(run(verifyAll, { ...given, issuer: "another", tokens: [access_token] }), ["InvalidIssuerError"]);
    } finally {
      await jeton.close();
    }
  },
);

test(
  "RFC 9068 section 4: an API token verifies in PyJWT by the published key set, until it ends, and changed it does not",
  { skip },
  async () => {
    const clock = testClock();
    clock.step(Math.floor(Date.now() / 1000) - clock.now());
    const jeton = await authority({ clock });
    const mint = async (wish: object): Promise<string> => {
      const { access_token } = await jeton.login();
      const headers = { authorization: `Bearer ${access_token}` };
      const answer = await jeton.ask("/api/v1/api-tokens", { headers, body: { name: "ci", ...wish } });
      assert.equal(answer.status, 201);
      return ((await answer.json()) as { token: string }).token;
    };
    try {
      const jwks = await good<unknown>(await jeton.ask("/.well-known/jwks.json"));
      const files = "https://files.example.org";
      const token = await mint({ audiences: [issuer, files], scopes: ["me:read"] });
      const opaque = await mint({ format: "opaque" });
      const { access_token } = await jeton.login();
      clock.step(-3600);
      const expired = await mint({ audiences: [files], expires_in: 60 });
      const [header, claims, signature] = token.split(".") as [string, string, string];
      const wider = Buffer.from(JSON.stringify({ ...claimsOf(token), scope: "users:write" })).toString("base64url");
      const [accessHeader, , accessSignature] = access_token.split(".") as [string, string, string];
      const given = { jwks, algorithms: ["EdDSA"], issuer, audience: files };
      const tokens = [
        token,
        expired,
        `${header}.${wider}.${signature}`,
        // Under the key of access tokens, and with the signature of one.
        `${accessHeader}.${claims}.${signature}`,
        `${header}.${claims}.${accessSignature}`,
        opaque,
      ];
      assert.deepEqual(run(verifyAll, { ...given, tokens }), [
        claimsOf(token),
        "ExpiredSignatureError",
        "InvalidSignatureError",
        "InvalidSignatureError",
        "InvalidSignatureError",
        "DecodeError",
      ]);
      assert.deepEqual(run(verifyAll, { ...given, audience: "another", tokens: [token] }), ["InvalidAudienceError"]);
      assert.deepEqual(run(verifyAll, { ...given, issuer: "another", tokens: [token] }), ["InvalidIssuerError"]);
    } finally {
      await jeton.close();
    }
  },
);

const payload = { sub: "bób 😀", list: [1, "two", null], exp: 4_102_444_800, iat: 1, iss: "i", aud: "a" };

test("RFC 7515 section 5: tokens by signJws verify in PyJWT, for each algorithm", { skip }, () => {
  const tokens = allKeys.map((key) => signJws(headerText(key, "at+jwt"), JSON.stringify(payload), key));
  const jwks = { keys: allKeys.map(({ kid, alg, publicJwk }) => ({ ...publicJwk, kid, alg, use: "sig" })) };
  const given = { jwks, algorithms: allKeys.map(({ alg }) => alg), issuer: "i", audience: "a", tokens };
  assert.deepEqual(run(verifyAll, given), [payload, payload, payload]);
});

test(
  "RFC 7515 section 5: tokens by PyJWT verify in verifyJws, for each algorithm, and its generic ones do not",
  { skip },
  () => {
    const program = `
def sign(key, **headers):
    private = jwt.PyJWK(key["jwk"], key["alg"]).key
    return jwt.encode(given["payload"], private, algorithm=key["alg"], headers={"kid": key["kid"], **headers})
answer = [[sign(key, typ="at+jwt"), sign(key)] for key in given["keys"]]
`;
    const keys = allKeys.map(({ kid, alg, privateJwk }) => ({ kid, alg, jwk: { ...privateJwk, alg } }));
    const signed = run(program, { keys, payload }) as (readonly [string, string])[];
    assert.equal(signed.length, 3);
    for (const [typed, generic] of signed) {
      assert.equal(verdict(typed), "ok");
      assert.equal(verdict(generic), "type_not_allowed");
    }
  },
);
