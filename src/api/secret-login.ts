/** POST /login/secret: an application's id and client secret against a session's first tokens. */
import { z } from "zod";

import { refused } from "../core/result.ts";
import { Secret } from "../core/secret.ts";
import type { ClientProfile } from "../engine/client-profile.ts";
import type { Engine } from "../engine/engine.ts";
import { route, signingIn, type NativeRoute } from "./declare.ts";
import { toWire, TokenPairAnswer } from "./token-pair.ts";

const Body = z
  .object({
    client_id: z.string().min(1).max(64).meta({ description: "The application's id." }),
    client_secret: z.string().min(1).max(256).meta({ format: "password" }),
  })
  .meta({ id: "SecretLogin" });

const notAccepted = refused(
  "invalid_credentials",
  "The client secret is over or of another application, or the application, its owner or its organisation is not active.",
);

export const secretLoginRoutes = (engine: Engine, door: ClientProfile): readonly NativeRoute[] => [
  route({
    ...signingIn,
    path: "/api/v1/login/secret",
    summary: "Sign an application in with its client secret",
    journal: "sign_in",
    body: { json: Body },
    answers: { 200: { description: "A new session's tokens.", schema: TokenPairAnswer } },
    refusals: ["invalid_credentials", "too_many_attempts", "too_many_changes"],
  })(async ({ body, from, asker }) => {
    const { client_id: clientId, client_secret: secret } = body;
    const signedIn = await engine.signInBySecret({ clientId, clientSecret: new Secret(secret), door, from, asker });
    if (signedIn.ok) return { status: 200, body: toWire(signedIn.value) };
    return signedIn.code === "invalid_credentials" ? { ...signedIn, ...notAccepted } : signedIn;
  }),
];
