/**
 * What one subject may do to others: the one place of the tenant rule and of "nobody rules over those above". Who
 * changes somebody must have every scope that this somebody has, and who gives a role must have every scope of it;
 * otherwise an administrator of one organisation could make, or become, an administrator of all.
 */
import type { OrganisationId, SubjectId } from "./ids.ts";
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

/** A subject, as far as it decides on who looks after its credentials. */
export interface Managed {
  readonly id: SubjectId;
  readonly kind: "user" | "application";
  readonly organisation: OrganisationId;
  readonly roles: readonly Role[];
  readonly owner: SubjectId | null;
}

/**
 * Whether the credentials of a subject are somebody's to see (`read`), or to make and end (`write`): one's own, and those of
 * an application that is one's own, or one's organisation's where one administers it. Nobody else's, whatever rights one has.
 */
export function mayManage(
  { subject, authority }: { readonly subject: SubjectId | null; readonly authority: Authority },
  target: Managed,
  verb: "read" | "write",
): boolean {
  if (target.id === subject) return true;
  if (target.kind !== "application" || !allows(authority, `applications:${verb}`)) return false;
  if (target.owner !== null) return target.owner === subject;
  return verb === "write"
    ? mayChange(authority, target) === "yes"
    : reaches(authority, target.organisation) && allows(authority, "users:read");
}

/** What of an application's roles it has while its owner has these: a role all of which the owner may do. */
export const rolesUnder = (roles: readonly Role[], ofOwner: readonly Role[]): readonly Role[] =>
  roles.filter((role) => coversRoles({ organisation: null, scopes: scopesOfRoles(ofOwner).scopes }, [role]));
