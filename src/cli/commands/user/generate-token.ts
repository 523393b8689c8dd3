/**
 * `weka user generate-token`: a long-lived access token, printed bare. WEKA's wire has no word for it in this door, so it is
 * an API token, made by the native API of the same server.
 */
import { apiTokenDoor } from "../../../../packages/client/src/doors/native-api-token.ts";
import { tellMinted } from "../../api-token.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { passwordFlags } from "../../password.ts";
import { afterRecentSignIn } from "../../recent-sign-in.ts";
import { readSpan } from "../../span.ts";
import { usage } from "../../usage.ts";
import { instanceAbove, wekaFlags, wekaTarget } from "../../weka-target.ts";

/** As the product has it, whatever the server's own choice is. */
const usualLife = "30d";

export const userGenerateToken = command({
  usage: "user generate-token [--access-token-timeout TIME] [-p FILE]",
  about:
    "Makes an API token and prints it and nothing else; jeton token list shows it, and user revoke-tokens ends it. Needs a sign-in by password of the last 10 minutes, and asks for it.",
  operands: 0,
  flags: {
    "access-token-timeout": { takes: "TIME", about: "seconds, or such as 12h; 30d when left out" },
    plain: { about: "taken for WEKA's scripts; it is always printed here" },
    ...wekaFlags,
    ...passwordFlags,
  },
  run: async ({ flags }, client) => {
    const expiresIn = readSpan("access-token-timeout", flags["access-token-timeout"] ?? usualLife);
    const target = wekaTarget(client, flags.path, { signingIn: false });
    const server = instanceAbove(target.server);
    if (server === undefined)
      throw usage(
        `${target.server} has no way to API tokens: it is an address of WEKA's words alone`,
        "jeton token create NAME --server URL, with Jeton's own address",
      );
    const door = apiTokenDoor({ server, transport: await client.openTransport({ ...target, server }) });
    const wish = {
      name: "weka user generate-token",
      expiresIn,
      scopes: undefined,
      audiences: undefined,
      networks: undefined,
      requestsPerMinute: undefined,
      format: "jwt",
    } as const;
    const answer = await afterRecentSignIn(client, flags, (token) => door.create(token, wish), target);
    if (!answer.ok) throw refusal(`${server} makes no API token`, answer);
    tellMinted(client, "API token made", answer.value);
    return exitCode("done");
  },
});
