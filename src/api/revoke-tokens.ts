/** POST /revoke-tokens: everything that somebody holds, at one stroke. */
import { z } from "zod";

import type { SubjectId } from "../core/ids.ts";
import type { ClientProfile } from "../engine/client-profile.ts";
import type { Engine } from "../engine/engine.ts";
import { route, type NativeRoute } from "./declare.ts";
import { idSchema } from "./paging.ts";
import { Receipt, receiptOf } from "./receipt.ts";
import { toWire, TokenPairAnswer } from "./token-pair.ts";

const Body = z
  .object({
    subject: idSchema<SubjectId>().optional().meta({ description: "Whose tokens; your own when left out." }),
    keep_current: z.boolean().optional().meta({
      description: "Answers with new tokens for yourself. Every other session of yours is over.",
    }),
  })
  .meta({ id: "RevokeTokens" });

const Answer = z
  .object({ subject: z.uuid(), receipt: Receipt, tokens: TokenPairAnswer.optional() })
  .meta({ id: "RevokedTokens" });

export const revokeTokensRoutes = (engine: Engine, door: ClientProfile): readonly NativeRoute[] => [
  route({
    method: "post",
    path: "/api/v1/revoke-tokens",
    summary: "End all my sessions, or all sessions of somebody whom I administer",
    authentication: "bearer",
    scope: "sessions:write",
    tenant: "organisation",
    rate: "write",
    shed: "revoke",
    journal: "tokens_revoked",
    body: { json: Body },
    query: null,
    params: null,
    answers: { 200: { description: "What has ended.", schema: Answer } },
    refusals: ["not_found", "forbidden"],
  })(async ({ caller, body, from }) => {
    const { subject, keep_current: keepCurrent = false } = body;
    const revoked = await engine.revokeTokens({ caller, subject, keepCurrent, door, from });
    if (!revoked.ok) return revoked;
    const { revocation, kept } = revoked.value;
    const receipt = receiptOf(revocation);
    const tokens = kept === undefined ? {} : { tokens: toWire(kept) };
    return { status: 200, body: { subject: revoked.value.subject, receipt, ...tokens } };
  }),
];
