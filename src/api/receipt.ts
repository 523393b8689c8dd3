/** What an ending did, as all routes that end something answer it. */
import { z } from "zod";

import type { Revocation } from "../core/directory.ts";
import { iso, time } from "./paging.ts";

export const Receipt = z
  .object({
    ended_sessions: z.int().min(0),
    ended_api_tokens: z.int().min(0),
    refused_here: z.literal("now").meta({ description: "This server refuses the tokens from now on." }),
    refused_everywhere_by: time.meta({ description: "The last access token ends then, wherever it is checked." }),
  })
  .meta({ id: "Receipt" });

export const receiptOf = ({ sessions, apiTokens, accessUntil }: Revocation): z.input<typeof Receipt> => ({
  ended_sessions: sessions,
  ended_api_tokens: apiTokens,
  refused_here: "now",
  refused_everywhere_by: iso(accessUntil),
});
