/** Endings: logout by refresh token (RFC 7009 section 2), and a session by its id. */
import type { SessionId } from "../core/ids.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import type { Secret } from "../core/secret.ts";
import type { Seconds } from "../core/units.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import { on, readExpired, type Principal } from "./introspect.ts";
import type { Clock, Store, Tokens } from "./ports.ts";

export interface RevokeDeps {
  readonly store: Pick<Store, "recallSession" | "endSession">;
  readonly tokens: Pick<Tokens, "readRefresh" | "provesRefresh">;
  readonly clock: Clock;
}

/** What has ended, and until when an access token of it may pass where it is verified offline. */
export interface Receipt {
  readonly session: SessionId;
  readonly accessUntil: Seconds;
}

/**
 * Ends the session of a refresh token at the door of its client, whichever number the token has; one that was over
 * already stays so. A token that is not one of this client's ends nothing: `invalid_grant`. Most doors answer both the
 * same, since its holder is signed out either way (RFC 7009 section 2.2).
 */
export async function logout(
  deps: RevokeDeps,
  { refreshToken, door, from }: { refreshToken: Secret; door: ClientProfile; from: Circumstances },
): Promise<Outcome<true>> {
  const claimed = deps.tokens.readRefresh(refreshToken.reveal());
  const found = claimed === undefined ? undefined : await deps.store.recallSession(claimed.sid);
  if (claimed === undefined || found === undefined || !deps.tokens.provesRefresh(claimed, found))
    return refused("invalid_grant");
  const of = { client: door.client, from };
  const ended = await deps.store.endSession({ id: claimed.sid, of, now: deps.clock.now() });
  return ended.kind === "absent" ? refused("invalid_grant") : granted(true);
}

/**
 * The same by an access token of whatever age: it was its client's once, and whoever signs out may be late. Refuses with
 * `invalid_token` where it is not one of this client's.
 */
export async function logoutByAccess(
  deps: Pick<RevokeDeps, "store" | "clock"> & Parameters<typeof readExpired>[0],
  { accessToken, door, from }: { accessToken: Secret; door: ClientProfile; from: Circumstances },
): Promise<Outcome<true>> {
  const claims = readExpired(deps, accessToken);
  if (claims === undefined) return refused("invalid_token");
  const of = { client: door.client, from };
  const ended = await deps.store.endSession({ id: claims.sid, of, now: deps.clock.now() });
  return ended.kind === "absent" ? refused("invalid_token") : granted(true);
}

/** One's own session, or that of somebody whom one administers. Refuses with `not_found` for every other. */
export async function endSession(
  deps: Pick<RevokeDeps, "store" | "clock">,
  caller: Principal,
  id: SessionId,
  from: Circumstances,
): Promise<Outcome<Receipt>> {
  const ended = await deps.store.endSession({ id, of: on(caller, from), now: deps.clock.now() });
  return ended.kind === "absent" ? refused("not_found") : granted({ session: id, accessUntil: ended.accessUntil });
}
