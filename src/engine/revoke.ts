/** Endings: logout by refresh token (RFC 7009 section 2), and a session by its id. */
import type { SessionId } from "../core/ids.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import type { Secret } from "../core/secret.ts";
import type { Seconds } from "../core/units.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import { on, type Principal } from "./introspect.ts";
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
 * Ends the session of a refresh token at the door of its client, whichever number the token has. A token that is not
 * good ends nothing and is answered the same: its holder is signed out either way (RFC 7009 section 2.2).
 */
export async function logout(
  deps: RevokeDeps,
  { refreshToken, door, from }: { refreshToken: Secret; door: ClientProfile; from: Circumstances },
): Promise<void> {
  const claimed = deps.tokens.readRefresh(refreshToken.reveal());
  const found = claimed === undefined ? undefined : await deps.store.recallSession(claimed.sid);
  if (claimed === undefined || found === undefined || !deps.tokens.provesRefresh(claimed, found)) return;
  await deps.store.endSession({ id: claimed.sid, of: { client: door.client, from }, now: deps.clock.now() });
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
