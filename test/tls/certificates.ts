/** Authorities and certificates for tests, of any validity and for anybody. */
import { webcrypto } from "node:crypto";
import { chmodSync, renameSync, writeFileSync } from "node:fs";

import { Secret } from "../../src/core/secret.ts";
import type { TlsMaterial } from "../../src/core/tls-material.ts";

// The library asks for the polyfill to be there before it.
await import("reflect-metadata");
const {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} = await import("@peculiar/x509");

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export interface Wanted {
  /** Days from now; negative: before now. */
  readonly from?: number;
  readonly to?: number;
  readonly usage?: "server" | "client";
  /** Bits of an RSA key; left out: ECDSA with P-256. */
  readonly rsa?: number;
}

export interface TestAuthority {
  readonly certificate: string;
  /** A certificate for `localhost` and 127.0.0.1 that it has signed, with its key. */
  readonly certify: (wanted?: Wanted) => Promise<Pair>;
}

const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const rsaOf = (bits: number) =>
  ({
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: bits,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  }) as const;

const inDays = (span: number): Date => new Date(Date.now() + span * 86_400_000);

export async function testAuthority({ from = -1, to = 30 }: Wanted = {}): Promise<TestAuthority> {
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ["sign", "verify"]);
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: `CN=Authority ${crypto.randomUUID()}`,
    notBefore: inDays(from),
    notAfter: inDays(to),
    signingAlgorithm: ecdsa,
    keys,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    certificate: `${ca.toString("pem")}\n`,
    certify: async (wanted = {}) => {
      const own = await webcrypto.subtle.generateKey(wanted.rsa === undefined ? ecdsa : rsaOf(wanted.rsa), true, [
        "sign",
        "verify",
      ]);
      const certificate = await X509CertificateGenerator.create({
        subject: "CN=localhost",
        issuer: ca.subject,
        notBefore: inDays(wanted.from ?? -1),
        notAfter: inDays(wanted.to ?? 10),
        signingAlgorithm: ecdsa,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new ExtendedKeyUsageExtension([
            wanted.usage === "client" ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
          ]),
          new SubjectAlternativeNameExtension([
            { type: "dns", value: "localhost" },
            { type: "ip", value: "127.0.0.1" },
          ]),
        ],
      });
      const key = await webcrypto.subtle.exportKey("pkcs8", own.privateKey);
      return {
        certificate: `${certificate.toString("pem")}\n`,
        key: `${PemConverter.encode(key, "PRIVATE KEY")}\n`,
      };
    },
  };
}

export const materialOf = (pair: Pair, clientAuthority: string | null = null): TlsMaterial => ({
  certificate: pair.certificate,
  key: new Secret(pair.key),
  clientAuthority,
});

/** Writes a file as a careful program does: whole or not at all, for its owner only. */
export function put(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
}
