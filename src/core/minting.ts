/**
 * Who may make API tokens at all: a policy of the source that an identity comes from. A token outlives what another
 * directory says of its owner until that is asked again, so a source other than our own begins with nobody.
 */
import { unreachable } from "./result.ts";
import type { Role } from "./scope.ts";

export const mintPolicies = ["everybody", "administrators", "nobody"] as const;
export type MintPolicy = (typeof mintPolicies)[number];

/** Every source, with what holds when nobody says otherwise. `local`: people and applications of this database. */
export const usualMinting = { local: "everybody" } as const satisfies Readonly<Record<string, MintPolicy>>;

export type Source = keyof typeof usualMinting;
export type Minting = Readonly<Record<Source, MintPolicy>>;

const administering: ReadonlySet<Role> = new Set(["admin", "org_admin"]);

export function mayMintBy(policy: MintPolicy, roles: readonly Role[]): boolean {
  switch (policy) {
    case "everybody":
      return true;
    case "administrators":
      return roles.some((role) => administering.has(role));
    case "nobody":
      return false;
    default:
      return unreachable(policy);
  }
}
