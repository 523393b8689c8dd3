/** /applications: subjects that are no person, and never have more rights than their owner (decision 0023). */
import { z } from "zod";

import type { SubjectRecord } from "../core/directory.ts";
import type { ClientSecretRecord } from "../core/client-secret.ts";
import type { ClientSecretId, SubjectId } from "../core/ids.ts";
import { roleNames } from "../core/scope.ts";
import { seconds } from "../core/units.ts";
import type { Engine } from "../engine/engine.ts";
import { credentialLife, credentialName } from "./credential-name.ts";
import { route, type NativeRoute } from "./declare.ts";
import { idSchema, iso, pageOf, pageQuery, pageSchema, time } from "./paging.ts";
import { Receipt, receiptOf } from "./receipt.ts";

const Application = z
  .object({
    id: z.uuid().meta({ description: "Its `client_id`, too." }),
    organisation_id: z.uuid(),
    owner_id: z.uuid().nullable().meta({ description: "Null: its organisation's own." }),
    name: z.string().meta({ description: "It signs in by this name with a key." }),
    display_name: z.string(),
    roles: z.array(z.string()).meta({ description: "It has them while its owner may do all that they allow." }),
    status: z
      .enum(["active", "disabled", "locked", "deleted"])
      .meta({ description: "Its own; while its owner is not active, nothing of it is accepted either." }),
    created_at: time,
  })
  .meta({ id: "Application" });

const roles = z.array(z.enum(roleNames, `one of ${roleNames.join(", ")}`)).max(roleNames.length);
const displayName = z.string().min(1).max(256);
const owner = z.enum(["me", "organisation"]);

const Wish = z
  .strictObject({
    name: z.string().min(1).max(320).meta({ description: "As user names are, and none of them in this organisation." }),
    display_name: displayName.optional().meta({ description: "As `name` when left out." }),
    roles: roles.optional().meta({ description: "`member` when left out; never more than you have." }),
    owner: owner.optional().meta({ description: "`me` when left out. The organisation's are for administrators." }),
  })
  .meta({ id: "ApplicationWish" });

const Change = z
  .strictObject({ display_name: displayName.optional(), roles: roles.optional() })
  .meta({ id: "ApplicationChange", description: "What is left out stays as it is." });

const StatusAnswer = z
  .object({ application: Application, receipt: Receipt.optional() })
  .meta({ id: "ApplicationStatus" });

const described = {
  id: z.uuid(),
  name: z.string(),
  created_at: time,
  expires_at: time.nullable().meta({ description: "Null: it has no end." }),
  last_used_at: time.nullable(),
  last_used_from: z.string().nullable(),
};
const ClientSecret = z.object(described).meta({ id: "ClientSecret" });
const ClientSecrets = z.object({ items: z.array(ClientSecret) }).meta({ id: "ClientSecrets" });
const MadeSecret = z
  .object({
    ...described,
    client_id: z.uuid(),
    client_secret: z.string().meta({ description: "Keep it now: it is not shown again." }),
  })
  .meta({ id: "MadeClientSecret" });
const SecretWish = z
  .strictObject({ name: credentialName, expires_in: credentialLife })
  .meta({ id: "ClientSecretWish" });

const ApplicationPath = z.object({ id: idSchema<SubjectId>() });
const SecretPath = z.object({ id: idSchema<SubjectId>(), secret: idSchema<ClientSecretId>() });

const toWire = (record: SubjectRecord): z.input<typeof Application> => ({
  id: record.id,
  organisation_id: record.organisation,
  owner_id: record.owner,
  name: record.username,
  display_name: record.displayName,
  roles: [...record.roles],
  status: record.status,
  created_at: iso(record.createdAt),
});

const secretToWire = (secret: ClientSecretRecord): z.input<typeof ClientSecret> => ({
  id: secret.id,
  name: secret.name,
  created_at: iso(secret.createdAt),
  expires_at: secret.expiresAt === null ? null : iso(secret.expiresAt),
  last_used_at: secret.lastUsedAt === null ? null : iso(secret.lastUsedAt),
  last_used_from: secret.lastUsedFrom,
});

const common = { authentication: "bearer", tenant: "organisation", shed: "admin" } as const;
const read = {
  ...common,
  method: "get",
  scope: "applications:read",
  rate: "read",
  journal: null,
  body: "none",
} as const;
const write = { ...common, scope: "applications:write", rate: "write", query: null } as const;
const one = { path: "/api/v1/applications/:id", params: ApplicationPath } as const;

const verbs = {
  disable: ["subject_disabled", "Disable an application: nothing of it is accepted any more"],
  enable: ["subject_enabled", "Enable a disabled application; old tokens stay dead"],
} as const;

const statusRoute = (engine: Engine, verb: keyof typeof verbs): NativeRoute =>
  route({
    ...write,
    method: "post",
    path: `/api/v1/applications/:id/${verb}`,
    summary: verbs[verb][1],
    shed: "revoke",
    journal: verbs[verb][0],
    body: "none",
    params: ApplicationPath,
    answers: { 200: { description: "The application, and what has ended.", schema: StatusAnswer } },
    refusals: ["not_found", "forbidden", "wrong_state"],
  })(async ({ caller, params, from }) => {
    const done = await engine.setApplicationStatus(caller, { id: params.id, verb }, from);
    return done.ok ? { status: 200, body: statusToWire(done.value) } : done;
  });

