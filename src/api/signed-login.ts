/** POST /login/challenge and /login/signature: sign-in by a signature with one's authentication key. */
import { z } from "zod";

import { refused } from "../core/result.ts";
import type { ClientProfile } from "../engine/client-profile.ts";
import type { Engine } from "../engine/engine.ts";
import { signatureText } from "./auth-keys.ts";
import { route, signingIn, type NativeRoute } from "./declare.ts";
import { toWire, TokenPairAnswer } from "./token-pair.ts";

const ChallengeBody = z
  .object({
    username: z.string().min(1).max(320).meta({ description: "User name or verified e-mail address.", example: "bob" }),
    organisation: z.string().min(1).max(256).optional().meta({ description: "Its name; `Root` when left out." }),
    key: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "a fingerprint as `ssh-keygen -l` prints it, such as SHA256:...")
      .meta({ description: "Fingerprint of the key that you will sign with, as `ssh-keygen -l` prints it." }),
  })
  .meta({ id: "ChallengeRequest" });

const ChallengeAnswer = z
  .object({
    challenge: z.string().meta({ description: "Sign these characters, in UTF-8." }),
    expires_in: z.int().meta({ description: "Seconds." }),
  })
  .meta({ id: "Challenge" });

const SignatureBody = z
  .object({
    challenge: z.string().min(1).max(8192),
    signature: signatureText,
  })
  .meta({ id: "ChallengeSignature" });

const notAccepted = refused(
  "invalid_credentials",
  "The challenge is over or was used, or it was not signed with the key of its subject. Ask for another and sign that.",
);

export const signedLoginRoutes = (engine: Engine, door: ClientProfile, home: string): readonly NativeRoute[] => [
  route({
    ...signingIn,
    path: "/api/v1/login/challenge",
    summary: "Ask for something to sign; whoever is named, there is an answer",
    journal: null,
    body: { json: ChallengeBody },
    answers: { 200: { description: "To be signed within its time, and once.", schema: ChallengeAnswer } },
    refusals: [],
  })(async ({ body: { username, organisation, key } }) => {
    const { text, expiresIn } = engine.issueChallenge({ login: username, organisation: organisation ?? home, key });
    return { status: 200, body: { challenge: text, expires_in: expiresIn } };
  }),

  route({
    ...signingIn,
    path: "/api/v1/login/signature",
    summary: "Sign in with a signed challenge",
    journal: "sign_in",
    body: { json: SignatureBody },
    answers: { 200: { description: "A new session's tokens.", schema: TokenPairAnswer } },
    refusals: ["invalid_request", "invalid_credentials", "too_many_attempts", "too_many_changes"],
  })(async ({ body: { challenge, signature: text }, from, asker }) => {
    const signature = engine.readSignature(text);
    if (signature === undefined)
      return refused("invalid_request", "signature: this is neither base64url without padding nor an SSH signature.");
    const signedIn = await engine.answerChallenge({ challenge, signature, door, from, asker });
    if (signedIn.ok) return { status: 200, body: toWire(signedIn.value) };
    return signedIn.code === "invalid_credentials" ? { ...signedIn, ...notAccepted } : signedIn;
  }),
];
