/** Whoever signed in by password a moment ago, for what a stolen token must not do (RFC 9470, ASVS 7.5.1). */
import { isRecentByPassword } from "../core/recent-sign-in.ts";
import type { SessionRow } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import { sessionOf, type Principal } from "./introspect.ts";

/** Undefined: no such sign-in, or no sign-in at all. */
export function recentSession(caller: Principal, now: Seconds): SessionRow | undefined {
  const session = sessionOf(caller);
  return session !== undefined && isRecentByPassword(session, now) ? session : undefined;
}
