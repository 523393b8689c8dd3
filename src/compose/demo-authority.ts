/**
 * A certificate authority for a demonstration: made at its start, good for a day, for this machine only. Its key is
 * used once, for the one certificate, and written nowhere; so nobody can sign another one with it.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { days, minutes, type Seconds } from "../core/units.ts";

/** Paths of PEM files. */
export interface DemoAuthority {
  /** What clients are to trust. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** For clients whose clock is a little behind. */
const early = minutes(5);
const life = days(1);

/** RFC 5280: an authority and the certificate of `localhost`, `127.0.0.1` and `::1`, in files of `folder`. */
export async function makeDemoAuthority(folder: string, now: Seconds): Promise<DemoAuthority> {
  // Loaded here, as an ordinary start needs none of it. The library asks for the polyfill to be there before it.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const times = { notBefore: new Date((now - early) * 1000), notAfter: new Date((now + life) * 1000) };
  const authorityKeys = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
  const serverKeys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const name = "CN=Jeton demonstration authority";

  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    ...times,
    signingAlgorithm: algorithm,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    subject: "CN=localhost",
    issuer: ca.subject,
    ...times,
    signingAlgorithm: algorithm,
    publicKey: serverKeys.publicKey,
    signingKey: authorityKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
        { type: "ip", value: "127.0.0.1" },
        { type: "ip", value: "::1" },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });

  const paths = {
    ca: join(folder, "demo-ca.pem"),
    certificate: join(folder, "demo-server.pem"),
    key: join(folder, "demo-server.key"),
  };
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", serverKeys.privateKey);
  // A name that is taken already is not ours to write to.
  writeFileSync(paths.ca, `${ca.toString("pem")}\n`, { flag: "wx" });
  writeFileSync(paths.certificate, `${certificate.toString("pem")}\n`, { flag: "wx" });
  writeFileSync(paths.key, `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`, { flag: "wx", mode: 0o600 });
  return paths;
}
