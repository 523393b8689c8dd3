/**
 * Sensu Go's authentication API: GET /auth with Basic credentials, POST /auth/token with the access token (expired or
 * not) and the refresh token. Tokens rotate as in Sensu Go 6.10 and later; the lifetimes are those of its guide.
 *
 * Kept: paths, bodies, status codes, plain-text errors. Mended: a refresh token is no access token, both tokens of a
 * refresh must be of one session, a lost reply ends nothing, `iss` never comes from the Host header.
 */
import { z } from "zod";

import { parseJson } from "../core/json-text.ts";
import { compactId } from "../core/ids.ts";
import { nativePolicy } from "../core/policy.ts";
import { refusalEntry } from "../core/refusals.ts";
import { Secret } from "../core/secret.ts";
import { hours, minutes } from "../core/units.ts";
import type { TokenPair } from "../engine/issue.ts";
import { basicCredentials, bearerToken, isBasic } from "../http/authorization.ts";
import type { Refuse } from "../http/app.ts";
import { route, type Dialect } from "./dialect.ts";

/** Go's `http.Error`: text, one line feed, no guessing of types. */
const errorHeaders = {
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
};

const plain = (description: string) =>
  ({ description, schema: z.string(), contentType: errorHeaders["content-type"] }) as const;
const line = <const Status extends number>(status: Status, text: string) => ({ status, body: `${text}\n` }) as const;

/** An outage is 500 on this wire, as its guide says. */
const refuse: Refuse = (code, { headers }) => {
  const { status, title } = refusalEntry(code);
  const outage = status >= 500;
  // Its router words an unknown path as JSON, and still as plain text.
  const worded: Partial<Record<typeof code, string>> = {
    not_found: '{"code":2,"message":"not found"}',
    too_many_attempts: "Too Many Requests",
  };
  const text = outage ? "Internal Server Error" : (worded[code] ?? title);
  return new Response(`${text}\n`, { status: outage ? 500 : status, headers: { ...errorHeaders, ...headers } });
};

const tokens = ({ accessToken, accessExpiresAt, refreshToken }: TokenPair): string =>
  `${JSON.stringify({ access_token: accessToken.reveal(), expires_at: accessExpiresAt, refresh_token: refreshToken.reveal() })}\n`;

type RefreshBody = { readonly ok: true; readonly refreshToken: string } | { readonly ok: false; readonly text: string };

/** As Go decodes it: member names in any case, and no demand on the content type. */
function readRefreshBody(bytes: Uint8Array): RefreshBody {
  if (bytes.length === 0) return { ok: false, text: "EOF" };
  const parsed = parseJson(bytes);
  if (!parsed.ok) {
    const found = new TextDecoder().decode(bytes).trimStart().slice(0, 1);
    return {
      ok: false,
      text: `invalid character '${/^[\x21-\x7e]$/.test(found) ? found : "?"}' looking for beginning of value`,
    };
  }
  if (typeof parsed.value !== "object" || parsed.value === null || Array.isArray(parsed.value)) {
    return { ok: false, text: "json: cannot unmarshal value into Go value of type corev2.Tokens" };
  }
  const named = Object.entries(parsed.value).find(([name]) => name.toLowerCase() === "refresh_token");
  return { ok: true, refreshToken: typeof named?.[1] === "string" ? named[1] : "" };
}

/** A page of another site must not be able to sign in with credentials that the browser remembers. */
const fromElsewhere = (headers: Headers): boolean =>
  headers.get("sec-fetch-site") === "cross-site" || headers.get("sec-fetch-mode") === "navigate";

const common = { scope: null, tenant: "none", query: null, params: null, refusals: [] } as const;
const vary = { vary: "Authorization, Sec-Fetch-Site, Sec-Fetch-Mode" };
const tokensAnswer = { description: "Tokens.", schema: z.string(), contentType: "application/json" } as const;

export const sensu: Dialect = {
  name: "sensu",
  issuer: "own",
  policy: { ...nativePolicy, access: minutes(15), idle: hours(12) },
  refuse,
  claims: ({ session, holder }) => ({
    sub: holder.username,
    groups: [...(holder.roles.includes("admin") ? ["cluster-admins"] : []), "system:users"],
    provider: { provider_id: "basic", provider_type: "", user_id: holder.username },
    api_key: false,
    session_id: compactId(session.id),
  }),
  routes: ({ engine, profile, organisation }) => [
    route({
      ...common,
      method: "get",
      path: "/auth",
      summary: "Sensu: generate an access token and a refresh token",
      authentication: "credentials",
      rate: "login",
      shed: "login",
      journal: "sign_in",
      body: "none",
      answers: { 200: tokensAnswer, 401: plain("Not accepted."), 403: plain("From another site.") },
    })(async ({ headers, from, signal }) => {
      if (fromElsewhere(headers)) return { ...line(403, "Request unauthorized"), headers: vary };
      const authorization = headers.get("authorization");
      const credentials = basicCredentials(authorization);
      if (credentials === undefined) {
        return { ...line(401, isBasic(authorization) ? "Unauthorized" : "Request unauthorized"), headers: vary };
      }
      const { username, password } = credentials;
      const signedIn = await engine.signIn({
        login: username,
        password: new Secret(password),
        organisation,
        door: profile,
        from,
        signal,
      });
      if (signedIn.ok) return { status: 200, body: tokens(signedIn.value), headers: vary };
      return signedIn.code === "invalid_credentials" ? { ...line(401, "Unauthorized"), headers: vary } : signedIn;
    }),

    route({
      ...common,
      method: "post",
      path: "/auth/token",
      summary: "Sensu: generate a new access token and refresh token",
      authentication: "credentials",
      rate: "token",
      shed: "refresh",
      journal: null,
      body: "bytes",
      answers: { 200: tokensAnswer, 400: plain("Cannot be read, or used before."), 401: plain("Not accepted.") },
    })(async ({ headers, body, from, signal }) => {
      const authorization = headers.get("authorization");
      if (isBasic(authorization)) return line(400, "invalid access token");
      const bearer = bearerToken(authorization);
      const access = bearer.ok ? engine.readExpired(new Secret(bearer.value)) : undefined;
      if (access === undefined) return line(401, "Request unauthorized");
      const asked = readRefreshBody(body);
      if (!asked.ok) return line(400, asked.text);
      const refreshToken = new Secret(asked.refreshToken);
      if (engine.refreshSubject(refreshToken) !== access.sid) return line(401, "Request unauthorized");
      const refreshed = await engine.refresh({ refreshToken, door: profile, from, signal });
      if (refreshed.ok) return { status: 200, body: tokens(refreshed.value) };
      switch (refreshed.why) {
        case "unproven":
        case "expired":
          return line(401, "Request unauthorized");
        case "reuse":
          return line(400, "invalid access token");
        case "over":
          return line(401, "Unauthorized");
      }
    }),
  ],
};
