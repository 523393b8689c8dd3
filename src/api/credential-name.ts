/** What people call a credential of theirs: one line that can be seen. */
import { z } from "zod";

export const credentialName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, "no control characters, and none that cannot be seen")
  .meta({ description: "What it is for; several may have one name." });

/** Seconds: from a minute to ten years. */
export const credentialLife = z
  .int("a whole number of seconds")
  .min(60)
  .max(315_360_000)
  .nullable()
  .optional()
  .meta({ description: "Seconds. Null, or left out: it has no end." });
