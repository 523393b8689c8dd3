/**
 * A key pair that signs somebody in: RSA, P-256 or Ed25519. What it signs with is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017
 * section 8.2), ECDSA with SHA-256 as r and s side by side (RFC 7518 section 3.4), or Ed25519 (RFC 8032).
 */
import { createHash, createPublicKey, sign, type KeyObject } from "node:crypto";

export interface SigningKey {
  /** Of its public half, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** RSA, P-256 or Ed25519. */
  readonly type: string;
  readonly sign: (message: Uint8Array) => Uint8Array;
  /** The public half as one line, as in `id_ed25519.pub`, without a comment. */
  readonly publicLine: string;
}

/** RFC 4251 section 5: a length of four bytes in front. */
function sshString(bytes: Uint8Array | string): Buffer {
  const content = Buffer.from(bytes as Uint8Array);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

const bytesOf = (member: string | undefined): Buffer => Buffer.from(member ?? "", "base64url");

/** A number that begins with a set bit has a zero in front, or it would be negative. */
const natural = (bytes: Buffer): Buffer => (bytes[0]! >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);

interface Form {
  readonly type: string;
  readonly name: string;
  /** As OpenSSH has it after the name: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4. */
  readonly parts: readonly (Buffer | string)[];
  readonly digest: "sha256" | null;
}

function formOf(publicKey: KeyObject): Form | undefined {
  const { kty, crv, n, e, x, y } = publicKey.export({ format: "jwk" });
  if (publicKey.asymmetricKeyType === "rsa")
    return { type: "RSA", name: "ssh-rsa", parts: [natural(bytesOf(e)), natural(bytesOf(n))], digest: "sha256" };
  if (kty === "EC" && crv === "P-256") {
    const point = Buffer.concat([Uint8Array.of(4), bytesOf(x), bytesOf(y)]);
    return { type: "P-256", name: "ecdsa-sha2-nistp256", parts: ["nistp256", point], digest: "sha256" };
  }
  return crv === "Ed25519" ? { type: "Ed25519", name: "ssh-ed25519", parts: [bytesOf(x)], digest: null } : undefined;
}

/** Undefined for a key of another kind. `privateKey` is the private half. */
export function signingKey(privateKey: KeyObject): SigningKey | undefined {
  if (!["rsa", "ec", "ed25519"].includes(privateKey.asymmetricKeyType ?? "")) return undefined;
  const form = formOf(createPublicKey(privateKey));
  if (form === undefined) return undefined;
  const { type, name, parts, digest } = form;
  const blob = Buffer.concat([name, ...parts].map(sshString));
  return {
    fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
    type,
    sign: (message) => sign(digest, message, { key: privateKey, dsaEncoding: "ieee-p1363" }),
    publicLine: `${name} ${blob.toString("base64")}`,
  };
}
