/** Signed login by challenge: what is signed names who signs in, and with which of their keys. */
import type { KeySignature } from "../core/auth-key.ts";
import { makeChallenge, readChallenge, type Challenge, type ChallengeDeps } from "./challenge.ts";
import { signedLogin, type SignedLogin, type SignedLoginDeps, type SignedLoginOutcome } from "./signed-login.ts";

export interface ChallengeWish extends Pick<SignedLogin, "login" | "organisation"> {
  /** Fingerprint of the key that will sign, as `ssh-keygen -l` prints it. */
  readonly key: string;
}

/** Made for whatever is typed, so that it tells nothing of who there is. */
export const issueChallenge = (deps: ChallengeDeps, { organisation, login, key }: ChallengeWish): Challenge =>
  makeChallenge(deps, "login", [organisation, login, key]);

export interface ChallengeAnswer extends Pick<SignedLogin, "door" | "from" | "asker"> {
  readonly challenge: string;
  readonly signature: KeySignature | undefined;
  /** Who says that they sign in, where a wire tells that beside the challenge; and of which kind they are. */
  readonly whose?: Pick<SignedLogin, "login" | "organisation" | "kind"> | undefined;
}

const nobody = { login: "", organisation: "", key: "", until: undefined } as const;

/** A challenge that is not good is tried for nobody, and costs and counts what every other failure does. */
export function answerChallenge(
  deps: SignedLoginDeps & ChallengeDeps,
  { challenge, whose, ...asked }: ChallengeAnswer,
): Promise<SignedLoginOutcome> {
  const read = readChallenge(deps, "login", challenge);
  const [organisation = "", login = "", key = ""] = read?.about ?? [];
  const isTheirs = whose === undefined || (whose.login === login && whose.organisation === organisation);
  const claimed = read !== undefined && isTheirs ? { organisation, login, key, until: read.until } : nobody;
  return signedLogin(deps, { ...asked, ...claimed, kind: whose?.kind, message: challenge });
}
