/** `jeton key sign FILE`: a signature as the server takes it, for those who write a client of their own. */
import { readFile } from "../../auth-key.ts";
import { command } from "../../command.ts";
import { exitCode } from "../../exit-codes.ts";
import { readSigningKey } from "../../signing-key.ts";
import { usage } from "../../usage.ts";

export const keySign = command({
  usage: "key sign [FILE|-] --key PRIVATE [--hex]",
  about:
    "Signs FILE, or the text on standard input, and prints the signature in base64url: RSASSA-PKCS1-v1_5 with SHA-256, ECDSA with SHA-256 as r and s side by side, or Ed25519, as the key is. Every byte counts, the end of a line too. Asks no server.",
  operands: 1,
  flags: {
    key: { takes: "PRIVATE", about: "the private key" },
    hex: { about: "in hexadecimal digits, as SeTA's wire has it" },
  },
  examples: [
    ['printf %s "$CHALLENGE" | jeton key sign --key ci.pem', "what POST /api/v1/login/signature takes"],
    ['printf %s "$MESSAGE" | jeton key sign --key ci.pem --hex', "SeTA's rsa_message_signature"],
    ["ssh-keygen -Y sign -n jeton -f ci.pub FILE", "by a key in an agent; the native API takes that too"],
  ],
  run: async ({ flags, operands: [file = "-"] }, client) => {
    if (flags.key === undefined) throw usage("key sign needs a private key", "jeton key sign FILE --key PRIVATE");
    const key = await readSigningKey(client, flags.key);
    const message = file === "-" ? Buffer.from(client.io.readInput()) : readFile(file);
    const signature = Buffer.from(key.sign(message)).toString(flags.hex === true ? "hex" : "base64url");
    client.voice.answer({ json: { signature, type: key.type, fingerprint: key.fingerprint }, text: `${signature}\n` });
    return exitCode("done");
  },
});
