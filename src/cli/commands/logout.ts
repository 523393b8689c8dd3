/** `jeton logout`: ends the sign-in at the server, and deletes its tokens here in any case. */
import { unverifiedClaims } from "../../../packages/client/src/jwt.ts";
import { signOut, type SignedOut } from "../../../packages/client/src/sign-out.ts";
import type { Client } from "../client.ts";
import { command } from "../command.ts";
import { exitCode, type ExitName } from "../exit-codes.ts";
import { readProfiles } from "../profiles.ts";
import { instantText } from "../span.ts";
import type { Target } from "../target.ts";

const reason = (why: Extract<SignedOut, { kind: "untold" }>["why"]): string =>
  why instanceof Error ? why.message : why.title;

/** The exit that it deserves. */
export function tellSignedOut({ voice, now }: Client, { server }: Target, out: SignedOut): ExitName {
  const until = "tokens" in out ? unverifiedClaims(out.tokens.refresh_token)?.exp : undefined;
  const validity = until === undefined ? "stays valid" : `stays valid until ${instantText(until, now())}`;
  switch (out.kind) {
    case "nobody":
      voice.note(`You were not signed in at ${server}`);
      return "done";
    case "ended":
      voice.done(`Signed out of ${server}`);
      return "done";
    case "local":
      voice.done(`Signed out here; the session at ${server} goes on, and its refresh token ${validity}`);
      return "done";
    case "untold":
      voice.warn(
        `Could not tell the server (${reason(out.why)}); the refresh token ${validity}. Run jeton revoke-all later.`,
      );
      return "network";
  }
}

export const logout = command({
  usage: "logout [--all] [--keep-session]",
  about:
    "Ends the sign-in at the server and deletes its tokens. Where the server is away the tokens are deleted, and the exit code is 7.",
  operands: 0,
  flags: {
    all: { about: "of all profiles" },
    "keep-session": { about: "delete the tokens here, and tell the server nothing" },
  },
  run: async ({ flags }, client) => {
    const { byName } = readProfiles(client.environment.folder);
    const targets = flags.all === true && byName.size > 0 ? [...byName.keys()].map(client.targetOf) : [client.target];
    const results: { profile: string; server: string; result: SignedOut["kind"]; exit: ExitName }[] = [];
    for (const target of targets) {
      const { profile, server, tokenFile: path } = target;
      const door = await client.openDoor(target);
      const out: SignedOut = target.stored
        ? await signOut({ path, door, lock: client.lock }, { keepSession: flags["keep-session"] === true })
        : { kind: "nobody" };
      results.push({ profile, server, result: out.kind, exit: tellSignedOut(client, target, out) });
    }
    if (client.environment.token !== undefined) client.voice.warn("JETON_TOKEN is still set. Do: unset JETON_TOKEN");
    client.voice.answer({ json: { profiles: results.map(({ exit: _exit, ...shown }) => shown) } });
    return exitCode(results.find(({ exit }) => exit !== "done")?.exit ?? "done");
  },
});
