/** `jeton token create NAME`: a token for a script, printed once. */
import { namesOf, openApiTokenDoor, tellMinted } from "../../api-token.ts";
import { applicationFlag, applicationOf } from "../../application.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { passwordFlags } from "../../password.ts";
import { afterRecentSignIn } from "../../recent-sign-in.ts";
import { readSpan } from "../../span.ts";
import { usage } from "../../usage.ts";

/** Undefined leaves it to the server. */
function requestsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usage("--requests-per-minute must be a whole number from 1 on", "jeton token create --help");
}

/** Undefined leaves it to the server, and null is without an end. */
const lifeOf = (text: string | undefined): number | null | undefined =>
  text === undefined ? undefined : text === "never" ? null : readSpan("expires-in", text);

export const tokenCreate = command({
  usage: 'token create NAME [--scopes "S ..."] [--expires-in TIME|never] [--opaque]',
  about:
    "Makes an API token for a script or a service, and prints it and nothing else; it is not shown again. Needs a sign-in by password of the last 10 minutes, and asks for it.",
  operands: 1,
  flags: {
    scopes: {
      takes: "LIST",
      about: "what it may do, separated by spaces; what belongs to you, but for making tokens, when left out",
    },
    "expires-in": { takes: "TIME", about: "30d when left out; never: until it is revoked, with --opaque" },
    network: { takes: "LIST", about: "addresses and ranges that it may be used from; anywhere when left out" },
    audience: {
      takes: "LIST",
      about: "the services that it is for; this server, and all that trust it, when left out",
    },
    "requests-per-minute": { takes: "N", about: "how often it may be used; as its server allows when left out" },
    opaque: { about: "nothing can be read in it, and only this server can check it" },
    ...applicationFlag,
    ...passwordFlags,
  },
  examples: [
    ["X=$(jeton token create ci)", "for what is your own"],
    ['jeton token create ci --scopes "me:read sessions:read" --expires-in 7d', "for less"],
  ],
  run: async ({ flags, operands: [name] }, client) => {
    if (name === undefined)
      throw usage("token create needs a name, which says what it is for", "jeton token create ci");
    const wish = {
      name,
      expiresIn: lifeOf(flags["expires-in"]),
      scopes: namesOf("scopes", flags.scopes),
      audiences: namesOf("audience", flags.audience),
      networks: namesOf("network", flags.network),
      requestsPerMinute: requestsOf(flags["requests-per-minute"]),
      format: flags.opaque === true ? "opaque" : "jwt",
    } as const;
    const door = await openApiTokenDoor(client);
    const { accessToken } = await liveToken(client, client.target);
    const application = await applicationOf(client, accessToken, flags.app);
    const answer = await afterRecentSignIn(client, flags, (recent) => door.create(recent, wish, application));
    if (!answer.ok) throw refusal(`${client.target.server} makes no such API token`, answer);
    tellMinted(client, `API token ${answer.value.name} made`, answer.value);
    return exitCode("done");
  },
});
