/**
 * API tokens: made, listed, renamed, rotated and revoked. One lives long and is a sign-in of its own, so whoever makes it
 * has signed in by password a moment ago (RFC 9470, ASVS 7.5.3), or has a token that may make tokens; and it never gets
 * more than what makes it has.
 */
import {
  apiTokenScopes,
  isExpired,
  longestApiToken,
  type ApiTokenFormat,
  type ApiTokenRow,
} from "../core/api-token.ts";
import type { ApiTokenView } from "../core/api-token.ts";
import type { ApiTokenClaims } from "../core/claims.ts";
import { idEntropy, newId, parseId, type ApiTokenId, type SubjectId } from "../core/ids.ts";
import { mayMintBy, type Minting } from "../core/minting.ts";
import { granted, refused, type Outcome, type Refusal } from "../core/result.ts";
import type { Holder } from "../core/session.ts";
import { everydayScopes, rolesWithin, scopesOfRoles, type Scope } from "../core/scope.ts";
import { Secret } from "../core/secret.ts";
import { after, between, earlier, type Seconds } from "../core/units.ts";
import type { NewApiToken } from "./api-token-store.ts";
import type { Circumstances } from "./circumstances.ts";
import { cursors, pageOf, type Page, type PageRequest } from "./cursor.ts";
import { findSubject } from "./directory.ts";
import { refusalOf } from "./done.ts";
import { on, type Principal } from "./introspect.ts";
import { managedSubject, manages } from "./manage.ts";
import type { Chance, Clock, Store, Tokens } from "./ports.ts";
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

export interface ApiTokensDeps {
  readonly store: Pick<
    Store,
    | "findLiveApiToken"
    | "listApiTokens"
    | "mintApiToken"
    | "rotateApiToken"
    | "renameApiToken"
    | "endApiToken"
    | "findSubject"
    | "findHolder"
    | "findOrganisationRecord"
  >;
  readonly tokens: Pick<Tokens, "signApiToken" | "makeOpaque" | "macText">;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly issuer: string;
  readonly apiTokens: ApiTokenLimits;
  /** Address ranges in their one spelling; undefined: one of them is none. */
  readonly canonicalNetworks: (ranges: readonly string[]) => readonly string[] | undefined;
}

