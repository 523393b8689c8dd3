/** `jeton key rename KEY NAME`: says anew whose, or where, a key is. */
import { applicationFlag } from "../../application.ts";
import { findAuthKey, keyJson, openAuthKeyDoor } from "../../auth-key.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { usage } from "../../usage.ts";

export const keyRename = command({
  usage: "key rename KEY NAME [--app NAME]",
  about: "Gives a key another name. KEY: its id, its fingerprint or its name of now.",
  operands: 2,
  flags: applicationFlag,
  run: async ({ flags, operands: [meant, name] }, client) => {
    if (meant === undefined || name === undefined)
      throw usage("key rename needs an id, a fingerprint or a name, and the new name", "jeton key rename OLD NEW");
    const { accessToken } = await liveToken(client, client.target);
    const door = await openAuthKeyDoor(client, accessToken, flags.app);
    const answer = await door.rename(accessToken, await findAuthKey(door, { accessToken, meant }), name);
    if (!answer.ok) throw refusal("the key was not renamed", answer, "jeton key list");
    client.voice.done(`The key is called ${answer.value.name} now`);
    client.voice.answer({ json: keyJson(answer.value) });
    return exitCode("done");
  },
});
