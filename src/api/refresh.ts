/** POST /refresh and POST /logout: what a refresh token is good for (RFC 6749 section 6, RFC 7009). */
import { z } from "zod";

import { Secret } from "../core/secret.ts";
import type { ClientProfile } from "../engine/client-profile.ts";
import type { Engine } from "../engine/engine.ts";
import { route, type NativeRoute } from "./declare.ts";
import { toWire, TokenPairAnswer } from "./token-pair.ts";

const RefreshBody = z.object({ refresh_token: z.string().min(1).max(8192) }).meta({ id: "Refresh" });

export const refreshRoutes = (engine: Engine, door: ClientProfile): readonly NativeRoute[] => [
  route({
    method: "post",
    path: "/api/v1/refresh",
    summary: "Exchange a refresh token; asking again with the same token gives the same answer",
    authentication: "credentials",
    scope: null,
    tenant: "none",
    rate: "token",
    shed: "refresh",
    journal: null,
    body: { json: RefreshBody },
    query: null,
    params: null,
    answers: { 200: { description: "The session's tokens as they stand now.", schema: TokenPairAnswer } },
    refusals: ["invalid_grant"],
  })(async ({ body, from, asker }) => {
    const refreshed = await engine.refresh({ refreshToken: new Secret(body.refresh_token), door, from, asker });
    return refreshed.ok ? { status: 200, body: toWire(refreshed.value) } : refreshed;
  }),
  route({
    method: "post",
    path: "/api/v1/logout",
    summary: "End the session of a refresh token; a token that is not good is answered the same",
    authentication: "credentials",
    scope: null,
    tenant: "none",
    rate: "token",
    shed: "revoke",
    journal: "session_ended",
    body: { json: RefreshBody },
    query: null,
    params: null,
    answers: { 204: { description: "The session is over.", schema: null } },
    refusals: [],
  })(async ({ body, from }) => {
    await engine.logout({ refreshToken: new Secret(body.refresh_token), door, from });
    return { status: 204 };
  }),
];
