/**
 * Sign-in by user name or e-mail address and password (NIST SP 800-63B section 5.1.1). Every reason to refuse costs one hash
 * and gives one answer, so that nobody learns whether an account exists.
 */
import { canonicalLogin, canonicalOrganisation } from "../core/canonical.ts";
import { idEntropy, newId, type SessionId } from "../core/ids.ts";
import { isPlausiblePassword, normalisePassword } from "../core/password-policy.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import { Secret } from "../core/secret.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import { issuePair, type IssueDeps, type TokenPair } from "./issue.ts";
import type { Chance, Clock, Credential, Passwords, Store } from "./ports.ts";

export interface SignInDeps extends IssueDeps {
  readonly store: Pick<Store, "findCredential" | "openSession">;
  readonly passwords: Passwords;
  readonly clock: Clock;
  readonly chance: Chance;
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

async function checkPassword(
  deps: Pick<SignInDeps, "store" | "passwords">,
  { login, password, organisation, signal }: Pick<PasswordSignIn, "login" | "password" | "organisation" | "signal">,
): Promise<Outcome<Credential>> {
  // A password that cannot be one is not hashed: its length is the caller's secret, not ours.
  if (!isPlausiblePassword(password.reveal())) return refused("invalid_credentials");
  const name = canonicalLogin(login);
  const tenant = canonicalOrganisation(organisation);
  const credential =
    name === undefined || tenant === undefined ? undefined : await deps.store.findCredential(tenant, name);
  const good = await deps.passwords.verify(
    credential?.passwordHash ?? null,
    new Secret(normalisePassword(password.reveal())),
    signal,
  );
  if (good === undefined) return refused("temporarily_unavailable");
  if (!good || credential === undefined) return refused("invalid_credentials");
  return credential.mayHold ? granted(credential) : refused("invalid_credentials");
}

/** A new session with its first tokens. Refuses with `invalid_credentials` or `temporarily_unavailable`. */
export async function signIn(deps: SignInDeps, asked: PasswordSignIn): Promise<Outcome<TokenPair>> {
  const checked = await checkPassword(deps, asked);
  if (!checked.ok) return checked;
  const { holder, instance } = checked.value;
  const now = deps.clock.now();
  const view = await deps.store.openSession(
    {
      id: newId<SessionId>(deps.clock.millis(), deps.chance(idEntropy)),
      subject: holder.subject,
      client: asked.door.client,
      policy: asked.door.policy,
      salt: deps.chance(16),
      kid: deps.tokens.refreshKid(),
      born: instance.counter,
      epoch: instance.epoch,
      authTime: now,
      amr: byPassword,
      now,
    },
    { signal: asked.signal },
  );
  // Between the check and the commit somebody revoked, disabled or restored.
  if (view === undefined) return refused("invalid_credentials");
  return issuePair(deps, view, asked.door, now);
}