export interface ApiTokenWish {
  /** Whose it is to be: the caller's, or that of an application that it looks after. */
  readonly subject: SubjectId | "own";
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

/** The one time that a token is shown. */
export interface MintedApiToken extends ApiTokenView {
  readonly text: Secret;
}

/** A token with limits of its own makes no token without them. */
const isNarrow = ({ audiences, networks }: ApiTokenRow): boolean => audiences !== null || networks !== null;

/** Why the caller may make no token at all; undefined where it may. */
function mayMint({ minting }: ApiTokenLimits, caller: Principal, now: Seconds): Refusal | undefined {
  // The one source that there is.
  if (!mayMintBy(minting.local, caller.holder.roles)) return refused("minting_not_allowed");
  if (caller.by.kind === "session")
    return recentSession(caller, now) === undefined ? refused("reauthentication_needed") : undefined;
  return isNarrow(caller.by.token)
    ? refused("exceeds_grant", "A token that is for certain networks or audiences makes no other token.")
    : undefined;
}

/** Whose a new token is to be, and what it may have at most. */
type Beneficiary = Pick<Holder, "subject" | "organisation"> & { readonly scopes: readonly Scope[] };

/**
 * The caller itself with what it has; or an application that it looks after, with what the application has now. Tokens of
 * others are for those who signed in: what a token makes is its own subject's, and ends with it.
 */
async function beneficiaryOf(
  deps: Pick<ApiTokensDeps, "store">,
  caller: Principal,
  of: SubjectId | "own",
): Promise<Outcome<Beneficiary>> {
  const subject = await managedSubject(deps, caller, of);
  if (!subject.ok) return subject;
  if (subject.value === caller.holder.subject) return granted({ ...caller.holder, scopes: caller.scopes });
  if (caller.by.kind !== "session") return refused("reauthentication_needed");
  const holder = await deps.store.findHolder(subject.value);
  return holder === undefined
    ? refused("not_found")
    : granted({ ...holder, scopes: scopesOfRoles(holder.roles).scopes });
}

/** Undefined as a scope list means "what belongs to the owner"; of that a token passes on what it has. */
function grantedScopes(
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
const endOf = ({ by }: Principal): Seconds | null => (by.kind === "session" ? null : by.token.expiresAt);

/** What the operator has set, and within that what the organisation of whose it is to be has. */
async function limitsOf({ store, apiTokens }: ApiTokensDeps, { organisation }: Beneficiary): Promise<ApiTokenLimits> {
  const own = (await store.findOrganisationRecord(organisation))?.longestApiToken ?? null;
  return own === null ? apiTokens : { ...apiTokens, longest: earlier(apiTokens.longest, own), endless: false };
}

function grantedEnd(
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

/** A token makes none that may ask for more than it may itself. */
function grantedRequests(
  { requests }: ApiTokenLimits,
  { by }: Principal,
  wished: number | undefined,
): Outcome<number | null> {
  const own = by.kind === "session" ? null : by.token.requestsPerMinute;
  if (wished === undefined) return granted(own);
  if (wished > requests) return refused("invalid_request", `requests_per_minute: ${requests} at most.`);
  return own !== null && wished > own
    ? refused("exceeds_grant", "requests_per_minute: the token that asks may make fewer.")
    : granted(wished);
}

function claimsOf({ issuer }: Pick<ApiTokensDeps, "issuer">, { token, holder }: ApiTokenView): ApiTokenClaims {
  const { audiences } = token;
  const scopes = apiTokenScopes(token, holder.roles);
  return {
    iss: issuer,
    sub: holder.subject,
    aud: audiences === null ? issuer : audiences.length === 1 ? audiences[0]! : audiences,
    client_id: "native",
    iat: token.createdAt,
    // The store has none without an end that is a JWT.
    exp: token.expiresAt!,
    jti: token.id,
    born: token.born,
    org: holder.organisation,
    scope: scopes.join(" "),
    roles: rolesWithin(scopes, holder.roles),
  };
}

type Settled = Pick<
  NewApiToken,
  "subject" | "name" | "expiresAt" | "scopes" | "audiences" | "networks" | "requestsPerMinute"
>;

/** Makes the row by `store`, and the token that belongs to it. */
async function make(
  deps: ApiTokensDeps,
  caller: Principal,
  wish: {
    readonly settled: Settled;
    readonly format: ApiTokenFormat;
    readonly from: Circumstances;
    readonly now: Seconds;
  },
  store: (intent: NewApiToken) => ReturnType<Store["mintApiToken"]>,
): Promise<Outcome<MintedApiToken>> {
  const { settled, format, from, now } = wish;
  const id = newId<ApiTokenId>(deps.clock.millis(), deps.chance(idEntropy));
  const opaque = format === "opaque" ? deps.tokens.makeOpaque(id, deps.chance(32)) : undefined;
  const done = await store({
    id,
    ...settled,
    secretHash: opaque?.secretHash ?? null,
    cap: deps.apiTokens.cap,
    by: on(caller, from),
    now,
  });
  if (done.kind === "too-long") return refused("invalid_request", "expires_in: your organisation allows less by now.");
  if (done.kind !== "done") return refusalOf(done.kind);
  const { minted } = done;
  const text = opaque?.text ?? deps.tokens.signApiToken(claimsOf(deps, minted), now);
  return granted({ ...minted, text: new Secret(text) });
}

/**
 * Refuses with `minting_not_allowed`, `reauthentication_needed`, `exceeds_grant`, `invalid_request`, `too_many_tokens`, or `invalid_token` when
 * the caller is over meanwhile.
 */
export async function mintApiToken(
  deps: ApiTokensDeps,
  caller: Principal,
  wish: ApiTokenWish,
  from: Circumstances,
): Promise<Outcome<MintedApiToken>> {
  const now = deps.clock.now();
  const not = mayMint(deps.apiTokens, caller, now);
  if (not !== undefined) return not;
  const networks = wish.networks === undefined ? null : deps.canonicalNetworks(wish.networks);
  if (networks === undefined)
    return refused("invalid_request", "networks: addresses and ranges, such as 192.0.2.7, 10.0.0.0/8 or fd00::/8.");
  const elsewhere = wish.audiences !== undefined && !wish.audiences.includes(deps.issuer);
  if (elsewhere && (networks !== null || wish.format === "opaque"))
    return refused(
      "invalid_request",
      "audiences: only this server looks at networks, and at opaque tokens, so its issuer must be among the audiences.",
    );
  const found = await beneficiaryOf(deps, caller, wish.subject);
  if (!found.ok) return found;
  const beneficiary = found.value;
  const scopes = grantedScopes(caller, beneficiary, wish.scopes);
  if (!scopes.ok) return scopes;
  const limits = await limitsOf(deps, beneficiary);
  const expiresAt = grantedEnd(limits, caller, wish, now);
  if (!expiresAt.ok) return expiresAt;
  const requestsPerMinute = grantedRequests(limits, caller, wish.requestsPerMinute);
  if (!requestsPerMinute.ok) return requestsPerMinute;
  const settled = {
    subject: beneficiary.subject,
    name: wish.name,
    expiresAt: expiresAt.value,
    scopes: scopes.value,
    audiences: wish.audiences ?? null,
    networks,
    requestsPerMinute: requestsPerMinute.value,
  };
  return make(deps, caller, { settled, format: wish.format, from, now }, deps.store.mintApiToken);
}

export interface Rotation {
  readonly id: ApiTokenId;
  /** For how long the old one stays good beside the new one. */
  readonly keepOld: Seconds;
}

/**
 * A new token with the name, the rights and the length of life of `id`, which is the caller's own, or an application's that
 * it looks after, and ends after `keepOld`.
 * Refuses as `mintApiToken`, with `not_found`, and with `wrong_state` where it was rotated before.
 */
export async function rotateApiToken(
  deps: ApiTokensDeps,
  caller: Principal,
  { id, keepOld }: Rotation,
  from: Circumstances,
): Promise<Outcome<MintedApiToken>> {
  const now = deps.clock.now();
  const not = mayMint(deps.apiTokens, caller, now);
  if (not !== undefined) return not;
  const found = await ownApiToken(deps, caller, id);
  if (!found.ok) return found;
  const { name, scopes, audiences, networks, requestsPerMinute, secretHash, createdAt, expiresAt } = found.value;
  const whose = await beneficiaryOf(deps, caller, found.value.subject);
  if (!whose.ok) return whose;
  const beneficiary = whose.value;
  const format = secretHash === null ? "jwt" : "opaque";
  const limits = await limitsOf(deps, beneficiary);
  const last = endOf(caller);
  const whole = expiresAt === null ? null : earlier(between(createdAt, expiresAt), limits.longest);
  // A token that rotates itself, or another, gives no longer life than it has left.
  const life = whole === null || last === null ? whole : earlier(whole, between(now, last));
  const kept = grantedScopes(caller, beneficiary, scopes ?? undefined);
  if (!kept.ok) return kept;
  const end = grantedEnd(limits, caller, { expiresIn: life, format }, now);
  if (!end.ok) return end;
  // What the operator has set lower since holds for the old one too.
  const same = requestsPerMinute === null ? undefined : Math.min(requestsPerMinute, limits.requests);
  const limit = grantedRequests(limits, caller, same);
  if (!limit.ok) return limit;
  const settled = {
    subject: beneficiary.subject,
    name,
    expiresAt: end.value,
    scopes: kept.value,
    audiences,
    networks,
    requestsPerMinute: limit.value,
  };
  const oldEnds = after(now, keepOld);
  return make(deps, caller, { settled, format, from, now }, (intent) =>
    deps.store.rotateApiToken({ ...intent, old: id, oldEnds }),
  );
}

/**
 * Newest first: the caller's own, those of an application that it looks after, or those of a subject within its reach.
 * Refuses as `listSessions`.
 */
export async function listApiTokens(
  deps: Pick<ApiTokensDeps, "store" | "tokens" | "clock">,
  caller: Principal,
  of: SubjectId | "own",
  { limit, cursor }: PageRequest,
): Promise<Outcome<Page<ApiTokenRow>>> {
  const subject = of === "own" ? caller.holder.subject : of;
  if (of !== "own") {
    const found = await findSubject(deps, caller, of);
    if (!found.ok) return found;
  }
  const places = cursors(deps, "api-tokens", subject, parseId<ApiTokenId>);
  const before = places.read(cursor);
  if (!before.ok) return before;
  const rows = await deps.store.listApiTokens(subject, {
    before: before.value,
    limit: limit + 1,
    now: deps.clock.now(),
  });
  return granted(pageOf(rows, limit, ({ id }) => id, places));
}

/** Refuses with `not_found` for one that is none of the caller's, as for one that never was. */
export async function ownApiToken(
  { store, clock }: Pick<ApiTokensDeps, "store" | "clock">,
  caller: Principal,
  id: ApiTokenId,
): Promise<Outcome<ApiTokenRow>> {
  const found = await store.findLiveApiToken(id);
  if (found === undefined || isExpired(found.token, clock.now())) return refused("not_found");
  const { holder } = found;
  return manages(caller, { ...holder, id: holder.subject }) ? granted(found.token) : refused("not_found");
}

export async function renameApiToken(
  { store, clock }: Pick<ApiTokensDeps, "store" | "clock">,
  caller: Principal,
  { id, name }: { readonly id: ApiTokenId; readonly name: string },
  from: Circumstances,
): Promise<Outcome<ApiTokenRow>> {
  const done = await store.renameApiToken({ id, name, by: on(caller, from), now: clock.now() });
  return done.kind === "done" ? granted(done.token) : refusalOf(done.kind);
}

export interface EndedApiToken {
  readonly id: ApiTokenId;
  /** It is good nowhere after this, even where it is verified offline. */
  readonly accessUntil: Seconds;
}

/** One's own, or that of somebody whom one administers. Refuses with `not_found` for every other. */
export async function endApiToken(
  { store, clock }: Pick<ApiTokensDeps, "store" | "clock">,
  caller: Principal,
  id: ApiTokenId,
  from: Circumstances,
): Promise<Outcome<EndedApiToken>> {
  const now = clock.now();
  const done = await store.endApiToken({ id, by: on(caller, from), now });
  return done.kind === "done" ? granted({ id, accessUntil: done.accessUntil }) : refusalOf(done.kind);
}
