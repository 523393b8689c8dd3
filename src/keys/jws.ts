/**
 * JSON Web Signature, compact form, for asymmetric keys: the only place where a token's signature is made or checked.
 * RFC 7515, RFC 7518, RFC 8037, RFC 8725.
 *
 * Everything is an allow-list: the algorithms, the header's members, the token's type, the alphabet of the text. A key
 * has one algorithm, and the header only chooses among keys; nothing in a header is ever fetched, parsed as a key or
 * trusted. HMAC is not here at all (see refresh-token.ts), so no public key can be mistaken for a shared secret.
 */
import { sign, verify, type KeyObject } from "node:crypto";

import { decodeBase64url } from "../core/base64url.ts";
import { parseJson } from "../core/json-text.ts";
import { base64urlOf, bytesOf } from "./text-bytes.ts";

export const algorithms = ["EdDSA", "ES256", "RS256"] as const;
export type Algorithm = (typeof algorithms)[number];

export interface SigningMaterial {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly privateKey: KeyObject;
}

export interface VerifyingMaterial {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly publicKey: KeyObject;
}

export interface VerifyExpects {
  /** Acceptable `typ`, lower-case and without `application/` (RFC 8725 section 3.11). */
  readonly types: readonly string[];
  /** The key that `kid` names among those good now; undefined refuses. */
  readonly key: (kid: string) => VerifyingMaterial | undefined;
}

export type JwsRefusal =
  | "malformed"
  | "header"
  | "type_not_allowed"
  | "alg_not_allowed"
  | "unknown_key"
  | "bad_signature";

export type Verified =
  | { readonly ok: true; readonly kid: string; readonly payload: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: JwsRefusal };

/** The longest token that is looked at, in characters: more than any of ours, less than a request's headers. */
export const longestToken = 8192;

const headerMembers: ReadonlySet<string> = new Set(["alg", "typ", "kid", "jtn"]);

const fail = (reason: JwsRefusal): Verified => ({ ok: false, reason });

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** How NUL is written in JSON, and the only way: a raw one is a syntax error. */
const escapedNul = String.raw`\u0000`;

function decodeRecord(segment: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decodeBase64url(segment);
  // Behind a NUL, what one program reads another does not see; none of our texts has one.
  if (bytes === undefined || Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(escapedNul))
    return undefined;
  const parsed = parseJson(bytes);
  return parsed.ok && isRecord(parsed.value) ? parsed.value : undefined;
}

/** RFC 8725 section 3.11 and RFC 7515 section 4.1.9: a media type without its `application/`, in any case. */
const mediaType = (typ: string): string => typ.toLowerCase().replace(/^application\//, "");

const isAlgorithm = (alg: unknown): alg is Algorithm => algorithms.some((known) => known === alg);

const digestOf = (alg: Algorithm): "sha256" | null => (alg === "EdDSA" ? null : "sha256");

/** JWS signs ECDSA as r and s side by side, not as DER (RFC 7518 section 3.4). */
const keyInput = (alg: Algorithm, key: KeyObject) =>
  alg === "ES256" ? ({ key, dsaEncoding: "ieee-p1363" } as const) : key;

const signatureBytes = { EdDSA: 64, ES256: 64 } as const;

/** The header's text: alg, typ, kid in this order, so that one key always makes one prefix; `before` stands in front. */
export const headerText = (
  { kid, alg }: { kid: string; alg: Algorithm },
  typ: string,
  before: { readonly jtn?: "api" } = {},
): string => base64urlOf(JSON.stringify({ ...before, alg, typ, kid }));

/** Signs `payload` (a JSON text) under a header made by `headerText`. */
export function signJws(header: string, payload: string, { alg, privateKey }: SigningMaterial): string {
  const input = `${header}.${base64urlOf(payload)}`;
  const signature = sign(digestOf(alg), bytesOf(input), keyInput(alg, privateKey));
  return `${input}.${signature.toString("base64url")}`;
}

/**
 * Checks a compact JWS against the expectations. The payload must be a JSON object. Only the one canonical text of a
 * token verifies: no padding, no white space, no spare bits, so that what is keyed by the text cannot be bypassed.
 * An ES256 signature (r, s) has a twin (r, n - s) all the same: what outlives a request is keyed by `jti`.
 */
export function verifyJws(text: string, { types, key }: VerifyExpects): Verified {
  if (text.length > longestToken) return fail("malformed");
  const segments = text.split(".", 4);
  const [headerSegment, payloadSegment, signatureSegment] = segments;
  if (segments.length !== 3 || !headerSegment || !payloadSegment || !signatureSegment) return fail("malformed");

  const header = decodeRecord(headerSegment);
  const signature = decodeBase64url(signatureSegment);
  if (header === undefined || signature === undefined) return fail("malformed");
  if (!Object.keys(header).every((name) => headerMembers.has(name))) return fail("header");

  const { alg, typ, kid } = header;
  if (!isAlgorithm(alg)) return fail("alg_not_allowed");
  if (typeof typ !== "string" || !types.includes(mediaType(typ))) return fail("type_not_allowed");
  if (typeof kid !== "string") return fail("unknown_key");
  const material = key(kid);
  if (material === undefined) return fail("unknown_key");
  if (material.alg !== alg) return fail("alg_not_allowed");

  if (!signatureIsGood(material, `${headerSegment}.${payloadSegment}`, signature)) return fail("bad_signature");
  const payload = decodeRecord(payloadSegment);
  return payload === undefined ? fail("malformed") : { ok: true, kid, payload };
}

function signatureIsGood({ alg, publicKey }: VerifyingMaterial, input: string, signature: Uint8Array): boolean {
  if (publicKey.type !== "public") throw new TypeError("a verifying key must be public");
  if (alg !== "RS256" && signature.length !== signatureBytes[alg]) return false;
  return verify(digestOf(alg), bytesOf(input), keyInput(alg, publicKey), signature);
}
