/** `jeton app create NAME`: an application under whoever makes it, or under the organisation. */
import { namesOf } from "../../api-token.ts";
import { applicationJson, applicationText, openApplicationDoor } from "../../application.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { passwordFlags } from "../../password.ts";
import { afterRecentSignIn } from "../../recent-sign-in.ts";
import { usage } from "../../usage.ts";

export const appCreate = command({
  usage: 'app create NAME [--display-name D] [--roles "R ..."] [--organisation]',
  about:
    "Makes an application: it signs in by itself, with a key or a client secret, and never may more than you. Its name is none that a user or another application has. Needs a sign-in by password of the last 10 minutes, and asks for it.",
  operands: 1,
  flags: {
    "display-name": { takes: "D", about: "how it is shown; NAME when left out" },
    roles: { takes: "LIST", about: "its roles, separated by spaces; member when left out" },
    organisation: { about: "it belongs to the organisation, and stays when you go; for administrators" },
    ...passwordFlags,
  },
  examples: [
    ["jeton app create ci", "then one of these:"],
    ["(umask 077; jeton app secret create ci >ci.secret)", "it signs in with a secret"],
    ["jeton key generate --app ci --out ci.pem", "or with a key"],
    ["jeton token create deploy --app ci", "or a service is given a token of its"],
  ],
  run: async ({ flags, operands: [name] }, client) => {
    if (name === undefined) throw usage("app create needs a name", "jeton app create ci");
    const wish = {
      name,
      displayName: flags["display-name"],
      roles: namesOf("roles", flags.roles),
      owner: flags.organisation === true ? "organisation" : "me",
    } as const;
    const door = await openApplicationDoor(client);
    const answer = await afterRecentSignIn(client, flags, (accessToken) => door.create(accessToken, wish));
    if (!answer.ok) throw refusal(`${client.target.server} makes no such application`, answer);
    client.voice.done(`Application ${answer.value.name} made`);
    client.voice.answer({
      json: applicationJson(answer.value),
      text: applicationText(answer.value, client.now()),
    });
    return exitCode("done");
  },
});
