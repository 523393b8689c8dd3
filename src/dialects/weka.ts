/**
 * WEKA's REST API 2, as far as tokens go: POST /login and /login/refresh, GET /users/whoami and
 * /security/defaultTokensExpiry, DELETE /users/{uid}/revoke. Everything is JSON with `data` on top.
 *
 * Kept: paths, names, bodies, status codes. Mended: reuse of a refresh token ends its session, a lost reply ends nothing,
 * a lock-out by failed logins keeps nobody out for longer than it says and touches no session, and no life is unlimited.
 */
import { z } from "zod";

import { canonicalOrganisation } from "../core/canonical.ts";
import { bytesFromId, parseId, type OrganisationId, type SubjectId } from "../core/ids.ts";
import { maxima, nativePolicy } from "../core/policy.ts";
import { refusalEntry } from "../core/refusals.ts";
import { refused } from "../core/result.ts";
import { rootOrganisation } from "../core/root.ts";
import { roleNames, type Role } from "../core/scope.ts";
import { Secret } from "../core/secret.ts";
import type { TokenPair } from "../engine/issue.ts";
import type { Refuse } from "../http/routing.ts";
import { isFromElsewhere } from "../http/fetch-metadata.ts";
import type { FieldError, ProblemDetails } from "../http/problem.ts";
import { byBearer, byCredentials, route, type Dialect } from "./dialect.ts";
import { errorJson } from "./json-error.ts";

/** What its error names among `missing_params`; every other complaint is about a value that is there. */
const absent = "it is missing";

const text = (least: number, most: number) =>
  z
    .string({ error: ({ input }) => (input === undefined ? absent : "it is no text") })
    .min(least, "it is empty")
    .max(most, "it is too long");

const members = <const Shape extends Readonly<Record<string, z.ZodType>>>(shape: Shape) =>
  z.object(shape, "it is no object");

const Login = members({ username: text(1, 1024), password: text(1, 4096), org: text(0, 1024).optional() });
/** `access_token_expiry` and `refresh_token_expiry`, the lives that newer clients wish for, are left unread. */
const Refresh = members({ refresh_token: text(1, 4096) });

const uid = z.string().transform((written, context): SubjectId => {
  const id = parseId<SubjectId>(written);
  if (id !== undefined) return id;
  context.addIssue({ code: "custom", message: "it is no uid" });
  return z.NEVER;
});

const data = <const Shape extends z.ZodType>(shape: Shape) => z.object({ data: shape });

const Tokens = data(
  z.object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int(),
    refresh_token: z.string(),
    password_change_required: z.boolean(),
  }),
);
const WhoAmI = data(
  z.object({
    org_id: z.int(),
    username: z.string(),
    uid: z.uuid(),
    source: z.literal("Internal"),
    role: z.enum(["ClusterAdmin", "OrgAdmin", "ReadOnly", "Regular", "CSI"]),
    org_name: z.string(),
  }),
);
const TokensExpiry = data(
  z.object({
    access_token_expiry: z.int(),
    refresh_token_expiry: z.int(),
    max_access_token_expiry: z.int(),
    max_refresh_token_expiry: z.int(),
  }),
);

/** WEKA's 400: one sentence, and the parameter that it is about. */
function badRequest(sentence: string, errors: readonly FieldError[]): object {
  const named = errors.map(({ field, expected }) => ({ param: field.slice(1), expected }));
  const [first] = named;
  const error = first === undefined ? sentence : `${first.param === "" ? "the body" : first.param}: ${first.expected}`;
  const missing = named.filter(({ expected }) => expected === absent).map(({ param }) => param);
  return { message: sentence, data: { missing_params: missing, param: first?.param ?? "", error } };
}

/**
 * Its clients parse every body as JSON, whatever the status. They know a lock-out by 403 and the words "locked out for",
 * out of which they read how long to wait; 429 they take for a limit of requests.
 */
function worded(code: Parameters<Refuse>[0], { detail, errors = [], headers = {} }: ProblemDetails) {
  const { status, title } = refusalEntry(code);
  if (code === "too_many_attempts") {
    const message = `Too many failed logins: locked out for ${headers["retry-after"] ?? "1"} seconds`;
    return { status: 403, body: { message } };
  }
  switch (status) {
    case 400:
      return { status, body: badRequest(detail ?? title, errors) };
    case 401:
      return { status, body: { data: "Unauthorized" } };
    case 403:
      return { status, body: { data: "Forbidden" } };
    default:
      return { status, body: { message: title } };
  }
}

const refuse: Refuse = (code, details) => {
  const { status, body } = worded(code, details);
  return errorJson(status, body, details.headers);
};

/** There is no account with a password that everybody knows, so none has to be changed first. */
const toWire = ({ accessToken, expiresIn, refreshToken }: TokenPair): z.input<typeof Tokens> => ({
  data: {
    access_token: accessToken.reveal(),
    token_type: "Bearer",
    expires_in: expiresIn,
    refresh_token: refreshToken.reveal(),
    password_change_required: false,
  },
});

const wireRoles = {
  admin: "ClusterAdmin",
  // Newer servers say TenantAdmin, which the CSI plug-in does not know.
  org_admin: "OrgAdmin",
  auditor: "ReadOnly",
  member: "Regular",
  mount_only: "CSI",
} as const satisfies Record<Role, string>;

