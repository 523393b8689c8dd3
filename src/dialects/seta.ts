/**
 * SeTA's token API: POST /authentication/v1/token with a message and its RSA signature, POST /authentication/v1/token/refresh
 * with the refresh token as bearer. One refresh token lasts for the session, as its guide says, unless it is set to rotate.
 *
 * Kept: paths, bodies, statuses, `message` here and `msg` there. Mended: a captured request opens nothing a second time,
 * one text for whoever cannot sign in, and a logout that ends both tokens. What the statuses still tell is in decision 0015.
 */
import { z } from "zod";

import type { KeySignature } from "../core/auth-key.ts";
import { nativePolicy } from "../core/policy.ts";
import { refusalEntry } from "../core/refusals.ts";
import { Secret } from "../core/secret.ts";
import type { Holder } from "../core/session.ts";
import { challengePrefixes, clientMessage, isClientMessage } from "../core/signed-message.ts";
import { hours } from "../core/units.ts";
import type { TokenPair } from "../engine/issue.ts";
import { bearerToken } from "../http/authorization.ts";
import type { Refuse } from "../http/routing.ts";
import { byCredentials, route, type Dialect, type DialectDoor } from "./dialect.ts";
import { errorJson } from "./json-error.ts";

/** Where a member is wrong, `errors` names it, in the words of JSON Schema. */
const refuse: Refuse = (code, { headers, errors }) => {
  const { status, title } = refusalEntry(code);
  const body =
    errors === undefined
      ? { message: title }
      : {
          errors: Object.fromEntries(errors.map(({ field, expected }) => [field.slice(1), expected])),
          message: "Input payload validation failed",
        };
  return errorJson(status, body, headers);
};

/** What is wrong with a member is said without repeating what was sent. */
const member = (name: string, most: number) =>
  z
    .string({
      error: ({ input }) => (input === undefined ? `'${name}' is a required property` : "is not of type 'string'"),
    })
    .max(most, "is too long");

const providers = ["local", "seta"] as const;
const messageForm = `is not ${clientMessage.shortest} to ${clientMessage.longest} characters made for a login`;

/** A client that is asked to, or wants to, signs a challenge of the native door. */
const isChallenge = (text: string): boolean => text.startsWith(challengePrefixes.login);
const maySign = (text: string): boolean => isChallenge(text) || isClientMessage(text);

const TokenBody = z.object(
  {
    username: member("username", 320),
    provider: member("provider", 320).pipe(z.enum(providers, "is not one of ['local', 'seta']")),
    rsa_original_message: member("rsa_original_message", 4096).refine(maySign, messageForm),
    rsa_message_signature: member("rsa_message_signature", 4096),
  },
  "is not of type 'object'",
);

/** Either case, nothing before, between or after. Undefined is refused like a signature that is not good. */
const hexSignature = (text: string): KeySignature | undefined =>
  /^(?:[\dA-Fa-f]{2})+$/.test(text) ? { form: "raw", bytes: Uint8Array.from(Buffer.from(text, "hex")) } : undefined;

const Tokens = z.object({ access_token: z.string(), refresh_token: z.string() });
const Message = z.object({ message: z.string() });
const Msg = z.object({ msg: z.string() });
const Success = z.object({ status: z.literal("success") });

const toWire = ({ accessToken, refreshToken }: TokenPair): z.input<typeof Tokens> => ({
  access_token: accessToken.reveal(),
  refresh_token: refreshToken.reveal(),
});

const said = <const Status extends number>(status: Status, text: string) =>
  ({ status, body: { message: text } }) as const;
const msg = <const Status extends number>(status: Status, text: string) => ({ status, body: { msg: text } }) as const;

const missing = msg(
  401,
  'Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie "refresh_token_cookie")',
);

/** What its JWT library says of a text that is no token of ours. */
const unreadable = (text: string) =>
  msg(422, text.split(".").length < 3 ? "Not enough segments" : "Signature verification failed");

/** Undefined: none was sent. */
function presented(headers: Headers): string | undefined {
  const bearer = bearerToken(headers.get("authorization"));
  if (bearer.ok) return bearer.value;
  return bearer.code === "missing_token" ? undefined : "";
}

const tokensAnswer = { description: "Tokens.", schema: Tokens } as const;

const providerOf = (kind: Holder["kind"]): (typeof providers)[number] => (kind === "application" ? "seta" : "local");

