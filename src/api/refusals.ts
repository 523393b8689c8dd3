/**
 * GET /refusals: what the routes refused in the last day, and the reasons that their clients were not told. What never
 * reached a route, or was shed, is only counted.
 */
import { z } from "zod";

import type { Seconds } from "../core/units.ts";
import type { RecentRefusals } from "../http/recent-refusals.ts";
import { route, type NativeRoute } from "./declare.ts";
import { iso, pageOf, pageQuery, pageSchema, time } from "./paging.ts";

const Refused = z
  .object({
    at: time,
    request_id: z.string().meta({ description: "X-Request-Id of the answer." }),
    route: z.string(),
    code: z.string(),
    why: z.string().nullable(),
    session_id: z.string().nullable(),
    address: z.string(),
  })
  .meta({ id: "Refusal" });

export const refusalsRoutes = (refusals: RecentRefusals, now: () => Seconds): readonly NativeRoute[] => [
  route({
    method: "get",
    path: "/api/v1/refusals",
    summary: "What was refused in the last day, newest first; kept in memory, the newest ten thousand",
    authentication: "bearer",
    scope: "journal:read",
    // Who was refused proved nothing, so a refusal is of no organisation.
    tenant: "instance",
    rate: "read",
    shed: "admin",
    journal: null,
    body: "none",
    query: z.strictObject({ limit: pageQuery.limit, request_id: z.string().min(1).max(64).optional() }),
    params: null,
    answers: { 200: { description: "The refusals.", schema: pageSchema("RefusalPage", Refused) } },
    refusals: ["invalid_request"],
  })(({ query }) => {
    const { limit } = pageOf(query);
    const items = refusals.list({ requestId: query.request_id, limit }, now()).map((refusal) => ({
      at: iso(refusal.at),
      request_id: refusal.requestId,
      route: refusal.route,
      code: refusal.code,
      why: refusal.why,
      session_id: refusal.session,
      address: refusal.address,
    }));
    return Promise.resolve({ status: 200 as const, body: { items, next_cursor: null } });
  }),
];
