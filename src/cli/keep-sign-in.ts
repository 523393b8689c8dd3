/** Signing in for good: the name and the question, the tokens in their file, the profile that remembers both. */
import { resolve } from "node:path";

import type { Credentials, Door, Said } from "../../packages/client/src/doors/door.ts";
import { unverifiedClaims } from "../../packages/client/src/jwt.ts";
import { signIn } from "../../packages/client/src/sign-in.ts";
import type { Client } from "./client.ts";
import { refusal } from "./complaint-of.ts";
import { mayAsk, waysToSignIn } from "./password.ts";
import { changeProfiles } from "./profiles.ts";
import { ask } from "./prompt.ts";
import { instantText, iso, spanText } from "./span.ts";
import type { Target } from "./target.ts";
import { usage } from "./usage.ts";

/** The name that was given, or is asked for. */
export async function nameOf(client: Client, usual: string | undefined, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  if (!mayAsk(client)) {
    if (usual !== undefined) return usual;
    throw waysToSignIn(client, "a user name is needed");
  }
  const typed = await ask(client.io, { text: `User name${usual === undefined ? "" : ` (${usual})`}: `, hidden: false });
  const name = typed === "" ? usual : typed;
  if (name === undefined) throw usage("the user name is empty");
  return name;
}

export interface Keeping {
  readonly username: string;
  readonly method: "password" | "key" | "client-secret";
  readonly ask: (door: Door) => Promise<Said<Credentials>>;
  /** Whether other commands use this sign-in from now on. */
  readonly activate: boolean;
  /** Commands that could come next. */
  readonly next: string;
}

/** Remembered with the sign-in; the profile that was used until now, if it is another. */
async function remember(client: Client, target: Target, { username, activate }: Keeping): Promise<string | undefined> {
  const tls = client.tlsFiles() ?? target.known?.tls;
  const profile = {
    server: target.server,
    door: target.door,
    token_file: resolve(target.tokenFile),
    username,
    ...(tls === undefined ? {} : { tls }),
  };
  let before: string | undefined;
  await changeProfiles(client.environment.folder, ({ active, byName }) => {
    before = active;
    return {
      active: activate ? target.profile : active,
      byName: new Map([...byName, [target.profile, profile]]),
    };
  });
  return activate && before !== target.profile ? before : undefined;
}

interface Ends {
  /** How long an access token lives. */
  readonly life: number | undefined;
  readonly access: number | undefined;
  readonly refresh: number | undefined;
}

function endsOf(tokens: Credentials): Ends {
  const { exp, iat } = unverifiedClaims(tokens.access_token) ?? {};
  const life = exp === undefined || iat === undefined ? undefined : exp - iat;
  return { life, access: exp, refresh: unverifiedClaims(tokens.refresh_token)?.exp };
}

function tell({ voice, environment, now }: Client, target: Target, { username, next }: Keeping, ends: Ends): void {
  voice.done(`Signed in to ${target.server} as ${username}`);
  if (ends.life !== undefined)
    voice.note(`  Access token   lives ${spanText(ends.life)}, and is renewed when a command needs it`);
  if (ends.refresh !== undefined)
    voice.note(`  Refresh token  valid until ${instantText(ends.refresh, now())}, longer with each use`);
  voice.note(`  Saved to       ${environment.shown(resolve(target.tokenFile))} (only you can read it)`);
  voice.note(`  Next: ${next}`);
}

/** Signs in, stores the tokens, and tells. A refusal is a complaint. */
export async function keepSignIn(client: Client, target: Target, keeping: Keeping): Promise<void> {
  const { voice } = client;
  const door = await client.openDoor(target);
  const signedIn = await signIn({ path: target.tokenFile, door, lock: client.lock }, keeping.ask, {
    endBefore: target.known?.token_file === resolve(target.tokenFile),
  });
  if (!signedIn.ok) throw refusal(`cannot sign in to ${target.server}`, signedIn);
  const before = await remember(client, target, keeping);
  const ends = endsOf(signedIn.tokens);
  tell(client, target, keeping, ends);
  if (before !== undefined)
    voice.note(`  Other commands use profile ${target.profile} from now on. Do: jeton switch ${before}, to go back`);
  if (signedIn.before === "left") {
    const ending = target.door === "weka" ? "jeton user revoke-tokens" : "jeton revoke-all --keep-current";
    voice.warn(
      `your sign-in of before could not be ended at the server. Do: ${ending}, to end whatever you hold there`,
    );
  }
  voice.answer({
    json: {
      status: "signed_in",
      server: target.server,
      profile: target.profile,
      username: keeping.username,
      method: keeping.method,
      access_expires_at: ends.access === undefined ? null : iso(ends.access),
      refresh_expires_at: ends.refresh === undefined ? null : iso(ends.refresh),
      storage: "file",
      path: resolve(target.tokenFile),
    },
  });
}
