/** `jeton key delete`: no key signs you in any more. */
import { openAuthKeyDoor } from "../../auth-key.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { passwordFlags } from "../../password.ts";
import { afterRecentSignIn } from "../../recent-sign-in.ts";

export const keyDelete = command({
  usage: "key delete",
  about: "Deletes the key that signs you in, and ends the sessions that it opened. Having none is no error.",
  operands: 0,
  flags: passwordFlags,
  run: async ({ flags }, client) => {
    const door = await openAuthKeyDoor(client);
    const answer = await afterRecentSignIn(client, flags, (token) => door.remove(token));
    const isGone = !answer.ok && answer.code === "not_found";
    if (!answer.ok && !isGone) throw refusal("the key was not deleted", answer);
    client.voice.done(isGone ? "There was no key" : "The key is deleted, and the sessions that it opened are over");
    client.voice.answer({ json: { deleted: !isGone } });
    return exitCode("done");
  },
});
