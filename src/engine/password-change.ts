/**
 * New passwords: by whoever knows the old one, or by a one-time token that an administrator made and never learns the
 * password from. Either ends every session (NIST SP 800-63B section 5.1.1.2, ASVS 7.4.3): whoever had the old password
 * is out.
 *
 * The token is a function of what it changes: subject, end, revocation line, roles and password hash go into its MAC,
 * and the line and roles of its maker. So it is good once, dies with any other change of these, and nothing is stored.
 */
import type { Asker } from "../core/asker.ts";
import { byPassword } from "../core/amr.ts";
import { canonicalUsername } from "../core/canonical.ts";
import { parseId, type SubjectId } from "../core/ids.ts";
import { normalisePassword } from "../core/password-policy.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import { Secret } from "../core/secret.ts";
import { after, hours, seconds, type Seconds } from "../core/units.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import { refusalOf } from "./done.ts";
import { onSession, sessionOf, type Principal } from "./introspect.ts";
import { recentSession } from "./recent-session.ts";
import { issuePair, type IssueDeps, type TokenPair } from "./issue.ts";
import { opening, type OpeningDeps } from "./opening.ts";
import type { Bearing, Clock, Credential, Passwords, Store, Tokens } from "./ports.ts";
import { judgeNewPassword } from "./subjects.ts";

export interface PasswordChangeDeps extends IssueDeps, Omit<OpeningDeps, "tokens"> {
  readonly store: Pick<Store, "findCredentialOf" | "findSubject" | "setPassword" | "allowPasswordReset">;
  readonly passwords: Pick<Passwords, "hash">;
  readonly tokens: Tokens;
  readonly clock: Clock;
  /** Whether it is the password of this credential, with all the care that a sign-in takes. */
  readonly proveAgain: (
    credential: Credential,
    password: Secret,
    context: { readonly from: Circumstances; readonly asker: Asker | undefined },
  ) => Promise<Outcome<true>>;
}

export interface PasswordChange {
  readonly caller: Principal;
  readonly current: Secret;
  readonly next: Secret;
  readonly door: ClientProfile;
  readonly from: Circumstances;
  readonly asker: Asker | undefined;
}

/** Refuses with `wrong_password`, `too_many_attempts`, `invalid_request`, `temporarily_unavailable` or `invalid_token`. */
export async function changePassword(deps: PasswordChangeDeps, asked: PasswordChange): Promise<Outcome<TokenPair>> {
  const { caller, door, from, asker } = asked;
  const session = sessionOf(caller);
  if (session === undefined) return refused("reauthentication_needed");
  const { subject } = caller.holder;
  const credential = await deps.store.findCredentialOf(subject);
  if (credential === undefined) return refused("invalid_token");
  const proven = await deps.proveAgain(credential, asked.current, { from, asker });
  if (!proven.ok) return proven.code === "invalid_credentials" ? refused("wrong_password") : proven;
  const to = await hashNew(deps, subject, asked.next);
  if (!to.ok) return to;
  const now = deps.clock.now();
  const { passwordHash, revokedUpto, instance } = credential;
  const done = await deps.store.setPassword({
    id: subject,
    from: passwordHash,
    upto: revokedUpto,
    to: to.value,
    open: opening(deps, { subject, authTime: now, amr: byPassword, door, from, instance, now }),
    by: onSession(session, from),
    now,
  });
  // The hash is another one by now: made anew after a sign-in, or the password was changed. Asking again tells which.
  if (done.kind === "wrong-state") return refused("temporarily_unavailable");
  if (done.kind !== "done") return refusalOf(done.kind);
  return done.opened === undefined ? refused("invalid_token") : issuePair(deps, done.opened, door, now);
}

export interface PasswordReset {
  readonly token: Secret;
  readonly expiresAt: Seconds;
}

const resetPrefix = "jtr_";
const resetLifetime = hours(24);

const written = ({ revokedUpto, passwordHash, roles }: Bearing): string =>
  JSON.stringify([revokedUpto, passwordHash, roles]);

interface Bound {
  readonly subject: SubjectId;
  readonly issuer: SubjectId;
  readonly expiresAt: Seconds;
}

/**
 * Who made the token is in it: it dies when its maker is revoked or has other roles, and when its subject has, so that
 * nobody gets by it what they could not ask for now.
 */
