/** `jeton token revoke ID`: an API token is over. */
import { findApiToken, openApiTokenDoor } from "../../api-token.ts";
import { applicationFlag } from "../../application.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { instantText, iso } from "../../span.ts";
import { usage } from "../../usage.ts";

export const tokenRevoke = command({
  usage: "token revoke ID",
  about:
    "Ends an API token of yours, or of somebody whom you administer. ID: or the name of one of yours; while the old one is good beside the one that it was rotated to, both have the name, and the id is needed.",
  operands: 1,
  flags: applicationFlag,
  run: async ({ flags, operands: [meant] }, client) => {
    if (meant === undefined) throw usage("token revoke needs an id or a name", "jeton token list");
    const { accessToken } = await liveToken(client, client.target);
    const door = await openApiTokenDoor(client);
    // Whoever revokes by a name must not leave another one alive that has it.
    const id = await findApiToken(client, door, { accessToken, meant, app: flags.app, heirOnly: false });
    const answer = await door.revoke(accessToken, id);
    if (!answer.ok) throw refusal("the API token was not revoked", answer, "jeton token list");
    const { voice, now } = client;
    const { refusedEverywhereBy: by } = answer.value;
    const elsewhere = by > now() ? `, and wherever nobody asks by ${instantText(by, now())}` : ", and everywhere";
    voice.done("The API token is revoked");
    voice.note(`  It is refused here now${elsewhere}`);
    voice.answer({
      json: { api_token_id: answer.value.id, refused_here: "now", refused_everywhere_by: iso(by) },
    });
    return exitCode("done");
  },
});
