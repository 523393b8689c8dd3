/**
 * What a door brings to a sign-in: which client asks, under which issuer, for how long, and which claims its product's
 * services read beside ours. The session keeps the client and the lifetimes from birth; the rest is the door's.
 */
import type { DialectClaims } from "../core/claims.ts";
import type { ClientId } from "../core/ids.ts";
import type { SessionPolicy } from "../core/policy.ts";
import type { SessionView } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";

export interface ClientProfile {
  readonly client: ClientId;
  /** `iss` of its tokens; where their JWKS and refresh endpoint are. */
  readonly issuer: string;
  readonly policy: SessionPolicy;
  /** For an access token issued at `issuedAt`. */
  readonly claims: (view: SessionView, issuedAt: Seconds) => DialectClaims;
}
