/** `jeton app set NAME`: how an application is shown, and what it may do. */
import { namesOf } from "../../api-token.ts";
import { applicationJson, applicationText, findApplication, openApplicationDoor } from "../../application.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { usage } from "../../usage.ts";

export const appSet = command({
  usage: 'app set NAME [--display-name D] [--roles "R ..."]',
  about: "Changes how an application is shown, or its roles. NAME: or its id; it stays as it is.",
  operands: 1,
  flags: {
    "display-name": { takes: "D", about: "how it is shown" },
    roles: { takes: "LIST", about: "all of its roles, separated by spaces; never more than you have" },
  },
  run: async ({ flags, operands: [meant] }, client) => {
    if (meant === undefined) throw usage("app set needs a name or an id", "jeton app list");
    const to = { displayName: flags["display-name"], roles: namesOf("roles", flags.roles) };
    if (to.displayName === undefined && to.roles === undefined)
      throw usage("there is nothing to set", "give --display-name D, --roles LIST or both");
    const { accessToken } = await liveToken(client, client.target);
    const door = await openApplicationDoor(client);
    const answer = await door.change(accessToken, await findApplication(door, accessToken, meant), to);
    if (!answer.ok) throw refusal("the application was not changed", answer);
    client.voice.done(`Application ${answer.value.name} changed`);
    client.voice.answer({ json: applicationJson(answer.value), text: applicationText(answer.value, client.now()) });
    return exitCode("done");
  },
});
