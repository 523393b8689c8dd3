/** `jeton key generate`: a new pair, its private half in a file for its owner alone, its public half at the server. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";

import { signingKey, type SigningKey } from "../../../../packages/client/src/signing-key.ts";
import { applicationFlag } from "../../application.ts";
import { keyJson, oneLine, openAuthKeyDoor } from "../../auth-key.ts";
import { command } from "../../command.ts";
import { Complaint } from "../../complaint.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { writePair } from "../../key-files.ts";
import { liveToken } from "../../live-token.ts";
import { passwordFlags } from "../../password.ts";
import { proveKey } from "../../prove-key.ts";
import { afterRecentSignIn } from "../../recent-sign-in.ts";
import { instantText, readSpan } from "../../span.ts";
import { usage } from "../../usage.ts";

const makers: Readonly<Record<string, () => KeyObject>> = {
  ed25519: () => generateKeyPairSync("ed25519").privateKey,
  p256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  rsa: () => generateKeyPairSync("rsa", { modulusLength: 3072 }).privateKey,
};

function make(type: string): { readonly key: SigningKey; readonly pem: string } {
  const maker = Object.hasOwn(makers, type) ? makers[type] : undefined;
  if (maker === undefined) throw usage(`--type must be one of ${Object.keys(makers).join(", ")}`);
  const privateKey = maker();
  return { key: signingKey(privateKey)!, pem: privateKey.export({ type: "pkcs8", format: "pem" }) };
}

export const keyGenerate = command({
  usage: "key generate [--type T] [--out FILE] [--name N] [--expires-in TIME] [--app NAME]",
  about:
    "Makes a key pair and adds its public half to the keys that you sign in with. The private half is written to a file that only you can read, not encrypted, and the public one beside it. Needs a sign-in by password of the last 10 minutes, and asks for it.",
  operands: 0,
  flags: {
    type: { takes: "T", about: "ed25519, p256 or rsa (3,072 bits); ed25519 when left out" },
    out: {
      takes: "FILE",
      about: "the private half (PKCS#8), which must not be there yet; key.pem beside your sign-ins when left out",
    },
    name: { takes: "N", about: "what the key is called; this machine's name when left out" },
    "expires-in": { takes: "TIME", about: "it signs nobody in after that; it has no end when left out" },
    ...applicationFlag,
    ...passwordFlags,
  },
  examples: [
    ["jeton key generate --out ci.pem --app ci", "then, as ci: jeton login --username ci --key ci.pem"],
    ["jeton key generate --type rsa --out seta.pem", "for SeTA's clients"],
  ],
  run: async ({ flags }, client) => {
    const { voice, environment, now } = client;
    const name = flags.name ?? (oneLine(hostname()) || "key");
    const expiresIn = flags["expires-in"] === undefined ? undefined : readSpan("expires-in", flags["expires-in"]);
    const { accessToken } = await liveToken(client, client.target);
    const door = await openAuthKeyDoor(client, accessToken, flags.app);
    const { key, pem } = make(flags.type ?? "ed25519");
    const file = flags.out ?? join(environment.folder, "key.pem");
    const publicFile = `${file}.pub`;
    // On the disk before the server has it: a key that nobody could keep would be of no use.
    const pair = writePair([file, pem], [publicFile, `${key.publicLine} ${oneLine(name)}\n`]);
    let answer;
    try {
      const wish = { name, publicKey: key.publicLine, expiresIn };
      const signer = { key, files: [publicFile, file] } as const;
      answer = await afterRecentSignIn(client, flags, (recent) => proveKey(door, recent, wish, signer));
    } catch (fault) {
      if (fault instanceof Complaint) pair.remove();
      // A lost answer may have been a yes.
      else
        voice.warn(
          `${file} and ${publicFile} stay. Do: jeton key list, and jeton key add ${publicFile} if it is not there`,
        );
      throw fault;
    }
    if (!answer.ok) {
      pair.remove();
      throw refusal(`${client.target.server} does not take the new key, and its files are removed`, answer);
    }
    const { fingerprint, expiresAt } = answer.value;
    voice.done(`Key ${answer.value.name} made, and signs ${flags.app ?? "you"} in from now on`);
    voice.note(`  Private half  ${environment.shown(file)} (only you can read it)`);
    voice.note(`  Public half   ${environment.shown(publicFile)}`);
    voice.note(`  Until         ${expiresAt === null ? "it is revoked" : instantText(expiresAt, now())}`);
    voice.answer({ json: { ...keyJson(answer.value), file, public_file: publicFile }, text: `${fingerprint}\n` });
    return exitCode("done");
  },
});