/** On that wire there is one role, the strongest; `roleNames` begins with it. Who has none has no scope to ask by. */
/** A token may stand for none of them, and is not more than anybody's then. */
const roleOf = (roles: readonly Role[]): (typeof wireRoles)[Role] =>
  wireRoles[roleNames.find((name) => roles.includes(name)) ?? "member"];

/** WEKA counts organisations from 0, which is Root. Ours have no numbers, so it is 48 bits of the chance in their id. */
function orgId(organisation: OrganisationId, name: string): number {
  if (canonicalOrganisation(name) === canonicalOrganisation(rootOrganisation)) return 0;
  const chance = bytesFromId(organisation).subarray(10);
  return 1 + chance.reduce((number, byte) => number * 256 + byte, 0);
}

/**
 * Any page can have a browser send a form to anywhere, without leave, and so try passwords from the network of its reader.
 * The clients that log in by form are no browsers; those that are send JSON, for which a browser asks first.
 */
const isFormOfPage = (headers: Headers): boolean =>
  (headers.has("origin") || isFromElsewhere(headers)) &&
  /^application\/x-www-form-urlencoded/i.test(headers.get("content-type") ?? "");

const posts = { ...byCredentials, method: "post" } as const;
const gets = { ...byBearer, method: "get" } as const;

export const weka: Dialect = {
  name: "weka",
  issuer: "instance",
  policy: nativePolicy,
  claims: () => ({}),
  refuse,
  routes: ({ engine, profile, organisation }) => [
    route({
      ...posts,
      path: "/api/v2/login",
      summary: "WEKA: log in",
      rate: "login",
      shed: "login",
      journal: "sign_in",
      body: { json: Login, form: true },
      answers: { 200: { description: "Tokens.", schema: Tokens } },
      refusals: ["invalid_credentials", "too_many_attempts", "forbidden"],
    })(async ({ headers, body, from, asker }) => {
      if (isFormOfPage(headers)) return refused("forbidden");
      const signedIn = await engine.signIn({
        login: body.username,
        password: new Secret(body.password),
        // The CSI plug-in sends what its secret holds, which may be nothing.
        organisation: body.org === undefined || body.org.trim() === "" ? organisation : body.org,
        door: profile,
        from,
        asker,
      });
      return signedIn.ok ? { status: 200, body: toWire(signedIn.value) } : signedIn;
    }),

    route({
      ...posts,
      path: "/api/v2/login/refresh",
      summary: "WEKA: refresh the access token",
      rate: "token",
      shed: "refresh",
      journal: null,
      body: { json: Refresh, form: true },
      answers: { 200: { description: "Tokens.", schema: Tokens } },
      refusals: ["invalid_grant"],
    })(async ({ body, from, asker }) => {
      const refreshToken = new Secret(body.refresh_token);
      const refreshed = await engine.refresh({ refreshToken, door: profile, from, asker });
      return refreshed.ok ? { status: 200, body: toWire(refreshed.value) } : refreshed;
    }),

    route({
      ...gets,
      path: "/api/v2/users/whoami",
      summary: "WEKA: who am I",
      rate: "read",
      shed: "introspect",
      journal: null,
      body: "none",
      answers: { 200: { description: "The caller.", schema: WhoAmI } },
      refusals: [],
    })(async ({ caller }) => {
      const { holder } = caller;
      const found = await engine.ownProfile(caller);
      if (!found.ok) return found;
      const { organisationName } = found.value;
      return {
        status: 200,
        body: {
          data: {
            org_id: orgId(holder.organisation, organisationName),
            username: holder.username,
            uid: holder.subject,
            source: "Internal",
            role: roleOf(caller.roles),
            org_name: organisationName,
          },
        },
      };
    }),

    route({
      ...gets,
      path: "/api/v2/security/defaultTokensExpiry",
      summary: "WEKA: how long tokens live, and may live, in seconds",
      rate: "read",
      shed: "introspect",
      journal: null,
      body: "none",
      answers: { 200: { description: "Seconds.", schema: TokensExpiry } },
      refusals: [],
    })(async () => ({
      status: 200,
      body: {
        data: {
          access_token_expiry: profile.policy.access,
          refresh_token_expiry: profile.policy.idle,
          max_access_token_expiry: maxima.access,
          max_refresh_token_expiry: maxima.idle,
        },
      },
    })),

    route({
      ...byBearer,
      method: "delete",
      path: "/api/v2/users/:uid/revoke",
      summary: "WEKA: end every session of a user",
      scope: "sessions:write",
      tenant: "organisation",
      rate: "write",
      shed: "revoke",
      journal: "tokens_revoked",
      body: "none",
      params: z.object({ uid }),
      answers: { 200: { description: "It has ended.", schema: data(z.null()) } },
      refusals: ["not_found", "forbidden"],
    })(async ({ caller, params, from }) => {
      const revoked = await engine.revokeTokens({
        caller,
        subject: params.uid,
        keepCurrent: false,
        door: profile,
        from,
      });
      return revoked.ok ? { status: 200, body: { data: null } } : revoked;
    }),
  ],
};
