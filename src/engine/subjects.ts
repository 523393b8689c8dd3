/** Making organisations and subjects: the one place where names become canonical and new passwords are judged. */
import { canonicalEmail, canonicalOrganisation, canonicalUsername } from "../core/canonical.ts";
import { idEntropy, newId, type OrganisationId, type SubjectId } from "../core/ids.ts";
import { judgeImportedHash, type HashFault } from "../core/password-hash.ts";
import { checkNewPassword, normalisePassword } from "../core/password-policy.ts";
import { granted, refused, type Outcome, type Refusal } from "../core/result.ts";
import type { Role } from "../core/scope.ts";
import { Secret } from "../core/secret.ts";
import type { SubjectStatus } from "../core/session.ts";
import { refusalOf } from "./done.ts";
import type { SubjectRecord } from "../core/directory.ts";
import type { By, Chance, Clock, Passwords, Store } from "./ports.ts";

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
  readonly status?: Exclude<SubjectStatus, "deleted">;
  /** Undefined: no sign-in by password. */
  readonly password?: Secret;
  /** For the demonstration, whose password everybody knows anyway. Cannot come from a request. */
  readonly unsafeSkipPasswordPolicy?: true;
  readonly owner?: SubjectId;
  /** Applications of one owner; undefined: as many as one likes. */
  readonly cap?: number;
  /** An imported hash in place of a password. */
  readonly passwordHash?: string;
}

/** The organisation of that name; made if there is none. */
export async function ensureOrganisation(deps: SubjectsDeps, name: string): Promise<Outcome<OrganisationId>> {
  const canonical = canonicalOrganisation(name);
  if (canonical === undefined) return refused("invalid_request", `"${name}" cannot be the name of an organisation.`);
  const id = newId<OrganisationId>(deps.clock.millis(), deps.chance(idEntropy));
  const by = { kind: "operator" } as const;
  await deps.store.createOrganisation({ id, name: name.trim(), canonical, by, now: deps.clock.now() });
  const found = await deps.store.findOrganisation(canonical);
  return found === undefined ? refused("not_found") : granted(found);
}

export interface Emails {
  readonly address: string;
  readonly canonical: string;
}

/** Undefined: one of them is no address. */
export function canonicalEmails(addresses: readonly string[]): readonly Emails[] | undefined {
  const emails = addresses.map((address) => ({ address, canonical: canonicalEmail(address) }));
  if (!emails.every((email): email is Emails => email.canonical !== undefined)) return undefined;
  // One that is named twice, in two spellings or in one, is one.
  return [...new Map(emails.map((email) => [email.canonical, email])).values()];
}

export const badEmail = refused("invalid_request", "An e-mail address is not one.");

/** Why it cannot be a new password; undefined when it can. */
export function judgeNewPassword(
  password: string,
  canonical: string,
  emails: readonly Pick<Emails, "canonical">[],
): Refusal | undefined {
  const judged = checkNewPassword(password, { username: canonical, emails: emails.map((email) => email.canonical) });
  return judged.ok ? undefined : refused("invalid_request", passwordAdvice[judged.reason]);
}

const hashAdvice = {
  unknown: "The password hash is none that can be taken over: argon2id, bcrypt, scrypt or PBKDF2.",
  too_expensive: "The password hash asks for more memory or time than a sign-in may cost.",
  too_weak: "The password hash was made with too little effort to be trusted.",
} as const satisfies Record<HashFault, string>;

const passwordAdvice = {
  short: "The password is too short: it needs at least 12 characters.",
  long: "The password is too long: it may have at most 1,024 characters.",
  malformed: "The password has characters that cannot be typed everywhere, or only one character.",
  common: "The password is one of the most used ones, and the first to be tried.",
  own_name: "The password is the user name or the e-mail address.",
} as const;

/** Refuses with `invalid_request` and says which value is wrong, or with what the store says (`name_taken`, `forbidden`). */
export async function createSubject(
  deps: SubjectsDeps,
  wish: SubjectWish,
  by: By = { kind: "operator" },
): Promise<Outcome<SubjectRecord>> {
  const canonical = canonicalUsername(wish.username);
  if (canonical === undefined)
    return refused("invalid_request", "The user name has characters that a user name cannot have.");
  const emails = canonicalEmails(wish.emails ?? []);
  if (emails === undefined) return badEmail;
  const password = wish.password?.reveal();
  if (password !== undefined && wish.unsafeSkipPasswordPolicy !== true) {
    const judged = judgeNewPassword(password, canonical, emails);
    if (judged !== undefined) return judged;
  }
  const imported = wish.passwordHash === undefined ? undefined : judgeImportedHash(wish.passwordHash);
  if (imported?.ok === false) return refused("invalid_request", hashAdvice[imported.reason]);
  const hashed =
    password === undefined ? undefined : await deps.passwords.hash(new Secret(normalisePassword(password)));
  if (password !== undefined && hashed === undefined) return refused("temporarily_unavailable");
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
    passwordHash: hashed ?? wish.passwordHash ?? null,
    owner: wish.owner ?? null,
    cap: wish.cap,
    by,
    now: deps.clock.now(),
  });
  return made.kind === "done" ? granted(made.subject) : refusalOf(made.kind);
}
