/**
 * POST /leaked/github: what GitHub's secret scanning found, in the form of its partner program: a signed list of tokens and
 * where they were. Each is ended, and the answer says of each whether it was one that was good.
 */
import { z } from "zod";

import { parseJson } from "../core/json-text.ts";
import { refused } from "../core/result.ts";
import { Secret } from "../core/secret.ts";
import type { Engine } from "../engine/engine.ts";
import { route, type NativeRoute } from "./declare.ts";

/** What the delivery needs of whoever checks the signatures. */
export interface AlertCheck {
  readonly verify: (identifier: string | null, signature: string | null, body: Uint8Array) => boolean;
  readonly digest: (token: string) => string;
}

const Alert = z.object({
  token: z.string().min(1).max(8192),
  type: z.string().min(1).max(200),
  url: z.string().max(2048).nullish(),
});
const Alerts = z.array(Alert).min(1).max(100);

const Answer = z
  .array(
    z.object({
      token_hash: z.string().meta({ description: "SHA-256 of the token, in hexadecimal digits." }),
      token_type: z.string(),
      label: z.enum(["true_positive", "false_positive"]),
    }),
  )
  .meta({ id: "LeakedTokenLabels" });

export const leakedAlertRoutes = (engine: Engine, check: AlertCheck): readonly NativeRoute[] => [
  route({
    method: "post",
    path: "/api/v1/leaked/github",
    summary: "End tokens that GitHub's secret scanning has found",
    authentication: "credentials",
    scope: null,
    tenant: "none",
    rate: "token",
    shed: "revoke",
    journal: "api_token_leaked",
    body: "bytes",
    query: null,
    params: null,
    answers: { 200: { description: "What each was, by its hash.", schema: Answer } },
    refusals: ["invalid_credentials", "invalid_request"],
  })(async ({ body, headers, from }) => {
    const identifier = headers.get("github-public-key-identifier");
    if (!check.verify(identifier, headers.get("github-public-key-signature"), body))
      return refused("invalid_credentials", "The body is not signed by a key of the scanner that this server knows.");
    const parsed = parseJson(body);
    const alerts = parsed.ok ? Alerts.safeParse(parsed.value) : undefined;
    if (alerts?.success !== true) return refused("invalid_request", "The body is not a list of alerts.");
    const labels: z.input<typeof Answer> = [];
    for (const { token, type, url } of alerts.data) {
      const wasGood = await engine.endLeaked(new Secret(token.trim()), from, url ?? undefined);
      labels.push({
        token_hash: check.digest(token),
        token_type: type,
        label: wasGood ? "true_positive" : "false_positive",
      });
    }
    return { status: 200, body: labels };
  }),
];
