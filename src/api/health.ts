/**
 * /healthz: the process runs. /readyz: it can answer, or in one word why requests should go elsewhere for now. Neither
 * asks the store for anything, so that probing costs nothing.
 */
import { z } from "zod";

import { refused } from "../core/result.ts";
import { route, type NativeRoute } from "./declare.ts";

const Health = z.object({ status: z.literal("ok") }).meta({ id: "Health" });

const common = {
  method: "get",
  authentication: "public",
  scope: null,
  tenant: "none",
  rate: "public",
  shed: "verify",
  journal: null,
  body: "none",
  query: null,
  params: null,
  answers: { 200: { description: "It is.", schema: Health } },
} as const;

export const healthRoutes = (unready: () => string | undefined): readonly NativeRoute[] => [
  route({ ...common, path: "/healthz", summary: "Is the process alive", refusals: [] })(async () => ({
    status: 200,
    body: { status: "ok" },
  })),
  route({ ...common, path: "/readyz", summary: "Can it answer", refusals: ["temporarily_unavailable"] })(async () => {
    const reason = unready();
    return reason === undefined ? { status: 200, body: { status: "ok" } } : refused("temporarily_unavailable", reason);
  }),
];
