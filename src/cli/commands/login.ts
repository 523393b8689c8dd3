/** `jeton login`: signs in, by a password or by a key, and keeps the tokens for the other commands. */
import type { Credentials, Door, Said } from "../../../packages/client/src/doors/door.ts";
import { signInBySignature } from "../../../packages/client/src/doors/native-signature.ts";
import type { Client } from "../client.ts";
import { command } from "../command.ts";
import { exitCode } from "../exit-codes.ts";
import { keepSignIn, nameOf } from "../keep-sign-in.ts";
import { passwordFlags, readPassword } from "../password.ts";
import { refusePlainText } from "../plain-text.ts";
import { readSigningKey } from "../signing-key.ts";
import type { Target } from "../target.ts";
import { usage } from "../usage.ts";

const next = "jeton status, jeton token, curl -H @<(jeton header) URL";

interface Who {
  readonly username: string;
  readonly organisation: string | undefined;
}

/** How the server is asked, by a key: nothing that is secret goes there. */
async function byKey(client: Client, target: Target, who: Who, file: string) {
  if (target.door !== "native") throw usage("--key signs in to the native API alone", "leave --door out");
  const sign = await readSigningKey(client, file);
  const transport = await client.openTransport(target);
  return (): Promise<Said<Credentials>> => signInBySignature({ server: target.server, transport }, { ...who, sign });
}

export const login = command({
  usage: "login [--server URL] [--username U] [--key FILE]",
  about:
    "Signs in with a password, or with a private key, and keeps the tokens. Asks for what is missing; what is secret is not shown.",
  operands: 0,
  flags: {
    username: { takes: "U", about: "user name or e-mail address" },
    organisation: { takes: "NAME", about: "the organisation, where it is not the server's own" },
    ...passwordFlags,
    key: { takes: "FILE", about: "sign in with this private key (RSA, PEM), whose public half jeton key set has set" },
    provider: { takes: "NAME", about: "who knows the key: local, the only one" },
    door: { takes: "NAME", about: "whose words the server speaks: native or weka; as its URL says when left out" },
  },
  examples: [
    ["jeton login --server https://auth.example.org", "asks for name and password"],
    ["jeton login --username ci --password-stdin <FILE", "asks nothing"],
    ["jeton login --username ci --key ~/.ssh/ci.pem", "asks nothing, and no password is anywhere"],
  ],
  run: async ({ flags }, client) => {
    const { voice } = client;
    const target = client.targetOfSignIn(flags.door);
    if (client.environment.token !== undefined) voice.warn("JETON_TOKEN is set, and is used instead of what is stored");
    if (target.chosenBy !== undefined) voice.note(`Signing in to ${target.server}, as ${target.chosenBy} says`);
    const { key, provider, organisation } = flags;
    if (provider !== undefined && (provider !== "local" || key === undefined))
      throw usage("--provider belongs to --key, and the only one is local");
    if (key !== undefined && Object.keys(passwordFlags).some((name) => name in flags))
      throw usage("a key and a password are two ways to sign in", "give one of them");
    refusePlainText(client, target.server);
    const username = await nameOf(client, target.known?.username, flags.username);
    if (key !== undefined) {
      const ask = await byKey(client, target, { username, organisation }, key);
      await keepSignIn(client, target, { username, method: "key", ask, activate: true, next });
      return exitCode("done");
    }
    const password = await readPassword(client, flags, `Password of ${username} at ${target.server}: `);
    const ask = (door: Door): Promise<Said<Credentials>> => door.signIn({ username, password, organisation });
    await keepSignIn(client, target, { username, method: "password", ask, activate: true, next });
    return exitCode("done");
  },
});
