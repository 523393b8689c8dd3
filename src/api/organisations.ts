/** /organisations: the tenants. Only administrators of the instance make, change and end them. */
import { z } from "zod";

import { longestApiToken } from "../core/api-token.ts";
import type { OrganisationId } from "../core/ids.ts";
import { seconds } from "../core/units.ts";
import type { Engine } from "../engine/engine.ts";
import type { OrganisationRecord } from "../core/directory.ts";
import { route, type NativeRoute } from "./declare.ts";
import { idSchema, iso, pageOf, pageQuery, pageSchema, time } from "./paging.ts";

const name = z.string().min(1).max(256);
const signedLogin = z.enum(["any", "challenge"]).meta({
  description:
    "`challenge`: only a challenge of this server may be signed for a login. `any`: whatever else is good too.",
});

const Organisation = z
  .object({
    id: z.uuid(),
    name: z.string(),
    status: z.enum(["active", "disabled", "deleted"]),
    created_at: time,
    longest_api_token: z.int().nullable().meta({ description: "Seconds; null: as the operator has set it." }),
    signed_login: signedLogin,
  })
  .meta({ id: "Organisation" });

const Named = z.strictObject({ name }).meta({ id: "OrganisationName" });

const Change = z
  .strictObject({
    name: name.optional(),
    longest_api_token: z
      .int("a whole number of seconds, or null")
      .min(60)
      .max(longestApiToken)
      .nullable()
      .optional()
      .meta({
        description: "The longest life of an API token that is made from now on. Null: as the operator has set it.",
      }),
    signed_login: signedLogin.optional(),
  })
  .meta({ id: "OrganisationChange", description: "What is left out stays as it is." });
const OrganisationPath = z.object({ id: idSchema<OrganisationId>() });

const toWire = (record: OrganisationRecord): z.input<typeof Organisation> => ({
  id: record.id,
  name: record.name,
  status: record.status,
  created_at: iso(record.createdAt),
  longest_api_token: record.longestApiToken,
  signed_login: record.signedLogin,
});

const common = { authentication: "bearer", shed: "admin" } as const;
const read = {
  ...common,
  scope: "organisations:read",
  tenant: "organisation",
  rate: "read",
  journal: null,
  body: "none",
} as const;
const write = { ...common, scope: "organisations:write", tenant: "instance", rate: "write", query: null } as const;
const one = { 200: { description: "The organisation.", schema: Organisation } } as const;

const verbs = {
  disable: ["organisation_disabled", "Disable an organisation: nobody in it is accepted any more"],
  enable: ["organisation_enabled", "Enable a disabled organisation; old tokens stay dead"],
} as const;

const statusRoute = (engine: Engine, verb: keyof typeof verbs): NativeRoute =>
  route({
    ...write,
    method: "post",
    path: `/api/v1/organisations/:id/${verb}`,
    summary: verbs[verb][1],
    shed: "revoke",
    journal: verbs[verb][0],
    body: "none",
    params: OrganisationPath,
    answers: one,
    refusals: ["not_found", "last_administrator"],
  })(async ({ caller, params, from }) => {
    const done = await engine.setOrganisationStatus(caller, { id: params.id, verb }, from);
    return done.ok ? { status: 200, body: toWire(done.value) } : done;
  });

export const organisationsRoutes = (engine: Engine): readonly NativeRoute[] => [
  route({
    ...read,
    method: "get",
    path: "/api/v1/organisations",
    summary: "Organisations that I reach, oldest first",
    query: z.strictObject(pageQuery),
    params: null,
    answers: { 200: { description: "A page.", schema: pageSchema("OrganisationPage", Organisation) } },
    refusals: ["invalid_request"],
  })(async ({ caller, query }) => {
    const page = await engine.listOrganisations(caller, pageOf(query));
    if (!page.ok) return page;
    return { status: 200, body: { items: page.value.items.map(toWire), next_cursor: page.value.nextCursor } };
  }),

  route({
    ...write,
    method: "post",
    path: "/api/v1/organisations",
    summary: "Make an organisation",
    journal: "organisation_created",
    body: { json: Named },
    params: null,
    answers: { 201: { description: "The organisation.", schema: Organisation } },
    refusals: ["invalid_request", "name_taken"],
  })(async ({ caller, body, from }) => {
    const made = await engine.createOrganisation(caller, body.name, from);
    if (!made.ok) return made;
    return { status: 201, body: toWire(made.value), headers: { location: `/api/v1/organisations/${made.value.id}` } };
  }),

  route({
    ...read,
    method: "get",
    path: "/api/v1/organisations/:id",
    summary: "An organisation",
    query: null,
    params: OrganisationPath,
    answers: one,
    refusals: ["not_found"],
  })(async ({ caller, params }) => {
    const found = await engine.findOrganisation(caller, params.id);
    return found.ok ? { status: 200, body: toWire(found.value) } : found;
  }),

  route({
    ...write,
    method: "patch",
    path: "/api/v1/organisations/:id",
    summary: "Rename an organisation, or change what is set for everybody in it",
    journal: "organisation_changed",
    body: { json: Change },
    params: OrganisationPath,
    answers: one,
    refusals: ["invalid_request", "not_found", "name_taken", "wrong_state"],
  })(async ({ caller, params, body, from }) => {
    const { name: called, longest_api_token: longest, signed_login: signed } = body;
    const settings = {
      ...(longest === undefined ? {} : { longestApiToken: longest === null ? null : seconds(longest) }),
      ...(signed === undefined ? {} : { signedLogin: signed }),
    };
    const changed = await engine.changeOrganisation(caller, { id: params.id, name: called, settings }, from);
    return changed.ok ? { status: 200, body: toWire(changed.value) } : changed;
  }),

  route({
    ...write,
    method: "delete",
    path: "/api/v1/organisations/:id",
    summary: "Delete an organisation, and everybody in it",
    shed: "revoke",
    journal: "organisation_deleted",
    body: "none",
    params: OrganisationPath,
    answers: one,
    refusals: ["not_found", "last_administrator"],
  })(async ({ caller, params, from }) => {
    const done = await engine.setOrganisationStatus(caller, { id: params.id, verb: "delete" }, from);
    return done.ok ? { status: 200, body: toWire(done.value) } : done;
  }),

  ...(Object.keys(verbs) as (keyof typeof verbs)[]).map((verb) => statusRoute(engine, verb)),
];
