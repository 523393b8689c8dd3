/**
 * FeatureBase's bearer check: GET /auth and GET /userinfo with an access token, by header or by cookie, renewed on the
 * way when it has expired and its refresh token came along; GET /logout; and POST /login, our addition, since the
 * product sends browsers to an identity provider for that.
 *
 * Kept: paths, cookies, reasons. Mended: signatures are verified and revoked tokens refused at once, cookies are set
 * only when there is something new in them, and what HttpOnly hides is in no body. Why is in
 * docs/decisions/0016-featurebase-cookies.md.
 */
import { z } from "zod";

import type { Asker } from "../core/asker.ts";
import { decodeBase64url } from "../core/base64url.ts";
import { parseJson } from "../core/json-text.ts";
import { nativePolicy } from "../core/policy.ts";
import { refusalEntry, type RefusalCode } from "../core/refusals.ts";
import { granted, refused, type Outcome, type Refusal } from "../core/result.ts";
import { Secret } from "../core/secret.ts";
import { days, hours } from "../core/units.ts";
import type { Admitted } from "../engine/authenticate-or-refresh.ts";
import type { Circumstances } from "../engine/circumstances.ts";
import type { Principal } from "../engine/introspect.ts";
import type { TokenPair } from "../engine/issue.ts";
import { acceptsJson } from "./accept.ts";
import type { Refuse } from "../http/routing.ts";
import { bearerToken } from "../http/authorization.ts";
import { clearCookie, cookie, setCookie } from "../http/cookies.ts";
import { isFromElsewhere } from "../http/fetch-metadata.ts";
import type { ReplyHeaders } from "../http/route.ts";
import { byCredentials, route, type Dialect, type DialectDoor } from "./dialect.ts";
import { errorLine, line, plain } from "./go-text.ts";

const accessCookie = "molecula-chip";
const refreshCookie = "refresh-molecula-chip";

/** As the product words them. It cannot tell a foreign token from a revoked one, and neither can our callers. */
const reasons = {
  empty: "auth token is empty",
  segments: "parsing auth token: token contains an invalid number of segments",
  malformed: "parsing auth token: token is malformed",
  expired: "token is expired: refreshing token: 400 Bad Request",
  foreign: "getting groups: getting group membership info: 401 Unauthorized",
  groupless: "getting groups: no groups found",
} as const;

const Login = z.object({ username: z.string().min(1).max(320), password: z.string().min(1).max(4096) });
const Tokens = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.int(),
});
const UserInfo = z.object({
  userid: z.string(),
  username: z.string(),
  groups: z.array(z.object({ id: z.string(), displayName: z.string() })),
  expiry: z.literal("0001-01-01T00:00:00Z"),
  token: z.string(),
  refreshtoken: z.string(),
});

const refuse: Refuse = (code, { detail, headers }) => {
  const { status, title } = refusalEntry(code);
  return errorLine(status, detail ?? title, headers);
};

interface ShownTokens {
  readonly access: string | undefined;
  readonly refresh: string | undefined;
  /** At least one of them. */
  readonly byCookie: boolean;
}

/** Each is looked for on its own: in its header, else in its cookie. */
function readTokens(headers: Headers): Outcome<ShownTokens> {
  const bearer = bearerToken(headers.get("authorization"));
  if (!bearer.ok && bearer.code === "invalid_token") return refused("invalid_token", reasons.malformed);
  const access = bearer.ok ? bearer : cookie(headers, accessCookie);
  if (!access.ok) return access;
  // FeatureBase's own servers always send the header, if need be an empty one.
  const header = headers.get("x-molecula-refresh-token") || undefined;
  const refresh = header === undefined ? cookie(headers, refreshCookie) : granted(header);
  if (!refresh.ok) return refresh;
  const byCookie = (!bearer.ok && access.value !== undefined) || (header === undefined && refresh.value !== undefined);
  return granted({ access: access.value, refresh: refresh.value, byCookie });
}

