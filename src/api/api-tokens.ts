/** /api-tokens: what scripts and services hold. A token is shown once, when it is made, and never again. */
import { z } from "zod";

import { formatOf, type ApiTokenRow } from "../core/api-token.ts";
import type { ApiTokenId, SubjectId } from "../core/ids.ts";
import { scopeNames, type Scope } from "../core/scope.ts";
import { days, seconds } from "../core/units.ts";
import type { ApiTokenWish } from "../engine/api-token-grant.ts";
import type { MintedApiToken } from "../engine/api-tokens.ts";
import type { Page } from "../engine/cursor.ts";
import type { Engine } from "../engine/engine.ts";
import type { Principal } from "../engine/introspect.ts";
import { credentialName } from "./credential-name.ts";
import { route, type NativeRoute } from "./declare.ts";
import { idSchema, iso, pageOf, pageQuery, pageSchema, time } from "./paging.ts";

const scope = z.enum(scopeNames as [Scope, ...Scope[]]);

/** Longer than this the old one is no overlap any more but a second token. */
const longestOverlap = days(30);

const Wish = z
  .strictObject({
    name: credentialName,
    expires_in: z.int("a whole number of seconds, or null").min(60).max(10_000_000_000).nullable().optional().meta({
      description:
        "Seconds; 30 days when left out. Null: until it is revoked, for opaque ones, if the operator allows it.",
    }),
    scopes: z.array(scope).min(1).max(scopeNames.length).optional().meta({
      description: "What it may do, never more than you. Left out: what belongs to you, but for making tokens.",
    }),
    audiences: z
      .array(z.string().regex(/^[!-~]{1,256}$/, "a name without spaces, such as https://files.example.org"))
      .min(1)
      .max(8)
      .optional()
      .meta({ description: "The services that it is for. Left out: this one, and all that trust it." }),
    networks: z.array(z.string().min(1).max(64)).min(1).max(32).optional().meta({
      description: "Addresses and ranges that it may be used from. Left out: anywhere.",
    }),
    requests_per_minute: z.int("a whole number").min(1).max(1_000_000).optional().meta({
      description: "Requests that it may make here. Left out: as many as the operator allows each token.",
    }),
    format: z.enum(["jwt", "opaque"]).optional().meta({
      description: "`jwt`, unless you say otherwise: services check it offline. `opaque`: only this server can.",
    }),
  })
  .meta({ id: "ApiTokenWish" });

const described = {
  id: z.uuid(),
  name: z.string(),
  format: z.enum(["jwt", "opaque"]),
  created_at: time,
  expires_at: time.nullable().meta({ description: "Null: it lives until it is revoked." }),
  scopes: z.array(z.string()).nullable().meta({ description: "Null: what belongs to its owner, as of now." }),
  audiences: z.array(z.string()).nullable(),
  networks: z.array(z.string()).nullable(),
  requests_per_minute: z.int().nullable().meta({ description: "Null: as many as the operator allows each token." }),
  last_used_at: time.nullable().meta({ description: "To the minute." }),
  last_used_from: z.string().nullable(),
  replaced_by: z.uuid().nullable().meta({ description: "The token that took its place; this one ends soon." }),
  current: z.boolean().meta({ description: "The token that asks." }),
};

const ApiToken = z.object(described).meta({ id: "ApiToken" });
const ApiTokenPage = pageSchema("ApiTokenPage", ApiToken);
const Minted = z
  .object({ ...described, token: z.string().meta({ description: "Keep it now: it is not shown again." }) })
  .meta({ id: "MintedApiToken" });

const Change = z.strictObject({ name: credentialName }).meta({ id: "ApiTokenChange" });
const Rotate = z
  .strictObject({
    keep_old: z.int("a whole number of seconds").min(0).max(longestOverlap).optional().meta({
      description: "Seconds for which the old one stays good. Left out: it ends now.",
    }),
  })
  .meta({ id: "ApiTokenRotation" });

const ApiTokenReceipt = z
  .object({
    api_token_id: z.uuid(),
    refused_here: z.literal("now").meta({ description: "This server refuses it from now on." }),
    refused_everywhere_by: time.meta({
      description:
        "Its own end, or that of what was made with it: until then a service that checks tokens offline may not know.",
    }),
  })
  .meta({ id: "ApiTokenReceipt" });

