/**
 * What a new API token may be: whose, with which scopes, until when and how busy. Never more than what makes it has
 * (RFC 8693 section 5), and never more than the operator and the organisation allow.
 */
import { longestApiToken, type ApiTokenFormat, type ApiTokenRow } from "../core/api-token.ts";
import { mayMintBy, type Minting } from "../core/minting.ts";
import { granted, refused, type Outcome, type Refusal } from "../core/result.ts";
import { everydayScopes, scopesOfRoles, type Scope } from "../core/scope.ts";
import type { Holder } from "../core/session.ts";
import { after, earlier, type Seconds } from "../core/units.ts";
import type { Principal } from "./introspect.ts";
import { managedSubject, type Whose } from "./manage.ts";
import type { Store } from "./ports.ts";
import { recentSession } from "./recent-session.ts";

export interface ApiTokenLimits {
  /** How long one lives when nobody says otherwise. */
  readonly usual: Seconds;
  readonly longest: Seconds;
  /** Whether an opaque one may live until it is revoked. */
  readonly endless: boolean;
  /** Live ones of one subject. */
  readonly cap: number;
  /** That one may make in a minute. */
  readonly requests: number;
  /** Who may make one at all. */
  readonly minting: Minting;
}

export interface ApiTokenWish {
  /** Whose it is to be: the caller's, or that of an application that it looks after. */
  readonly subject: Whose;
  readonly name: string;
  /** Undefined: the usual life. Null: until it is revoked. */
  readonly expiresIn: Seconds | null | undefined;
  /** Undefined: what belongs to its owner. */
  readonly scopes: readonly Scope[] | undefined;
  /** Undefined: this instance. */
  readonly audiences: readonly string[] | undefined;
  /** Undefined: from anywhere. */
  readonly networks: readonly string[] | undefined;
  /** Undefined: as many as the operator allows each. */
  readonly requestsPerMinute: number | undefined;
  readonly format: ApiTokenFormat;
}

interface GrantDeps {
  readonly store: Pick<Store, "findSubject" | "findHolder" | "findOrganisationRecord">;
  readonly apiTokens: ApiTokenLimits;
}

/** A token with limits of its own makes no token without them. */
const isNarrow = ({ audiences, networks, requestsPerMinute }: ApiTokenRow): boolean =>
  audiences !== null || networks !== null || requestsPerMinute !== null;

/** Why the caller may make no token at all; undefined where it may. */
export function mayMint({ minting }: ApiTokenLimits, caller: Principal, now: Seconds): Refusal | undefined {
  // The one source that there is.
  if (!mayMintBy(minting.local, caller.holder.roles)) return refused("minting_not_allowed");
  if (caller.by.kind === "session")
    return recentSession(caller, now) === undefined ? refused("reauthentication_needed") : undefined;
  return isNarrow(caller.by.token)
    ? refused(
        "exceeds_grant",
        "A token that is for certain networks or audiences, or has a limit of its own, makes no other token.",
      )
    : undefined;
}

/** Whose a new token is to be, and what it may have at most. */
type Beneficiary = Pick<Holder, "subject" | "organisation"> & { readonly scopes: readonly Scope[] };

/**
 * The caller itself with what it has; or an application that it looks after, with what the application has now. Tokens of
 * others are for those who signed in: what a token makes is its own subject's, and ends with it.
 */
export async function beneficiaryOf({ store }: GrantDeps, caller: Principal, of: Whose): Promise<Outcome<Beneficiary>> {
  const subject = await managedSubject({ store }, caller, of, "write");
  if (!subject.ok) return subject;
  if (subject.value === caller.holder.subject) return granted({ ...caller.holder, scopes: caller.scopes });
  if (caller.by.kind !== "session") return refused("reauthentication_needed");
  const holder = await store.findHolder(subject.value);
  return holder === undefined
    ? refused("not_found")
    : granted({ ...holder, scopes: scopesOfRoles(holder.roles).scopes });
}

/** Undefined as a scope list means "what belongs to the owner"; of that a token passes on what it has. */
export function grantedScopes(
  { by, scopes: own }: Principal,
  { scopes: atMost }: Beneficiary,
  wished: readonly Scope[] | undefined,
): Outcome<readonly Scope[] | null> {
  if (wished === undefined)
    return granted(by.kind === "session" ? null : atMost.filter((scope) => everydayScopes.has(scope)).toSorted());
  const beyond = wished.filter((scope) => !atMost.includes(scope));
  if (beyond.length > 0) {
    const whoHas = atMost === own ? "you do not have" : "the application, or its owner, does not have";
    return refused("exceeds_grant", `scopes: ${whoHas} ${beyond.join(", ")}.`);
  }
  return granted([...new Set(wished)].toSorted());
}

/** Until when, at most, what the caller makes may live; null: there is no such end. */
export const endOf = ({ by }: Principal): Seconds | null => (by.kind === "session" ? null : by.token.expiresAt);

/** What the operator has set, and within that what the organisation of whose it is to be has. */
export async function limitsOf(
  { store, apiTokens }: GrantDeps,
  { organisation }: Beneficiary,
): Promise<ApiTokenLimits> {
  const own = (await store.findOrganisationRecord(organisation))?.longestApiToken ?? null;
  return own === null ? apiTokens : { ...apiTokens, longest: earlier(apiTokens.longest, own), endless: false };
}

export function grantedEnd(
  { usual, longest, endless }: ApiTokenLimits,
  caller: Principal,
  { expiresIn, format }: Pick<ApiTokenWish, "expiresIn" | "format">,
  now: Seconds,
): Outcome<Seconds | null> {
  const end = endOf(caller);
  if (expiresIn === null) {
    if (format !== "opaque")
      return refused("invalid_request", "expires_in: only an opaque token lives until it is revoked.");
    if (!endless) return refused("invalid_request", "expires_in: it is set that each token has an end.");
    return end === null
      ? granted(null)
      : refused("exceeds_grant", "expires_in: the token that asks has an end itself.");
  }
  const most = format === "jwt" ? earlier(longest, longestApiToken) : longest;
  if (expiresIn === undefined) {
    const natural = after(now, earlier(usual, most));
    return granted(end === null ? natural : earlier(natural, end));
  }
  if (expiresIn > most) return refused("invalid_request", `expires_in: ${most} seconds at most.`);
  const wished = after(now, expiresIn);
  return end !== null && wished > end
    ? refused("exceeds_grant", "expires_in: the token that asks ends before.")
    : granted(wished);
}

/** What makes a token has no limit of its own (see `isNarrow`), so the operator's is the only one. */
export const grantedRequests = ({ requests }: ApiTokenLimits, wished: number | undefined): Outcome<number | null> =>
  wished !== undefined && wished > requests
    ? refused("invalid_request", `requests_per_minute: ${requests} at most.`)
    : granted(wished ?? null);
