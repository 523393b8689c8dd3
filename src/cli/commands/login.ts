/** `jeton login`: signs in, by a password, a key or a client secret, and keeps the tokens for the other commands. */
import type { Credentials, Door, Said } from "../../../packages/client/src/doors/door.ts";
import { signInBySignature } from "../../../packages/client/src/doors/native-signature.ts";
import { signInBySecret } from "../../../packages/client/src/doors/native-secret.ts";
import type { Client } from "../client.ts";
import { command } from "../command.ts";
import { exitCode } from "../exit-codes.ts";
import { keepSignIn, nameOf } from "../keep-sign-in.ts";
import {
  clientSecretFlags,
  passwordFlags,
  readClientSecret,
  readPassword,
  type ClientSecretFlags,
} from "../password.ts";
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
  const key = await readSigningKey(client, file);
  const transport = await client.openTransport(target);
  return (): Promise<Said<Credentials>> => signInBySignature({ server: target.server, transport }, { ...who, key });
}

/** How an application asks, by its id and a secret that was made for it. */
async function bySecret(client: Client, target: Target, clientId: string, flags: ClientSecretFlags) {
  if (target.door !== "native") throw usage("--client-id signs in to the native API alone", "leave --door out");
  const clientSecret = await readClientSecret(client, flags, `Client secret of ${clientId} at ${target.server}: `);
  const transport = await client.openTransport(target);
  return (): Promise<Said<Credentials>> =>
    signInBySecret({ server: target.server, transport }, { clientId, clientSecret });
}

const isAny = (flags: object, ...names: readonly string[]): boolean => names.some((name) => name in flags);

/** Who is said to sign in, and how, once only. */
function refuseTwoWays(flags: object): void {
  const ways = [
    isAny(flags, ...Object.keys(passwordFlags)) && "a password",
    isAny(flags, "key") && "a key",
    isAny(flags, "client-id", ...Object.keys(clientSecretFlags)) && "a client secret",
  ].filter((way) => way !== false);
  if (ways.length > 1) throw usage(`${ways.join(" and ")} are two ways to sign in`, "give one of them");
  if (isAny(flags, ...Object.keys(clientSecretFlags)) && !isAny(flags, "client-id"))
    throw usage("a client secret needs the application's id", "--client-id ID; jeton app list tells it");
  if (isAny(flags, "client-id") && isAny(flags, "username", "organisation"))
    throw usage("--client-id says who signs in", "leave --username and --organisation out");
}

export const login = command({
  usage: "login [--server URL] [--username U] [--key FILE] [--client-id ID]",
  about:
    "Signs in with a password, with a private key, or with an application's client secret, and keeps the tokens. Asks for what is missing; what is secret is not shown.",
  operands: 0,
  flags: {
    username: { takes: "U", about: "user name or e-mail address" },
    organisation: { takes: "NAME", about: "the organisation, where it is not the server's own" },
    ...passwordFlags,
    key: { takes: "FILE", about: "sign in with this private key, whose public half jeton key add has added" },
    provider: { takes: "NAME", about: "who knows the key: local, the only one" },
    "client-id": { takes: "ID", about: "sign an application in, by its id and a client secret" },
    ...clientSecretFlags,
    door: { takes: "NAME", about: "whose words the server speaks: native or weka; as its URL says when left out" },
  },
  examples: [
    ["jeton login --server https://auth.example.org", "asks for name and password"],
    ["jeton login --username ci --password-stdin <FILE", "asks nothing"],
    ["jeton login --username ci --key ~/.ssh/ci.pem", "asks nothing, and no password is anywhere"],
    ["jeton login --client-id ID --client-secret-file FILE", "an application"],
  ],
  run: async ({ flags }, client) => {
    const { voice } = client;
    const target = client.targetOfSignIn(flags.door);
    if (client.environment.token !== undefined) voice.warn("JETON_TOKEN is set, and is used instead of what is stored");
    if (target.chosenBy !== undefined) voice.note(`Signing in to ${target.server}, as ${target.chosenBy} says`);
    const { key, provider, organisation } = flags;
    if (provider !== undefined && (provider !== "local" || key === undefined))
      throw usage("--provider belongs to --key, and the only one is local");
    refuseTwoWays(flags);
    refusePlainText(client, target.server);
    const clientId = flags["client-id"];
    if (clientId !== undefined) {
      const ask = await bySecret(client, target, clientId, flags);
      await keepSignIn(client, target, { username: clientId, method: "client-secret", ask, activate: true, next });
      return exitCode("done");
    }
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
