/** `jeton token rotate ID`: a new token in the place of an old one, which may stay good until all have the new one. */
import { findApiToken, openApiTokenDoor, tellMinted } from "../../api-token.ts";
import { applicationFlag } from "../../application.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { passwordFlags } from "../../password.ts";
import { afterRecentSignIn } from "../../recent-sign-in.ts";
import { instantText, readSpan } from "../../span.ts";
import { usage } from "../../usage.ts";

export const tokenRotate = command({
  usage: "token rotate ID [--keep-old TIME]",
  about:
    "Makes an API token with the name, the rights and the length of life of an old one, and prints it and nothing else. ID: or the old one's name. Needs a sign-in by password of the last 10 minutes, and asks for it.",
  operands: 1,
  flags: {
    "keep-old": { takes: "TIME", about: "the old one stays good so long, 30d at most; it ends now when left out" },
    ...applicationFlag,
    ...passwordFlags,
  },
  examples: [["X=$(jeton token rotate ci --keep-old 24h)", "a day to bring the new one to where it is used"]],
  run: async ({ flags, operands: [meant] }, client) => {
    if (meant === undefined) throw usage("token rotate needs an id or a name", "jeton token list");
    const keepOld = flags["keep-old"] === undefined ? 0 : readSpan("keep-old", flags["keep-old"]);
    const { accessToken } = await liveToken(client, client.target);
    const door = await openApiTokenDoor(client);
    const id = await findApiToken(client, door, { accessToken, meant, app: flags.app, heirOnly: true });
    const answer = await afterRecentSignIn(client, flags, (recent) => door.rotate(recent, id, keepOld));
    if (!answer.ok) throw refusal("the API token was not rotated", answer);
    const { name, createdAt } = answer.value;
    const old = keepOld === 0 ? "is over" : `ends by ${instantText(createdAt + keepOld, client.now())}`;
    tellMinted(client, `API token ${name} made anew; the old one, ${id}, ${old}`, answer.value);
    return exitCode("done");
  },
});