type Done = Extract<Awaited<ReturnType<Engine["setApplicationStatus"]>>, { ok: true }>["value"];

const statusToWire = ({ subject, revocation }: Done): z.input<typeof StatusAnswer> => ({
  application: toWire(subject),
  ...(revocation === undefined ? {} : { receipt: receiptOf(revocation) }),
});

export const applicationsRoutes = (engine: Engine): readonly NativeRoute[] => [
  route({
    ...read,
    path: "/api/v1/applications",
    summary: "My applications, or my organisation's, oldest first",
    query: z.strictObject({ ...pageQuery, owner: owner.optional().meta({ description: "`me` when left out." }) }),
    params: null,
    answers: { 200: { description: "A page of applications.", schema: pageSchema("ApplicationPage", Application) } },
    refusals: ["invalid_request", "forbidden"],
  })(async ({ caller, query }) => {
    const page = await engine.listApplications(caller, query.owner ?? "me", pageOf(query));
    if (!page.ok) return page;
    return { status: 200, body: { items: page.value.items.map(toWire), next_cursor: page.value.nextCursor } };
  }),

  route({
    ...write,
    method: "post",
    path: "/api/v1/applications",
    summary: "Make an application",
    journal: "subject_created",
    body: { json: Wish },
    params: null,
    answers: { 201: { description: "The application.", schema: Application } },
    refusals: ["invalid_request", "reauthentication_needed", "forbidden", "name_taken", "too_many"],
  })(async ({ caller, body, from }) => {
    const { name, display_name: shown = name, roles: wanted = ["member"], owner: whose = "me" } = body;
    const wish = { name, displayName: shown, roles: wanted, owner: whose } as const;
    const made = await engine.createApplication(caller, wish, from);
    if (!made.ok) return made;
    return { status: 201, body: toWire(made.value), headers: { location: `/api/v1/applications/${made.value.id}` } };
  }),

  route({
    ...read,
    ...one,
    summary: "An application that I look after",
    query: null,
    answers: { 200: { description: "The application.", schema: Application } },
    refusals: ["not_found"],
  })(async ({ caller, params }) => {
    const found = await engine.findApplication(caller, params.id, "read");
    return found.ok ? { status: 200, body: toWire(found.value) } : found;
  }),

  route({
    ...write,
    ...one,
    method: "patch",
    summary: "Change an application's display name or roles",
    journal: "subject_changed",
    body: { json: Change },
    answers: { 200: { description: "The application.", schema: Application } },
    refusals: ["invalid_request", "not_found", "forbidden"],
  })(async ({ caller, params, body, from }) => {
    const change = { id: params.id, displayName: body.display_name, roles: body.roles };
    const changed = await engine.changeApplication(caller, change, from);
    return changed.ok ? { status: 200, body: toWire(changed.value) } : changed;
  }),

  route({
    ...write,
    ...one,
    method: "delete",
    summary: "Delete an application with its keys, secrets and tokens",
    shed: "revoke",
    journal: "subject_deleted",
    body: "none",
    answers: { 200: { description: "What has ended.", schema: StatusAnswer } },
    refusals: ["not_found"],
  })(async ({ caller, params, from }) => {
    const done = await engine.setApplicationStatus(caller, { id: params.id, verb: "delete" }, from);
    return done.ok ? { status: 200, body: statusToWire(done.value) } : done;
  }),

  ...(Object.keys(verbs) as (keyof typeof verbs)[]).map((verb) => statusRoute(engine, verb)),

  route({
    ...write,
    method: "post",
    path: "/api/v1/applications/:id/secrets",
    summary: "Make a client secret for an application; it has two at a time",
    journal: "client_secret_made",
    body: { json: SecretWish },
    params: ApplicationPath,
    answers: { 201: { description: "The secret; it is shown this once.", schema: MadeSecret } },
    refusals: ["invalid_request", "reauthentication_needed", "not_found", "too_many"],
  })(async ({ caller, params, body, from }) => {
    const expiresIn = typeof body.expires_in === "number" ? seconds(body.expires_in) : undefined;
    const wish = { application: params.id, name: body.name, expiresIn };
    const made = await engine.addClientSecret(caller, wish, from);
    if (!made.ok) return made;
    const { record, text } = made.value;
    return { status: 201, body: { ...secretToWire(record), client_id: params.id, client_secret: text.reveal() } };
  }),

  route({
    ...read,
    path: "/api/v1/applications/:id/secrets",
    summary: "An application's client secrets, without the secrets themselves",
    query: null,
    params: ApplicationPath,
    answers: { 200: { description: "Newest first.", schema: ClientSecrets } },
    refusals: ["not_found"],
  })(async ({ caller, params }) => {
    const found = await engine.listClientSecrets(caller, params.id);
    return found.ok ? { status: 200, body: { items: found.value.map(secretToWire) } } : found;
  }),

  route({
    ...write,
    method: "delete",
    path: "/api/v1/applications/:id/secrets/:secret",
    summary: "End a client secret, and the sessions that it opened",
    shed: "revoke",
    journal: "client_secret_ended",
    body: "none",
    params: SecretPath,
    answers: { 204: { description: "It signs nobody in any more.", schema: null } },
    refusals: ["not_found"],
  })(async ({ caller, params, from }) => {
    const ended = await engine.endClientSecret(caller, { application: params.id, id: params.secret }, from);
    return ended.ok ? { status: 204 } : ended;
  }),
];
