/**
 * What a stolen token must not do is for those who gave their password a moment ago (RFC 9470, ASVS 7.5.1): a session's
 * `auth_time` says when, its `amr` how, and a refresh changes neither.
 */
import { byPassword, has } from "./amr.ts";
import type { SessionRow } from "./session.ts";
import { between, minutes, type Seconds } from "./units.ts";

/** How long a sign-in by password counts as recent. */
export const recentSignIn = minutes(10);

/** A sign-in that lies ahead, since the clock was set back, is not taken for a recent one. */
export function isRecentByPassword({ authTime, amr }: Pick<SessionRow, "authTime" | "amr">, now: Seconds): boolean {
  const age = between(authTime, now);
  return has(amr, byPassword) && age >= 0 && age <= recentSignIn;
}
