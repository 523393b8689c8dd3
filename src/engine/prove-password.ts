/**
 * The password once more, from somebody who is signed in already, before something that a stolen token must not do
 * (ASVS 7.5.1). A guess here costs what it costs at a sign-in, in the same buckets.
 */
import type { Asker } from "../core/asker.ts";
import { isPlausiblePassword, normalisePassword } from "../core/password-policy.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import { Secret } from "../core/secret.ts";
import type { Circumstances } from "./circumstances.ts";
import type { Credential, Passwords } from "./ports.ts";
import { attemptSignIn, type SignInAttemptDeps, type Tried } from "./sign-in-attempt.ts";

export interface ProvePasswordDeps extends SignInAttemptDeps {
  readonly passwords: Pick<Passwords, "verify">;
}

/** Refuses with `invalid_credentials`, `too_many_attempts` or `temporarily_unavailable`. */
export async function provePassword(
  deps: ProvePasswordDeps,
  { holder: { subject }, passwordHash, mayHold }: Credential,
  password: Secret,
  { from, asker }: { readonly from: Circumstances; readonly asker: Asker | undefined },
): Promise<Outcome<true>> {
  const text = password.reveal();
  if (!isPlausiblePassword(text)) return refused("invalid_credentials");
  return attemptSignIn(deps, { subject, name: undefined, from, asker }, async (): Promise<Tried<Outcome<true>>> => {
    const good = await deps.passwords.verify(passwordHash, new Secret(normalisePassword(text)), asker);
    if (good === undefined) return { outcome: "void", value: refused("temporarily_unavailable") };
    return good && mayHold
      ? { outcome: "succeeded", value: granted(true) }
      : { outcome: "failed", value: refused("invalid_credentials") };
  });
}
