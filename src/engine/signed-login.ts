/**
 * Sign-in by a signature with one of the subject's authentication keys. A signature cannot be guessed, so failures count for
 * their network only: nobody can lock a script out by sending wrong ones under its name. Every reason to refuse costs
 * the same verifications (decision 0024).
 *
 * Many signatures are the same each time, and of others there are as many as one likes; so it is the message that opens one
 * session and never another, whatever its signature: the store
 * remembers it in the step that opens the session (decision 0014). A signature costs its owner nothing, and each session
 * is a row on the disk and an event in the journal, so each counts as one of the subject's changes (CWE-770).
 */
import type { Asker } from "../core/asker.ts";
import { byKey } from "../core/amr.ts";
import { fingerprintText, keysOfOneSize, type AuthKeyLimits, type KeySignature } from "../core/auth-key.ts";
import { canonicalLogin, canonicalOrganisation } from "../core/canonical.ts";
import type { SubjectId } from "../core/ids.ts";
import { refused, type Granted, type Refusal } from "../core/result.ts";
import type { Holder } from "../core/session.ts";
import type { Millis, Seconds } from "../core/units.ts";
import type { SigningCredential, SigningKey } from "./auth-key-store.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import { issuePair, type IssueDeps, type TokenPair } from "./issue.ts";
import { opening } from "./opening.ts";
import type { AuthKeys, Chance, Clock, Store } from "./ports.ts";
import { attemptSignIn, type SignInAttemptDeps, type Tried } from "./sign-in-attempt.ts";

export interface SignedLoginDeps extends IssueDeps, SignInAttemptDeps {
  readonly store: Pick<Store, "findSigningCredential" | "openSigned">;
  readonly authKeys: Pick<AuthKeys, "verify" | "trace">;
  readonly keyLimits: Pick<AuthKeyLimits, "messages">;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Takes one of the subject's changes; undefined, or the seconds to wait (see allowances.ts). */
  readonly spendChange: (subject: SubjectId, at: Millis) => Seconds | undefined;
}

export interface SignedLogin {
  /** As typed. */
  readonly login: string;
  readonly organisation: string;
  /** Undefined: of either kind. */
  readonly kind: Holder["kind"] | undefined;
  /** Fingerprint of the key that is meant; undefined: the wire does not say. */
  readonly key?: string | undefined;
  /** What was signed, in UTF-8. */
  readonly message: string;
  /** Undefined: it could not be read, which is answered like one that is not good. */
  readonly signature: KeySignature | undefined;
  /** From when on the message is good for nothing, so that it need not be remembered; undefined: never. */
  readonly until?: Seconds | undefined;
  readonly door: ClientProfile;
  readonly from: Circumstances;
  readonly asker: Asker | undefined;
}

/** For a dialect whose product tells the cases apart; the refusal is `invalid_credentials` in each. */
export type SignedLoginOutcome = Granted<TokenPair> | (Refusal & { readonly because?: Because });

/**
 * `nobody`: no such subject, or none that may sign in by a key. `signature`: not good, or used before. `challenge`: good,
 * but over a message of the client's own choice where a challenge is demanded.
 */
type Because = "nobody" | "signature" | "challenge";

const forOperators = {
  nobody: "nobody of this name has a key and may sign in",
  signature: "the signature is not good, or the message was used before",
  challenge: "the key takes challenges of this server alone by now",
} as const satisfies Record<Because, string>;

const failed = (because: Because): Tried<SignedLoginOutcome> => ({
  outcome: "failed",
  value: { ...refused("invalid_credentials"), because, why: forOperators[because] },
});

async function find({ store, clock }: SignedLoginDeps, asked: SignedLogin): Promise<SigningCredential | undefined> {
  const name = canonicalLogin(asked.login);
  const tenant = canonicalOrganisation(asked.organisation);
  return name === undefined || tenant === undefined
    ? undefined
    : store.findSigningCredential(tenant, name, clock.now());
}

/** The same number of verifications whatever is wrong; nothing is decided before them. */
function verify(
  { authKeys }: SignedLoginDeps,
  keys: readonly SigningKey[],
  asked: SignedLogin,
): SigningKey | undefined {
  const { key: named, message, signature } = asked;
  const meant = named === undefined ? keys : keys.filter(({ fingerprint }) => fingerprintText(fingerprint) === named);
  const tries = named === undefined ? keysOfOneSize : 1;
  const at = authKeys.verify(
    meant.map(({ spki }) => spki),
    message,
    signature,
    tries,
  );
  return at === undefined ? undefined : meant[at];
}

async function openWith(deps: SignedLoginDeps, asked: SignedLogin): Promise<Tried<SignedLoginOutcome>> {
  const { kind, message, until = null, door, from, asker } = asked;
  const credential = await find(deps, asked);
  const key = verify(deps, credential?.authKeys ?? [], asked);
  const isOfKind = credential !== undefined && (kind === undefined || credential.holder.kind === kind);
  if (!isOfKind || !credential.mayHold || credential.authKeys.length === 0) return failed("nobody");
  if (key === undefined) return failed("signature");
  const { holder, instance } = credential;
  const retryAfter = deps.spendChange(holder.subject, deps.clock.monotonic());
  if (retryAfter !== undefined) return { outcome: "void", value: { ...refused("too_many_changes"), retryAfter } };
  const now = deps.clock.now();
  const opened = await deps.store.openSigned(
    {
      open: {
        ...opening(deps, { subject: holder.subject, authTime: now, amr: byKey, door, from, instance, now }),
        openedWith: key.id,
        endsBy: key.expiresAt ?? undefined,
      },
      authKey: key.id,
      trace: deps.authKeys.trace(key.fingerprint, message),
      until,
      most: deps.keyLimits.messages,
    },
    { asker },
  );
  switch (opened.kind) {
    case "opened":
      return { outcome: "succeeded", value: issuePair(deps, opened.view, door, now) };
    case "challenge-needed":
      return failed("challenge");
    case "refused":
      // Used before, or between the check and the commit somebody revoked, disabled or removed the key.
      return failed("signature");
  }
}

/**
 * A new session with its first tokens. Refuses with `invalid_credentials`, `too_many_attempts`, `too_many_changes` or
 * `temporarily_unavailable`.
 */
export const signedLogin = (deps: SignedLoginDeps, asked: SignedLogin): Promise<SignedLoginOutcome> =>
  attemptSignIn(deps, { subject: undefined, name: undefined, from: asked.from, asker: asked.asker }, () =>
    openWith(deps, asked),
  );
