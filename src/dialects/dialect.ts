/**
 * What a dialect is: another product's wire, as tables of routes over the engine's use cases. It has its own words for
 * refusals and its own lifetimes, and no rule of its own; if it needs one, the engine lacks a concept.
 */
import type { ClientProfile } from "../engine/client-profile.ts";
import type { Engine } from "../engine/engine.ts";
import type { Principal } from "../engine/introspect.ts";
import type { SessionPolicy } from "../core/policy.ts";
import type { Refuse } from "../http/app.ts";
import { routesFor, type Route } from "../http/route.ts";

export const route = routesFor<Principal>();
export type DialectRoute = Route<Principal>;

export interface DialectDoor {
  readonly engine: Engine;
  readonly profile: ClientProfile;
  /** The organisation of logins on a wire that names none. */
  readonly organisation: string;
}

export interface Dialect {
  /** Its prefix on the main listener, its client, and its key in the configuration. */
  readonly name: "sensu";
  /** The lifetimes that its product's guide names. */
  readonly policy: SessionPolicy;
  /** Claims that its product's services read beside ours. */
  readonly claims: ClientProfile["claims"];
  readonly routes: (door: DialectDoor) => readonly DialectRoute[];
  /** Its product's words for what the delivery refuses. */
  readonly refuse: Refuse;
}