const ApiTokenPath = z.object({ id: idSchema<ApiTokenId>() });
const SubjectPath = z.object({ id: idSchema<SubjectId>() });

const toWire = (row: ApiTokenRow, { by }: Principal): z.input<typeof ApiToken> => ({
  id: row.id,
  name: row.name,
  format: formatOf(row),
  created_at: iso(row.createdAt),
  expires_at: row.expiresAt === null ? null : iso(row.expiresAt),
  scopes: row.scopes && [...row.scopes],
  audiences: row.audiences && [...row.audiences],
  networks: row.networks && [...row.networks],
  requests_per_minute: row.requestsPerMinute,
  last_used_at: row.lastUsedAt === null ? null : iso(row.lastUsedAt),
  last_used_from: row.lastUsedFrom,
  replaced_by: row.replacedBy,
  current: by.kind === "api-token" && by.token.id === row.id,
});

const pageToWire = ({ items, nextCursor }: Page<ApiTokenRow>, caller: Principal): z.input<typeof ApiTokenPage> => ({
  items: items.map((row) => toWire(row, caller)),
  next_cursor: nextCursor,
});

const mintedToWire = ({ token, text }: MintedApiToken, caller: Principal): z.input<typeof Minted> => ({
  ...toWire(token, caller),
  token: text.reveal(),
});

const common = { authentication: "bearer", tenant: "own" } as const;
const read = { ...common, method: "get", rate: "read", shed: "admin", journal: null, body: "none" } as const;
const write = { ...common, rate: "write", shed: "admin", query: null } as const;
const minted = { 201: { description: "The token; it is shown this once.", schema: Minted } } as const;

const wishOf = (
  { expires_in: expiresIn, format = "jwt", requests_per_minute: requestsPerMinute, ...wish }: z.output<typeof Wish>,
  subject: SubjectId | "own",
): ApiTokenWish => ({
  subject,
  name: wish.name,
  expiresIn: typeof expiresIn === "number" ? seconds(expiresIn) : expiresIn,
  scopes: wish.scopes,
  audiences: wish.audiences,
  networks: wish.networks,
  requestsPerMinute,
  format,
});

const mint = {
  ...write,
  method: "post",
  scope: "tokens:mint",
  journal: "api_token_minted",
  body: { json: Wish },
  answers: minted,
} as const;
const mintRefusals = [
  "invalid_request",
  "minting_not_allowed",
  "reauthentication_needed",
  "exceeds_grant",
  "too_many_tokens",
] as const;

