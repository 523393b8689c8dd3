/**
 * Who stands at one of our own doors with an access or API token. The signature is not enough here: the row that it
 * speaks of is read each time, so a revoked token is refused by the next request (RFC 7662 would answer `active: false`).
 */
import { apiTokenScopes, formatOf, isExpired, type ApiTokenRow, type ApiTokenView } from "../core/api-token.ts";
import { claimsAreForUs, type AccessClaims, type ApiTokenClaims } from "../core/claims.ts";
import { granted, refused, type Outcome, type Refusal } from "../core/result.ts";
import { rolesWithin, scopesOfRoles, type Role, type Scope } from "../core/scope.ts";
import type { Secret } from "../core/secret.ts";
import type { Holder, SessionRow } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import type { Circumstances } from "./circumstances.ts";
import type { By, ClaimedOpaque, Clock, Store, Tokens } from "./ports.ts";

export interface IntrospectDeps {
  readonly store: Pick<Store, "findLiveSession" | "findLiveApiToken">;
  readonly tokens: Pick<Tokens, "readBearer" | "readOpaque" | "provesOpaque">;
  readonly clock: Clock;
  /** The instance's issuer, which is the audience, and those of its dialects. */
  readonly issuers: ReadonlySet<string>;
  readonly issuer: string;
  /** Whether an address is in one of the ranges. */
  readonly isWithin: (address: string, networks: readonly string[]) => boolean;
  /** Told of each use of an API token. */
  readonly onUse: (token: ApiTokenRow, at: Seconds, address: string) => void;
}

/** What a caller is known by. */
export type CallerBy =
  | { readonly kind: "session"; readonly session: SessionRow }
  | { readonly kind: "api-token"; readonly token: ApiTokenRow };

/** A caller with a live token. Roles and scopes are those of now, not those of the token. */
export interface Principal {
  readonly holder: Holder;
  readonly scopes: readonly Scope[];
  /** Those that the token in hand stands for, as it may be told to others; `holder` has all that its owner has. */
  readonly roles: readonly Role[];
  readonly by: CallerBy;
}

/** The session of a caller who signed in; undefined: an API token, which is no sign-in. */
export const sessionOf = ({ by }: Principal): SessionRow | undefined =>
  by.kind === "session" ? by.session : undefined;

/** On behalf of a caller, as the store looks at it again in the step that does what is asked. */
export const on = ({ by }: Principal, from: Circumstances): Exclude<By, { kind: "operator" }> =>
  by.kind === "session"
    ? { kind: "session", session: by.session.id, from }
    : { kind: "api-token", token: by.token.id, from };

/** The same for what only those do who signed in. */
export const onSession = ({ id }: SessionRow, from: Circumstances): Extract<By, { kind: "session" }> => ({
  kind: "session",
  session: id,
  from,
});

const no = (why: string, session?: string): Refusal => ({
  ...refused("invalid_token"),
  why,
  ...(session === undefined ? {} : { session }),
});

export async function authenticate(
  deps: IntrospectDeps,
  accessToken: Secret,
  address: string,
): Promise<Outcome<Principal>> {
  const now = deps.clock.now();
  const text = accessToken.reveal();
  const opaque = deps.tokens.readOpaque(text);
  if (opaque !== undefined) return byOpaque(deps, opaque, address, now);
  const read = deps.tokens.readBearer(text, now);
  if (read === undefined) return no("no token of ours, or signed by a key of another time");
  return read.kind === "access" ? bySession(deps, read.claims, now) : byApiToken(deps, read.claims, address, now);
}

async function bySession(deps: IntrospectDeps, claims: AccessClaims, now: Seconds): Promise<Outcome<Principal>> {
  if (!claimsAreForUs(claims, { issuers: deps.issuers, audience: deps.issuer, now }))
    return no(now >= claims.exp ? "expired" : "for another issuer or audience", claims.sid);
  const live = await deps.store.findLiveSession(claims.sid);
  if (live === undefined) return no("its session has ended or was revoked", claims.sid);
  const { holder, session } = live;
  const { roles } = holder;
  return granted({ holder, scopes: scopesOfRoles(roles).scopes, roles, by: { kind: "session", session } });
}

async function byApiToken(
  deps: IntrospectDeps,
  claims: ApiTokenClaims,
  address: string,
  now: Seconds,
): Promise<Outcome<Principal>> {
  if (now >= claims.exp) return no("expired");
  if (!deps.issuers.has(claims.iss)) return no("for another issuer");
  const live = await deps.store.findLiveApiToken(claims.jti);
  if (live === undefined || formatOf(live.token) !== "jwt") return no("an API token that has ended or was revoked");
  return usable(deps, live, address, now);
}

async function byOpaque(
  deps: IntrospectDeps,
  claimed: ClaimedOpaque,
  address: string,
  now: Seconds,
): Promise<Outcome<Principal>> {
  const live = await findOpaque(deps, claimed);
  if (live === undefined) return no("an API token that never was, has ended or was revoked");
  return usable(deps, live, address, now);
}

/** The live token that the text is, by its secret; whether it has expired is not looked at. */
export async function findOpaque(
  { store, tokens }: { readonly store: Pick<Store, "findLiveApiToken">; readonly tokens: Pick<Tokens, "provesOpaque"> },
  claimed: ClaimedOpaque,
): Promise<ApiTokenView | undefined> {
  const live = await store.findLiveApiToken(claimed.id);
  const hash = live?.token.secretHash ?? null;
  return hash !== null && tokens.provesOpaque(claimed, hash) ? live : undefined;
}

/** A token is refused in the same way wherever its row says no: whoever found it learns nothing of where it is good. */
function usable(
  { issuer, isWithin, onUse }: IntrospectDeps,
  { token, holder }: ApiTokenView,
  address: string,
  now: Seconds,
): Outcome<Principal> {
  if (isExpired(token, now)) return no("an API token that has expired");
  if (token.audiences !== null && !token.audiences.includes(issuer)) return no("an API token for another audience");
  if (token.networks !== null && !isWithin(address, token.networks))
    return no("an API token from a network that it is not for");
  onUse(token, now, address);
  const scopes = apiTokenScopes(token, holder.roles);
  return granted({ holder, scopes, roles: rolesWithin(scopes, holder.roles), by: { kind: "api-token", token } });
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
