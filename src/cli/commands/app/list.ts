/** `jeton app list`: one's applications, or those of one's organisation. */
import type { Application } from "../../../../packages/client/src/doors/native-application.ts";
import { applicationJson, openApplicationDoor } from "../../application.ts";
import type { Client } from "../../client.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { whenText } from "../../span.ts";
import { table } from "../../table.ts";

function rowOf({ name, id, status, roles, createdAt }: Application, { io, now }: Client): readonly string[] {
  const made = whenText(createdAt, io.columns() === undefined ? undefined : now());
  return [name, id, status, roles.join(" ") || "none", made];
}

export const appList = command({
  usage: "app list [--organisation] [--no-header]",
  about: "Lists your applications, oldest first. An application's id is its client id.",
  operands: 0,
  flags: {
    organisation: { about: "those of your organisation, which its administrators look after" },
    "no-header": { about: "without the first line" },
  },
  run: async ({ flags }, client) => {
    const { accessToken } = await liveToken(client, client.target);
    const owner = flags.organisation === true ? "organisation" : "me";
    const answer = await (await openApplicationDoor(client)).list(accessToken, owner);
    if (!answer.ok) throw refusal("cannot list the applications", answer);
    client.voice.answer({
      json: { applications: answer.value.map(applicationJson) },
      text: table(
        ["NAME", "ID", "STATUS", "ROLES", "MADE"],
        answer.value.map((application) => rowOf(application, client)),
        { columns: client.io.columns(), header: flags["no-header"] !== true },
      ),
    });
    if (answer.value.length === 0)
      client.voice.note(
        owner === "me"
          ? "No applications yet. Do: jeton app create NAME; those of the organisation: jeton app list --organisation"
          : "No applications yet. Do: jeton app create NAME --organisation",
      );
    return exitCode("done");
  },
});
