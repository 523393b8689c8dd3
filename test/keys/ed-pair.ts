/** An Ed25519 key for signed login: made in no time, where the type does not matter. */
import { createHash } from "node:crypto";

import type { Signer } from "../api/signing.ts";
import { newKeyPair, rawSignature } from "./auth-key-pairs.ts";

export function newEdPair(): Signer & { readonly ssh: string } {
  const pair = newKeyPair("Ed25519");
  return {
    spki: `-----BEGIN PUBLIC KEY-----\n${pair.spki.toString("base64")}\n-----END PUBLIC KEY-----`,
    ssh: pair.line,
    fingerprint: `SHA256:${createHash("sha256").update(pair.blob).digest("base64").replaceAll("=", "")}`,
    sign: (message) => rawSignature(pair, message),
  };
}
