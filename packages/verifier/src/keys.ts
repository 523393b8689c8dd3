/**
 * An issuer's public keys, by their `kid`: Ed25519 for verifying, and nothing else (RFC 7517 section 5, RFC 8037
 * section 2). A key of another kind is passed over, since a set may have keys for others; a private one is refused.
 */
import { decodeBase64url } from "./base64url.ts";
import { isObject, type JsonObject } from "./json-object.ts";

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

export type KeySet = ReadonlyMap<string, Key>;

/** The text is no key set, or one that must not be used. */
export class BadKeySet extends Error {
  readonly code = "BAD_KEY_SET";
}

/** Points of small order, for which one signature is good for every text: y, and the bit that says which x it has. */
const smallOrder = [
  /^0{64}$/,
  /^010{62}$/,
  /^26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc[08]5$/,
  /^c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03[7f]a$/,
  /^(?:ec|ed|ee)f{60}[7f]f$/,
  /^0{62}80$/,
  /^010{60}80$/,
];

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const isForUs = ({ kty, crv, use, alg, key_ops: operations }: JsonObject): boolean =>
  kty === "OKP" &&
  crv === "Ed25519" &&
  (use === undefined || use === "sig") &&
  (alg === undefined || alg === "EdDSA" || alg === "Ed25519") &&
  (operations === undefined || (Array.isArray(operations) && operations.every((name) => name === "verify")));

function pointOf(x: unknown): Uint8Array<ArrayBuffer> {
  const bytes = typeof x === "string" ? decodeBase64url(x) : undefined;
  if (bytes?.length !== 32) throw new BadKeySet("a key's point is not 32 bytes");
  const text = hex(bytes);
  if (smallOrder.some((form) => form.test(text))) throw new BadKeySet("a key's point is of small order");
  return bytes;
}

/** Throws `BadKeySet`. */
export async function importKeySet(set: unknown): Promise<KeySet> {
  const listed = isObject(set) ? set["keys"] : undefined;
  if (!Array.isArray(listed)) throw new BadKeySet("it has no list of keys");
  const keys = new Map<string, Key>();
  for (const entry of listed as readonly unknown[]) {
    if (!isObject(entry)) throw new BadKeySet("a key is no object");
    if (["d", "k", "p", "q"].some((name) => Object.hasOwn(entry, name))) throw new BadKeySet("a key is private");
    const { kid, x } = entry;
    if (!isForUs(entry) || typeof kid !== "string") continue;
    if (keys.has(kid)) throw new BadKeySet("two keys have one name");
    keys.set(kid, await crypto.subtle.importKey("raw", pointOf(x), "Ed25519", true, ["verify"]));
  }
  return keys;
}
