/**
 * `weka user revoke-tokens`: ends everything that one holds. WEKA's scripts call it and expect no question, so without a
 * terminal one's own tokens go at once; for those of somebody else the name has to be given.
 */
import type { Door } from "../../../../packages/client/src/doors/door.ts";
import { revokeAll as revoke } from "../../../../packages/client/src/sign-out.ts";
import type { Client } from "../../client.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken, signInCommand } from "../../live-token.ts";
import { mayAsk } from "../../password.ts";
import type { Target } from "../../target.ts";
import { usage } from "../../usage.ts";
import { instanceAbove, wekaFlags, wekaTarget } from "../../weka-target.ts";
import { confirm, tellRevoked } from "../revoke-all.ts";

/** WEKA's wire knows others by their uid, and this door of it has no list of them; the native API has. */
async function doorFor(client: Client, target: Target, name: string): Promise<Door> {
  const server = instanceAbove(target.server);
  if (server !== undefined) return client.openDoor({ ...target, server, door: "native" });
  throw usage(
    `${target.server} ends your own tokens only, since nobody else can be looked up there`,
    `jeton user revoke-tokens ${name} --server URL, with Jeton's own address`,
  );
}

export const userRevokeTokens = command({
  usage: "user revoke-tokens [USER] [--confirm NAME] [-p FILE]",
  about:
    "Ends all sessions that you have, on every machine, this one included; or those of USER, whom you administer. Asks for the name first at a terminal.",
  operands: 1,
  flags: { confirm: { takes: "NAME", about: "the name that would have to be typed" }, ...wekaFlags },
  run: async ({ flags, operands: [user] }, client) => {
    const target = wekaTarget(client, flags.path, { signingIn: false });
    const { accessToken } = await liveToken(client, target);
    const wekaDoor = await client.openDoor(target);
    const me = await wekaDoor.whoAmI(accessToken);
    if (!me.ok)
      throw refusal(
        `${target.server} does not say who you are`,
        me,
        me.status === 401 ? signInCommand(target) : undefined,
      );
    const name = user ?? me.value.username;
    const own = name === me.value.username;
    const door = own ? wekaDoor : await doorFor(client, target, name);
    if (!own || flags.confirm !== undefined || mayAsk(client))
      await confirm(client, own ? "user revoke-tokens" : `user revoke-tokens ${name}`, name, flags.confirm);
    const asked = { accessToken, keepCurrent: false, ...(own ? {} : { username: name }) };
    const answer = await revoke({ path: target.tokenFile, door, lock: client.lock }, asked, { own });
    if (!answer.ok) throw refusal(`cannot end the sessions of ${name}`, answer);
    tellRevoked(client, answer.value);
    if (own) client.voice.warn(`This computer is signed out too. Do: ${signInCommand(target)}`);
    const { endedSessions, refusedEverywhereBy } = answer.value;
    client.voice.answer({
      json: {
        server: target.server,
        user: name,
        ended_sessions: endedSessions,
        refused_everywhere_by: refusedEverywhereBy,
      },
    });
    return exitCode("done");
  },
});
