/** POST /login: a user name or e-mail address and a password against a session's first tokens. */
import { z } from "zod";

import { Secret } from "../core/secret.ts";
import type { ClientProfile } from "../engine/client-profile.ts";
import type { Engine } from "../engine/engine.ts";
import { route, signingIn, type NativeRoute } from "./declare.ts";
import { toWire, TokenPairAnswer } from "./token-pair.ts";

const LoginBody = z
  .object({
    username: z.string().min(1).max(320).meta({ description: "User name or verified e-mail address.", example: "bob" }),
    password: z.string().min(1).max(4096).meta({ format: "password", example: "correct horse battery staple" }),
    organisation: z.string().min(1).max(256).optional().meta({ description: "Its name; `Root` when left out." }),
  })
  .meta({ id: "Login" });

export const loginRoutes = (engine: Engine, door: ClientProfile, home: string): readonly NativeRoute[] => [
  route({
    ...signingIn,
    path: "/api/v1/login",
    summary: "Sign in with a password",
    journal: "sign_in",
    body: { json: LoginBody },
    answers: { 200: { description: "A new session's tokens.", schema: TokenPairAnswer } },
    refusals: ["invalid_credentials", "too_many_attempts"],
  })(async ({ body, from, asker }) => {
    const { username, password, organisation } = body;
    const signedIn = await engine.signIn({
      login: username,
      password: new Secret(password),
      organisation: organisation ?? home,
      door,
      from,
      asker,
    });
    return signedIn.ok ? { status: 200, body: toWire(signedIn.value) } : signedIn;
  }),
];
