/**
 * The files of sensuctl: `cluster`, with the address and the tokens, and `profile`. Kept: places, names, members.
 * Mended: they are for their owner alone, and whole whenever they are read; an address never stands beside the tokens of
 * another one.
 */
import { join } from "node:path";

import { isToken, members } from "../../../packages/client/src/doors/door.ts";
import { sensuDoor, type SensuDoor, type SensuTokens } from "../../../packages/client/src/doors/sensu.ts";
import { FileDamaged } from "../../../packages/client/src/faults.ts";
import { preparePrivate, readPrivate, type Prepared } from "../../../packages/client/src/private-file.ts";
import type { Client } from "../client.ts";
import { Complaint } from "../complaint.ts";
import { readServer } from "../target.ts";

export interface Cluster {
  readonly apiUrl: string;
  /** A full path, or nothing. */
  readonly trustedCaFile: string;
  /** Whoever answers is believed. */
  readonly unsafeSkipVerify: boolean;
  /** Undefined after a logout. */
  readonly tokens: SensuTokens | undefined;
}

export interface Preferences {
  readonly format: string;
  readonly namespace: string;
}

export const clusterFile = ({ environment }: Client): string => join(environment.sensuFolder, "cluster");
const profileFile = ({ environment }: Client): string => join(environment.sensuFolder, "profile");

const optional = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);

function readJson(path: string): Readonly<Record<string, unknown>> | undefined {
  const text = readPrivate(path, "to-readers");
  if (text === undefined) return undefined;
  try {
    return members(JSON.parse(text));
  } catch (cause) {
    throw new FileDamaged(`${path} is not JSON`, { cause });
  }
}

const notConfigured = (): Complaint =>
  new Complaint("signInNeeded", "sensuctl is not configured", {
    code: "sign_in_needed",
    remedy: "sensuctl configure",
  });

/** Throws a complaint where there is none. */
export function readCluster(client: Client): Cluster {
  const found = readJson(clusterFile(client));
  const url = found?.["api-url"];
  if (found === undefined || typeof url !== "string" || url === "") throw notConfigured();
  const { access_token: access, expires_at: expiresAt, refresh_token: refresh } = found;
  const isSignedIn = isToken(access) && isToken(refresh) && typeof expiresAt === "number";
  return {
    apiUrl: readServer(url),
    trustedCaFile: optional(found["trusted-ca-file"], ""),
    unsafeSkipVerify: found["insecure-skip-tls-verify"] === true,
    tokens: isSignedIn ? { access_token: access, expires_at: expiresAt, refresh_token: refresh } : undefined,
  };
}

/** Nanoseconds. */
const timeout = 15_000_000_000;

const clusterText = ({ apiUrl, trustedCaFile, unsafeSkipVerify, tokens }: Cluster): string =>
  JSON.stringify(
    {
      "api-url": apiUrl,
      "trusted-ca-file": trustedCaFile,
      "insecure-skip-tls-verify": unsafeSkipVerify,
      ...(tokens ?? { access_token: "", expires_at: 0, refresh_token: "" }),
      APIKey: "",
      timeout,
    },
    null,
    2,
  );

export interface PreparedCluster extends Pick<Prepared, "discard"> {
  readonly store: (cluster: Cluster) => void;
}

/** Before something is asked for that has to be stored. The caller holds the file's lock. */
export function prepareCluster(client: Client): PreparedCluster {
  const { discard, store } = preparePrivate(clusterFile(client));
  return { discard, store: (cluster) => store(clusterText(cluster)) };
}

export function readPreferences(client: Client): Preferences {
  const found = readJson(profileFile(client)) ?? {};
  return { format: optional(found["format"], "tabular"), namespace: optional(found["namespace"], "default") };
}

export const storePreferences = (client: Client, { format, namespace }: Preferences): void =>
  preparePrivate(profileFile(client)).store(JSON.stringify({ format, namespace }, null, 2));

/** What goes wrong with the certificate that is skipped was said when it was configured, and is said again. */
export async function openSensuDoor(
  client: Client,
  { apiUrl, trustedCaFile, unsafeSkipVerify }: Pick<Cluster, "apiUrl" | "trustedCaFile" | "unsafeSkipVerify">,
): Promise<SensuDoor> {
  const tls = trustedCaFile === "" ? undefined : { ca_certificate: trustedCaFile };
  const transport = await client.openTransport({
    server: apiUrl,
    known: { ...(tls === undefined ? {} : { tls }), unsafeSkipVerify },
  });
  return sensuDoor({ server: apiUrl, transport });
}
