/**
 * Who stands at one of our own doors with an access token. The signature is not enough here: the session's row is
 * read each time, so a revoked token is refused by the next request (RFC 7662 would answer `active: false`).
 */
import { claimsAreForUs, type AccessClaims } from "../core/claims.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import { scopesOfRoles, type Scope } from "../core/scope.ts";
import type { Secret } from "../core/secret.ts";
import type { Holder, SessionRow } from "../core/session.ts";
import type { Clock, Store, Tokens } from "./ports.ts";

export interface IntrospectDeps {
  readonly store: Pick<Store, "findLiveSession">;
  readonly tokens: Pick<Tokens, "readAccess">;
  readonly clock: Clock;
  /** The instance's issuer, which is the audience, and those of its dialects. */
  readonly issuers: ReadonlySet<string>;
  readonly issuer: string;
}

/** A caller with a live access token. Roles and scopes are those of now, not those of the token. */
export interface Principal {
  readonly holder: Holder;
  readonly session: SessionRow;
  readonly scopes: readonly Scope[];
}

export async function authenticate(deps: IntrospectDeps, accessToken: Secret): Promise<Outcome<Principal>> {
  const now = deps.clock.now();
  const claims = deps.tokens.readAccess(accessToken.reveal(), now);
  if (claims === undefined) return refused("invalid_token");
  if (!claimsAreForUs(claims, { issuers: deps.issuers, audience: deps.issuer, now })) return refused("invalid_token");
  const live = await deps.store.findLiveSession(claims.sid);
  if (live === undefined) return refused("invalid_token");
  return granted({ ...live, scopes: scopesOfRoles(live.holder.roles).scopes });
}

/**
 * The claims of an access token of ours, of whatever age: some wires send the old one along with a refresh. They give
 * nothing by themselves.
 */
export function readExpired(
  { tokens, issuers }: { readonly tokens: Pick<Tokens, "readOldAccess">; readonly issuers: ReadonlySet<string> },
  accessToken: Secret,
): AccessClaims | undefined {
  const claims = tokens.readOldAccess(accessToken.reveal());
  return claims !== undefined && issuers.has(claims.iss) ? claims : undefined;
}
