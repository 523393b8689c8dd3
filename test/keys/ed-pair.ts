/** An Ed25519 key for signed login: made in no time, where the type does not matter. */
import { createHash, generateKeyPairSync, sign } from "node:crypto";

import type { Signer } from "../api/signing.ts";

/** Four bytes of length, then the bytes (RFC 4251 section 5). */
const sshString = (bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

export function newEdPair(): Signer & { readonly ssh: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const point = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const blob = Buffer.concat([sshString(Buffer.from("ssh-ed25519")), sshString(point)]);
  return {
    spki: publicKey.export({ type: "spki", format: "pem" }),
    ssh: `ssh-ed25519 ${blob.toString("base64")}`,
    fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replaceAll("=", "")}`,
    sign: (message) => sign(null, Buffer.from(message), privateKey),
  };
}
