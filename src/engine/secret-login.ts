/**
 * Sign-in of an application by one of its client secrets. A secret of 256 random bits cannot be guessed, so failures count
 * for their network only, as with signatures; and each sign-in is one of the application's changes, since it is a row on the
 * disk (CWE-770).
 */
import type { Asker } from "../core/asker.ts";
import { bySecret } from "../core/amr.ts";
import { parseId, type SubjectId } from "../core/ids.ts";
import { refused, type Outcome } from "../core/result.ts";
import type { Secret } from "../core/secret.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import { issuePair, type IssueDeps, type TokenPair } from "./issue.ts";
import { opening } from "./opening.ts";
import type { Store } from "./ports.ts";
import { attemptSignIn, type Tried } from "./sign-in-attempt.ts";
import type { SignedLoginDeps } from "./signed-login.ts";

export interface SecretLoginDeps extends IssueDeps, Omit<SignedLoginDeps, "store" | "authKeys" | "keyLimits"> {
  readonly store: Pick<Store, "findSecretCredential" | "openBySecret">;
}

export interface SecretLogin {
  /** The application's id, as it was sent. */
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly door: ClientProfile;
  readonly from: Circumstances;
  readonly asker: Asker | undefined;
}

const failed = (why: string): Tried<Outcome<TokenPair>> => ({
  outcome: "failed",
  value: { ...refused("invalid_credentials"), why },
});

/** What an unknown secret is compared with. */
const noHash = new Uint8Array(32);

async function openWith(deps: SecretLoginDeps, asked: SecretLogin): Promise<Tried<Outcome<TokenPair>>> {
  const { door, from, asker } = asked;
  const application = parseId<SubjectId>(asked.clientId);
  const claimed = deps.tokens.readClientSecret(asked.clientSecret.reveal());
  if (claimed === undefined) return failed("no client secret of ours");
  const credential = await deps.store.findSecretCredential(claimed.id);
  const proved = deps.tokens.provesOpaque(claimed, credential?.secretHash ?? noHash);
  const now = deps.clock.now();
  if (credential === undefined || !proved) return failed("a client secret that never was, or has ended");
  const { holder, instance, expiresAt } = credential;
  if (holder.subject !== application) return failed("a client secret of another application");
  if (expiresAt !== null && expiresAt <= now) return failed("a client secret that has expired");
  if (!credential.mayHold) return failed("the application, its owner or its organisation is not active");
  const retryAfter = deps.spendChange(holder.subject, deps.clock.monotonic());
  if (retryAfter !== undefined) return { outcome: "void", value: { ...refused("too_many_changes"), retryAfter } };
  const view = await deps.store.openBySecret(
    {
      open: {
        ...opening(deps, { subject: holder.subject, authTime: now, amr: bySecret, door, from, instance, now }),
        openedWith: claimed.id,
        endsBy: expiresAt ?? undefined,
      },
      secret: claimed.id,
    },
    { asker },
  );
  if (view === undefined) return failed("revoked between the check and the commit");
  return { outcome: "succeeded", value: issuePair(deps, view, door, now) };
}

/** A new session with its first tokens. Refuses with `invalid_credentials`, `too_many_attempts` or `too_many_changes`. */
export const signInBySecret = (deps: SecretLoginDeps, asked: SecretLogin): Promise<Outcome<TokenPair>> =>
  attemptSignIn(deps, { subject: undefined, name: undefined, from: asked.from, asker: asked.asker }, () =>
    openWith(deps, asked),
  );
