/**
 * Challenges for signed login: what is signed names this instance, who signs in and until when, so that a signature is
 * good nowhere else, for nobody else and not later. Nothing is stored: the text carries its own MAC, and what it was
 * used for is remembered by the signature (see signed-login.ts).
 */
import { decodeBase64url, encodeBase64url } from "../core/base64url.ts";
import { challengePrefix } from "../core/signed-message.ts";
import { after, minutes, type Seconds } from "../core/units.ts";
import type { Chance, Clock, Tokens } from "./ports.ts";
import { signedLogin, type SignedLogin, type SignedLoginDeps, type SignedLoginOutcome } from "./signed-login.ts";

export interface ChallengeDeps {
  readonly tokens: Pick<Tokens, "macText" | "macIs">;
  readonly clock: Pick<Clock, "now">;
  readonly chance: Chance;
  readonly issuer: string;
}

export interface Challenge {
  readonly text: string;
  readonly expiresIn: Seconds;
}

const lifetime = minutes(1);
const purpose = "login-challenge";

/** Issuer, organisation and name as they were typed, end, nonce. */
type Claim = readonly [issuer: string, organisation: string, login: string, expiresAt: Seconds, nonce: string];

const form = /^jeton-login-v1:([\w-]+)\.([\w-]+)$/;

const utf8 = new TextEncoder();

/** Made for whatever is typed, so that it tells nothing of who there is. */
export function issueChallenge(
  { tokens, clock, chance, issuer }: ChallengeDeps,
  { organisation, login }: Pick<SignedLogin, "login" | "organisation">,
): Challenge {
  const nonce = encodeBase64url(chance(16));
  const claim: Claim = [issuer, organisation, login, after(clock.now(), lifetime), nonce];
  const body = encodeBase64url(utf8.encode(JSON.stringify(claim)));
  return { text: `${challengePrefix}${body}.${tokens.macText(purpose, body)}`, expiresIn: lifetime };
}

type Claimed = Pick<SignedLogin, "login" | "organisation" | "until">;

/** Who may sign in with this text now, and until when; undefined: it is no challenge of ours, or its time is over. */
function readChallenge({ tokens, clock, issuer }: Omit<ChallengeDeps, "chance">, text: string): Claimed | undefined {
  const [, body = "", mac = ""] = form.exec(text) ?? [];
  if (!tokens.macIs(purpose, body, mac)) return undefined;
  // The MAC says that we wrote it.
  const claim = JSON.parse(new TextDecoder().decode(decodeBase64url(body))) as Claim;
  const [named, organisation, login, expiresAt] = claim;
  return named === issuer && clock.now() < expiresAt ? { login, organisation, until: expiresAt } : undefined;
}

export interface ChallengeAnswer extends Pick<SignedLogin, "signature" | "door" | "from" | "signal"> {
  readonly challenge: string;
}

/** A challenge that is not good is tried for nobody, and costs and counts what every other failure does. */
export function answerChallenge(
  deps: SignedLoginDeps & ChallengeDeps,
  { challenge, ...asked }: ChallengeAnswer,
): Promise<SignedLoginOutcome> {
  const claimed = readChallenge(deps, challenge) ?? { login: "", organisation: "" };
  return signedLogin(deps, { ...asked, ...claimed, kind: undefined, message: challenge });
}
