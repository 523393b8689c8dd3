/**
 * What a dialect is: another product's wire, as tables of routes over the engine's use cases. It has its own words for
 * refusals and its own lifetimes, and no rule of its own; if it needs one, the engine lacks a concept. How to write one
 * is in docs/dialects/write-your-own.md.
 */
import type { DialectClaims } from "../core/claims.ts";
import type { SessionPolicy } from "../core/policy.ts";
import type { SessionView } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import type { ClientProfile } from "../engine/client-profile.ts";
import type { Engine } from "../engine/engine.ts";
import type { Principal } from "../engine/introspect.ts";
import type { Refuse } from "../http/routing.ts";
import { routesFor, type Route } from "../http/route.ts";

export const route = routesFor<Principal>();
export type DialectRoute = Route<Principal>;

/** What routes declare that look at credentials themselves: those of signing in, refreshing and signing out. */
export const byCredentials = {
  authentication: "credentials",
  scope: null,
  tenant: "none",
  query: null,
  params: null,
} as const;

/** What routes declare that tell a caller with an access token of himself. */
export const byBearer = {
  authentication: "bearer",
  scope: "me:read",
  tenant: "own",
  query: null,
  params: null,
} as const;

/** What a dialect's routes are given. */
export interface DialectDoor {
  readonly engine: Engine;
  /** The door's client, issuer and lifetimes, for every use case that makes tokens. */
  readonly profile: ClientProfile;
  /** The organisation of logins on a wire that names none. */
  readonly organisation: string;
}

export interface Dialect {
  /** Its prefix on the main listener, its client, and its key in the configuration. */
  readonly name: string;
  /** The lifetimes that its product's guide names. */
  readonly policy: SessionPolicy;
  /** `own`: its clients look at `iss` for where to refresh, so its tokens name the dialect's own address. */
  readonly issuer: "own" | "instance";
  /** Claims that its product's services read beside ours, for an access token issued at `issuedAt`. */
  readonly claims: (view: SessionView, issuedAt: Seconds) => DialectClaims;
  readonly routes: (door: DialectDoor) => readonly DialectRoute[];
  /**
   * Its product's words for what the delivery refuses. The headers that it is given belong on the answer: `Retry-After`
   * and the challenge among them.
   */
  readonly refuse: Refuse;
}
