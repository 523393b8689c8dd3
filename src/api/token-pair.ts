/** The tokens of a sign-in or refresh on the native wire (RFC 6749 section 5.1, with the refresh token's own life). */
import { z } from "zod";

import type { TokenPair } from "../engine/issue.ts";

export const TokenPairAnswer = z
  .object({
    access_token: z.string().meta({ description: "JWT, `typ: at+jwt` (RFC 9068). Send it as Authorization: Bearer." }),
    refresh_token: z.string().meta({ description: "Send it to POST /api/v1/refresh. Keep the newest one only." }),
    token_type: z.literal("Bearer"),
    expires_in: z.int().meta({ description: "Seconds until the access token ends." }),
    refresh_expires_in: z.int().meta({ description: "Seconds until the refresh token ends unless it is used." }),
  })
  .meta({ id: "TokenPair" });

export const toWire = (pair: TokenPair): z.input<typeof TokenPairAnswer> => ({
  access_token: pair.accessToken.reveal(),
  refresh_token: pair.refreshToken.reveal(),
  token_type: "Bearer",
  expires_in: pair.expiresIn,
  refresh_expires_in: pair.refreshExpiresIn,
});
