/**
 * Who stands at one of our own doors with an access token. The signature is not enough here: the session's row is
 * read each time, so a revoked token is refused by the next request (RFC 7662 would answer `active: false`).
 */
import { claimsAreForUs, type AccessClaims } from "../core/claims.ts";
import { granted, refused, type Outcome, type Refusal } from "../core/result.ts";
import { scopesOfRoles, type Scope } from "../core/scope.ts";
import type { Secret } from "../core/secret.ts";
import type { Holder, SessionRow } from "../core/session.ts";
import type { Circumstances } from "./circumstances.ts";
import type { By, Clock, Store, Tokens } from "./ports.ts";

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

/** On behalf of a caller, as the store looks at it again in the step that does what is asked. */
export const on = ({ session }: Principal, from: Circumstances): Extract<By, { kind: "session" }> => ({
  kind: "session",
  session: session.id,
  from,
});

const no = (why: string, session?: string): Refusal => ({
  ...refused("invalid_token"),
  why,
  ...(session === undefined ? {} : { session }),
});

export async function authenticate(deps: IntrospectDeps, accessToken: Secret): Promise<Outcome<Principal>> {
  const now = deps.clock.now();
  const claims = deps.tokens.readAccess(accessToken.reveal(), now);
  if (claims === undefined) return no("no token of ours, or signed by a key of another time");
  if (!claimsAreForUs(claims, { issuers: deps.issuers, audience: deps.issuer, now }))
    return no(now >= claims.exp ? "expired" : "for another issuer or audience", claims.sid);
  const live = await deps.store.findLiveSession(claims.sid);
  if (live === undefined) return no("its session has ended or was revoked", claims.sid);
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
