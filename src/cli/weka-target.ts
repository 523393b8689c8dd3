/**
 * Which server, and which file, WEKA's words are about. The file says nothing of the server, and a token may say anything:
 * so the server is the one that is named, or the one that was remembered when the file was written.
 */
import { resolve } from "node:path";

import type { Client } from "./client.ts";
import { readProfiles, type Profile, type Profiles } from "./profiles.ts";
import { defaultServer, readServer, type Target } from "./target.ts";
import { usage } from "./usage.ts";

export const wekaFlags = {
  path: { takes: "FILE", about: "the file of tokens; that of WEKA_TOKEN, else ~/.weka/auth-token.json", short: "p" },
} as const;

/** Where WEKA itself listens. */
const wekaAddress = "http://127.0.0.1:14000";

/** WEKA's API is below /api/v2; at Jeton's own address that is below /weka. */
function doorAt(written: string, isWeka: boolean): string {
  const server = readServer(written);
  if (server.endsWith("/api/v2")) return server;
  return isWeka ? `${server}/api/v2` : `${server}/weka/api/v2`;
}

/** The profile of this file, and of the server that is named if one is. */
function findProfile({ byName }: Profiles, tokenFile: string): readonly [name: string, profile: Profile] | undefined {
  return [...byName].find(([, { token_file: file, door }]) => door === "weka" && file === tokenFile);
}

function freeName({ byName }: Profiles): string {
  const taken = (name: string): boolean => byName.has(name);
  let name = "weka";
  for (let number = 2; taken(name); number += 1) name = `weka-${number}`;
  return name;
}

export function wekaTarget(client: Client, path: string | undefined, { signingIn }: { signingIn: boolean }): Target {
  const { environment, flags } = client;
  const isWeka = environment.calledAs === "weka";
  const tokenFile = resolve(path ?? flags["token-file"] ?? environment.weka.tokenFile);
  const profiles = readProfiles(environment.folder);
  const [name, found] = findProfile(profiles, tokenFile) ?? [];
  const named = flags.server ?? (isWeka ? undefined : environment.server);
  const wanted = named === undefined ? undefined : doorAt(named, isWeka);
  if (!signingIn && found !== undefined && wanted !== undefined && wanted !== found.server)
    throw usage(
      `the tokens in ${environment.shown(tokenFile)} are for ${found.server}`,
      "leave --server out, or sign in there",
    );
  const server = wanted ?? found?.server ?? doorAt(isWeka ? wekaAddress : defaultServer, isWeka);
  return {
    server,
    door: "weka",
    profile: name ?? flags.profile ?? freeName(profiles),
    known: found?.server === server ? found : undefined,
    tokenFile,
    stored: true,
    token: undefined,
    chosenBy: undefined,
    signIn: `${environment.calledAs} user login`,
  };
}

/** Jeton's own address, where its native API is, if this is WEKA's door below it. */
export const instanceAbove = (server: string): string | undefined => /^(.*)\/weka\/api\/v2$/.exec(server)?.[1];
