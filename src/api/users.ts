/** /users: who may sign in. What a caller does not reach does not exist for it (core/authority.ts). */
import { z } from "zod";

import type { OrganisationId, SubjectId } from "../core/ids.ts";
import { roleNames } from "../core/scope.ts";
import { Secret } from "../core/secret.ts";
import type { StatusChange } from "../engine/administration.ts";
import type { Engine } from "../engine/engine.ts";
import type { SubjectRecord } from "../core/directory.ts";
import type { StatusVerb } from "../engine/directory-store.ts";
import { route, type NativeRoute } from "./declare.ts";
import { idSchema, iso, pageOf, pageQuery, pageSchema, time } from "./paging.ts";
import { Receipt, receiptOf } from "./receipt.ts";
import { SessionPage, toWire as sessionToWire } from "./sessions.ts";

const User = z
  .object({
    id: z.uuid(),
    organisation_id: z.uuid(),
    kind: z.enum(["user", "application"]),
    username: z.string(),
    display_name: z.string(),
    emails: z.array(z.string()),
    roles: z.array(z.string()),
    status: z.enum(["active", "disabled", "locked", "deleted"]),
    owner_id: z.uuid().nullable().meta({ description: "Of an application: the user whose it is." }),
    created_at: time,
  })
  .meta({ id: "User" });

const roles = z.array(z.enum(roleNames, `one of ${roleNames.join(", ")}`)).max(roleNames.length);
const emails = z.array(z.string().min(3).max(320)).max(20);
const displayName = z.string().min(1).max(256);
const newPassword = z.string().min(1).max(4096).meta({ format: "password" });

const NewUser = z
  .object({
    username: z.string().min(1).max(320),
    display_name: displayName.optional().meta({ description: "As `username` when left out." }),
    emails: emails.optional().meta({ description: "Verified addresses; each signs the user in." }),
    roles: roles.optional().meta({ description: "`member` when left out." }),
    organisation: idSchema<OrganisationId>().optional().meta({ description: "Your own when left out." }),
    password: newPassword.optional(),
    password_hash: z.string().min(1).max(1024).optional().meta({
      description: "A hash that is taken over: argon2id, bcrypt, scrypt or PBKDF2. It is renewed at the first sign-in.",
    }),
  })
  .refine(({ password, password_hash }) => password === undefined || password_hash === undefined, {
    path: ["password_hash"],
    message: "either a password or a hash",
  })
  .meta({ id: "NewUser" });

const UserChange = z
  .strictObject({ display_name: displayName.optional(), emails: emails.optional(), roles: roles.optional() })
  .meta({ id: "UserChange", description: "What is left out stays as it is." });

const StatusAnswer = z.object({ user: User, receipt: Receipt.optional() }).meta({ id: "UserStatus" });

const Reset = z
  .object({
    reset_token: z.string().meta({ description: "Good once, for POST /api/v1/password-reset. Hand it to the user." }),
    expires_at: time,
  })
  .meta({ id: "PasswordReset" });

const UserPath = z.object({ id: idSchema<SubjectId>() });

const toWire = (record: SubjectRecord): z.input<typeof User> => ({
  id: record.id,
  organisation_id: record.organisation,
  kind: record.kind,
  username: record.username,
  display_name: record.displayName,
  emails: [...record.emails],
  roles: [...record.roles],
  status: record.status,
  owner_id: record.owner,
  created_at: iso(record.createdAt),
});

const statusToWire = ({ subject, revocation }: StatusChange): z.input<typeof StatusAnswer> => ({
  user: toWire(subject),
  ...(revocation === undefined ? {} : { receipt: receiptOf(revocation) }),
});

const common = { authentication: "bearer", tenant: "organisation", shed: "admin" } as const;
const read = { ...common, scope: "users:read", rate: "read", journal: null, body: "none" } as const;
const write = { ...common, scope: "users:write", rate: "write", query: null } as const;

const verbs = {
  disable: ["subject_disabled", "Disable a user: nothing of theirs is accepted any more"],
  enable: ["subject_enabled", "Enable a disabled user; old tokens stay dead"],
  lock: ["subject_locked", "Lock a user out of every path"],
  unlock: ["subject_unlocked", "Unlock a locked user; old tokens stay dead"],
} as const satisfies Partial<Record<StatusVerb, readonly [string, string]>>;

const statusRoute = (engine: Engine, verb: keyof typeof verbs): NativeRoute =>
  route({
    ...write,
    method: "post",
    path: `/api/v1/users/:id/${verb}`,
    summary: verbs[verb][1],
    shed: "revoke",
    journal: verbs[verb][0],
    body: "none",
    params: UserPath,
    answers: { 200: { description: "The user, and what has ended.", schema: StatusAnswer } },
    refusals: ["not_found", "forbidden", "last_administrator", "wrong_state"],
  })(async ({ caller, params, from }) => {
    const done = await engine.setSubjectStatus(caller, { id: params.id, verb }, from);
    return done.ok ? { status: 200, body: statusToWire(done.value) } : done;
  });

