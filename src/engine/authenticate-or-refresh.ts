/**
 * A caller who brings both tokens, for wires where an expired access token is renewed on the way to what was asked. The
 * refresh token is spent only if the access token is a genuine one of the same session and has expired; what it gives
 * is what any refresh gives, so a storm of such calls makes one rotation and one pair.
 */
import { granted, refused, type Granted, type Refusal } from "../core/result.ts";
import type { Secret } from "../core/secret.ts";
import { authenticate, readExpired, sessionOf, type IntrospectDeps, type Principal } from "./introspect.ts";
import type { TokenPair } from "./issue.ts";
import type { Tokens } from "./ports.ts";
import { isRefreshOf, refresh, type RefreshDeps, type RefreshRequest } from "./refresh.ts";

export interface AuthenticateOrRefreshDeps
  extends Omit<IntrospectDeps, "store" | "tokens">, Omit<RefreshDeps, "store"> {
  readonly store: IntrospectDeps["store"] & RefreshDeps["store"];
  readonly tokens: Tokens;
}

export interface PresentedTokens extends Omit<RefreshRequest, "refreshToken"> {
  readonly accessToken: Secret;
  readonly refreshToken: Secret | undefined;
}

export interface Admitted {
  readonly principal: Principal;
  /** To be told to the caller, whatever the answer is: the refresh token that came is spent. */
  readonly renewed: TokenPair | undefined;
}

/** Whether the access token has merely expired and could not be renewed, or is worth nothing at all. */
type Unadmitted = Refusal & { readonly expired: boolean };

/** Refuses with `invalid_token`. Tokens of two sessions do not go together, and neither session ends by it. */
export async function authenticateOrRefresh(
  deps: AuthenticateOrRefreshDeps,
  { accessToken, refreshToken, door, from, asker }: PresentedTokens,
): Promise<Granted<Admitted> | Unadmitted> {
  const caller = await authenticate(deps, accessToken, from.address);
  const claims = caller.ok ? undefined : readExpired(deps, accessToken);
  const session = caller.ok ? sessionOf(caller.value)?.id : claims?.sid;
  const isOfOther =
    session !== undefined && refreshToken !== undefined && !isRefreshOf(deps.tokens, session, refreshToken);
  if (isOfOther) return no("its refresh token is of another session", session);
  if (caller.ok) return granted({ principal: caller.value, renewed: undefined });
  if (claims === undefined || deps.clock.now() < claims.exp) return { ...caller, expired: false };
  if (refreshToken === undefined) return { ...caller, expired: true };
  const refreshed = await refresh(deps, { refreshToken, door, from, asker });
  if (!refreshed.ok)
    return { ...no(`expired, and its refresh token is refused: ${refreshed.why}`, claims.sid), expired: true };
  // As with any other token: the session may have ended since.
  const renewed = await authenticate(deps, refreshed.value.accessToken, from.address);
  return renewed.ok ? granted({ principal: renewed.value, renewed: refreshed.value }) : { ...renewed, expired: false };
}

const no = (why: string, session: string): Unadmitted => ({
  ...refused("invalid_token"),
  why,
  session,
  expired: false,
});
