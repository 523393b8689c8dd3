/**
 * Challenges: what somebody signs to prove that they have a key. The text names this instance, what it is for and about,
 * and until when, so that a signature is good for nothing else, nowhere else and not later. Nothing is stored: the text
 * carries its own MAC, and what it was used for is remembered by whoever takes it.
 */
import { decodeBase64url, encodeBase64url } from "../core/base64url.ts";
import { challengePrefixes, type ChallengeKind } from "../core/signed-message.ts";
import { after, minutes, type Seconds } from "../core/units.ts";
import type { Chance, Clock, Tokens } from "./ports.ts";

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
const purposeOf = (kind: ChallengeKind): string => `${kind}-challenge`;

/** Issuer, what it is about, end, nonce. */
type Claim = readonly [issuer: string, about: readonly string[], expiresAt: Seconds, nonce: string];

const form = /^([\w-]+)\.([\w-]+)$/;

const utf8 = new TextEncoder();

export function makeChallenge(
  { tokens, clock, chance, issuer }: ChallengeDeps,
  kind: ChallengeKind,
  about: readonly string[],
): Challenge {
  const claim: Claim = [issuer, about, after(clock.now(), lifetime), encodeBase64url(chance(16))];
  const body = encodeBase64url(utf8.encode(JSON.stringify(claim)));
  return { text: `${challengePrefixes[kind]}${body}.${tokens.macText(purposeOf(kind), body)}`, expiresIn: lifetime };
}

/** What the text is about, and until when it is good; undefined: it is no such challenge of ours, or its time is over. */
export function readChallenge(
  { tokens, clock, issuer }: Omit<ChallengeDeps, "chance">,
  kind: ChallengeKind,
  text: string,
): { readonly about: readonly string[]; readonly until: Seconds } | undefined {
  const prefix = challengePrefixes[kind];
  const [, body = "", mac = ""] = (text.startsWith(prefix) && form.exec(text.slice(prefix.length))) || [];
  if (!tokens.macIs(purposeOf(kind), body, mac)) return undefined;
  // The MAC says that we wrote it.
  const [named, about, until] = JSON.parse(new TextDecoder().decode(decodeBase64url(body))) as Claim;
  return named === issuer && clock.now() < until ? { about, until } : undefined;
}
