/** `jeton app show NAME`: all that is known of an application. */
import { applicationJson, applicationText, findApplication, openApplicationDoor } from "../../application.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { usage } from "../../usage.ts";

export const appShow = command({
  usage: "app show NAME",
  about: "Tells what an application is, and whose. NAME: or its id.",
  operands: 1,
  flags: {},
  run: async ({ operands: [meant] }, client) => {
    if (meant === undefined) throw usage("app show needs a name or an id", "jeton app list");
    const { accessToken } = await liveToken(client, client.target);
    const door = await openApplicationDoor(client);
    const answer = await door.show(accessToken, await findApplication(door, accessToken, meant));
    if (!answer.ok) throw refusal("there is no application to show", answer, "jeton app list");
    client.voice.answer({ json: applicationJson(answer.value), text: applicationText(answer.value, client.now()) });
    return exitCode("done");
  },
});