function isJsonObject(segment: string): boolean {
  const bytes = decodeBase64url(segment);
  const parsed = bytes === undefined ? undefined : parseJson(bytes);
  return (
    parsed?.ok === true && typeof parsed.value === "object" && parsed.value !== null && !Array.isArray(parsed.value)
  );
}

/** Why a text is no JWT at all, whoever signed it. */
function misread(token: string): string | undefined {
  const segments = token.split(".");
  if (segments.length !== 3) return reasons.segments;
  return segments.slice(0, 2).every(isJsonObject) ? undefined : reasons.malformed;
}

interface Asking {
  readonly headers: Headers;
  readonly from: Circumstances;
  readonly asker: Asker;
  readonly count: (caller: Principal) => Refusal | undefined;
}

interface Caller extends Admitted {
  readonly shown: ShownTokens;
  /** What the answer has to carry, whichever it is. */
  readonly cookies: ReplyHeaders;
}

/** The refresh token first, as the product sets them. */
const newCookies = ({ accessToken, refreshToken }: TokenPair): ReplyHeaders => ({
  "set-cookie": [setCookie(refreshCookie, refreshToken.reveal()), setCookie(accessCookie, accessToken.reveal())],
});

/** Who is asking; otherwise the reason as the refusal's detail. */
async function admit(
  { engine, profile: door }: DialectDoor,
  { headers, from, asker, count }: Asking,
): Promise<Outcome<Caller>> {
  const shown = readTokens(headers);
  if (!shown.ok) return shown;
  const { access, refresh } = shown.value;
  if (access === undefined) return refused("missing_token", reasons.empty);
  const wrong = misread(access);
  if (wrong !== undefined) return refused("invalid_token", wrong);
  const refreshToken = refresh === undefined ? undefined : new Secret(refresh);
  const tokens = { accessToken: new Secret(access), refreshToken };
  const admitted = await engine.authenticateOrRefresh({ ...tokens, door, from, asker });
  if (!admitted.ok) return { ...admitted, detail: admitted.expired ? reasons.expired : reasons.foreign };
  const spent = count(admitted.value.principal);
  if (spent !== undefined) return spent;
  const { renewed } = admitted.value;
  const cookies = renewed === undefined ? {} : newCookies(renewed);
  return granted({ ...admitted.value, shown: shown.value, cookies });
}

/** New tokens for those who hold them themselves. For the others the cookies have them, out of reach of scripts. */
function heldTokens({ shown, renewed }: Caller): Pick<z.input<typeof UserInfo>, "token" | "refreshtoken"> {
  if (shown.byCookie) return { token: "", refreshtoken: "" };
  return {
    token: renewed?.accessToken.reveal() ?? shown.access ?? "",
    refreshtoken: renewed?.refreshToken.reveal() ?? shown.refresh ?? "",
  };
}

/** What is not about the token is worded as everywhere. */
const asItIs: ReadonlySet<RefusalCode> = new Set(["malformed_request", "too_many_requests"]);

const fromElsewhere = refused("forbidden", "cross-origin request refused");
const notAcceptable = line(406, "JSON only acceptable response");

const check = {
  ...byCredentials,
  method: "get",
  rate: "read",
  shed: "introspect",
  journal: null,
  body: "none",
} as const;

