/**
 * The certificate and the key of a listener, read from their files and looked at before anybody speaks with them: a
 * pair that does not fit, or has expired, would refuse every client one by one instead of being noticed once, here.
 */
import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";

import { Secret } from "../core/secret.ts";
import type { TlsMaterial } from "../core/tls-material.ts";
import { earlier, seconds, type Seconds } from "../core/units.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  /** The server's certificate, and after it those that its authority gave with it. */
  readonly certificate: string;
  readonly key: string;
  /** The authorities whose certificates clients must show; null: clients are not asked. */
  readonly clientAuthority: string | null;
}

export interface CheckedTls {
  readonly material: TlsMaterial;
  /** When the first certificate expires: of the chain, or of those clients' authorities that have not expired yet. */
  readonly expiresAt: Seconds;
}

/** The files cannot be used, with the reason and what to do about it. */
export class TlsUnusable extends Error {
  readonly code = "TLS_UNUSABLE";
}

/** NIST SP 800-131A: shorter ones are not to be used any more. */
const leastRsaBits = 2048;

/** Throws `TlsUnusable` unless a server can speak with these files at `now`. */
export function readTls(files: TlsFiles, now: Seconds): CheckedTls {
  const certificate = read(files.certificate, "certificate");
  const chain = certificatesIn(certificate, files.certificate);
  const key = readKey(files.key);
  const privateKey = privateKeyOf(key, files.key);
  const own = chain[0]!;
  if (!spki(own.publicKey).equals(spki(createPublicKey(privateKey)))) {
    throw new TlsUnusable(
      `the TLS key ${files.key} does not fit the certificate ${files.certificate}. Do: give the key that the certificate was made for; in a chain, the server's own certificate stands first`,
    );
  }
  const bits = own.publicKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < leastRsaBits) {
    throw new TlsUnusable(
      `the TLS key ${files.key} has ${bits} bits, and at least ${leastRsaBits} are needed. Do: make a new one, such as by openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`,
    );
  }
  for (const one of chain) checkTimes(one, files.certificate, now);

  const authority = files.clientAuthority === null ? null : readAuthority(files.clientAuthority, now);
  const clientAuthority = authority?.text ?? null;
  try {
    // What OpenSSL or BoringSSL makes of it, in the last word.
    createSecureContext({ cert: certificate, key, ...(clientAuthority === null ? {} : { ca: clientAuthority }) });
  } catch (cause) {
    throw new TlsUnusable(
      `nobody can speak TLS with ${files.certificate} and ${files.key}: ${reasonOf(cause)}. Do: make both anew`,
      { cause },
    );
  }
  return {
    material: { certificate, key: new Secret(key), clientAuthority },
    expiresAt: [...chain.map(expiryOf), ...(authority?.ends ?? [])].reduce(earlier),
  };
}

/** Changes when one of the files does; made before they are read, it misses no change. */
export function stampOf({ certificate, key, clientAuthority }: TlsFiles): string {
  return [certificate, key, clientAuthority ?? ""].map(stampOfFile).join(" ");
}

function stampOfFile(file: string): string {
  const found = file === "" ? undefined : statSync(file, { throwIfNoEntry: false });
  return found === undefined ? "none" : `${found.ino}:${found.size}:${found.mtimeMs}`;
}

function read(file: string, what: "certificate" | "authority"): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const setting = what === "certificate" ? "tls.certificate" : "tls.ca_certificate";
    throw new TlsUnusable(
      `the TLS ${what} ${file} cannot be read: ${reasonOf(cause)}. Do: name a PEM file with ${setting} that the server's user may read`,
      { cause },
    );
  }
}

/** The mode is that of the very file that is read, whatever happens to its name meanwhile. */
function readKey(file: string): string {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (cause) {
    throw new TlsUnusable(
      `the TLS key ${file} cannot be read: ${reasonOf(cause)}. Do: name a PEM file with tls.key that the server's user may read`,
      { cause },
    );
  }
  try {
    if ((fstatSync(handle).mode & 0o077) !== 0) {
      throw new TlsUnusable(`the TLS key ${file} can be read by others. Do: chmod 600 ${file}`);
    }
    return readFileSync(handle, "utf8");
  } finally {
    closeSync(handle);
  }
}

function certificatesIn(text: string, file: string): readonly X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) {
    throw new TlsUnusable(`${file} has no certificate in PEM. Do: name a file that begins a line with -----BEGIN`);
  }
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new TlsUnusable(`${file} has a certificate that cannot be read. Do: put the file back, or make it anew`, {
      cause,
    });
  }
}

function privateKeyOf(text: string, file: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    // The cause is left out: what libraries say of a key that they cannot read is nothing for a log.
    throw new TlsUnusable(
      `the TLS key ${file} is no private key in PEM without a passphrase. Do: openssl pkey -in ${file} tells what it is`,
    );
  }
}

interface Authority {
  readonly text: string;
  /** When those expire that are valid now. */
  readonly ends: readonly Seconds[];
}

function readAuthority(file: string, now: Seconds): Authority {
  const text = read(file, "authority");
  // A bundle may have old ones; with nothing but old ones no client would get in.
  const ends = certificatesIn(text, file)
    .map(expiryOf)
    .filter((end) => end > now);
  if (ends.length === 0) {
    throw new TlsUnusable(
      `the authority ${file} of the clients' certificates has expired. Do: name one with tls.ca_certificate that is valid`,
    );
  }
  return { text, ends };
}

function checkTimes(one: X509Certificate, file: string, now: Seconds): void {
  const { validFrom, validTo } = one;
  if (expiryOf(one) <= now) {
    throw new TlsUnusable(`the TLS certificate ${file} has expired: ${validTo}. Do: have it renewed`);
  }
  if (instant(validFrom) > now) {
    throw new TlsUnusable(
      `the TLS certificate ${file} is not valid before ${validFrom}. Do: look at the machine's clock`,
    );
  }
}

/** `Nov 22 19:00:00 2026 GMT`, as X509Certificate writes it. */
const instant = (written: string): Seconds => seconds(Math.floor(Date.parse(written) / 1000));

const expiryOf = ({ validTo }: X509Certificate): Seconds => instant(validTo);

const spki = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
