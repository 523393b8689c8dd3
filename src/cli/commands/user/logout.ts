/** `weka user logout`: deletes WEKA's file of tokens, and ends the session where there is a word for it. */
import type { Door } from "../../../../packages/client/src/doors/door.ts";
import { endBySession } from "../../../../packages/client/src/doors/native-session.ts";
import { signOut } from "../../../../packages/client/src/sign-out.ts";
import type { Client } from "../../client.ts";
import { command } from "../../command.ts";
import { exitCode } from "../../exit-codes.ts";
import type { Target } from "../../target.ts";
import { instanceAbove, wekaFlags, wekaTarget } from "../../weka-target.ts";
import { tellSignedOut } from "../logout.ts";

/** WEKA's wire cannot end one session; at Jeton's own address the native API can. */
async function endingDoor(client: Client, target: Target): Promise<Door> {
  const door = await client.openDoor(target);
  const server = instanceAbove(target.server);
  if (server === undefined) return door;
  const transport = await client.openTransport({ ...target, server });
  return { ...door, signOut: (refreshToken) => endBySession({ server, transport }, door, refreshToken) };
}

export const userLogout = command({
  usage: "user logout [-p FILE]",
  about:
    "Deletes the tokens of this machine, and ends their session. WEKA's wire has no word for that: at an address of WEKA's own the session goes on, and user revoke-tokens ends it with all others.",
  operands: 0,
  flags: wekaFlags,
  run: async ({ flags }, client) => {
    const target = wekaTarget(client, flags.path, { signingIn: false });
    const door = await endingDoor(client, target);
    const out = await signOut({ path: target.tokenFile, door, lock: client.lock }, { keepSession: false });
    const exit = tellSignedOut(client, target, out);
    client.voice.answer({ json: { server: target.server, result: out.kind } });
    return exitCode(exit);
  },
});
