/**
 * Scopes and roles (RFC 6749 section 3.3). A scope is one thing that a token may do; a role is a named set of scopes,
 * and roles add up. Our own doors go by the roles of now; a token that is verified elsewhere tells those of its issue.
 */

const nouns = [
  "me",
  "sessions",
  "api-tokens",
  "auth-keys",
  "applications",
  "users",
  "organisations",
  "roles",
  "clients",
  "signing-keys",
  "journal",
  "settings",
  "stats",
] as const;

type Noun = (typeof nouns)[number];

/** A scope of Jeton's own; services will register others beside them. */
export type Scope =
  | `${Noun}:${"read" | "write"}`
  | "offline_access"
  | "revocations:read"
  | "metrics:read"
  | "tokens:mint";

const readAndWrite = (...of: readonly Noun[]): readonly Scope[] =>
  of.flatMap((noun): Scope[] => [`${noun}:read`, `${noun}:write`]);
const readOnly = (...of: readonly Noun[]): readonly Scope[] => of.map((noun): Scope => `${noun}:read`);

/** What every person and application may do with what is its own. */
const own = [
  ...readAndWrite("me", "sessions", "api-tokens", "auth-keys", "applications"),
  "offline_access",
  "tokens:mint",
] as const;

/** The roles that every organisation has. The names in brackets are those of products whose clients know them. */
const roleScopes = {
  /** Everything, in every organisation (ClusterAdmin). */
  admin: [
    ...own,
    ...readAndWrite("users", "organisations", "roles", "clients", "signing-keys", "settings"),
    ...readOnly("journal", "stats"),
    "revocations:read",
    "metrics:read",
  ],
  /** Everything in the own organisation (OrgAdmin). */
  org_admin: [
    ...own,
    ...readAndWrite("users", "roles", "clients", "settings"),
    ...readOnly("organisations", "journal", "stats"),
  ],
  /** Sees what an administrator sees, changes nothing (ReadOnly). */
  auditor: [...readOnly(...nouns), "metrics:read"],
  /** The own credentials (Regular). */
  member: own,
  /** May mount and nothing else (CSI). */
  mount_only: [...readOnly("me")],
} as const satisfies Record<string, readonly Scope[]>;

export type Role = keyof typeof roleScopes;

/** Every scope that there is, in the order of their names. */
export const scopeNames: readonly Scope[] = [
  ...new Set<Scope>([...readAndWrite(...nouns), ...Object.values(roleScopes).flat()]),
].toSorted();

export const isScope = (name: string): name is Scope => scopeNames.some((known) => known === name);

/** What a token is given only if it is asked for by name: to make further tokens, and to outlive a sign-out. */
const onRequest: ReadonlySet<Scope> = new Set(["tokens:mint", "offline_access"]);

/** What belongs to its holder, but for those. */
export const everydayScopes: ReadonlySet<Scope> = new Set(own.filter((scope) => !onRequest.has(scope)));

/** Those of the roles all of which the scopes allow; whoever goes by roles must not take part of one for the whole. */
export const rolesWithin = (scopes: readonly Scope[], roles: readonly Role[]): readonly Role[] =>
  roles.filter((role) => scopesOfRoles([role]).scopes.every((scope) => scopes.includes(scope) || onRequest.has(scope)));

export const roleNames = Object.keys(roleScopes) as [Role, ...Role[]];

export const isRole = (name: string): name is Role => Object.hasOwn(roleScopes, name);

interface ScopeSet {
  readonly scopes: readonly Scope[];
  /** As a token carries them: separated by one space (RFC 6749 section 3.3). */
  readonly text: string;
}

/** Each set of roles is worked out once; there are 32 at most. */
const scopeSets = new Map<string, ScopeSet>();

/** The scopes that the roles give, in the order of their names: the same roles make the same bytes in a token. */
export function scopesOfRoles(roles: readonly Role[]): ScopeSet {
  const key = roles.join(" ");
  const known = scopeSets.get(key);
  if (known !== undefined) return known;
  const scopes = [...new Set(roles.flatMap((role): readonly Scope[] => roleScopes[role]))].toSorted();
  const set = { scopes, text: scopes.join(" ") };
  scopeSets.set(key, set);
  return set;
}
