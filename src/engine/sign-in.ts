/**
 * Sign-in by user name or e-mail address and password (NIST SP 800-63B section 5.1.1). Every reason to refuse costs one hash
 * and gives one answer, so that nobody learns whether an account exists; too many failures cost time, whoever they were
 * meant for.
 */
import type { Asker } from "../core/asker.ts";
import { byPassword } from "../core/amr.ts";
import { canonicalLogin, canonicalOrganisation } from "../core/canonical.ts";
import type { SubjectId } from "../core/ids.ts";
import { isPlausiblePassword, normalisePassword } from "../core/password-policy.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import { Secret } from "../core/secret.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import { issuePair, type IssueDeps, type TokenPair } from "./issue.ts";
import { opening } from "./opening.ts";
import type { Chance, Clock, Credential, Passwords, Store } from "./ports.ts";
import { attemptSignIn, type SignInAttemptDeps, type Tried } from "./sign-in-attempt.ts";

export interface SignInDeps extends IssueDeps, SignInAttemptDeps {
  readonly store: Pick<Store, "findCredential" | "openSession" | "rehashPassword">;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly chance: Chance;
  /** A hash of before could not be made anew; the next sign-in tries again. */
  readonly onRehashFault: (fault: unknown, subject: SubjectId) => void;
}

export interface PasswordSignIn {
  /** As typed. */
  readonly login: string;
  readonly password: Secret;
  /** As typed; the door's default when the caller names none. */
  readonly organisation: string;
  readonly door: ClientProfile;
  readonly from: Circumstances;
  readonly asker?: Asker | undefined;
}

/** A password that is tried and opens nothing. */
export type PasswordTest = Omit<PasswordSignIn, "door">;

const failed: Tried<Outcome<never>> = { outcome: "failed", value: refused("invalid_credentials") };

/** What the right password of somebody who may sign in is worth. */
type Worth<T> = (credential: Credential) => Promise<Tried<Outcome<T>>>;

/** One hash whatever is wrong, and nothing but its result decides. */
async function compare<T>(
  { passwords }: Pick<SignInDeps, "passwords">,
  credential: Credential | undefined,
  password: Secret,
  asker: Asker | undefined,
  worth: Worth<T>,
): Promise<Tried<Outcome<T>>> {
  const good = await passwords.verify(credential?.passwordHash ?? null, password, asker);
  // Nothing was compared. A caller who leaves while it is compared has had its guess.
  if (good === undefined) return { outcome: "void", value: refused("temporarily_unavailable") };
  return good && credential?.mayHold === true ? worth(credential) : failed;
}

/** Makes a hash of another kind, or of weaker parameters, anew while the password is at hand. Nobody waits for it. */
async function rehash(
  { passwords, store, onRehashFault }: SignInDeps,
  { holder: { subject }, passwordHash: from }: Credential,
  password: Secret,
): Promise<void> {
  if (from === null || !passwords.isStale(from)) return;
  try {
    const to = await passwords.hash(password);
    // Too busy: the next sign-in does it.
    if (to !== undefined) await store.rehashPassword({ subject, from, to });
  } catch (fault) {
    onRehashFault(fault, subject);
  }
}

async function withPassword<T>(deps: SignInDeps, asked: PasswordTest, worth: Worth<T>): Promise<Outcome<T>> {
  const { login, organisation, from, asker } = asked;
  // A password that cannot be one is not hashed: its length is the caller's secret, not ours.
  if (!isPlausiblePassword(asked.password.reveal())) return refused("invalid_credentials");
  const password = new Secret(normalisePassword(asked.password.reveal()));
  const name = canonicalLogin(login);
  const tenant = canonicalOrganisation(organisation);
  const isPossible = name !== undefined && tenant !== undefined;
  const credential = isPossible ? await deps.store.findCredential(tenant, name) : undefined;
  const attempted = {
    subject: credential?.holder.subject,
    // Made for accounts too, which do not need it: it takes time.
    name: isPossible ? deps.tokens.macText("throttle", JSON.stringify([tenant, name.canonical])) : undefined,
    from,
    asker,
  };
  const outcome = await attemptSignIn(deps, attempted, () => compare(deps, credential, password, asker, worth));
  if (outcome.ok && credential !== undefined) void rehash(deps, credential, password);
  return outcome;
}

/**
 * A new session with its first tokens. Refuses with `invalid_credentials`, `too_many_attempts` or
 * `temporarily_unavailable`.
 */
export function signIn(deps: SignInDeps, asked: PasswordSignIn): Promise<Outcome<TokenPair>> {
  const { door, from, asker } = asked;
  return withPassword(deps, asked, async ({ holder: { subject }, instance }) => {
    const now = deps.clock.now();
    const wish = { subject, authTime: now, amr: byPassword, door, from, instance, now };
    const view = await deps.store.openSession(opening(deps, wish), { asker });
    // Between the check and the commit somebody revoked, disabled or restored.
    if (view === undefined) return failed;
    return { outcome: "succeeded", value: issuePair(deps, view, door, now) };
  });
}

/**
 * Whether the password is right and its owner may sign in now. It opens nothing, and a guess here costs what it costs
 * at a sign-in, since it tells as much. Refuses with the same codes.
 */
export const testPassword = (deps: SignInDeps, asked: PasswordTest): Promise<Outcome<true>> =>
  withPassword(deps, asked, () => Promise.resolve({ outcome: "succeeded", value: granted(true) }));
