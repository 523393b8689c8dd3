/**
 * Sign-in by user name or e-mail address and password (NIST SP 800-63B section 5.1.1). Every reason to refuse costs one hash
 * and gives one answer, so that nobody learns whether an account exists; too many failures cost time, whoever they were
 * meant for.
 */
import { canonicalLogin, canonicalOrganisation } from "../core/canonical.ts";
import type { SubjectId } from "../core/ids.ts";
import { isPlausiblePassword, normalisePassword } from "../core/password-policy.ts";
import { refused, type Outcome } from "../core/result.ts";
import { Secret } from "../core/secret.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import { issuePair, type IssueDeps, type TokenPair } from "./issue.ts";
import { opening } from "./opening.ts";
import { attemptPassword, type PasswordAttemptDeps, type Tried } from "./password-attempt.ts";
import type { Chance, Clock, Credential, Passwords, Store } from "./ports.ts";

export interface SignInDeps extends IssueDeps, PasswordAttemptDeps {
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
  readonly signal?: AbortSignal | undefined;
}

/** RFC 8176: a password. */
const byPassword = "pwd";

const failed: Tried<Outcome<never>> = { outcome: "failed", value: refused("invalid_credentials") };

/** What the password opens: one hash whatever is wrong, and nothing but its result decides. */
async function openWith(
  deps: SignInDeps,
  credential: Credential | undefined,
  password: Secret,
  asked: PasswordSignIn,
): Promise<Tried<Outcome<TokenPair>>> {
  const good = await deps.passwords.verify(credential?.passwordHash ?? null, password, asked.signal);
  // Nothing was compared. A caller who leaves while it is compared has had its guess.
  if (good === undefined) return { outcome: "void", value: refused("temporarily_unavailable") };
  if (!good || credential === undefined || !credential.mayHold) return failed;
  const now = deps.clock.now();
  const { door, from, signal } = asked;
  const { subject } = credential.holder;
  const wish = { subject, authTime: now, amr: byPassword, door, from, instance: credential.instance, now };
  const view = await deps.store.openSession(opening(deps, wish), { signal });
  // Between the check and the commit somebody revoked, disabled or restored.
  if (view === undefined) return failed;
  return { outcome: "succeeded", value: issuePair(deps, view, door, now) };
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

/**
 * A new session with its first tokens. Refuses with `invalid_credentials`, `too_many_attempts` or
 * `temporarily_unavailable`.
 */
export async function signIn(deps: SignInDeps, asked: PasswordSignIn): Promise<Outcome<TokenPair>> {
  const { login, organisation, from } = asked;
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
    signal: asked.signal,
  };
  const outcome = await attemptPassword(deps, attempted, () => openWith(deps, credential, password, asked));
  if (outcome.ok && credential !== undefined) void rehash(deps, credential, password);
  return outcome;
}
