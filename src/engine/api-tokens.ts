/**
 * API tokens: made, listed, renamed, rotated and revoked. One lives long and is a sign-in of its own, so whoever makes it
 * has signed in by password a moment ago (RFC 9470, ASVS 7.5.3), or has a token that may make tokens; and it never gets
 * more than what makes it has.
 */
import {
  apiTokenScopes,
  isExpired,
  type ApiTokenFormat,
  type ApiTokenRow,
  type ApiTokenView,
} from "../core/api-token.ts";
import type { ApiTokenClaims } from "../core/claims.ts";
import { idEntropy, newId, parseId, type ApiTokenId, type SubjectId } from "../core/ids.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import { rolesWithin } from "../core/scope.ts";
import { Secret } from "../core/secret.ts";
import { after, between, earlier, type Seconds } from "../core/units.ts";
import {
  beneficiaryOf,
  endOf,
  grantedEnd,
  grantedRequests,
  grantedScopes,
  limitsOf,
  mayMint,
  type ApiTokenLimits,
  type ApiTokenWish,
} from "./api-token-grant.ts";
import type { NewApiToken } from "./api-token-store.ts";
import type { Circumstances } from "./circumstances.ts";
import { cursors, pageOf, type Page, type PageRequest } from "./cursor.ts";
import { findSubject } from "./directory.ts";
import { refusalOf } from "./done.ts";
import { on, type Principal } from "./introspect.ts";
import { manages, whoseOf } from "./manage.ts";
import type { Chance, Clock, Store, Tokens } from "./ports.ts";

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

/** The one time that a token is shown. */
export interface MintedApiToken extends ApiTokenView {
  readonly text: Secret;
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
  if (done.kind === "too-many") return refused("too_many_tokens");
  if (done.kind !== "done") return refusalOf(done.kind);
  const { minted } = done;
  const text = opaque?.text ?? deps.tokens.signApiToken(claimsOf(deps, minted), now);
  return granted({ ...minted, text: new Secret(text) });
}

/**
 * Refuses with `minting_not_allowed`, `reauthentication_needed`, `exceeds_grant`, `invalid_request`, `too_many_tokens`,
 * `not_found` or `wrong_state` of the application that it is for, or `invalid_token` when the caller is over meanwhile.
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
  const requestsPerMinute = grantedRequests(limits, wish.requestsPerMinute);
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
 * it looks after, and ends after `keepOld`. Refuses as `mintApiToken`, with `not_found`, and with `wrong_state` where it was rotated before.
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
  const whose = await beneficiaryOf(deps, caller, whoseOf(caller, found.value.subject));
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
  const limit = grantedRequests(limits, same);
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
  return manages(caller, { ...holder, id: holder.subject }, "read") ? granted(found.token) : refused("not_found");
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
