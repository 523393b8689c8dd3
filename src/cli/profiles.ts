/**
 * The sign-ins that the user has, by name: which server each belongs to, in which words it speaks, and where its tokens
 * are. No secret is in here, but whoever could change it could have tokens sent elsewhere; so others must not.
 */
import { join } from "node:path";

import { isDoorName, type DoorName } from "../../packages/client/src/door-names.ts";
import { withLock } from "../../packages/client/src/lock.ts";
import { preparePrivate, readPrivate } from "../../packages/client/src/private-file.ts";
import { Complaint } from "./complaint.ts";

/** Files, by their full paths. */
export interface ProfileTls {
  readonly ca_certificate?: string;
  readonly certificate?: string;
  readonly key?: string;
}

export interface Profile {
  readonly server: string;
  readonly door: DoorName;
  readonly token_file: string;
  readonly username: string;
  readonly tls?: ProfileTls;
}

export interface Profiles {
  readonly active: string | undefined;
  readonly byName: ReadonlyMap<string, Profile>;
}

const profilesFile = (folder: string): string => join(folder, "config.json");

/** The first profile's tokens are where scripts look for them; each other one has a file of its own. */
export const tokenFileOf = (folder: string, name: string): string =>
  join(folder, name === "default" ? "auth-token.json" : `auth-token.${name}.json`);

/** It becomes part of a file's name. */
export const isProfileName = (name: string): boolean => /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(name);

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

function readTls(value: unknown): ProfileTls | undefined {
  const entries = Object.entries(record(value)).filter(
    ([name, path]) => ["ca_certificate", "certificate", "key"].includes(name) && typeof path === "string",
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function readProfile(value: unknown): Profile | undefined {
  const { server, door, token_file: tokenFile, username, tls } = record(value);
  if (typeof server !== "string" || typeof door !== "string" || !isDoorName(door)) return undefined;
  if (typeof tokenFile !== "string" || typeof username !== "string") return undefined;
  const files = readTls(tls);
  return { server, door, token_file: tokenFile, username, ...(files === undefined ? {} : { tls: files }) };
}

export function readProfiles(folder: string): Profiles {
  const file = profilesFile(folder);
  const text = readPrivate(file, "to-writers");
  if (text === undefined) return { active: undefined, byName: new Map() };
  const damaged = (what: string): Complaint =>
    new Complaint("usage", `${file} ${what}`, {
      code: "config_damaged",
      remedy: `mend it, or delete it and sign in again`,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Complaint("usage", `${file} is not JSON`, damaged("").particulars, { cause });
  }
  const { active, profiles } = record(value);
  const byName = new Map(
    Object.entries(record(profiles)).map(([name, entry]) => {
      const profile = readProfile(entry);
      if (profile === undefined || !isProfileName(name)) throw damaged("has a profile that cannot be read");
      return [name, profile] as const;
    }),
  );
  return { active: typeof active === "string" && byName.has(active) ? active : undefined, byName };
}

/** Changes them as they are now, while no other process does. */
export async function changeProfiles(folder: string, change: (now: Profiles) => Profiles): Promise<void> {
  const file = profilesFile(folder);
  await withLock(file, {}, async () => {
    const { active, byName } = change(readProfiles(folder));
    preparePrivate(file).store(`${JSON.stringify({ active, profiles: Object.fromEntries(byName) }, null, 2)}\n`);
  });
}