export const usersRoutes = (engine: Engine): readonly NativeRoute[] => [
  route({
    ...read,
    method: "get",
    path: "/api/v1/users",
    summary: "Users and applications, oldest first",
    query: z.strictObject({
      ...pageQuery,
      organisation: idSchema<OrganisationId>().optional(),
      username: z.string().min(1).max(320).optional().meta({ description: "This one only." }),
    }),
    params: null,
    answers: { 200: { description: "A page of users.", schema: pageSchema("UserPage", User) } },
    refusals: ["invalid_request", "not_found"],
  })(async ({ caller, query }) => {
    const { organisation, username } = query;
    const page = await engine.listSubjects(caller, { ...pageOf(query), organisation, username });
    if (!page.ok) return page;
    return { status: 200, body: { items: page.value.items.map(toWire), next_cursor: page.value.nextCursor } };
  }),

  route({
    ...write,
    method: "post",
    path: "/api/v1/users",
    summary: "Make a user",
    journal: "subject_created",
    body: { json: NewUser },
    params: null,
    answers: { 201: { description: "The user.", schema: User } },
    refusals: ["invalid_request", "reauthentication_needed", "not_found", "forbidden", "name_taken"],
  })(async ({ caller, body, from }) => {
    const { username, password, password_hash: passwordHash } = body;
    const wish = {
      username,
      displayName: body.display_name ?? username,
      emails: body.emails ?? [],
      roles: body.roles ?? (["member"] as const),
      organisation: body.organisation,
      ...(password === undefined ? {} : { password: new Secret(password) }),
      ...(passwordHash === undefined ? {} : { passwordHash }),
    };
    const made = await engine.createUser(caller, wish, from);
    if (!made.ok) return made;
    return { status: 201, body: toWire(made.value), headers: { location: `/api/v1/users/${made.value.id}` } };
  }),

  route({
    ...read,
    method: "get",
    path: "/api/v1/users/:id",
    summary: "A user",
    query: null,
    params: UserPath,
    answers: { 200: { description: "The user.", schema: User } },
    refusals: ["not_found"],
  })(async ({ caller, params }) => {
    const found = await engine.findSubject(caller, params.id);
    return found.ok ? { status: 200, body: toWire(found.value) } : found;
  }),

  route({
    ...write,
    method: "patch",
    path: "/api/v1/users/:id",
    summary: "Change a user's display name, addresses or roles",
    journal: "subject_changed",
    body: { json: UserChange },
    params: UserPath,
    answers: { 200: { description: "The user.", schema: User } },
    refusals: ["invalid_request", "not_found", "forbidden", "name_taken", "last_administrator"],
  })(async ({ caller, params, body, from }) => {
    const { display_name: name, emails: addresses, roles: wanted } = body;
    const change = { id: params.id, displayName: name, emails: addresses, roles: wanted };
    const changed = await engine.changeSubject(caller, change, from);
    return changed.ok ? { status: 200, body: toWire(changed.value) } : changed;
  }),

  route({
    ...write,
    method: "delete",
    path: "/api/v1/users/:id",
    summary: "Delete a user; the name may be given again, and is somebody else then",
    shed: "revoke",
    journal: "subject_deleted",
    body: "none",
    params: UserPath,
    answers: { 200: { description: "What has ended.", schema: StatusAnswer } },
    refusals: ["not_found", "forbidden", "last_administrator"],
  })(async ({ caller, params, from }) => {
    const done = await engine.setSubjectStatus(caller, { id: params.id, verb: "delete" }, from);
    return done.ok ? { status: 200, body: statusToWire(done.value) } : done;
  }),

  ...(Object.keys(verbs) as (keyof typeof verbs)[]).map((verb) => statusRoute(engine, verb)),

  route({
    ...write,
    method: "post",
    path: "/api/v1/users/:id/password-reset",
    summary: "Make a one-time token with which the user sets a password",
    journal: "password_reset_issued",
    body: "none",
    params: UserPath,
    answers: { 201: { description: "The token; it is shown this once.", schema: Reset } },
    refusals: ["reauthentication_needed", "not_found", "forbidden", "wrong_state"],
  })(async ({ caller, params, from }) => {
    const issued = await engine.issuePasswordReset(caller, params.id, from);
    if (!issued.ok) return issued;
    const { token, expiresAt } = issued.value;
    return { status: 201, body: { reset_token: token.reveal(), expires_at: iso(expiresAt) } };
  }),

  route({
    ...read,
    method: "get",
    path: "/api/v1/users/:id/sessions",
    summary: "A user's sessions, newest first",
    query: z.strictObject(pageQuery),
    params: UserPath,
    answers: { 200: { description: "A page of sessions.", schema: SessionPage } },
    refusals: ["invalid_request", "not_found"],
  })(async ({ caller, params, query }) => {
    const page = await engine.listSessions(caller, params.id, pageOf(query));
    if (!page.ok) return page;
    const items = page.value.items.map((row) => sessionToWire(row, caller));
    return { status: 200, body: { items, next_cursor: page.value.nextCursor } };
  }),
];