const bound = (claim: Bound, subject: Bearing, issuer: Bearing, epoch: string): string =>
  [claim.subject, claim.issuer, claim.expiresAt, written(subject), written(issuer), epoch].join(" ");

const bearingOf = ({ revokedUpto, passwordHash, holder }: Credential): Bearing => ({
  revokedUpto,
  passwordHash,
  roles: holder.roles,
});

const epochOf = ({ instance }: Credential): string => instance.epoch.join(" ");

/**
 * A token with which the subject sets a password, once, within a day. It opens an account, so whoever makes one has signed
 * in by password a moment ago (RFC 9470), and is somebody else. Refuses with `reauthentication_needed`, `not_found`,
 * `forbidden` or `wrong_state`.
 */
export async function issuePasswordReset(
  deps: PasswordChangeDeps,
  caller: Principal,
  subject: SubjectId,
  from: Circumstances,
): Promise<Outcome<PasswordReset>> {
  const now = deps.clock.now();
  const session = recentSession(caller, now);
  if (session === undefined) return refused("reauthentication_needed");
  const allowed = await deps.store.allowPasswordReset({ subject, by: onSession(session, from), now });
  if (allowed.kind !== "done") return refusalOf(allowed.kind);
  const expiresAt = after(now, resetLifetime);
  const issuer = caller.holder.subject;
  const claim = { subject, issuer, expiresAt };
  const epoch = session.epoch.join(" ");
  const mac = deps.tokens.macText("password-reset", bound(claim, allowed.subject, allowed.issuer, epoch));
  return granted({ token: new Secret(`${resetPrefix}${subject}.${issuer}.${expiresAt}.${mac}`), expiresAt });
}

const resetForm = /^jtr_([0-9a-f-]{36})\.([0-9a-f-]{36})\.([1-9]\d{0,11})\.([\w-]{1,64})$/;

/** The subject of a token that is good now, as it was read. */
async function readReset(deps: PasswordChangeDeps, token: Secret, now: Seconds): Promise<Credential | undefined> {
  const [, id = "", maker = "", end = "", mac = ""] = resetForm.exec(token.reveal()) ?? [];
  const subject = parseId<SubjectId>(id);
  const issuer = parseId<SubjectId>(maker);
  if (subject === undefined || issuer === undefined) return undefined;
  const [credential, made] = await Promise.all([
    deps.store.findCredentialOf(subject),
    deps.store.findCredentialOf(issuer),
  ]);
  if (credential?.mayHold !== true || made?.mayHold !== true) return undefined;
  const expiresAt = seconds(Number(end));
  const text = bound({ subject, issuer, expiresAt }, bearingOf(credential), bearingOf(made), epochOf(credential));
  return deps.tokens.macIs("password-reset", text, mac) && now < expiresAt ? credential : undefined;
}

/** Refuses with `invalid_grant` for a token that is not good, and with `invalid_request` for a password that is not. */
export async function resetPassword(
  deps: PasswordChangeDeps,
  { token, next, from }: { readonly token: Secret; readonly next: Secret; readonly from: Circumstances },
): Promise<Outcome<true>> {
  const credential = await readReset(deps, token, deps.clock.now());
  if (credential === undefined) return refused("invalid_grant");
  const { passwordHash, revokedUpto, holder } = credential;
  const to = await hashNew(deps, holder.subject, next);
  if (!to.ok) return to;
  const done = await deps.store.setPassword({
    id: holder.subject,
    from: passwordHash,
    upto: revokedUpto,
    to: to.value,
    open: undefined,
    by: { kind: "token", from },
    now: deps.clock.now(),
  });
  return done.kind === "done" ? granted(true) : refused("invalid_grant");
}

async function hashNew(
  { store, passwords }: Pick<PasswordChangeDeps, "store" | "passwords">,
  subject: SubjectId,
  next: Secret,
): Promise<Outcome<string>> {
  const found = await store.findSubject(subject);
  if (found === undefined) return refused("invalid_token");
  const canonicalName = canonicalUsername(found.username) ?? "";
  const emails = found.emails.map((address) => ({ canonical: address.toLowerCase() }));
  const judged = judgeNewPassword(next.reveal(), canonicalName, emails);
  if (judged !== undefined) return judged;
  const hash = await passwords.hash(new Secret(normalisePassword(next.reveal())));
  return hash === undefined ? refused("temporarily_unavailable") : granted(hash);
}
