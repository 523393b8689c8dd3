/**
 * The one catalogue of refusals: code -> status, where the rule comes from, and what to say. The problem documents,
 * the OpenAPI responses and docs/problems.md are printed from it. No sentence tells whether an account exists.
 */
import { recentSignIn } from "./recent-sign-in.ts";

export interface RefusalEntry {
  /** HTTP status of the native API (a dialect has its product's own). */
  readonly status: number;
  /** Short and the same for every occurrence (RFC 9457 `title`). */
  readonly title: string;
  /** What happened and what to do about it. */
  readonly advice: string;
  /** Where the rule comes from. */
  readonly source: string;
}

export const refusals = {
  // The request itself.
  malformed_request: {
    status: 400,
    title: "The request cannot be read",
    advice: "Send a well-formed HTTP request: one Host, one Authorization, one Content-Type, a plain path.",
    source: "RFC 9110 section 15.5.1",
  },
  malformed_json: {
    status: 400,
    title: "The body is not acceptable JSON",
    advice: "Send one JSON value in UTF-8, at most 32 levels deep, with no member named twice.",
    source: "RFC 8259; RFC 8725 section 3.7",
  },
  invalid_request: {
    status: 400,
    title: "The request has a wrong or missing value",
    advice: "Compare the members named in `errors` with the schema in /openapi.json.",
    source: "RFC 6749 section 5.2",
  },
  not_found: {
    status: 404,
    title: "There is nothing here",
    advice: "Check the path and the id against /openapi.json. What belongs to somebody else is answered the same way.",
    source: "RFC 9110 section 15.5.5",
  },
  method_not_allowed: {
    status: 405,
    title: "This path does not know the method",
    advice: "Use one of the methods named in the Allow header.",
    source: "RFC 9110 section 15.5.6",
  },
  body_too_large: {
    status: 413,
    title: "The body is too large",
    advice: "Send less: a body may have 64 KiB unless the operator has set limits.body otherwise.",
    source: "RFC 9110 section 15.5.14",
  },
  unsupported_media_type: {
    status: 415,
    title: "The body has a content type or encoding that is not accepted here",
    advice: "Send Content-Type: application/json, in UTF-8, without Content-Encoding.",
    source: "RFC 9110 section 15.5.16",
  },
  // Credentials and tokens.
  invalid_credentials: {
    status: 401,
    title: "The credentials were not accepted",
    advice: "Check the user name, the organisation and the password.",
    source: "RFC 9110 section 15.5.2",
  },
  missing_token: {
    status: 401,
    title: "An access token is needed",
    advice: "Send Authorization: Bearer with an access token from POST /api/v1/login.",
    source: "RFC 6750 section 3.1",
  },
  invalid_token: {
    status: 401,
    title: "The access token is not valid",
    advice: "It is expired, revoked, malformed or of another kind. Refresh, or sign in again.",
    source: "RFC 6750 section 3.1",
  },
  reauthentication_needed: {
    status: 401,
    title: "This needs a sign-in by password of a moment ago",
    advice: `Sign in with the password once more, and send the request within ${recentSignIn / 60} minutes with the new access token.`,
    source: "RFC 9470 section 3; ASVS 7.5.1",
  },
  invalid_grant: {
    status: 401,
    title: "The refresh token is not valid",
    advice: "It is expired, revoked, used before or of another client. Sign in again.",
    source: "RFC 6749 section 5.2",
  },
  insufficient_scope: {
    status: 403,
    title: "The access token does not allow this",
    advice:
      "The scope that is needed is named in the WWW-Authenticate header. Ask an administrator for a role that has it.",
    source: "RFC 6750 section 3.1",
  },
  exceeds_grant: {
    status: 403,
    title: "This is more than you have yourself",
    advice:
      "A token gets no scope, and no longer life, than what makes it has. Ask for less, or sign in with a password.",
    source: "RFC 6749 section 6; RFC 8693 section 5",
  },
  minting_not_allowed: {
    status: 403,
    title: "You may not make API tokens",
    advice: "The operator has set who may, by where accounts come from (sources.local.mint). Ask an administrator.",
    source: "RFC 9110 section 15.5.4",
  },
  wrong_password: {
    status: 403,
    title: "The current password is not the right one",
    advice: "Type the password that you sign in with now, and then the new one.",
    source: "ASVS 6.2.3; RFC 9110 section 15.5.4",
  },
  forbidden: {
    status: 403,
    title: "You may not do this to them",
    advice:
      "Nobody changes somebody who has more rights, or gives a role with more rights, than they have themselves. Ask an administrator who has them.",
    source: "RFC 9110 section 15.5.4",
  },
  // What is already so.
  name_taken: {
    status: 409,
    title: "The name or an e-mail address is taken",
    advice: "Choose another. Names that differ only in case or in the form of a letter are the same name.",
    source: "RFC 8265 section 3.3; RFC 9110 section 15.5.10",
  },
  last_administrator: {
    status: 409,
    title: "Nobody would be left to administer the instance",
    advice: "Make somebody else an administrator first.",
    source: "RFC 9110 section 15.5.10",
  },
  too_many_tokens: {
    status: 409,
    title: "There are too many API tokens",
    advice: "Revoke those that nobody uses: GET /api/v1/api-tokens tells when each was used last.",
    source: "CWE-770; RFC 9110 section 15.5.10",
  },
  too_many: {
    status: 409,
    title: "There are as many of these as there may be",
    advice: "Remove those that nobody uses; the lists tell when each was used last.",
    source: "CWE-770; RFC 9110 section 15.5.10",
  },
  wrong_state: {
    status: 409,
    title: "It is not in a state that this can be done in",
    advice:
      "Look at its status: what is disabled is enabled, what is locked is unlocked, and what is deleted stays so.",
    source: "RFC 9110 section 15.5.10",
  },
  too_many_attempts: {
    status: 429,
    title: "There were too many failed attempts",
    advice: "Wait for the time in Retry-After. Until then nothing is looked at, the right password neither.",
    source: "RFC 6585 section 4; OWASP ASVS 6.3.1",
  },
  too_many_changes: {
    status: 429,
    title: "There were too many changes in a short time",
    advice: "Nothing was changed. Send the same request again after the time in Retry-After.",
    source: "RFC 6585 section 4",
  },
  too_many_requests: {
    status: 429,
    title: "There were too many requests with this API token",
    advice:
      "Nothing was done. Send the same request again after the time in Retry-After; RateLimit tells what is left.",
    source: "RFC 6585 section 4",
  },
  // The server's state.
  internal_error: {
    status: 500,
    title: "Something failed here",
    advice: "It is not your request's fault. Give the request id to the operator.",
    source: "RFC 9110 section 15.6.1",
  },
  temporarily_unavailable: {
    status: 503,
    title: "The server cannot answer right now",
    advice: "Nothing was changed. Send the same request again after the time in Retry-After.",
    source: "RFC 9110 section 15.6.4",
  },
  overloaded: {
    status: 503,
    title: "The server has more to do than it can",
    advice: "Nothing of the request was looked at. Send the same request again after the time in Retry-After.",
    source: "RFC 9110 section 15.6.4",
  },
} as const satisfies Record<string, RefusalEntry>;

export type RefusalCode = keyof typeof refusals;

export const refusalEntry = (code: RefusalCode): RefusalEntry => refusals[code];