/** Ends the session of a token of this door, of either kind; what is no such token ends nothing. */
async function logout(
  { engine, profile }: DialectDoor,
  token: string,
  from: { readonly address: string; readonly requestId: string },
): Promise<void> {
  const ended = await engine.logout({ refreshToken: new Secret(token), door: profile, from });
  if (!ended.ok) await engine.logoutByAccess({ accessToken: new Secret(token), door: profile, from });
}

export const seta: Dialect = {
  name: "seta",
  issuer: "instance",
  policy: { ...nativePolicy, access: hours(1), idle: hours(24), absolute: hours(24), onRefresh: "stable" },
  refuse,
  claims: ({ session, holder }, issuedAt) => ({
    fresh: issuedAt === session.createdAt,
    type: "access",
    nbf: issuedAt,
    seta_id: {
      user_id: holder.subject,
      provider: providerOf(holder.kind),
      provider_uid: holder.username.toLowerCase(),
    },
    role: holder.roles.includes("admin") ? "Administrator" : "User",
    user_type: holder.kind,
  }),
  routes: (door) => {
    const { engine, profile, organisation } = door;
    return [
      route({
        ...byCredentials,
        method: "post",
        path: "/authentication/v1/token",
        summary: "SeTA: obtain an access token and a refresh token by a signed message",
        rate: "login",
        shed: "login",
        journal: "sign_in",
        body: { json: TokenBody },
        answers: {
          200: tokensAnswer,
          401: { description: "Nobody who can sign in here.", schema: Message },
          403: { description: "The signature is not good or was used, or a challenge is needed.", schema: Message },
        },
        refusals: ["invalid_request", "too_many_attempts", "too_many_changes"],
      })(async ({ body, from, asker }) => {
        const { rsa_original_message: message, rsa_message_signature: hex } = body;
        const kind = body.provider === "seta" ? "application" : undefined;
        const whose = { login: body.username, organisation, kind } as const;
        const asked = { signature: hexSignature(hex), door: profile, from, asker };
        const signedIn = await (isChallenge(message)
          ? engine.answerChallenge({ ...asked, challenge: message, whose })
          : engine.signedLogin({ ...asked, ...whose, message }));
        if (signedIn.ok) return { status: 200, body: toWire(signedIn.value) };
        switch (signedIn.because) {
          case "nobody":
            return said(401, "Invalid User");
          case "signature":
            return said(403, "Invalid Signature");
          case "challenge":
            // Whoever reads this has the key.
            return said(403, "Sign a challenge: POST /api/v1/login/challenge gives one");
          default:
            return signedIn;
        }
      }),

      route({
        ...byCredentials,
        method: "post",
        path: "/authentication/v1/token/refresh",
        summary: "SeTA: obtain a new access token",
        rate: "token",
        shed: "refresh",
        journal: null,
        body: "none",
        answers: {
          200: tokensAnswer,
          401: { description: "None was sent, expired or revoked.", schema: Msg },
          422: { description: "Not a refresh token of this server.", schema: Msg },
        },
        refusals: [],
      })(async ({ headers, from, asker }) => {
        const text = presented(headers);
        if (text === undefined) return missing;
        const refreshToken = new Secret(text);
        if (engine.readExpired(refreshToken) !== undefined) return msg(422, "Only refresh tokens are allowed");
        const refreshed = await engine.refresh({ refreshToken, door: profile, from, asker });
        if (refreshed.ok) return { status: 200, body: toWire(refreshed.value) };
        switch (refreshed.why) {
          case "unproven":
            return unreadable(text);
          case "expired":
            return msg(401, "Token has expired");
          case "reuse":
          case "over":
            return msg(401, "Token has been revoked");
        }
      }),

      route({
        ...byCredentials,
        method: "post",
        path: "/authentication/v1/logout",
        summary: "SeTA: end the session of either token",
        rate: "token",
        shed: "revoke",
        journal: "session_ended",
        body: "none",
        answers: {
          200: { description: "It is over, or was already.", schema: Success },
          401: { description: "No token was sent.", schema: Msg },
        },
        refusals: [],
      })(async ({ headers, from }) => {
        const token = presented(headers);
        if (token === undefined) return missing;
        await logout(door, token, from);
        return { status: 200, body: { status: "success" } };
      }),
    ];
  },
};
