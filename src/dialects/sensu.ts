/**
 * Sensu Go's authentication API: GET /auth and GET /auth/test with Basic credentials, POST /auth/token and
 * POST /auth/logout with the access token (expired or not) and the refresh token. Tokens rotate as in Sensu Go 6.10 and
 * later; the lifetimes are those of its guide.
 *
 * Kept: paths, bodies, status codes, plain-text errors. Mended: a refresh token is no access token, both tokens of a
 * call must be of one session, a lost reply ends nothing, a logout ends the access token too, `iss` never comes from
 * the Host header.
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
import type { Refuse } from "../http/routing.ts";
import { isFromElsewhere } from "../http/fetch-metadata.ts";
import { byCredentials, route, type Dialect, type DialectDoor } from "./dialect.ts";
import { errorLine, line, plain } from "./go-text.ts";

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
  return errorLine(outage ? 500 : status, text, headers);
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

/** Both tokens of a call about a session; the access token has proved itself, whatever its age. */
interface SessionTokens {
  readonly ok: true;
  readonly refreshToken: Secret;
}

/** What POST /auth/token and POST /auth/logout look at first, in the order in which Sensu does. */
function readSessionTokens(
  engine: DialectDoor["engine"],
  headers: Headers,
  body: Uint8Array,
): SessionTokens | { readonly ok: false; readonly answer: ReturnType<typeof line<400 | 401>> } {
  const no = (status: 400 | 401, text: string) => ({ ok: false, answer: line(status, text) }) as const;
  const bearer = bearerToken(headers.get("authorization"));
  const access = bearer.ok ? engine.readExpired(new Secret(bearer.value)) : undefined;
  if (access === undefined) return no(401, "Request unauthorized");
  const asked = readRefreshBody(body);
  if (!asked.ok) return no(400, asked.text);
  const refreshToken = new Secret(asked.refreshToken);
  return engine.isRefreshOf(access.sid, refreshToken) ? { ok: true, refreshToken } : no(401, "Request unauthorized");
}

/** A page of another site must not be able to use credentials that the browser remembers. */
const fromElsewhere = (headers: Headers): boolean =>
  isFromElsewhere(headers) || headers.get("sec-fetch-mode") === "navigate";

const common = { ...byCredentials, refusals: [] } as const;
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
      rate: "login",
      shed: "login",
      journal: "sign_in",
      body: "none",
      answers: { 200: tokensAnswer, 401: plain("Not accepted."), 403: plain("From another site.") },
    })(async ({ headers, from, asker }) => {
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
        asker,
      });
      if (signedIn.ok) return { status: 200, body: tokens(signedIn.value), headers: vary };
      return signedIn.code === "invalid_credentials" ? { ...line(401, "Unauthorized"), headers: vary } : signedIn;
    }),

    route({
      ...common,
      method: "get",
      path: "/auth/test",
      summary: "Sensu: test a user name and a password; opens nothing",
      rate: "login",
      shed: "login",
      journal: null,
      body: "none",
      answers: {
        200: { description: "They are right.", schema: null },
        401: plain("Not accepted."),
        403: plain("From another site."),
      },
    })(async ({ headers, from, asker }) => {
      if (fromElsewhere(headers)) return { ...line(403, "Request unauthorized"), headers: vary };
      const unauthorized = { ...line(401, "Request unauthorized"), headers: vary };
      const credentials = basicCredentials(headers.get("authorization"));
      if (credentials === undefined) return unauthorized;
      const { username: login, password } = credentials;
      const tested = await engine.testPassword({ login, password: new Secret(password), organisation, from, asker });
      if (tested.ok) return { status: 200, headers: vary };
      return tested.code === "invalid_credentials" ? unauthorized : tested;
    }),

    route({
      ...common,
      method: "post",
      path: "/auth/token",
      summary: "Sensu: generate a new access token and refresh token",
      rate: "token",
      shed: "refresh",
      journal: null,
      body: "bytes",
      answers: { 200: tokensAnswer, 400: plain("Cannot be read, or used before."), 401: plain("Not accepted.") },
    })(async ({ headers, body, from, asker }) => {
      if (isBasic(headers.get("authorization"))) return line(400, "invalid access token");
      const shown = readSessionTokens(engine, headers, body);
      if (!shown.ok) return shown.answer;
      const { refreshToken } = shown;
      const refreshed = await engine.refresh({ refreshToken, door: profile, from, asker });
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

    route({
      ...common,
      method: "post",
      path: "/auth/logout",
      summary: "Sensu: end the session of both tokens",
      rate: "token",
      shed: "revoke",
      journal: "session_ended",
      body: "bytes",
      answers: {
        200: { description: "It is over, or was already.", schema: null },
        400: plain("Cannot be read."),
        401: plain("Not accepted."),
      },
    })(async ({ headers, body, from }) => {
      const shown = readSessionTokens(engine, headers, body);
      if (!shown.ok) return shown.answer;
      // Whichever number it has: sensuctl refreshes an expired token first and then sends the refresh token of before.
      const ended = await engine.logout({ refreshToken: shown.refreshToken, door: profile, from });
      return ended.ok ? { status: 200 } : line(401, "Request unauthorized");
    }),
  ],
};