export const apiTokensRoutes = (engine: Engine): readonly NativeRoute[] => [
  route({
    ...mint,
    path: "/api/v1/api-tokens",
    summary: "Make an API token for myself",
    params: null,
    refusals: mintRefusals,
  })(async ({ caller, body, from }) => {
    const made = await engine.mintApiToken(caller, wishOf(body, "own"), from);
    return made.ok ? { status: 201, body: mintedToWire(made.value, caller) } : made;
  }),

  route({
    ...mint,
    tenant: "organisation",
    path: "/api/v1/applications/:id/api-tokens",
    summary: "Make an API token for an application that I look after",
    params: SubjectPath,
    refusals: [...mintRefusals, "not_found", "wrong_state"],
  })(async ({ caller, params, body, from }) => {
    const made = await engine.mintApiToken(caller, wishOf(body, params.id), from);
    return made.ok ? { status: 201, body: mintedToWire(made.value, caller) } : made;
  }),

  route({
    ...read,
    tenant: "organisation",
    path: "/api/v1/applications/:id/api-tokens",
    summary: "An application's API tokens, newest first",
    scope: "applications:read",
    query: z.strictObject(pageQuery),
    params: SubjectPath,
    answers: { 200: { description: "A page of tokens, without the tokens themselves.", schema: ApiTokenPage } },
    refusals: ["invalid_request", "not_found"],
  })(async ({ caller, params, query }) => {
    const found = await engine.findApplication(caller, params.id, "read");
    const page = found.ok ? await engine.listApiTokens(caller, found.value.id, pageOf(query)) : found;
    return page.ok ? { status: 200, body: pageToWire(page.value, caller) } : page;
  }),

  route({
    ...read,
    path: "/api/v1/api-tokens",
    summary: "My API tokens, newest first",
    scope: "api-tokens:read",
    query: z.strictObject(pageQuery),
    params: null,
    answers: { 200: { description: "A page of tokens, without the tokens themselves.", schema: ApiTokenPage } },
    refusals: ["invalid_request"],
  })(async ({ caller, query }) => {
    const page = await engine.listApiTokens(caller, "own", pageOf(query));
    return page.ok ? { status: 200, body: pageToWire(page.value, caller) } : page;
  }),

  route({
    ...read,
    path: "/api/v1/api-tokens/:id",
    summary: "One of my API tokens, or of an application's that I look after",
    scope: "api-tokens:read",
    query: null,
    params: ApiTokenPath,
    answers: { 200: { description: "The token, without itself.", schema: ApiToken } },
    refusals: ["not_found"],
  })(async ({ caller, params }) => {
    const found = await engine.ownApiToken(caller, params.id);
    return found.ok ? { status: 200, body: toWire(found.value, caller) } : found;
  }),

  route({
    ...write,
    method: "patch",
    path: "/api/v1/api-tokens/:id",
    summary: "Rename an API token",
    scope: "api-tokens:write",
    journal: "api_token_changed",
    body: { json: Change },
    params: ApiTokenPath,
    answers: { 200: { description: "The token as it is now.", schema: ApiToken } },
    refusals: ["not_found"],
  })(async ({ caller, params, body, from }) => {
    const changed = await engine.renameApiToken(caller, { id: params.id, name: body.name }, from);
    return changed.ok ? { status: 200, body: toWire(changed.value, caller) } : changed;
  }),

  route({
    ...write,
    method: "post",
    path: "/api/v1/api-tokens/:id/rotate",
    summary: "Put a new API token in the place of one of mine, or of an application's",
    scope: "tokens:mint",
    journal: "api_token_rotated",
    body: { json: Rotate },
    params: ApiTokenPath,
    answers: minted,
    refusals: [
      "invalid_request",
      "not_found",
      "wrong_state",
      "minting_not_allowed",
      "reauthentication_needed",
      "exceeds_grant",
      "too_many_tokens",
    ],
  })(async ({ caller, params, body, from }) => {
    const keepOld = seconds(body.keep_old ?? 0);
    const made = await engine.rotateApiToken(caller, { id: params.id, keepOld }, from);
    return made.ok ? { status: 201, body: mintedToWire(made.value, caller) } : made;
  }),

  route({
    ...write,
    method: "delete",
    path: "/api/v1/api-tokens/:id",
    summary: "Revoke one of my API tokens, or one of somebody whom I administer",
    scope: "api-tokens:write",
    shed: "revoke",
    journal: "api_token_ended",
    body: "none",
    params: ApiTokenPath,
    answers: { 200: { description: "What has ended.", schema: ApiTokenReceipt } },
    refusals: ["not_found"],
  })(async ({ caller, params, from }) => {
    const ended = await engine.endApiToken(caller, params.id, from);
    if (!ended.ok) return ended;
    const { id, accessUntil } = ended.value;
    return { status: 200, body: { api_token_id: id, refused_here: "now", refused_everywhere_by: iso(accessUntil) } };
  }),

  route({
    ...read,
    tenant: "organisation",
    path: "/api/v1/users/:id/api-tokens",
    summary: "A user's API tokens, newest first",
    scope: "users:read",
    query: z.strictObject(pageQuery),
    params: SubjectPath,
    answers: { 200: { description: "A page of tokens, without the tokens themselves.", schema: ApiTokenPage } },
    refusals: ["invalid_request", "not_found"],
  })(async ({ caller, params, query }) => {
    const page = await engine.listApiTokens(caller, params.id, pageOf(query));
    return page.ok ? { status: 200, body: pageToWire(page.value, caller) } : page;
  }),
];
