/** `jeton key add FILE`: a public key that one signs in with from now on, proved by a signature of its private half. */
import { existsSync } from "node:fs";

import type { Said } from "../../../../packages/client/src/doors/door.ts";
import type { AuthKey, AuthKeyDoor } from "../../../../packages/client/src/doors/native-key.ts";
import { applicationFlag } from "../../application.ts";
import { keyJson, keyText, openAuthKeyDoor, readFile, readPublicKey, usualName } from "../../auth-key.ts";
import type { Client } from "../../client.ts";
import { command } from "../../command.ts";
import { Complaint } from "../../complaint.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { passwordFlags } from "../../password.ts";
import { proveKey, type KeyWish } from "../../prove-key.ts";
import { afterRecentSignIn } from "../../recent-sign-in.ts";
import { readSigningKey } from "../../signing-key.ts";
import { readSpan } from "../../span.ts";
import { usage } from "../../usage.ts";

interface Proof {
  readonly key?: string;
  readonly challenge?: string;
  readonly signature?: string;
}

type Add = (door: AuthKeyDoor, accessToken: string, wish: KeyWish) => Promise<Said<AuthKey>>;

/** A signature that was made elsewhere: with an agent, on another machine. */
function signedElsewhere({ io }: Client, { challenge, signature: file }: Proof): Add {
  if (challenge === undefined || file === undefined)
    throw usage("--challenge and --signature belong together", "jeton key challenge FILE, and sign what it prints");
  const signature = (file === "-" ? io.readInput() : readFile(file).toString("utf8")).trim();
  return (door, accessToken, wish) => door.add(accessToken, { ...wish, challenge, signature });
}

/** The private half that stands beside the public one, as ssh-keygen leaves them, or that is named. */
async function signedHere(client: Client, file: string, named: string | undefined): Promise<Add> {
  const beside = file.endsWith(".pub") ? file.slice(0, -".pub".length) : undefined;
  if (named === undefined && (beside === undefined || !existsSync(beside)))
    throw new Complaint("usage", `the private half of ${file} has to prove that it is yours, and is not beside it`, {
      code: "no_private_key",
      remedy: `jeton key add ${file} --key PRIVATE; where it is in an agent or on another machine, jeton key challenge ${file}`,
    });
  const secret = named ?? beside!;
  const key = await readSigningKey(client, secret);
  return (door, accessToken, wish) => proveKey(door, accessToken, wish, { key, files: [file, secret] });
}

export const keyAdd = command({
  usage: "key add FILE [--name N] [--expires-in TIME] [--key PRIVATE] [--app NAME]",
  about:
    "Adds the public key in FILE (RSA, P-256 or Ed25519; a line as in id_ed25519.pub, PEM or a JWK) to those that you sign in with. Its private half signs a challenge, and is sent nowhere. Needs a sign-in by password of the last 10 minutes, and asks for it.",
  operands: 1,
  flags: {
    name: { takes: "N", about: "what the key is called; its comment, or the file's name, when left out" },
    "expires-in": { takes: "TIME", about: "it signs nobody in after that; it has no end when left out" },
    key: { takes: "PRIVATE", about: "the private half; FILE without .pub when left out" },
    challenge: { takes: "TEXT", about: "what jeton key challenge has printed, if it was signed elsewhere" },
    signature: { takes: "FILE|-", about: "the signature over it: base64url, or what ssh-keygen -Y sign prints" },
    ...applicationFlag,
    ...passwordFlags,
  },
  examples: [
    ["jeton key add ~/.ssh/id_ed25519.pub", "then: jeton login --username ci --key ~/.ssh/id_ed25519"],
    ["jeton key add ci.pub --app ci", "an application signs in with it"],
  ],
  run: async ({ flags, operands: [file] }, client) => {
    if (file === undefined) throw usage("key add needs the file of a public key", "jeton key add FILE.pub");
    const publicKey = readPublicKey(file);
    const name = flags.name ?? usualName(file, publicKey);
    const expiresIn = flags["expires-in"] === undefined ? undefined : readSpan("expires-in", flags["expires-in"]);
    const isElsewhere = flags.challenge !== undefined || flags.signature !== undefined;
    if (isElsewhere && flags.key !== undefined)
      throw usage("--key makes a signature, and --signature is one", "give one of them");
    const add = isElsewhere ? signedElsewhere(client, flags) : await signedHere(client, file, flags.key);
    const { accessToken } = await liveToken(client, client.target);
    const door = await openAuthKeyDoor(client, accessToken, flags.app);
    const answer = await afterRecentSignIn(client, flags, (recent) =>
      add(door, recent, { name, publicKey, expiresIn }),
    );
    if (!answer.ok) throw refusal(`${client.target.server} does not take this key`, answer);
    client.voice.done(`The key signs ${flags.app ?? "you"} in from now on`);
    client.voice.answer({ json: keyJson(answer.value), text: keyText(answer.value, client.now()) });
    return exitCode("done");
  },
});
