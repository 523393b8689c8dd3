/**
 * Applications: subjects that are no person, under a user or under their organisation (decision 0023). Names and statuses
 * are those of every subject; what is particular is whose they are.
 */
import { canonicalUsername, confusableSkeleton } from "../core/canonical.ts";
import type { SubjectRecord } from "../core/directory.ts";
import { parseId, type SubjectId } from "../core/ids.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import type { Role } from "../core/scope.ts";
import { changeSubject, setSubjectStatus, type AdministrationDeps, type StatusChange } from "./administration.ts";
import type { Circumstances } from "./circumstances.ts";
import { cursors, pageOf, type Page, type PageRequest } from "./cursor.ts";
import { onSession, type Principal } from "./introspect.ts";
import { managedSubject, type ManageDeps } from "./manage.ts";
import type { StatusVerb } from "./directory-store.ts";
import type { Store, Tokens } from "./ports.ts";
import { recentSession } from "./recent-session.ts";
import { createSubject } from "./subjects.ts";

export interface ApplicationsDeps extends AdministrationDeps, ManageDeps {
  readonly store: AdministrationDeps["store"] & Pick<Store, "findSubject" | "listApplications">;
  readonly tokens: Pick<Tokens, "macText">;
  /** Applications of one owner. */
  readonly applicationCap: number;
}

/** Names that people trust without looking twice. */
const reservedNames: ReadonlySet<string> = new Set(
  ["admin", "administrator", "root", "system", "operator", "jeton", "security", "support"].map(confusableSkeleton),
);

/** Whether a name is one of these, or is taken for one (UTS 39 section 4). */
function looksReserved(name: string): boolean {
  const canonical = canonicalUsername(name);
  return canonical !== undefined && reservedNames.has(confusableSkeleton(canonical));
}

/** Whose it is: the caller's, or the organisation's. */
export type ApplicationOwner = "me" | "organisation";

export interface ApplicationWish {
  readonly name: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
  readonly owner: ApplicationOwner;
}

/** Refuses with `reauthentication_needed`, `invalid_request`, `name_taken`, `forbidden` or `too_many`. */
export async function createApplication(
  deps: ApplicationsDeps,
  caller: Principal,
  { name, displayName, roles, owner }: ApplicationWish,
  from: Circumstances,
): Promise<Outcome<SubjectRecord>> {
  const session = recentSession(caller, deps.clock.now());
  if (session === undefined) return refused("reauthentication_needed");
  // Whoever may make users may name them as they like.
  if (!caller.scopes.includes("users:write") && looksReserved(name))
    return refused("invalid_request", "name: this looks like the name of somebody who administers. Choose another.");
  const { organisation, subject } = caller.holder;
  const own = owner === "me" ? { owner: subject, cap: deps.applicationCap } : {};
  const wish = { organisation, kind: "application", username: name, displayName, roles, ...own } as const;
  const made = await createSubject(deps, wish, onSession(session, from));
  return !made.ok && made.code === "too_many"
    ? refused("too_many", "You have as many applications as there may be. Delete one that nobody uses.")
    : made;
}

/** Oldest first. An organisation's own are for those who administer it. */
export async function listApplications(
  deps: Pick<ApplicationsDeps, "store" | "tokens">,
  caller: Principal,
  owner: ApplicationOwner,
  { limit, cursor }: PageRequest,
): Promise<Outcome<Page<SubjectRecord>>> {
  const { subject, organisation } = caller.holder;
  if (owner === "organisation" && !caller.scopes.includes("users:read")) return refused("forbidden");
  const places = cursors(deps, "applications", `${subject} ${owner}`, parseId<SubjectId>);
  const after = places.read(cursor);
  if (!after.ok) return after;
  const of = owner === "me" ? { owner: subject } : { organisation };
  const found = await deps.store.listApplications({ ...of, after: after.value, limit: limit + 1 });
  return granted(pageOf(found, limit, ({ id }) => id, places));
}

/** Refuses with `not_found` for one that is none of the caller's, and for what is no application. */
export async function findApplication(
  deps: Pick<ApplicationsDeps, "store">,
  caller: Principal,
  id: SubjectId,
  verb: "read" | "write",
): Promise<Outcome<SubjectRecord>> {
  const managed = await managedSubject(deps, caller, id, verb);
  const found = managed.ok ? await deps.store.findSubject(managed.value) : undefined;
  return found?.kind === "application" ? granted(found) : refused("not_found");
}

/** Refuses as `findApplication`, and with `forbidden` for roles that the caller does not have. */
export async function changeApplication(
  deps: ApplicationsDeps,
  caller: Principal,
  change: {
    readonly id: SubjectId;
    readonly displayName: string | undefined;
    readonly roles: readonly Role[] | undefined;
  },
  from: Circumstances,
): Promise<Outcome<SubjectRecord>> {
  const found = await findApplication(deps, caller, change.id, "write");
  return found.ok ? changeSubject(deps, caller, { ...change, emails: undefined }, from) : found;
}

/** Refuses as `findApplication`, and with `wrong_state`. */
export async function setApplicationStatus(
  deps: ApplicationsDeps,
  caller: Principal,
  { id, verb }: { readonly id: SubjectId; readonly verb: Extract<StatusVerb, "disable" | "enable" | "delete"> },
  from: Circumstances,
): Promise<Outcome<StatusChange>> {
  const found = await findApplication(deps, caller, id, "write");
  return found.ok ? setSubjectStatus(deps, caller, { id, verb }, from) : found;
}
