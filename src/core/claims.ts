/**
 * Access-token claims (RFC 9068 section 2.2) and what our own doors demand of them. The order of the members is part
 * of the format: the same session at the same time makes the same bytes.
 */
import { parseId, type ApiTokenId, type SessionId } from "./ids.ts";
import { scopesOfRoles } from "./scope.ts";
import type { SessionView } from "./session.ts";
import { after, earlier, type Seconds } from "./units.ts";

export interface AccessClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly client_id: string;
  readonly iat: Seconds;
  readonly exp: Seconds;
  readonly jti: string;
  readonly sid: SessionId;
  readonly born: number;
  readonly org: string;
  readonly scope: string;
  readonly auth_time: Seconds;
  readonly amr: readonly string[];
  readonly roles: readonly string[];
}

/** Claims that a product's services read beside ours. They come after ours and cannot replace one but `sub`. */
export interface DialectClaims {
  readonly sub?: string;
  readonly [name: string]: unknown;
}

export interface IssuedBy {
  readonly issuer: string;
  /** First-party tokens carry the instance's issuer and pass at each of its doors. */
  readonly audience: string;
}

/**
 * The claims of a session's access token issued at `issuedAt`, without `jti`, which is a MAC over them. The token never
 * outlives its session (RFC 9700 section 4.14.2).
 */
export function accessClaims(
  { session, holder }: SessionView,
  { issuer, audience }: IssuedBy,
  issuedAt: Seconds,
): Omit<AccessClaims, "jti"> {
  return {
    iss: issuer,
    sub: holder.subject,
    aud: audience,
    client_id: session.client,
    iat: issuedAt,
    exp: earlier(after(issuedAt, session.accessLifetime), session.absoluteEnd),
    sid: session.id,
    born: session.born,
    org: holder.organisation,
    scope: scopesOfRoles(holder.roles).text,
    auth_time: session.authTime,
    amr: session.amr.split(" "),
    roles: holder.roles,
  };
}

export interface DoorExpects {
  readonly issuers: ReadonlySet<string>;
  readonly audience: string;
  readonly now: Seconds;
}

/**
 * Whether an access token with a good signature is for this instance and not expired. Jeton's own doors run on the
 * issuer's clock and allow no skew: `exp` itself is too late (RFC 7519 section 4.1.4).
 */
export function claimsAreForUs(claims: AccessClaims, { issuers, audience, now }: DoorExpects): boolean {
  return issuers.has(claims.iss) && claims.aud === audience && now < claims.exp;
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length > 0;
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

/** Our own claims, read back out of a payload; undefined when one is missing or of another type. */
export function readAccessClaims(payload: Readonly<Record<string, unknown>>): AccessClaims | undefined {
  const { iss, sub, aud, client_id, iat, exp, jti, sid, born, org, scope, auth_time, amr, roles } = payload;
  const texts = [iss, sub, aud, client_id, jti, sid, org].every(isText) && typeof scope === "string";
  const numbers = [iat, exp, born, auth_time].every(isWhole);
  const lists = [amr, roles].every((list) => Array.isArray(list) && list.every(isText));
  return texts && numbers && lists ? (payload as unknown as AccessClaims) : undefined;
}

/**
 * Claims of an API token: an access token without a session. It tells of no sign-in, so it does nothing that needs one.
 * `jti` is the token's id.
 */
export interface ApiTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly client_id: string;
  readonly iat: Seconds;
  readonly exp: Seconds;
  readonly jti: ApiTokenId;
  readonly born: number;
  readonly org: string;
  readonly scope: string;
  readonly roles: readonly string[];
}

/** As `readAccessClaims`, for an API token. */
export function readApiTokenClaims(payload: Readonly<Record<string, unknown>>): ApiTokenClaims | undefined {
  const { iss, sub, aud, client_id, iat, exp, jti, born, org, scope, roles } = payload;
  const texts = [iss, sub, client_id, org].every(isText) && typeof scope === "string";
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const lists = [audiences, roles].every((list) => Array.isArray(list) && list.every(isText));
  const isOurs = typeof jti === "string" && parseId<ApiTokenId>(jti) !== undefined;
  return texts && lists && isOurs && [iat, exp, born].every(isWhole)
    ? (payload as unknown as ApiTokenClaims)
    : undefined;
}
