/**
 * A token or client secret that somebody found where it should not be. Whoever has it may end it: they could do worse with it. What they
 * are told is the same for every text, since a finder has no business with whose it is or whether it was still good.
 */
import type { SessionId } from "../core/ids.ts";
import type { Secret } from "../core/secret.ts";
import type { Circumstances } from "./circumstances.ts";
import { findOpaque } from "./introspect.ts";
import type { Clock, Store, Tokens } from "./ports.ts";

export interface LeakedDeps {
  readonly store: Pick<
    Store,
    | "findLiveApiToken"
    | "recallSession"
    | "endLeakedApiToken"
    | "endSession"
    | "findSecretCredential"
    | "endLeakedClientSecret"
  >;
  readonly tokens: Pick<
    Tokens,
    "readBearer" | "readOpaque" | "readClientSecret" | "provesOpaque" | "readRefresh" | "provesRefresh"
  >;
  readonly clock: Clock;
}

/**
 * Ends the API token or client secret, or the session of the access or refresh token, that the text is; whether there was one to end. An
 * access token counts while its signature does and it has not expired; a refresh token of any turn, as with a replay.
 */
export async function endLeaked(
  deps: LeakedDeps,
  token: Secret,
  from: Circumstances,
  foundAt?: string,
): Promise<boolean> {
  const { store, tokens, clock } = deps;
  const now = clock.now();
  const text = token.reveal();
  const leak = { from, foundAt };
  const endSession = async (id: SessionId): Promise<boolean> =>
    (await store.endSession({ id, of: { leak }, now })).kind === "ended";

  const opaque = tokens.readOpaque(text);
  if (opaque !== undefined)
    return (await findOpaque(deps, opaque)) !== undefined && store.endLeakedApiToken({ id: opaque.id, leak, now });
  const secret = tokens.readClientSecret(text);
  if (secret !== undefined) {
    const hash = (await store.findSecretCredential(secret.id))?.secretHash;
    return (
      hash !== undefined &&
      tokens.provesOpaque(secret, hash) &&
      store.endLeakedClientSecret({ id: secret.id, leak, now })
    );
  }
  const bearer = tokens.readBearer(text, now);
  if (bearer !== undefined) {
    if (now >= bearer.claims.exp) return false;
    return bearer.kind === "api"
      ? store.endLeakedApiToken({ id: bearer.claims.jti, leak, now })
      : endSession(bearer.claims.sid);
  }
  const refresh = tokens.readRefresh(text);
  const session = refresh && (await store.recallSession(refresh.sid));
  if (refresh === undefined || session === undefined || !tokens.provesRefresh(refresh, session)) return false;
  return endSession(refresh.sid);
}
