/**
 * What administrators do to subjects and organisations. What they may is decided by the store in the step that does it
 * (core/authority.ts); here are the words of the API made canonical, and the answers of the store made refusals.
 */
import { canonicalOrganisation } from "../core/canonical.ts";
import { idEntropy, newId, type OrganisationId, type SubjectId } from "../core/ids.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import { rootOrganisation } from "../core/root.ts";
import type { Role } from "../core/scope.ts";
import type { Circumstances } from "./circumstances.ts";
import { refusalOf } from "./done.ts";
import { on, type Principal } from "./introspect.ts";
import type { OrganisationRecord, OrganisationSettings, Revocation, SubjectRecord } from "../core/directory.ts";
import type { StatusVerb } from "./directory-store.ts";
import type { Chance, Clock, Store } from "./ports.ts";
import { recentSession } from "./recent-session.ts";
import { badEmail, canonicalEmails, createSubject, type SubjectsDeps, type SubjectWish } from "./subjects.ts";

export interface AdministrationDeps extends SubjectsDeps {
  readonly store: SubjectsDeps["store"] &
    Pick<Store, "changeSubject" | "setSubjectStatus" | "changeOrganisation" | "setOrganisationStatus">;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface SubjectChange {
  readonly id: SubjectId;
  readonly displayName: string | undefined;
  readonly emails: readonly string[] | undefined;
  readonly roles: readonly Role[] | undefined;
}

/** What is left out stays as it is. */
export interface OrganisationChange {
  readonly id: OrganisationId;
  readonly name: string | undefined;
  readonly settings: Partial<OrganisationSettings>;
}

export interface StatusChange {
  readonly subject: SubjectRecord;
  /** Undefined: nothing was ended. */
  readonly revocation: Revocation | undefined;
}

/**
 * A new user of the caller's organisation, unless the wish names another. Whoever gives one a password as well makes a way
 * in that outlives what it was made with, so that takes a sign-in by password of a moment ago. Refuses as `createSubject`,
 * and with `reauthentication_needed`.
 */
export async function createUser(
  deps: AdministrationDeps,
  caller: Principal,
  wish: Omit<SubjectWish, "kind" | "organisation" | "unsafeSkipPasswordPolicy"> & {
    readonly organisation: OrganisationId | undefined;
  },
  from: Circumstances,
): Promise<Outcome<SubjectRecord>> {
  const canSignIn = wish.password !== undefined || wish.passwordHash !== undefined;
  if (canSignIn && recentSession(caller, deps.clock.now()) === undefined) return refused("reauthentication_needed");
  const organisation = wish.organisation ?? caller.holder.organisation;
  return createSubject(deps, { ...wish, kind: "user", organisation }, on(caller, from));
}

export async function changeSubject(
  deps: AdministrationDeps,
  caller: Principal,
  { id, displayName, emails: addresses, roles }: SubjectChange,
  from: Circumstances,
): Promise<Outcome<SubjectRecord>> {
  const emails = addresses === undefined ? undefined : canonicalEmails(addresses);
  if (addresses !== undefined && emails === undefined) return badEmail;
  const now = deps.clock.now();
  const done = await deps.store.changeSubject({ id, displayName, emails, roles, by: on(caller, from), now });
  return done.kind === "done" ? granted(done.subject) : refusalOf(done.kind);
}

export async function setSubjectStatus(
  deps: AdministrationDeps,
  caller: Principal,
  { id, verb }: { readonly id: SubjectId; readonly verb: StatusVerb },
  from: Circumstances,
): Promise<Outcome<StatusChange>> {
  const done = await deps.store.setSubjectStatus({ id, verb, by: on(caller, from), now: deps.clock.now() });
  return done.kind === "done" ? granted(done) : refusalOf(done.kind);
}

/** An organisation's name in both its forms, or why it is none. */
function named(name: string): Outcome<{ readonly name: string; readonly canonical: string }> {
  const canonical = canonicalOrganisation(name);
  if (canonical === undefined) return refused("invalid_request", "This cannot be the name of an organisation.");
  return granted({ name: name.trim(), canonical });
}

export async function createOrganisation(
  deps: AdministrationDeps,
  caller: Principal,
  name: string,
  from: Circumstances,
): Promise<Outcome<OrganisationRecord>> {
  const names = named(name);
  if (!names.ok) return names;
  const id = newId<OrganisationId>(deps.clock.millis(), deps.chance(idEntropy));
  const done = await deps.store.createOrganisation({
    id,
    ...names.value,
    by: on(caller, from),
    now: deps.clock.now(),
  });
  return done.kind === "done" ? granted(done.organisation) : refusalOf(done.kind);
}

export async function changeOrganisation(
  deps: AdministrationDeps,
  caller: Principal,
  { id, name, settings }: OrganisationChange,
  from: Circumstances,
): Promise<Outcome<OrganisationRecord>> {
  const names = name === undefined ? granted(undefined) : named(name);
  if (!names.ok) return names;
  const root = await deps.store.findOrganisation(canonicalOrganisation(rootOrganisation)!);
  const isOther = names.value !== undefined && names.value.canonical !== canonicalOrganisation(rootOrganisation);
  if (id === root && isOther)
    return refused("wrong_state", "This is the organisation that is meant where nobody names one. It keeps its name.");
  const change = { id, names: names.value, settings, by: on(caller, from), now: deps.clock.now() };
  const done = await deps.store.changeOrganisation(change);
  return done.kind === "done" ? granted(done.organisation) : refusalOf(done.kind);
}

export async function setOrganisationStatus(
  deps: AdministrationDeps,
  caller: Principal,
  { id, verb }: { readonly id: OrganisationId; readonly verb: "disable" | "enable" | "delete" },
  from: Circumstances,
): Promise<Outcome<OrganisationRecord>> {
  const done = await deps.store.setOrganisationStatus({ id, verb, by: on(caller, from), now: deps.clock.now() });
  return done.kind === "done" ? granted(done.organisation) : refusalOf(done.kind);
}
