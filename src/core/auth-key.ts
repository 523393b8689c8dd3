/**
 * Authentication keys: public keys that a subject signs in with. A key that was removed stays known, so that nothing that
 * was signed with it can be used again.
 */
import { encodeBase64url } from "./base64url.ts";
import type { AuthKeyId, SubjectId } from "./ids.ts";
import type { Seconds } from "./units.ts";

export type AuthKeyType = "RSA" | "P-256" | "Ed25519";

/** A public key that was looked at and found good. */
export interface AuthKey {
  /** SHA-256 of the key as OpenSSH writes it (RFC 4253 section 6.6): one key has one, whatever form it came in. */
  readonly fingerprint: Uint8Array;
  /** SubjectPublicKeyInfo in DER (RFC 5280 section 4.1). */
  readonly spki: Uint8Array;
  readonly type: AuthKeyType;
  /** Of the modulus; 256 for a curve. */
  readonly bits: number;
}

/** What its owner is told of it. */
export interface AuthKeyRecord extends Omit<AuthKey, "spki"> {
  readonly id: AuthKeyId;
  readonly subject: SubjectId;
  readonly name: string;
  readonly createdAt: Seconds;
  /** Null: it has no end. */
  readonly expiresAt: Seconds | null;
  readonly lastUsedAt: Seconds | null;
  readonly lastUsedFrom: string | null;
  /** Of its client's own choice, that have opened sessions. */
  readonly messages: number;
}

/** How many keys there may be, and what they may sign. */
export interface AuthKeyLimits {
  /** Good ones of one subject. */
  readonly cap: number;
  /** Messages of its client's own choice that one key may open sessions with; challenges are not counted. */
  readonly messages: number;
}

/** RSA keys of one size that one subject may have: so many are tried where a wire does not name the key (decision 0024). */
export const keysOfOneSize = 4;

/** A signature, as it was sent. */
export type KeySignature =
  /** The algorithm's own bytes. */
  | { readonly form: "raw"; readonly bytes: Uint8Array }
  /** The blob in the armour of `ssh-keygen -Y sign` (OpenSSH, PROTOCOL.sshsig). */
  | { readonly form: "ssh"; readonly blob: Uint8Array };

/** What `ssh-keygen -Y sign -n` has to be given. */
export const signatureNamespace = "jeton";

/** Why a text is no key that can sign in. */
export type AuthKeyFault =
  | "private"
  | "several"
  | "unknown_type"
  | "unreadable"
  /** A JWK that is for something else (`use`, `key_ops`, `alg`), or has a member that is not known here. */
  | "member"
  | "modulus"
  | "exponent"
  /** Not on its curve, of small order, or in a spelling that is not its own. */
  | "point"
  /** A modulus that somebody else could take apart: prime, with a small factor, or made by a broken generator. */
  | "factorable";

export type ReadAuthKey =
  | { readonly ok: true; readonly value: AuthKey }
  | { readonly ok: false; readonly reason: AuthKeyFault };

/** As `ssh-keygen -l` prints it. */
export const fingerprintText = (fingerprint: Uint8Array): string =>
  `SHA256:${encodeBase64url(fingerprint).replaceAll("-", "+").replaceAll("_", "/")}`;
