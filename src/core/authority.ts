/**
 * What one subject may do to others: the one place of the tenant rule and of "nobody rules over those above". Who
 * changes somebody must have every scope that this somebody has, and who gives a role must have every scope of it;
 * otherwise an administrator of one organisation could make, or become, an administrator of all.
 */
import type { OrganisationId } from "./ids.ts";
import { scopesOfRoles, type Role, type Scope } from "./scope.ts";

export interface Authority {
  /** The organisation that it ends at; null: it has no such end. */
  readonly organisation: OrganisationId | null;
  /** Null: whoever commands the machine. */
  readonly scopes: readonly Scope[] | null;
}

/** Whoever commands the machine and its files. */
export const operator: Authority = { organisation: null, scopes: null };

/** Only administrators of the instance see beyond their own organisation. */
export const authorityOf = (holder: {
  readonly organisation: OrganisationId;
  readonly roles: readonly Role[];
}): Authority => ({
  organisation: holder.roles.includes("admin") ? null : holder.organisation,
  scopes: scopesOfRoles(holder.roles).scopes,
});

/** What an authority does not reach does not exist for it. */
export const reaches = (authority: Authority, organisation: OrganisationId): boolean =>
  authority.organisation === null || authority.organisation === organisation;

/** Whether everything that `roles` allow is allowed to the authority itself. */
export const coversRoles = ({ scopes }: Authority, roles: readonly Role[]): boolean =>
  scopes === null || scopesOfRoles(roles).scopes.every((scope) => scopes.includes(scope));

export const allows = ({ scopes }: Authority, scope: Scope): boolean => scopes === null || scopes.includes(scope);

/**
 * Whether a subject of this organisation and these roles may be changed, its sessions ended, a token made for it.
 * - `unreached`: for this authority there is no such subject
 * - `unentitled`: it changes nobody
 * - `above`: the subject has more rights
 */
export function mayChange(
  authority: Authority,
  target: { readonly organisation: OrganisationId; readonly roles: readonly Role[] },
): "yes" | "unreached" | "unentitled" | "above" {
  if (!reaches(authority, target.organisation)) return "unreached";
  if (!allows(authority, "users:write")) return "unentitled";
  return coversRoles(authority, target.roles) ? "yes" : "above";
}
