/**
 * A token that somebody found where it should not be. Whoever has it may end it: they could do worse with it. What they
 * are told is the same for every text, since a finder has no business with whose it is or whether it was still good.
 */
import type { Secret } from "../core/secret.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClaimedOpaque, Clock, Store, Tokens } from "./ports.ts";

export interface LeakedDeps {
  readonly store: Pick<Store, "findLiveApiToken" | "recallSession" | "endLeakedApiToken" | "endSession">;
  readonly tokens: Pick<Tokens, "readBearer" | "readOpaque" | "provesOpaque" | "readRefresh" | "provesRefresh">;
  readonly clock: Clock;
}

async function endOpaque(deps: LeakedDeps, claimed: ClaimedOpaque, from: Circumstances): Promise<void> {
  const live = await deps.store.findLiveApiToken(claimed.id);
  const hash = live?.token.secretHash ?? null;
  if (hash === null || !deps.tokens.provesOpaque(claimed, hash)) return;
  await deps.store.endLeakedApiToken({ id: claimed.id, from, now: deps.clock.now() });
}

/**
 * Ends the API token, or the session of the access or refresh token, that the text is. An access token counts while its
 * signature does and it has not expired; a refresh token of any turn, as with a replay. Everything else is passed over.
 */
export async function endLeaked(deps: LeakedDeps, token: Secret, from: Circumstances): Promise<void> {
  const now = deps.clock.now();
  const text = token.reveal();
  const opaque = deps.tokens.readOpaque(text);
  if (opaque !== undefined) return endOpaque(deps, opaque, from);
  const bearer = deps.tokens.readBearer(text, now);
  if (bearer !== undefined) {
    if (now >= bearer.claims.exp) return undefined;
    if (bearer.kind === "api") await deps.store.endLeakedApiToken({ id: bearer.claims.jti, from, now });
    else await deps.store.endSession({ id: bearer.claims.sid, of: { leaked: from }, now });
    return undefined;
  }
  const refresh = deps.tokens.readRefresh(text);
  const session = refresh && (await deps.store.recallSession(refresh.sid));
  if (refresh === undefined || session === undefined || !deps.tokens.provesRefresh(refresh, session)) return undefined;
  await deps.store.endSession({ id: refresh.sid, of: { leaked: from }, now });
  return undefined;
}
