/** GET /sessions: the caller's own. DELETE /sessions/{id}: one of them, or of somebody whom the caller administers. */
import { z } from "zod";

import type { SessionId } from "../core/ids.ts";
import type { SessionRow } from "../core/session.ts";
import type { Engine } from "../engine/engine.ts";
import type { Principal } from "../engine/introspect.ts";
import { route, type NativeRoute } from "./declare.ts";
import { idSchema, iso, pageOf, pageQuery, pageSchema, time } from "./paging.ts";

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

export const SessionPage = pageSchema("SessionPage", Session);

const SessionPath = z.object({ id: idSchema<SessionId>() });

const SessionReceipt = z
  .object({
    session_id: z.uuid(),
    refused_here: z.literal("now").meta({ description: "This server refuses its tokens from now on." }),
    refused_everywhere_by: time.meta({ description: "Its last access token ends then, wherever it is checked." }),
  })
  .meta({ id: "SessionReceipt" });

export const toWire = (row: SessionRow, { by }: Principal): z.input<typeof Session> => ({
  id: row.id,
  client: row.client,
  created_at: iso(row.createdAt),
  last_refreshed_at: row.seq > 1 ? iso(row.rotatedAt) : null,
  expires_at: iso(row.expiresAt),
  ends_at: iso(row.absoluteEnd),
  current: by.kind === "session" && by.session.id === row.id,
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
    query: z.strictObject(pageQuery),
    params: null,
    answers: { 200: { description: "A page of sessions.", schema: SessionPage } },
    refusals: ["invalid_request"],
  })(async ({ caller, query }) => {
    const page = await engine.listSessions(caller, "own", pageOf(query));
    if (!page.ok) return page;
    const items = page.value.items.map((row) => toWire(row, caller));
    return { status: 200, body: { items, next_cursor: page.value.nextCursor } };
  }),
  route({
    method: "delete",
    path: "/api/v1/sessions/:id",
    summary: "End one of my sessions, or one of somebody whom I administer",
    authentication: "bearer",
    scope: "sessions:write",
    tenant: "own",
    rate: "write",
    shed: "revoke",
    journal: "session_ended",
    body: "none",
    query: null,
    params: SessionPath,
    answers: { 200: { description: "What has ended.", schema: SessionReceipt } },
    refusals: ["not_found"],
  })(async ({ caller, params, from }) => {
    const ended = await engine.endSession(caller, params.id, from);
    if (!ended.ok) return ended;
    const { session, accessUntil } = ended.value;
    return { status: 200, body: { session_id: session, refused_here: "now", refused_everywhere_by: iso(accessUntil) } };
  }),
];
