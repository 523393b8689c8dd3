/**
 * Which server a command is about, and which tokens belong to it: flag, then environment, then project file, then the
 * active profile, then the default. Tokens go to the server that gave them and to no other: a profile's file is used
 * with the profile's server only, and what a project file says alone never receives a token from the environment.
 */
import { doorOf, type DoorName } from "../../packages/client/src/door-names.ts";
import { Complaint } from "./complaint.ts";
import type { Environment } from "./environment.ts";
import type { GlobalFlags } from "./global-flags.ts";
import { isProfileName, tokenFileOf, type Profile, type Profiles } from "./profiles.ts";
import type { Project } from "./project-file.ts";
import { usage } from "./usage.ts";

export const defaultServer = "http://127.0.0.1:8420";

export interface Target {
  readonly server: string;
  readonly door: DoorName;
  /** Its name; that of the profile which a sign-in would make, where there is none yet. */
  readonly profile: string;
  readonly known: Profile | undefined;
  /** Where the tokens are, or would be put. */
  readonly tokenFile: string;
  /** Whether the file may be read: it is this server's, or the user named it. */
  readonly stored: boolean;
  /** JETON_TOKEN */
  readonly token: string | undefined;
  /** Of the project file, where the server is its choice. */
  readonly chosenBy: string | undefined;
  /** The command that signs in there, where it is not `jeton login`. */
  readonly signIn?: string;
}

/** As it is written down and compared: without a slash at its end. */
export function readServer(written: string): string {
  const url = URL.parse(written);
  const isPlain =
    url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === "";
  if (!isPlain) throw usage("the server must be a URL without credentials and query, such as https://auth.example.org");
  return url.href.replace(/\/+$/, "");
}

interface Wish {
  readonly value: string;
  /** The smaller, the stronger. */
  readonly rank: 0 | 1 | 2;
}

const wishOf = (...values: readonly (string | undefined)[]): Wish | undefined => {
  const rank = values.findIndex((value) => value !== undefined);
  return rank === -1 ? undefined : { value: values[rank]!, rank: rank as Wish["rank"] };
};

export interface Sources {
  readonly flags: GlobalFlags;
  readonly environment: Pick<Environment, "server" | "profile" | "token" | "tokenFile" | "folder">;
  readonly project: Project | undefined;
  readonly profiles: Profiles;
}

/** A name for a new profile: that of the server, unless there is none that is called default. */
function newName(server: string, { byName }: Profiles): string {
  if (!byName.has("default")) return "default";
  const { host } = new URL(server);
  return host.replaceAll(/[^A-Za-z0-9.-]+/g, "-").replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

interface Choice {
  readonly name: string;
  readonly known: Profile | undefined;
  readonly server: string;
  readonly rank: Wish["rank"] | undefined;
}

function choose({ flags, environment, project, profiles }: Sources, signingIn: boolean): Choice {
  const server = wishOf(flags.server, environment.server, project?.server);
  const name = wishOf(flags.profile, environment.profile, project?.profile);
  const wanted = server === undefined ? undefined : readServer(server.value);
  if (name !== undefined && (server === undefined || name.rank <= server.rank)) {
    if (!isProfileName(name.value)) throw usage("a profile's name has letters, digits, dots and dashes only");
    const known = profiles.byName.get(name.value);
    const differs = known !== undefined && wanted !== undefined && wanted !== known.server;
    if (differs && name.rank === server?.rank && !signingIn) {
      throw usage(`profile ${name.value} belongs to ${known.server}, and not to ${wanted}`, "leave one of the two out");
    }
    if (known === undefined && !signingIn) {
      throw new Complaint("notFound", `there is no profile ${name.value}`, {
        code: "profile_not_found",
        remedy: "jeton profiles",
      });
    }
    // A stronger name comes with its own server; a new one, or a new sign-in, takes the server that is named.
    const rank = known === undefined || (signingIn && name.rank === server?.rank) ? server?.rank : undefined;
    const chosen = rank === undefined ? (known?.server ?? defaultServer) : (wanted ?? defaultServer);
    return { name: name.value, known: known?.server === chosen ? known : undefined, server: chosen, rank };
  }
  const { active, byName } = profiles;
  if (wanted === undefined) {
    const known = active === undefined ? undefined : byName.get(active);
    return { name: active ?? "default", known, server: known?.server ?? defaultServer, rank: undefined };
  }
  const same = [...byName].filter(([, profile]) => profile.server === wanted);
  const [found] = [...same.filter(([of]) => of === active), ...same];
  return { name: found?.[0] ?? newName(wanted, profiles), known: found?.[1], server: wanted, rank: server?.rank };
}

/** `signingIn`: a profile that does not exist is one that will be made. */
export function findTarget(sources: Sources, { signingIn }: { signingIn: boolean }): Target {
  const { flags, environment, project } = sources;
  const { name, known, server, rank } = choose(sources, signingIn);
  const named = flags["token-file"] ?? environment.tokenFile;
  const chosenBy = rank === 2 ? project?.file : undefined;
  const foreign = chosenBy !== undefined && known === undefined && !signingIn;
  if (foreign && (environment.token !== undefined || named !== undefined)) {
    throw usage(
      `${chosenBy} names ${server}, and you have no sign-in there; tokens of elsewhere are not sent to it`,
      `say --server ${server} if you mean it`,
    );
  }
  return {
    server,
    door: known?.door ?? doorOf(server),
    profile: name,
    known,
    tokenFile: named ?? known?.token_file ?? tokenFileOf(environment.folder, name),
    stored: named !== undefined || known !== undefined,
    token: environment.token,
    chosenBy,
  };
}
