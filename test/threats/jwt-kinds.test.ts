/** Each kind of token is good for one thing: RFC 8725 sections 3.11 and 3.12, RFC 9068 section 4. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import type { SigningMaterial } from "../../src/keys/jws.ts";
import { authority, claimsOf, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { craft, headerFor, segment } from "../keys/craft.ts";
import { signersOf } from "../keys/real-keys.ts";

const basic = `Basic ${Buffer.from(`bob:${demoPassword}`).toString("base64")}`;

type SensuPair = Pick<WirePair, "access_token" | "refresh_token">;

describe("kinds of tokens", () => {
  const master = randomBytes(32);
  let jeton: Authority;
  let native: WirePair;
  let sensu: SensuPair;
  let signer: SigningMaterial;
  before(async () => {
    jeton = await authority({ master });
    [signer] = (await signersOf(jeton.store, master)) as [SigningMaterial];
    native = await jeton.login();
    sensu = await good<SensuPair>(await jeton.ask("/sensu/auth", { headers: { authorization: basic } }));
  });
  after(() => jeton.close());

  const sensuRefresh = (access_token: string, refresh_token: string): Promise<Response> =>
    jeton.ask("/sensu/auth/token", {
      method: "POST",
      headers: { authorization: `Bearer ${access_token}` },
      body: { refresh_token },
    });

  /** Each door with the one thing exchanged that it takes. */
  const doors = {
    "GET /api/v1/me": (token: string) => jeton.me({ access_token: token }),
    "POST /api/v1/refresh": (token: string) => jeton.refresh({ refresh_token: token }),
    "POST /sensu/auth/token, bearer": (token: string) => sensuRefresh(token, sensu.refresh_token),
    "POST /sensu/auth/token, body": (token: string) => sensuRefresh(sensu.access_token, token),
  } as const;
  type Door = keyof typeof doors;

  /** Every kind that there is or that somebody may take for one, and the doors where it passes. */
  function kinds(): Readonly<Record<string, { readonly token: string; readonly passes: readonly Door[] }>> {
    const access = claimsOf(native.access_token);
    const refresh = claimsOf(native.refresh_token);
    const header = headerFor(signer);
    const [, claims, signature] = native.access_token.split(".") as [string, string, string];
    const typed = (typ: string | undefined, of: object = access): { token: string; passes: readonly Door[] } => ({
      token: craft(signer, { ...header, typ }, of),
      passes: [],
    });
    return {
      "native access token": { token: native.access_token, passes: ["GET /api/v1/me"] },
      "native refresh token": { token: native.refresh_token, passes: ["POST /api/v1/refresh"] },
      "Sensu access token": {
        token: sensu.access_token,
        passes: ["GET /api/v1/me", "POST /sensu/auth/token, bearer"],
      },
      "Sensu refresh token": { token: sensu.refresh_token, passes: ["POST /sensu/auth/token, body"] },
      // Access and API token are one kind: the label in front is for those who search for leaks.
      "API token": { token: craft(signer, { jtn: "api", ...header }, access), passes: ["GET /api/v1/me"] },
      "access token, relabelled as an API token": {
        token: `${segment({ jtn: "api", ...header })}.${claims}.${signature}`,
        passes: [],
      },
      "refresh token by the signing key": typed("rt+jwt", refresh),
      "refresh claims as an access token": typed("at+jwt", refresh),
      "access claims as a refresh token": typed("rt+jwt"),
      "ID token": typed("JWT"),
      "token without a type": typed(undefined),
      "logout token": typed("logout+jwt"),
      "DPoP proof": typed("dpop+jwt"),
      "request object": typed("oauth-authz-req+jwt"),
      "client assertion": typed("client-authentication+jwt"),
      "introspection answer": typed("token-introspection+jwt"),
      "security event": typed("secevent+jwt"),
      "status list": typed("statuslist+jwt"),
      "refresh header on access claims": {
        token: `${native.refresh_token.split(".")[0]}.${claims}.${signature}`,
        passes: [],
      },
      "session id": { token: String(access["sid"]), passes: [] },
      jti: { token: String(access["jti"]), passes: [] },
      garbage: { token: "a.b.c", passes: [] },
      "one word": { token: "token", passes: [] },
    };
  }

  test("J-09: of every kind of token at every door that takes one, only the diagonal passes", async () => {
    for (const [kind, { token, passes }] of Object.entries(kinds()))
      for (const [door, knock] of Object.entries(doors)) {
        const { status } = await knock(token);
        assert.equal(status, passes.some((passed) => passed === door) ? 200 : 401, `${kind} at ${door}`);
      }
  });

  test("J-09: a logout with any other kind of token ends nothing", async () => {
    for (const [kind, { token }] of Object.entries(kinds())) {
      if (kind === "native refresh token") continue;
      assert.equal((await jeton.ask("/api/v1/logout", { body: { refresh_token: token } })).status, 204, kind);
      assert.equal((await jeton.me(native)).status, 200, kind);
      assert.equal((await jeton.me(sensu)).status, 200, kind);
    }
  });

  test("F-14: a refresh token as bearer token and an access token for a refresh are refused, and both sessions go on", async () => {
    for (const { access_token, refresh_token } of [native, sensu]) {
      assert.equal(await refusal(jeton.me({ access_token: refresh_token })), "401 invalid_token");
      const headers = { authorization: `Bearer ${refresh_token}` };
      assert.equal(await refusal(jeton.ask("/api/v1/sessions", { headers })), "401 invalid_token");
      const own = `/api/v1/sessions/${String(claimsOf(access_token)["sid"])}`;
      assert.equal(await refusal(jeton.ask(own, { method: "DELETE", headers })), "401 invalid_token");
      assert.equal(await refusal(jeton.refresh({ refresh_token: access_token })), "401 invalid_grant");
      assert.equal((await sensuRefresh(refresh_token, access_token)).status, 401);
      assert.equal((await sensuRefresh(access_token, access_token)).status, 401);
      assert.equal((await sensuRefresh(refresh_token, refresh_token)).status, 401);
      assert.equal((await jeton.me({ access_token })).status, 200);
    }
    assert.equal((await jeton.refresh(native)).status, 200);
    assert.equal((await sensuRefresh(sensu.access_token, sensu.refresh_token)).status, 200);
  });

  test("F-14: in place of a password, too, a token is only a wrong password", async () => {
    for (const password of [native.access_token, native.refresh_token])
      assert.equal(
        await refusal(jeton.ask("/api/v1/login", { body: { username: "bob", password } })),
        "401 invalid_credentials",
      );
  });

  test("F-18: a refresh token that is nearly right is refused: other case, percent-encoded, same beginning, cut, doubled", async () => {
    const { refresh_token } = native;
    const other = (await jeton.login()).refresh_token;
    const [header, claims, mac] = refresh_token.split(".") as [string, string, string];
    const [, otherClaims, otherMac] = other.split(".") as [string, string, string];
    const swapped = [...refresh_token].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join("");
    // oxfmt-ignore
    const nearly = [
      refresh_token.toUpperCase(), refresh_token.toLowerCase(), swapped, encodeURIComponent(`${refresh_token}=`),
      refresh_token.replaceAll(".", "%2E"), refresh_token.replace(/^e/, "%65"), `${refresh_token}=`, `${refresh_token}.`,
      ` ${refresh_token}`, `${refresh_token} `, `${refresh_token}\n`, `${refresh_token}\0`, `"${refresh_token}"`,
      `Bearer ${refresh_token}`, refresh_token + refresh_token, `${refresh_token},${refresh_token}`,
      refresh_token.slice(0, 8), refresh_token.slice(0, 8) + "A".repeat(refresh_token.length - 8),
      refresh_token.slice(0, -1), refresh_token.slice(1), `${header}.${claims}.`, `${header}.${claims}`,
      `${header}.${claims}.${otherMac}`, `${header}.${otherClaims}.${mac}`, `${header}.${claims}.${"A".repeat(43)}`,
      `${header}.${segment({ ...claimsOf(refresh_token), seq: 2 })}.${mac}`,
      `${segment({ alg: "none", typ: "rt+jwt", kid: "1" })}.${claims}.${mac}`, `${segment({ alg: "none" })}.${claims}.`,
    ];
    for (const text of nearly)
      assert.equal(await refusal(jeton.refresh({ refresh_token: text })), "401 invalid_grant", text);
    assert.equal((await jeton.refresh(native)).status, 200);
  });

  test("F-18: a refresh token that JSON spells with escapes is the same token", async () => {
    const body = `{"refresh_token":"\\u0065${native.refresh_token.slice(1)}"}`;
    assert.equal(native.refresh_token[0], "e");
    assert.equal((await jeton.ask("/api/v1/refresh", { body })).status, 200);
  });
});
