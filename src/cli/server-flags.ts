/** The flags that stand for settings of the server, and the configuration that they and the rest add up to. */
import type { Command } from "commander";

import { loadConfig, processEnvironment, type ConfigSources, type LoadedConfig } from "../config.ts";
import { dialectNames } from "../core/dialect-names.ts";
import { UsageError } from "./exit-codes.ts";

export interface ServerFlags {
  readonly data?: string;
  readonly listen?: string;
  readonly issuer?: string;
  readonly config?: string;
  readonly dialect?: readonly string[];
  readonly trustedProxy?: readonly string[];
  readonly "tls.certificate"?: string;
  readonly "tls.key"?: string;
  readonly "tls.caCertificate"?: string;
  readonly "tls.enableClientVerification"?: boolean;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

export const withServerFlags = (command: Command): Command =>
  command
    .option("--data <folder>", "where everything is kept (default: ./data)")
    .option("--listen <host:port>", "where to listen (default: 127.0.0.1:8420)")
    .option("--issuer <url>", "the URL that tokens name as their issuer (default: http:// and where it listens)")
    .option(
      "--dialect <name[=host:port]>",
      "open a dialect under its prefix, and on a listener of its own; repeatable",
      collect,
    )
    .option("--trusted-proxy <cidr>", "believe X-Forwarded-For from these addresses; repeatable", collect)
    .option("--tls.certificate <file>", "speak TLS with this certificate and its chain, in PEM; needs --tls.key")
    .option("--tls.key <file>", "the certificate's private key, in PEM, for the server's user only")
    .option("--tls.ca-certificate <file>", "the authorities of the clients' certificates, in PEM")
    .option("--tls.enable-client-verification", "refuse clients without a certificate of these authorities")
    .option("--config <file>", "a configuration file: JSON with comments");

type Flags = ConfigSources["flags"][number];

/** Flags that are written as the setting is called, but for dashes, and what they are called here. */
const tlsFlags = [
  ["tls.certificate", "tls.certificate"],
  ["tls.key", "tls.key"],
  ["tls.ca_certificate", "tls.caCertificate"],
  ["tls.enable_client_verification", "tls.enableClientVerification"],
] as const;

/** `sensu` or `sensu=127.0.0.1:8080`. */
function dialectFlags(written: string): readonly Flags[] {
  const [wanted = "", ...rest] = written.split("=");
  const dialect = dialectNames.find((known) => known === wanted);
  if (dialect === undefined) {
    throw new UsageError(
      `there is no dialect "${wanted}". Do: --dialect NAME, or --dialect NAME=HOST:PORT, where NAME is one of ${dialectNames.join(", ")}`,
    );
  }
  const open = { name: `dialects.${dialect}.open`, value: true, flag: "--dialect" } as const;
  return rest.length === 0
    ? [open]
    : [open, { name: `dialects.${dialect}.listen`, value: rest.join("="), flag: "--dialect" }];
}

export function configFromFlags(flags: ServerFlags): LoadedConfig {
  const environment = processEnvironment();
  const single = (["data", "listen", "issuer"] as const).flatMap((name): readonly Flags[] =>
    flags[name] === undefined ? [] : [{ name, value: flags[name], flag: `--${name}` }],
  );
  const tls = tlsFlags.flatMap(([name, given]): readonly Flags[] =>
    flags[given] === undefined ? [] : [{ name, value: flags[given], flag: `--${name.replaceAll("_", "-")}` }],
  );
  const proxies: readonly Flags[] =
    flags.trustedProxy === undefined
      ? []
      : [{ name: "trusted_proxies", value: flags.trustedProxy, flag: "--trusted-proxy" }];
  return loadConfig({
    file: flags.config ?? environment["JETON_CONFIG"],
    environment,
    flags: [...single, ...tls, ...proxies, ...(flags.dialect ?? []).flatMap(dialectFlags)],
  });
}
