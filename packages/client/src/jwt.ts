/**
 * What a JWT says of itself, without asking whether it is true: a client plans by it when to renew, and proves nothing.
 * RFC 7519 section 4.1; `sid` and `seq` are those of Jeton's refresh tokens.
 */

export interface UnverifiedClaims {
  readonly [name: string]: unknown;
  /** Seconds since 1970-01-01 UTC. */
  readonly exp?: number;
  readonly iat?: number;
  readonly sub?: string;
  readonly sid?: string;
  readonly seq?: number;
}

const forms = { exp: "number", iat: "number", sub: "string", sid: "string", seq: "number" } as const;

/** The payload of a JWT; undefined where the text is no JWT, or where one of the members above is of another form. */
export function unverifiedClaims(token: string): UnverifiedClaims | undefined {
  const [, payload, signature] = token.split(".");
  if (payload === undefined || signature === undefined) return undefined;
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  } catch {
    return undefined; // SyntaxError: an opaque token that happens to have dots in it
  }
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) return undefined;
  const members = claims as Record<string, unknown>;
  const sound = Object.entries(forms).every(
    ([name, form]) => members[name] === undefined || typeof members[name] === form,
  );
  return sound ? members : undefined;
}

/** Seconds from `now` until the token ends; undefined where it does not say. Negative: it has ended. */
export function secondsLeft(token: string, now: number): number | undefined {
  const exp = unverifiedClaims(token)?.exp;
  return exp === undefined ? undefined : exp - now;
}
