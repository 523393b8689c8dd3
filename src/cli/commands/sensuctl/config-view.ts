/** `sensuctl config view`: how it is configured, as its files say. No server is asked, and no token is shown. */
import { unverifiedClaims } from "../../../../packages/client/src/jwt.ts";
import { plainText } from "../../../../packages/client/src/plain-text.ts";
import { command } from "../../command.ts";
import { exitCode } from "../../exit-codes.ts";
import { readCluster, readPreferences } from "../../sensuctl/cluster.ts";
import { instantText, iso } from "../../span.ts";

export const configView = command({
  usage: "config view",
  about: "Tells which server and whose tokens are configured. The name is what the token says; nobody is asked.",
  operands: 0,
  flags: {},
  run: async (_asked, client) => {
    const { apiUrl, tokens } = readCluster(client);
    const { format, namespace } = readPreferences(client);
    const subject = tokens === undefined ? undefined : unverifiedClaims(tokens.access_token)?.sub;
    const username = subject === undefined ? "" : plainText(subject);
    const rows = [
      ["API URL", apiUrl],
      ["Namespace", namespace],
      ["Format", format],
      ["Username", username],
      ["JWT Expiration", tokens === undefined ? "" : instantText(tokens.expires_at, client.now())],
    ] as const;
    client.voice.answer({
      json: {
        "api-url": apiUrl,
        namespace,
        format,
        username,
        expires_at: tokens === undefined ? null : iso(tokens.expires_at),
      },
      text: `=== Active Configuration\n${rows.map(([name, value]) => `${`${name}:`.padEnd(16)}${plainText(value)}`.trimEnd()).join("\n")}\n`,
    });
    return exitCode("done");
  },
});