export const featurebase: Dialect = {
  name: "featurebase",
  issuer: "instance",
  policy: { ...nativePolicy, access: hours(1), idle: days(30) },
  // What its servers read of a token; groups they ask for, and never take from it.
  claims: ({ holder }) => ({ oid: holder.subject, name: holder.username }),
  refuse,
  routes: (door) => [
    route({
      ...check,
      path: "/auth",
      summary: "FeatureBase: whether the token in hand is good",
      answers: {
        200: { description: "It is.", schema: z.string(), contentType: "text/plain" },
        401: plain("The reason why not."),
        406: plain("The client takes no JSON."),
      },
      refusals: ["missing_token", "invalid_token", "forbidden"],
    })(async (call) => {
      if (!acceptsJson(call.headers.get("accept"))) return notAcceptable;
      if (isFromElsewhere(call.headers)) return fromElsewhere;
      const caller = await admit(door, call);
      if (!caller.ok) return caller;
      const { principal, cookies: headers } = caller.value;
      if (principal.roles.length === 0) return { ...line(401, reasons.groupless), headers };
      return { status: 200, body: "OK", headers };
    }),

    route({
      ...check,
      path: "/userinfo",
      summary: "FeatureBase: who the token in hand is of",
      answers: {
        200: { description: "The user, and new tokens for a caller who holds them.", schema: UserInfo },
        403: plain("The reason why not."),
        406: plain("The client takes no JSON."),
      },
      refusals: ["forbidden"],
    })(async (call) => {
      if (!acceptsJson(call.headers.get("accept"))) return notAcceptable;
      if (isFromElsewhere(call.headers)) return fromElsewhere;
      const caller = await admit(door, call);
      // 403 on this path, whatever is wrong with the token.
      if (!caller.ok) return asItIs.has(caller.code) ? caller : { ...caller, code: "forbidden" };
      const { principal, cookies: headers } = caller.value;
      const { roles } = principal;
      const { subject: userid, username } = principal.holder;
      if (roles.length === 0) return { ...line(403, reasons.groupless), headers };
      const groups = roles.map((role) => ({ id: role, displayName: role }));
      const body = { userid, username, groups, expiry: "0001-01-01T00:00:00Z", ...heldTokens(caller.value) } as const;
      return { status: 200, headers, body };
    }),

    route({
      ...byCredentials,
      method: "get",
      path: "/logout",
      summary: "FeatureBase: end the session of the token in hand and clear its cookies",
      rate: "token",
      shed: "revoke",
      journal: "session_ended",
      body: "none",
      answers: { 307: { description: "To the front page.", schema: null } },
      refusals: ["invalid_token", "forbidden"],
    })(async ({ headers, from }) => {
      // A GET that ends something: browsers send Strict cookies with no request that another site causes, and say so.
      if (isFromElsewhere(headers)) return fromElsewhere;
      const { engine, profile } = door;
      const shown = readTokens(headers);
      if (!shown.ok) return shown;
      const { access, refresh } = shown.value;
      if (refresh !== undefined) await engine.logout({ refreshToken: new Secret(refresh), door: profile, from });
      if (access !== undefined) await engine.logoutByAccess({ accessToken: new Secret(access), door: profile, from });
      const cleared = [clearCookie(accessCookie), clearCookie(refreshCookie)];
      return { status: 307, headers: { location: "/", "set-cookie": cleared } };
    }),

    route({
      ...byCredentials,
      method: "post",
      path: "/login",
      summary: "FeatureBase, our addition: sign in with a password",
      rate: "login",
      shed: "login",
      journal: "sign_in",
      body: { json: Login },
      answers: { 200: { description: "Tokens.", schema: Tokens } },
      refusals: ["invalid_credentials", "too_many_attempts", "forbidden"],
    })(async ({ headers, body, from, asker }) => {
      if (isFromElsewhere(headers)) return fromElsewhere;
      const { engine, profile, organisation } = door;
      const { username: login, password } = body;
      const asked = { login, password: new Secret(password), organisation, door: profile, from, asker };
      const signedIn = await engine.signIn(asked);
      if (!signedIn.ok) return signedIn;
      const { accessToken, refreshToken, expiresIn } = signedIn.value;
      return {
        status: 200,
        body: {
          access_token: accessToken.reveal(),
          refresh_token: refreshToken.reveal(),
          token_type: "Bearer",
          expires_in: expiresIn,
        },
      };
    }),
  ],
};
