/** GET /me: who the caller is and what the token in hand allows. */
import { z } from "zod";

import type { Engine } from "../engine/engine.ts";
import { route, type NativeRoute } from "./declare.ts";

const Me = z
  .object({
    id: z.uuid(),
    username: z.string(),
    display_name: z.string(),
    emails: z.array(z.string()),
    organisation: z.object({ id: z.uuid(), name: z.string() }),
    roles: z.array(z.string()),
    scopes: z.array(z.string()),
    session_id: z.uuid().nullable().meta({ description: "Null: an API token asks, which is no sign-in." }),
    api_token_id: z.uuid().nullable(),
  })
  .meta({ id: "Me" });

export const meRoutes = (engine: Engine): readonly NativeRoute[] => [
  route({
    method: "get",
    path: "/api/v1/me",
    summary: "Who am I",
    authentication: "bearer",
    scope: "me:read",
    tenant: "own",
    rate: "read",
    shed: "introspect",
    journal: null,
    body: "none",
    query: null,
    params: null,
    answers: { 200: { description: "The caller.", schema: Me } },
    refusals: [],
  })(async ({ caller }) => {
    const { holder, scopes, roles, by } = caller;
    const profile = await engine.ownProfile(caller);
    if (!profile.ok) return profile;
    const { displayName, organisationName, emails } = profile.value;
    return {
      status: 200,
      body: {
        id: holder.subject,
        username: holder.username,
        display_name: displayName,
        emails: [...emails],
        organisation: { id: holder.organisation, name: organisationName },
        roles: [...roles],
        scopes: [...scopes],
        session_id: by.kind === "session" ? by.session.id : null,
        api_token_id: by.kind === "api-token" ? by.token.id : null,
      },
    };
  }),
];
