/** `jeton key challenge FILE`: what a key has to sign before it is added, for keys that this program cannot read. */
import { applicationFlag } from "../../application.ts";
import { openAuthKeyDoor, readPublicKey } from "../../auth-key.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { passwordFlags } from "../../password.ts";
import { afterRecentSignIn } from "../../recent-sign-in.ts";
import { spanText } from "../../span.ts";
import { usage } from "../../usage.ts";

export const keyChallenge = command({
  usage: "key challenge FILE [--app NAME]",
  about:
    "Prints what the private half of the public key in FILE has to sign, where it is in an agent, in hardware or on another machine. Needs a sign-in by password of the last 10 minutes, and asks for it.",
  operands: 1,
  flags: { ...applicationFlag, ...passwordFlags },
  examples: [
    ["C=$(jeton key challenge k.pub)", "within its time:"],
    ['printf %s "$C" | ssh-keygen -Y sign -n jeton -f k.pub - >k.sig', "by the agent that has it"],
    ['jeton key add k.pub --challenge "$C" --signature k.sig', "the key is added"],
  ],
  run: async ({ flags, operands: [file] }, client) => {
    if (file === undefined) throw usage("key challenge needs the file of a public key", "jeton key challenge FILE.pub");
    const publicKey = readPublicKey(file);
    const { accessToken } = await liveToken(client, client.target);
    const door = await openAuthKeyDoor(client, accessToken, flags.app);
    const answer = await afterRecentSignIn(client, flags, (recent) => door.challenge(recent, publicKey));
    if (!answer.ok) throw refusal(`${client.target.server} does not take this key`, answer);
    const { challenge, expiresIn, fingerprint } = answer.value;
    client.voice.answer({ json: { challenge, expires_in: expiresIn, fingerprint }, text: `${challenge}\n` });
    client.voice.note(`To be signed, without the end of the line, by ${fingerprint}, within ${spanText(expiresIn)}`);
    return exitCode("done");
  },
});
