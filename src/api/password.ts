/** PUT /me/password and POST /password-reset: a new password, by the old one or by a one-time token. */
import { z } from "zod";

import { Secret } from "../core/secret.ts";
import type { ClientProfile } from "../engine/client-profile.ts";
import type { Engine } from "../engine/engine.ts";
import { route, type NativeRoute } from "./declare.ts";
import { toWire, TokenPairAnswer } from "./token-pair.ts";

const password = z.string().min(1).max(4096).meta({ format: "password" });
const Change = z.object({ current_password: password, new_password: password }).meta({ id: "PasswordChange" });
const Reset = z
  .object({ reset_token: z.string().min(1).max(512), new_password: password })
  .meta({ id: "PasswordSetting" });

export const passwordRoutes = (engine: Engine, door: ClientProfile): readonly NativeRoute[] => [
  route({
    method: "put",
    path: "/api/v1/me/password",
    summary:
      "Change my password; every session and key for signed login of mine ends, and this one goes on with new tokens",
    authentication: "bearer",
    scope: "me:write",
    tenant: "own",
    rate: "login",
    shed: "login",
    journal: "password_changed",
    body: { json: Change },
    query: null,
    params: null,
    answers: { 200: { description: "A new session's tokens.", schema: TokenPairAnswer } },
    refusals: ["invalid_request", "wrong_password", "too_many_attempts"],
  })(async ({ caller, body, from, asker }) => {
    const changed = await engine.changePassword({
      caller,
      current: new Secret(body.current_password),
      next: new Secret(body.new_password),
      door,
      from,
      asker,
    });
    return changed.ok ? { status: 200, body: toWire(changed.value) } : changed;
  }),

  route({
    method: "post",
    path: "/api/v1/password-reset",
    summary: "Set a password with a token that an administrator made",
    authentication: "credentials",
    scope: null,
    tenant: "none",
    rate: "login",
    shed: "login",
    journal: "password_reset",
    body: { json: Reset },
    query: null,
    params: null,
    answers: {
      204: {
        description: "The password is set; every session is over, and a key for signed login is gone.",
        schema: null,
      },
    },
    refusals: ["invalid_request", "invalid_grant"],
  })(async ({ body, from }) => {
    const { reset_token: token, new_password: next } = body;
    const done = await engine.resetPassword({ token: new Secret(token), next: new Secret(next), from });
    return done.ok ? { status: 204 } : done;
  }),
];
