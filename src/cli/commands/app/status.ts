/** `jeton app disable`, `enable` and `delete`: an application is stopped, goes on, or is gone. */
import type { StatusVerb } from "../../../../packages/client/src/doors/native-application.ts";
import { applicationJson, findApplication, openApplicationDoor } from "../../application.ts";
import type { Client } from "../../client.ts";
import { command, type Command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { mayAsk } from "../../password.ts";
import { ask } from "../../prompt.ts";
import { usage } from "../../usage.ts";

async function setStatus(client: Client, accessToken: string, meant: string, verb: StatusVerb): Promise<number> {
  const { voice } = client;
  const door = await openApplicationDoor(client);
  const answer = await door.setStatus(accessToken, await findApplication(door, accessToken, meant), verb);
  if (!answer.ok) throw refusal(`cannot ${verb} the application`, answer);
  const told = {
    disable: "is disabled: nothing that it holds is accepted",
    enable: "is enabled: its keys and secrets sign it in again, its tokens of before stay dead",
    delete: "is deleted, with its keys, secrets and tokens",
  } as const;
  voice.done(`Application ${answer.value.name} ${told[verb]}`);
  voice.answer({ json: applicationJson(answer.value) });
  return exitCode("done");
}

const setting = (verb: "disable" | "enable", about: string): Command =>
  command({
    usage: `app ${verb} NAME`,
    about: `${about} NAME: or its id.`,
    operands: 1,
    flags: {},
    run: async ({ operands: [meant] }, client) => {
      if (meant === undefined) throw usage(`app ${verb} needs a name or an id`, "jeton app list");
      const { accessToken } = await liveToken(client, client.target);
      return setStatus(client, accessToken, meant, verb);
    },
  });

export const appDisable = setting(
  "disable",
  "Stops an application: its keys, secrets and tokens are refused from now on.",
);

export const appEnable = setting(
  "enable",
  "Lets a disabled application sign in again. Tokens and sessions of before stay dead.",
);

export const appDelete = command({
  usage: "app delete NAME [--confirm NAME]",
  about: "Deletes an application with all that it holds, for good. NAME: or its id. Asks for it once more first.",
  operands: 1,
  flags: { confirm: { takes: "NAME", about: "what would have to be typed" } },
  run: async ({ flags, operands: [meant] }, client) => {
    if (meant === undefined) throw usage("app delete needs a name or an id", "jeton app list");
    const { accessToken } = await liveToken(client, client.target);
    if (flags.confirm === undefined && !mayAsk(client))
      throw usage(
        "app delete cannot be undone, and nobody can be asked here",
        `jeton app delete ${meant} --confirm ${meant}`,
      );
    const typed = flags.confirm ?? (await ask(client.io, { text: `Type ${meant} to confirm: `, hidden: false }));
    if (typed !== meant)
      throw usage(`${typed === "" ? "nothing" : "another name"} was typed, so nothing was deleted`, `type ${meant}`);
    return setStatus(client, accessToken, meant, "delete");
  },
});
