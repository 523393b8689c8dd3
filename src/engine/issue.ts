/**
 * Tokens out of a session: the access token and the refresh token that belong to its row as it stands. Both are
 * functions of the row, so asking twice gives the same answer.
 */
import { accessClaims } from "../core/claims.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import { accessIssuedAt } from "../core/rotation.ts";
import { Secret } from "../core/secret.ts";
import type { SessionView } from "../core/session.ts";
import { between, type Seconds } from "../core/units.ts";
import type { ClientProfile } from "./client-profile.ts";
import type { Tokens } from "./ports.ts";

export interface TokenPair {
  readonly accessToken: Secret;
  readonly accessExpiresAt: Seconds;
  /** Seconds that are left, not the whole life: a repeat tells the truth. */
  readonly expiresIn: Seconds;
  readonly refreshToken: Secret;
  readonly refreshExpiresIn: Seconds;
  readonly session: SessionView;
}

export interface IssueDeps {
  readonly tokens: Tokens;
  /** The instance's own issuer: the audience of first-party tokens. */
  readonly issuer: string;
}

/** Refuses with `invalid_grant` when the session has no life left to give to an access token. */
export function issuePair(
  deps: IssueDeps,
  view: SessionView,
  profile: ClientProfile,
  now: Seconds,
): Outcome<TokenPair> {
  const { session } = view;
  // A lost reply may be asked for again by the retry window and too late by the session's own life (decision 0008).
  if (session.expiresAt <= now || session.absoluteEnd <= now) return refused("invalid_grant");
  const issuedAt = accessIssuedAt(session, now);
  const claims = accessClaims(view, { issuer: profile.issuer, audience: deps.issuer }, issuedAt);
  return granted({
    accessToken: new Secret(deps.tokens.signAccess(claims, profile.claims(view, issuedAt), session.seq, now)),
    accessExpiresAt: claims.exp,
    expiresIn: between(now, claims.exp),
    refreshToken: new Secret(deps.tokens.mintRefresh(session, profile.issuer)),
    refreshExpiresIn: between(now, session.expiresAt),
    session: view,
  });
}
