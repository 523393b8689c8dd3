/** `jeton key show`: which key signs you in. */
import { keyJson, keyText, openAuthKeyDoor } from "../../auth-key.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";

export const keyShow = command({
  usage: "key show",
  about: "Prints the fingerprint of the key that signs you in, as ssh-keygen -l does. Exit code 5 where there is none.",
  operands: 0,
  flags: {},
  run: async (_asked, client) => {
    const { accessToken } = await liveToken(client, client.target);
    const answer = await (await openAuthKeyDoor(client)).show(accessToken);
    if (!answer.ok) throw refusal("there is no key to show", answer, "jeton key set FILE.pub");
    client.voice.answer({ json: keyJson(answer.value), text: keyText(answer.value, client.now()) });
    return exitCode("done");
  },
});
