/** `jeton key set FILE`: the public key that signed sign-in is checked by from now on. */
import { readFileSync } from "node:fs";

import { keyJson, keyText, openAuthKeyDoor } from "../../auth-key.ts";
import { command } from "../../command.ts";
import { Complaint } from "../../complaint.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { passwordFlags } from "../../password.ts";
import { afterRecentSignIn } from "../../recent-sign-in.ts";
import { usage } from "../../usage.ts";

function readPublicKey(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Complaint("usage", `${file} cannot be read`, { code: "usage", why }, { cause });
  }
  // The server would refuse it too, and would have seen it.
  if (/PRIVATE KEY/.test(text)) {
    throw new Complaint("usage", `${file} is a private key: it must not leave this machine, and nothing was sent`, {
      code: "private_key",
      remedy: `openssl pkey -in ${file} -pubout -out ${file}.pub; jeton key set ${file}.pub (OpenSSH's own format: ssh-keygen -y -f ${file} >${file}.pub)`,
    });
  }
  return text.trim();
}

export const keySet = command({
  usage: "key set FILE",
  about:
    "Sets the public key (RSA; PEM, or a line as in id_rsa.pub) that jeton login --key is checked by. Sessions of the key before end. Needs a sign-in by password of the last 10 minutes, and asks for it.",
  operands: 1,
  flags: passwordFlags,
  examples: [["jeton key set ~/.ssh/ci.pub", "then: jeton login --username ci --key ~/.ssh/ci"]],
  run: async ({ flags, operands: [file] }, client) => {
    if (file === undefined) throw usage("key set needs the file of a public key", "jeton key set FILE.pub");
    const text = readPublicKey(file);
    const door = await openAuthKeyDoor(client);
    const answer = await afterRecentSignIn(client, flags, (token) => door.set(token, text));
    if (!answer.ok) throw refusal(`${client.target.server} does not take this key`, answer);
    client.voice.done("The key signs you in from now on; whatever an earlier key opened is over");
    client.voice.answer({ json: keyJson(answer.value), text: keyText(answer.value, client.now()) });
    return exitCode("done");
  },
});
