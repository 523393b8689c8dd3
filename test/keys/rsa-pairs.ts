/** RSA keys for signed login, in the forms in which people have them, and signatures as their programs make them. */
import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

import { sshFromNumbers } from "../../src/keys/rsa-numbers.ts";
import { fixedKeys } from "./fixed-keys.ts";

export interface RsaPair {
  readonly privateKey: KeyObject;
  /** PEM, SubjectPublicKeyInfo. */
  readonly spki: string;
  /** PEM, PKCS#1. */
  readonly pkcs1: string;
  /** One line, as in id_rsa.pub. */
  readonly ssh: string;
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** RSASSA-PKCS1-v1_5 with SHA-256. */
  readonly sign: (message: string) => Buffer;
}

const numberOf = (text: unknown): Buffer => Buffer.from(String(text), "base64url");

export const sshLine = (n: Uint8Array, e: Uint8Array): string =>
  `ssh-rsa ${sshFromNumbers({ n, e }).toString("base64")}`;

function rsaPair(privateKey: KeyObject): RsaPair {
  const publicKey = createPublicKey(privateKey);
  const { n, e } = publicKey.export({ format: "jwk" });
  const blob = sshFromNumbers({ n: numberOf(n), e: numberOf(e) });
  return {
    privateKey,
    spki: publicKey.export({ type: "spki", format: "pem" }),
    pkcs1: publicKey.export({ type: "pkcs1", format: "pem" }),
    ssh: `${sshLine(numberOf(n), numberOf(e))} bob@example.com`,
    fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replaceAll("=", "")}`,
    sign: (message) => sign("sha256", Buffer.from(message), privateKey),
  };
}

/** The same in every run. */
export const bobsPair = rsaPair(fixedKeys.RS256.privateKey);

export const newPair = (bits = 2048): RsaPair =>
  rsaPair(generateKeyPairSync("rsa", { modulusLength: bits }).privateKey);
