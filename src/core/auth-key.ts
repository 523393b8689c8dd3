/**
 * Authentication keys: a subject's public key for signed login. One is good at a time; a key that was replaced or
 * deleted stays known, so that nothing that was signed with it can be used again.
 */
import { encodeBase64url } from "./base64url.ts";
import type { Seconds } from "./units.ts";

/** A public key that was looked at and found good. */
export interface AuthKey {
  /** SHA-256 of the key as OpenSSH writes it (RFC 4253 section 6.6): one key has one, whatever form it came in. */
  readonly fingerprint: Uint8Array;
  /** SubjectPublicKeyInfo in DER (RFC 5280 section 4.1). */
  readonly spki: Uint8Array;
  /** Of the modulus. */
  readonly bits: number;
}

/** What its owner is told of it. */
export interface AuthKeyRecord extends Pick<AuthKey, "fingerprint" | "bits"> {
  readonly createdAt: Seconds;
}

/** The only type for now. */
export const authKeyType = "RSA";

/** Why a text is no key that can sign in. */
export type AuthKeyFault =
  | "private"
  | "several"
  | "unknown_type"
  | "unreadable"
  | "modulus"
  | "exponent"
  /** A modulus that somebody else could take apart: prime, with a small factor, or made by a broken generator. */
  | "factorable";

/** As `ssh-keygen -l` prints it. */
export const fingerprintText = (fingerprint: Uint8Array): string =>
  `SHA256:${encodeBase64url(fingerprint).replaceAll("-", "+").replaceAll("_", "/")}`;
