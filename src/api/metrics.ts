/**
 * GET /metrics: numbers for monitoring, for a token with the scope `metrics:read` or for this machine itself. It is
 * let in under overload too, since that is when somebody looks.
 */
import { z } from "zod";

import { expositionType } from "../http/metrics.ts";
import { route, type NativeRoute } from "./declare.ts";

export const metricsRoutes = (text: () => string): readonly NativeRoute[] => [
  route({
    method: "get",
    path: "/metrics",
    summary: "Numbers for monitoring, in Prometheus's text format",
    authentication: "bearer-or-local",
    scope: "metrics:read",
    tenant: "none",
    rate: "read",
    shed: "verify",
    journal: null,
    body: "none",
    query: null,
    params: null,
    answers: { 200: { description: "All metrics.", schema: z.string(), contentType: expositionType } },
    refusals: [],
  })(async () => ({ status: 200, body: text() })),
];
