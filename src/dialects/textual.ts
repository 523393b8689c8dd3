/**
 * Tonic Textual's sign-in: POST /api/auth/login with user name (or e-mail address) and password, and
 * POST /api/auth/token_refresh. Answers are `jwt` and `refreshToken`; each refresh makes both new.
 *
 * Kept: paths, names, lifetimes and their variables. Mended: one answer for whatever is wrong with a login, reuse of a
 * refresh token ends its session, a lost reply ends nothing, and there is a logout, which the product does not have.
 */
import { z } from "zod";

import { nativePolicy } from "../core/policy.ts";
import { refusalEntry, type RefusalCode } from "../core/refusals.ts";
import { Secret } from "../core/secret.ts";
import { minutes } from "../core/units.ts";
import type { TokenPair } from "../engine/issue.ts";
import type { Refuse } from "../http/routing.ts";
import { anyCase } from "./any-case.ts";
import { byCredentials, route, type Dialect } from "./dialect.ts";
import { errorJson } from "./json-error.ts";

const Tokens = z.object({ jwt: z.string(), refreshToken: z.string() });
const Login = anyCase({ userName: z.string().min(1).max(1024), password: z.string().min(1).max(4096) });
const Refresh = anyCase({ refreshToken: z.string().min(1).max(4096) });

/** 422 would be taken for a problem with the product's licence. */
const worded: Partial<Record<RefusalCode, string>> = {
  invalid_credentials: "The user name or password is not right.",
  invalid_grant: "The refresh token is not valid. Log in again.",
};

/** Its clients read `error` and `message`. */
const refuse: Refuse = (code, { headers, errors }) => {
  const { status, title } = refusalEntry(code);
  const message = worded[code] ?? title;
  const body = { error: message, message, ...(errors === undefined ? {} : { errors }) };
  return errorJson(status, body, headers);
};

const toWire = ({ accessToken, refreshToken }: TokenPair): z.input<typeof Tokens> => ({
  jwt: accessToken.reveal(),
  refreshToken: refreshToken.reveal(),
});

const answers = { 200: { description: "Tokens.", schema: Tokens } } as const;

export const textual: Dialect = {
  name: "textual",
  issuer: "instance",
  policy: { ...nativePolicy, access: minutes(30), idle: minutes(10_000) },
  claims: () => ({}),
  refuse,
  routes: ({ engine, profile, organisation }) => [
    route({
      ...byCredentials,
      method: "post",
      path: "/api/auth/login",
      summary: "Textual: obtain a JWT and a refresh token",
      rate: "login",
      shed: "login",
      journal: "sign_in",
      body: { json: Login },
      answers,
      refusals: ["invalid_credentials", "too_many_attempts"],
    })(async ({ body, from, asker }) => {
      const { userName: login, password } = body;
      const asked = { login, password: new Secret(password), organisation, door: profile, from, asker };
      const signedIn = await engine.signIn(asked);
      return signedIn.ok ? { status: 200, body: toWire(signedIn.value) } : signedIn;
    }),

    route({
      ...byCredentials,
      method: "post",
      path: "/api/auth/token_refresh",
      summary: "Textual: obtain a new JWT and a new refresh token",
      rate: "token",
      shed: "refresh",
      journal: null,
      body: { json: Refresh },
      answers,
      refusals: ["invalid_grant"],
    })(async ({ body, from, asker }) => {
      const refreshToken = new Secret(body.refreshToken);
      const refreshed = await engine.refresh({ refreshToken, door: profile, from, asker });
      return refreshed.ok ? { status: 200, body: toWire(refreshed.value) } : refreshed;
    }),

    route({
      ...byCredentials,
      method: "post",
      path: "/api/auth/logout",
      summary: "Textual, our addition: end the session of a refresh token",
      rate: "token",
      shed: "revoke",
      journal: "session_ended",
      body: { json: Refresh },
      answers: { 204: { description: "It is over, or was already.", schema: null } },
      refusals: [],
    })(async ({ body, from }) => {
      await engine.logout({ refreshToken: new Secret(body.refreshToken), door: profile, from });
      return { status: 204 };
    }),
  ],
};
