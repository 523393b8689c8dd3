/** GET /sessions and DELETE /sessions/{id}: the caller's own. */
import { z } from "zod";

import { parseId, type SessionId } from "../core/ids.ts";
import type { SessionRow } from "../core/session.ts";
import type { Engine } from "../engine/engine.ts";
import { route, type NativeRoute } from "./declare.ts";

const time = z.iso.datetime();

const Session = z
  .object({
    id: z.uuid(),
    client: z.string().meta({ description: "The door it was opened at: `native` or a dialect." }),
    created_at: time,
    last_refreshed_at: time.nullable(),
    expires_at: time.meta({ description: "It ends then unless it is refreshed." }),
    ends_at: time.meta({ description: "It ends then in any case." }),
    current: z.boolean().meta({ description: "The session of the token that asks." }),
  })
  .meta({ id: "Session" });

const SessionPage = z
  .object({ items: z.array(Session), next_cursor: z.string().nullable() })
  .meta({ id: "SessionPage" });

/** A parameter that is not one of these is refused: a caller who sorts or filters must not believe that it worked. */
const PageQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^(?:[1-9]|[1-9]\d|1\d\d|200)$/, "a whole number from 1 to 200")
    .transform(Number)
    .optional()
    .meta({
      description: "Items on a page: 1 to 200, 50 when left out.",
    }),
  cursor: z.string().min(1).max(200).optional().meta({ description: "`next_cursor` of the page before." }),
});

const SessionPath = z.object({
  id: z
    .string()
    .transform((text, context): SessionId => {
      const id = parseId<SessionId>(text);
      if (id !== undefined) return id;
      context.addIssue({ code: "custom", message: "not an id" });
      return z.NEVER;
    })
    .meta({ type: "string", format: "uuid" }),
});

const Receipt = z
  .object({
    session_id: z.uuid(),
    refused_here: z.literal("now").meta({ description: "This server refuses its tokens from now on." }),
    refused_everywhere_by: time.meta({ description: "Its last access token ends then, wherever it is checked." }),
  })
  .meta({ id: "Receipt" });

const usualPage = 50;

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

const toWire = (row: SessionRow, current: SessionId): z.input<typeof Session> => ({
  id: row.id,
  client: row.client,
  created_at: iso(row.createdAt),
  last_refreshed_at: row.seq > 1 ? iso(row.rotatedAt) : null,
  expires_at: iso(row.expiresAt),
  ends_at: iso(row.absoluteEnd),
  current: row.id === current,
});

export const sessionsRoutes = (engine: Engine): readonly NativeRoute[] => [
  route({
    method: "get",
    path: "/api/v1/sessions",
    summary: "My sessions, newest first",
    authentication: "bearer",
    scope: "sessions:read",
    tenant: "own",
    rate: "read",
    shed: "admin",
    journal: null,
    body: "none",
    query: PageQuery,
    params: null,
    answers: { 200: { description: "A page of sessions.", schema: SessionPage } },
    refusals: ["invalid_request"],
  })(async ({ caller, query }) => {
    const page = await engine.ownSessions(caller, { limit: query.limit ?? usualPage, cursor: query.cursor });
    if (!page.ok) return page;
    const items = page.value.items.map((row) => toWire(row, caller.session.id));
    return { status: 200, body: { items, next_cursor: page.value.nextCursor } };
  }),
  route({
    method: "delete",
    path: "/api/v1/sessions/:id",
    summary: "End one of my sessions",
    authentication: "bearer",
    scope: "sessions:write",
    tenant: "own",
    rate: "write",
    shed: "revoke",
    journal: "session_ended",
    body: "none",
    query: null,
    params: SessionPath,
    answers: { 200: { description: "What has ended.", schema: Receipt } },
    refusals: ["not_found"],
  })(async ({ caller, params }) => {
    const ended = await engine.endOwnSession(caller, params.id);
    if (!ended.ok) return ended;
    const { session, accessUntil } = ended.value;
    return { status: 200, body: { session_id: session, refused_here: "now", refused_everywhere_by: iso(accessUntil) } };
  }),
];
