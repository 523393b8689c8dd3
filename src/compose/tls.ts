/**
 * TLS while the server runs: which files a listener speaks with, and how a renewed certificate gets from the disk to
 * the next handshake without a restart. New files are checked as at the start; if they are not good, the old ones serve
 * on, since a certificate that is about to expire is better than none.
 */
import type { Config } from "../config.ts";
import type { TlsMaterial } from "../core/tls-material.ts";
import { millis, type Seconds } from "../core/units.ts";
import { readTls, stampOf, TlsUnusable, type CheckedTls, type TlsFiles } from "../keys/tls-files.ts";
import type { Log } from "./log.ts";

/** How one listener speaks TLS. */
export interface ListenerTls extends TlsFiles {
  /**
   * Browsers are told to come to this host by TLS only, for a year (RFC 6797). That holds for every port of the host,
   * so it is not for `localhost`, where others listen too.
   */
  readonly strict: boolean;
}

/** What the configuration says for every listener; null: plain HTTP. */
export function configuredTls(config: Config): ListenerTls | null {
  const { "tls.certificate": certificate, "tls.key": key } = config;
  if (certificate === null || key === null) return null;
  return {
    certificate,
    key,
    clientAuthority: config["tls.enable_client_verification"] ? config["tls.ca_certificate"] : null,
    strict: config.issuer?.startsWith("https:") === true,
  };
}

/** Between two looks at the files. */
export const lookEvery = millis(60_000);

export interface Tls {
  /** What a new listener starts with. Throws `TlsUnusable`. */
  readonly material: (files: TlsFiles) => TlsMaterial;
  /** The listener is given every later material of these files. */
  readonly follow: (files: TlsFiles, renew: (material: TlsMaterial) => void) => void;
  /** Takes files over that have changed. */
  readonly look: () => void;
  /** Takes all files over, whether they have changed or not, and says what came of it. */
  readonly reload: () => void;
  /** When the first certificate expires that is in use; undefined without TLS. */
  readonly expiresAt: () => Seconds | undefined;
}

/** One set of files, however many listeners use it. */
interface Watched {
  readonly files: TlsFiles;
  readonly listeners: ((material: TlsMaterial) => void)[];
  stamp: string;
  current: CheckedTls;
  /** Why the files on the disk are not in use, if that has been told. */
  told: string | undefined;
}

export function openTls({ log, now }: { readonly log: Log; readonly now: () => Seconds }): Tls {
  const all = new Map<string, Watched>();

  function watched(files: TlsFiles): Watched {
    const name = JSON.stringify([files.certificate, files.key, files.clientAuthority]);
    let found = all.get(name);
    if (found === undefined) {
      const stamp = stampOf(files);
      found = { files, listeners: [], stamp, current: readTls(files, now()), told: undefined };
      all.set(name, found);
    }
    return found;
  }

  function takeOver(of: Watched, isAsked: boolean): void {
    const { certificate } = of.files;
    try {
      const stamp = stampOf(of.files);
      if (!isAsked && stamp === of.stamp) return;
      const next = readTls(of.files, now());
      for (const renew of of.listeners) renew(next.material);
      of.current = next;
      of.stamp = stamp;
      of.told = undefined;
      log.info("the TLS certificate was read again", { certificate, expires: dateOf(next.expiresAt) });
    } catch (fault) {
      // Whatever it is, connections go on being taken with what is there.
      const reason = fault instanceof Error ? fault.message : String(fault);
      if (!isAsked && reason === of.told) return;
      of.told = reason;
      const stays = "the TLS files have changed and cannot be used; the certificate from before stays";
      const fields = { event: "tls", reason, expires: dateOf(of.current.expiresAt) };
      if (fault instanceof TlsUnusable) log.warn(stays, fields);
      else log.fault(stays, fault, fields);
    }
  }

  return {
    material: (files) => watched(files).current.material,
    follow: (files, renew) => void watched(files).listeners.push(renew),
    look: () => {
      for (const one of all.values()) takeOver(one, false);
    },
    reload: () => {
      if (all.size === 0) log.info("told to read the TLS files again, and this server has none");
      for (const one of all.values()) takeOver(one, true);
    },
    expiresAt: () => {
      const ends = Array.from(all.values(), ({ current }) => current.expiresAt);
      return ends.length === 0 ? undefined : (Math.min(...ends) as Seconds);
    },
  };
}

const dateOf = (at: Seconds): string => new Date(at * 1000).toISOString();
