/**
 * What a signature by an authentication key asks to be verified. Which kind it is shows in the signature alone, never in
 * the keys that it may be by: 64 bytes are Ed25519 (RFC 8032) or ECDSA as r and s side by side (RFC 7518 section 3.4), 256
 * bytes and more RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2), all others ECDSA in DER (RFC 3279 section 2.2.3), if anything.
 * OpenSSH's (PROTOCOL.sshsig) says its kind itself.
 */
import { createHash } from "node:crypto";

import { signatureNamespace, type AuthKeyType, type KeySignature } from "../core/auth-key.ts";
import { decodeBase64Strict, decodeBase64url } from "../core/base64url.ts";
import { natural, twoNaturals } from "./der.ts";
import { sshMessage, sshStrings } from "./ssh-strings.ts";

/** One verification: of `bytes` as a signature over `message`, by a key of this type. */
export interface Question {
  readonly type: AuthKeyType;
  /** Ed25519 has its own. */
  readonly digest: "sha256" | "sha512" | null;
  readonly message: Uint8Array;
  /** For P-256 r and s side by side. Empty: no key has made it. */
  readonly bytes: Uint8Array;
  /** The key as OpenSSH writes it, where the signature says which one it is by. */
  readonly by?: Uint8Array;
}

/** More than any of 8,192 bits in its armour. */
const longestText = 4096;

const armour = /^-----BEGIN SSH SIGNATURE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END SSH SIGNATURE-----\r?\n?$/;

export function readKeySignature(text: string): KeySignature | undefined {
  if (text === "" || text.length > longestText) return undefined;
  const [, base64] = armour.exec(text) ?? [];
  if (base64 !== undefined) {
    const blob = decodeBase64Strict(base64.replaceAll(/\r?\n/g, ""));
    return blob && { form: "ssh", blob };
  }
  const bytes = decodeBase64url(text);
  return bytes && { form: "raw", bytes };
}

const nothing = new Uint8Array(0);

/** Numbers without zeros in front. Those of more than 32 bytes are no r and no s on P-256. */
function sideBySide([r, s]: readonly (Uint8Array | undefined)[] = []): Uint8Array {
  if (r === undefined || s === undefined || r.length > 32 || s.length > 32) return nothing;
  const both = new Uint8Array(64);
  both.set(r, 32 - r.length);
  both.set(s, 64 - s.length);
  return both;
}

/** What is asked of the bytes that can be no signature: it costs one verification too. */
const ecdsa = (message: Uint8Array, bytes: Uint8Array = nothing): Question => ({
  type: "P-256",
  digest: "sha256",
  message,
  bytes,
});

function ofRaw(message: Uint8Array, bytes: Uint8Array): readonly Question[] {
  if (bytes.length === 64) return [{ type: "Ed25519", digest: null, message, bytes }, ecdsa(message, bytes)];
  if (bytes.length >= 256 && bytes.length <= 1024) return [{ type: "RSA", digest: "sha256", message, bytes }];
  return [ecdsa(message, sideBySide(twoNaturals(bytes)))];
}

/** Magic and version 1. The magic is no text with its length, and what is signed begins with it too. */
const magic = Buffer.from("SSHSIG");
const preamble = Buffer.concat([magic, Uint8Array.of(0, 0, 0, 1)]);

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** The kinds of PROTOCOL.sshsig section 3 that are good here: not `ssh-rsa`, which is with SHA-1, and none of hardware. */
function ofKind(kind: string, value: Uint8Array): Pick<Question, "type" | "digest" | "bytes"> | undefined {
  switch (kind) {
    case "rsa-sha2-256":
      return { type: "RSA", digest: "sha256", bytes: value };
    case "rsa-sha2-512":
      return { type: "RSA", digest: "sha512", bytes: value };
    case "ssh-ed25519":
      return { type: "Ed25519", digest: null, bytes: value };
    case "ecdsa-sha2-nistp256": {
      const [r, s, ...more] = sshStrings(value) ?? [];
      const isPair = r !== undefined && s !== undefined && more.length === 0;
      return { type: "P-256", digest: "sha256", bytes: isPair ? sideBySide([natural(r), natural(s)]) : nothing };
    }
    default:
      return undefined;
  }
}

function ofSsh(message: Uint8Array, blob: Uint8Array): Question | undefined {
  if (!preamble.equals(blob.subarray(0, preamble.length))) return undefined;
  const parts = sshStrings(blob.subarray(preamble.length)) ?? [];
  const [by, namespace, reserved, hash, signature] = parts;
  if (parts.length !== 5 || by === undefined || namespace === undefined || hash === undefined) return undefined;
  const digest = text(hash);
  if (text(namespace) !== signatureNamespace || reserved?.length !== 0) return undefined;
  if (digest !== "sha256" && digest !== "sha512") return undefined;
  const [kind, value, ...more] = (signature && sshStrings(signature)) ?? [];
  if (kind === undefined || value === undefined || more.length > 0) return undefined;
  const question = ofKind(text(kind), value);
  const hashed = createHash(digest).update(message).digest();
  const signed = Buffer.concat([magic, sshMessage(namespace, "", digest, hashed)]);
  return question && { ...question, message: signed, by };
}

/** What to ask of each key. Never nothing: whatever is no signature costs what a wrong one does. */
export function questionsOf(message: string, signature: KeySignature | undefined): readonly Question[] {
  const bytes = Buffer.from(message);
  if (signature?.form === "ssh") return [ofSsh(bytes, signature.blob) ?? ecdsa(bytes)];
  return ofRaw(bytes, signature?.bytes ?? nothing);
}
