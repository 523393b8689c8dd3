/** GET /roles: what there is to give, and what it allows. */
import { z } from "zod";

import { roleNames, scopesOfRoles } from "../core/scope.ts";
import { route, type NativeRoute } from "./declare.ts";
import { pageSchema } from "./paging.ts";

const RoleEntry = z.object({ name: z.string(), scopes: z.array(z.string()) }).meta({ id: "Role" });

export const rolesRoutes = (): readonly NativeRoute[] => [
  route({
    method: "get",
    path: "/api/v1/roles",
    summary: "Roles and their scopes",
    authentication: "bearer",
    scope: "roles:read",
    tenant: "organisation",
    rate: "read",
    shed: "admin",
    journal: null,
    body: "none",
    query: null,
    params: null,
    answers: { 200: { description: "All of them.", schema: pageSchema("RolePage", RoleEntry) } },
    refusals: [],
  })(() => {
    const items = roleNames.map((name) => ({ name, scopes: [...scopesOfRoles([name]).scopes] }));
    return Promise.resolve({ status: 200 as const, body: { items, next_cursor: null } });
  }),
];
