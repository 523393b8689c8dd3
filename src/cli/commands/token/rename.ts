/** `jeton token rename ID NAME`: says anew what an API token is for. */
import { apiTokenJson, findApiToken, openApiTokenDoor } from "../../api-token.ts";
import { applicationFlag } from "../../application.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { usage } from "../../usage.ts";

export const tokenRename = command({
  usage: "token rename ID NAME",
  about: "Gives an API token of yours another name. ID: or its name of now.",
  operands: 2,
  flags: applicationFlag,
  run: async ({ flags, operands: [meant, name] }, client) => {
    if (meant === undefined || name === undefined)
      throw usage("token rename needs an id or a name, and the new name", "jeton token rename OLD NEW");
    const { accessToken } = await liveToken(client, client.target);
    const door = await openApiTokenDoor(client);
    const id = await findApiToken(client, door, { accessToken, meant, app: flags.app, heirOnly: true });
    const answer = await door.rename(accessToken, id, name);
    if (!answer.ok) throw refusal("the API token was not renamed", answer);
    client.voice.done(`The API token is called ${answer.value.name} now`);
    client.voice.answer({ json: apiTokenJson(answer.value) });
    return exitCode("done");
  },
});
