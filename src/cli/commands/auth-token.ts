/** `featurebase auth-token`: signs in and prints both tokens, as the product does. Nothing of it is stored. */
import { signInAtFeatureBase } from "../../../packages/client/src/doors/featurebase.ts";
import type { Client } from "../client.ts";
import { command } from "../command.ts";
import { refusal } from "../complaint-of.ts";
import { exitCode } from "../exit-codes.ts";
import { nameOf } from "../keep-sign-in.ts";
import { passwordFlags, readPassword } from "../password.ts";
import { refusePlainText } from "../plain-text.ts";
import { readServer } from "../target.ts";

/** FeatureBase's own address. */
const featurebaseAddress = "https://localhost:10101";

/** As the product takes it: a host and a port mean https. */
const withScheme = (host: string): string => (host.includes("://") ? host : `https://${host}`);

/** FeatureBase's listener has its paths at the root; below Jeton's own address they are under /featurebase. */
function doorAt(client: Client, host: string | undefined): string {
  if (host !== undefined) return readServer(withScheme(host));
  const { environment, flags } = client;
  if (environment.calledAs === "featurebase") return readServer(withScheme(flags.server ?? featurebaseAddress));
  return `${client.target.server}/featurebase`;
}

export const authToken = command({
  usage: "auth-token [--host URL] [--username U]",
  about:
    "Signs in over FeatureBase's wire and prints both tokens. They are stored nowhere: each call opens a session of its own.",
  operands: 0,
  flags: {
    host: {
      takes: "URL",
      about: `a server of FeatureBase's words at its root; ${featurebaseAddress} when called as featurebase`,
    },
    username: { takes: "U", about: "user name or e-mail address" },
    ...passwordFlags,
  },
  telling: [
    "tls.ca-certificate",
    "tls.certificate",
    "tls.key",
    "tls.skip-verify",
    "tls.enable-client-verification",
    "help",
  ],
  examples: [
    ["featurebase auth-token --host https://featurebase.example.org:10101", "called through a link, see setup shims"],
  ],
  run: async ({ flags }, client) => {
    const { voice } = client;
    const server = doorAt(client, flags.host);
    refusePlainText(client, server);
    const username = await nameOf(client, undefined, flags.username);
    const password = await readPassword(client, flags, `Password of ${username} at ${server}: `);
    const transport = await client.openTransport({ server });
    const answer = await signInAtFeatureBase({ server, transport }, { username, password });
    if (!answer.ok) throw refusal(`cannot sign in to ${server}`, answer);
    const { access_token: access, refresh_token: refresh } = answer.value;
    voice.answer({
      json: { "auth-token": access, "refresh-token": refresh },
      text: `\nauth-token: ${access}\n\nrefresh-token: ${refresh}\n`,
    });
    voice.note("Treat these like passwords: whoever has them is you.");
    return exitCode("done");
  },
});
