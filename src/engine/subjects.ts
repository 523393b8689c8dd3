/** Making organisations and subjects: the one place where names become canonical and new passwords are judged. */
import { canonicalEmail, canonicalOrganisation, canonicalUsername } from "../core/canonical.ts";
import { idEntropy, newId, type OrganisationId, type SubjectId } from "../core/ids.ts";
import { checkNewPassword, normalisePassword } from "../core/password-policy.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import type { Role } from "../core/scope.ts";
import { Secret } from "../core/secret.ts";
import type { SubjectStatus } from "../core/session.ts";
import type { Chance, Clock, Passwords, Store } from "./ports.ts";

export interface SubjectsDeps {
  readonly store: Pick<Store, "findOrganisation" | "createOrganisation" | "createSubject">;
  readonly passwords: Pick<Passwords, "hash">;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface SubjectWish {
  readonly organisation: OrganisationId;
  readonly kind: "user" | "application";
  readonly username: string;
  readonly displayName: string;
  readonly emails?: readonly string[];
  readonly roles: readonly Role[];
  readonly status?: SubjectStatus;
  /** Undefined: no sign-in by password. */
  readonly password?: Secret;
  /** For the demonstration, whose password everybody knows anyway. Cannot come from a request. */
  readonly unsafeSkipPasswordPolicy?: true;
  readonly owner?: SubjectId;
}

/** The organisation of that name; made if there is none. */
export async function ensureOrganisation(deps: SubjectsDeps, name: string): Promise<Outcome<OrganisationId>> {
  const canonical = canonicalOrganisation(name);
  if (canonical === undefined) return refused("invalid_request", `"${name}" cannot be the name of an organisation.`);
  const id = newId<OrganisationId>(deps.clock.millis(), deps.chance(idEntropy));
  await deps.store.createOrganisation({ id, name: name.trim(), canonical, now: deps.clock.now() });
  const found = await deps.store.findOrganisation(canonical);
  return found === undefined ? refused("not_found") : granted(found);
}

const passwordAdvice = {
  short: "The password is too short: it needs at least 12 characters.",
  long: "The password is too long: it may have at most 1,024 characters.",
  malformed: "The password has characters that cannot be typed everywhere, or only one character.",
  common: "The password is one of the most used ones, and the first to be tried.",
  own_name: "The password is the user name or the e-mail address.",
} as const;

/** Refuses with `invalid_request` and says which value is wrong; a name or address that is taken is one of them. */
export async function createSubject(deps: SubjectsDeps, wish: SubjectWish): Promise<Outcome<SubjectId>> {
  const canonical = canonicalUsername(wish.username);
  if (canonical === undefined)
    return refused("invalid_request", "The user name has characters that a user name cannot have.");
  const emails: { address: string; canonical: string }[] = [];
  for (const address of wish.emails ?? []) {
    const key = canonicalEmail(address);
    if (key === undefined) return refused("invalid_request", "An e-mail address is not one.");
    emails.push({ address, canonical: key });
  }
  const password = wish.password?.reveal();
  if (password !== undefined && wish.unsafeSkipPasswordPolicy !== true) {
    const judged = checkNewPassword(password, { username: canonical, emails: emails.map((email) => email.canonical) });
    if (!judged.ok) return refused("invalid_request", passwordAdvice[judged.reason]);
  }
  const id = newId<SubjectId>(deps.clock.millis(), deps.chance(idEntropy));
  const made = await deps.store.createSubject({
    id,
    organisation: wish.organisation,
    kind: wish.kind,
    username: wish.username,
    canonical,
    displayName: wish.displayName,
    emails,
    roles: wish.roles,
    status: wish.status ?? "active",
    passwordHash: password === undefined ? null : await deps.passwords.hash(new Secret(normalisePassword(password))),
    owner: wish.owner ?? null,
    now: deps.clock.now(),
  });
  return made === "taken" ? refused("invalid_request", "The user name or an e-mail address is taken.") : granted(id);
}
