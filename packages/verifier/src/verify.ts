/**
 * Whether an access token is good, by its issuer's public keys alone: RFC 7515 section 5.2, RFC 8725, RFC 9068 section 4.
 * That it has been revoked since cannot be seen here; its issuer knows.
 *
 * Everything is an allow-list: one algorithm, one type, the header's members, the alphabet of the text. The header
 * chooses among the keys that the caller gives; nothing in it is fetched, or taken for a key.
 */
import { decodeBase64url } from "./base64url.ts";
import { readObject, type JsonObject } from "./json-object.ts";
import type { KeySet } from "./keys.ts";

export interface Expected {
  readonly keys: KeySet;
  readonly issuer: string;
  readonly audience: string;
  /** Seconds since 1970-01-01 UTC. */
  readonly now: number;
}

export type Check = "ok" | "failed" | "not_checked";

export interface Checks {
  readonly signature: Check;
  readonly issuer: Check;
  readonly time: Check;
  readonly audience: Check;
}

/** In the order in which they are looked for; a token has the first that applies. */
export type Reason =
  | "malformed"
  | "header"
  | "alg_not_allowed"
  | "type_not_allowed"
  | "unknown_key"
  | "bad_signature"
  | "issuer_mismatch"
  | "expired"
  | "not_yet_valid"
  | "audience_mismatch";

export type Verdict =
  | {
      readonly valid: true;
      readonly reason: null;
      readonly kid: string;
      readonly checks: Checks;
      readonly claims: JsonObject;
    }
  | {
      readonly valid: false;
      readonly reason: Reason;
      readonly kid: string | null;
      readonly checks: Checks;
      /** Null where the signature is not good: nobody has vouched for them. */
      readonly claims: JsonObject | null;
    };

/** Characters; more than any token of ours, less than a request's headers. */
const longest = 8192;

const headerMembers = ["alg", "typ", "kid", "jtn"];

/** RFC 8725 section 3.11 and RFC 7515 section 4.1.9: a media type without its `application/`, in any case. */
const isAccessToken = (typ: unknown): boolean => typeof typ === "string" && /^(?:application\/)?at\+jwt$/i.test(typ);

/** Seconds by which the issuer's clock may be ahead of ours. What has expired has expired. */
const ahead = 60;

type Signed =
  | { readonly ok: true; readonly kid: string; readonly claims: JsonObject }
  | { readonly ok: false; readonly reason: Reason };

const no = (reason: Reason): Signed => ({ ok: false, reason });

async function openSigned(token: string, keys: KeySet): Promise<Signed> {
  const segments = token.length > longest ? [] : token.split(".", 4);
  const [header64 = "", payload64 = "", signature64 = ""] = segments;
  const [header, payload, signature] = [header64, payload64, signature64].map(decodeBase64url);
  if (segments.length !== 3 || header === undefined || payload === undefined || signature === undefined)
    return no("malformed");
  const said = readObject(header);
  if (said === undefined) return no("malformed");
  if (!Object.keys(said).every((name) => headerMembers.includes(name))) return no("header");
  if (said["alg"] !== "EdDSA") return no("alg_not_allowed");
  if (!isAccessToken(said["typ"])) return no("type_not_allowed");
  const kid = said["kid"];
  const key = typeof kid === "string" ? keys.get(kid) : undefined;
  if (typeof kid !== "string" || key === undefined) return no("unknown_key");
  const input = new TextEncoder().encode(`${header64}.${payload64}`);
  const isGood = signature.length === 64 && (await crypto.subtle.verify("Ed25519", key, signature, input));
  if (!isGood) return no("bad_signature");
  const claims = readObject(payload);
  return claims === undefined ? no("malformed") : { ok: true, kid, claims };
}

function timeFault({ exp, iat, nbf }: JsonObject, now: number): "expired" | "not_yet_valid" | undefined {
  if (!Number.isSafeInteger(exp) || now >= (exp as number)) return "expired";
  const starts = [iat, nbf].filter((start) => start !== undefined);
  const isBorn = starts.every((start) => Number.isSafeInteger(start) && (start as number) <= now + ahead);
  return isBorn ? undefined : "not_yet_valid";
}

const isFor = (aud: unknown, audience: string): boolean =>
  Array.isArray(aud) ? aud.includes(audience) : aud === audience;

const checked = (good: boolean): Check => (good ? "ok" : "failed");

/** Never throws for what is in the token. */
export async function verifyAccessToken(token: string, { keys, issuer, audience, now }: Expected): Promise<Verdict> {
  const signed = await openSigned(token, keys);
  if (!signed.ok) {
    const checks = {
      signature: "failed",
      issuer: "not_checked",
      time: "not_checked",
      audience: "not_checked",
    } as const;
    return { valid: false, reason: signed.reason, kid: null, checks, claims: null };
  }
  const { kid, claims } = signed;
  const late = timeFault(claims, now);
  const faults: readonly (Reason | undefined)[] = [
    claims["iss"] === issuer ? undefined : "issuer_mismatch",
    late,
    isFor(claims["aud"], audience) ? undefined : "audience_mismatch",
  ];
  const reason = faults.find((fault) => fault !== undefined);
  const checks = {
    signature: "ok",
    issuer: checked(faults[0] === undefined),
    time: checked(late === undefined),
    audience: checked(faults[2] === undefined),
  } as const;
  return reason === undefined
    ? { valid: true, reason: null, kid, checks, claims }
    : { valid: false, reason, kid, checks, claims };
}
