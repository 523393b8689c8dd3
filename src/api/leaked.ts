/** POST /leaked: a token that was found where it should not be, from whoever found it. */
import { z } from "zod";

import { Secret } from "../core/secret.ts";
import type { Engine } from "../engine/engine.ts";
import { route, type NativeRoute } from "./declare.ts";

const Body = z
  .strictObject({
    token: z.string().min(1).max(8192).meta({ description: "An API token, an access token or a refresh token." }),
  })
  .meta({ id: "LeakedToken" });

export const leakedRoutes = (engine: Engine): readonly NativeRoute[] => [
  route({
    method: "post",
    path: "/api/v1/leaked",
    summary: "End a token that I found where it should not be",
    authentication: "credentials",
    scope: null,
    tenant: "none",
    rate: "token",
    shed: "revoke",
    journal: "api_token_leaked",
    body: { json: Body },
    query: null,
    params: null,
    answers: { 204: { description: "If it was a token of ours, it is over. Nothing more is said.", schema: null } },
    refusals: ["invalid_request"],
  })(async ({ body, from }) => {
    await engine.endLeaked(new Secret(body.token.trim()), from);
    return { status: 204 };
  }),
];
