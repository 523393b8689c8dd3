/** `jeton key revoke KEY`: a key signs nobody in any more. */
import { applicationFlag } from "../../application.ts";
import { findAuthKey, openAuthKeyDoor } from "../../auth-key.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { passwordFlags } from "../../password.ts";
import { afterRecentSignIn } from "../../recent-sign-in.ts";
import { usage } from "../../usage.ts";

export const keyRevoke = command({
  usage: "key revoke KEY [--app NAME]",
  about:
    "Removes a key, and ends the sessions that it opened; it is not taken again. KEY: its id, its fingerprint or its name. Needs a sign-in by password of the last 10 minutes, and asks for it.",
  operands: 1,
  flags: { ...applicationFlag, ...passwordFlags },
  run: async ({ flags, operands: [meant] }, client) => {
    if (meant === undefined) throw usage("key revoke needs an id, a fingerprint or a name", "jeton key list");
    const { accessToken } = await liveToken(client, client.target);
    const door = await openAuthKeyDoor(client, accessToken, flags.app);
    const id = await findAuthKey(door, { accessToken, meant });
    const answer = await afterRecentSignIn(client, flags, (recent) => door.revoke(recent, id));
    if (!answer.ok) throw refusal("the key was not revoked", answer, "jeton key list");
    client.voice.done("The key is revoked, and the sessions that it opened are over");
    client.voice.answer({ json: { auth_key_id: id, revoked: true } });
    return exitCode("done");
  },
});
