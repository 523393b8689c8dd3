/** `jeton app secret list NAME`: an application's client secrets, without the secrets themselves. */
import type { ClientSecret } from "../../../../../packages/client/src/doors/native-application.ts";
import { findApplication, openApplicationDoor } from "../../../application.ts";
import type { Client } from "../../../client.ts";
import { clientSecretJson } from "../../../client-secret.ts";
import { command } from "../../../command.ts";
import { refusal } from "../../../complaint-of.ts";
import { exitCode } from "../../../exit-codes.ts";
import { liveToken } from "../../../live-token.ts";
import { whenText } from "../../../span.ts";
import { table } from "../../../table.ts";
import { usage } from "../../../usage.ts";

function rowOf({ name, id, expiresAt, lastUsedAt, createdAt }: ClientSecret, { io, now }: Client): readonly string[] {
  const when = (at: number | null): string => whenText(at, io.columns() === undefined ? undefined : now());
  return [name, id, when(expiresAt), when(lastUsedAt), when(createdAt)];
}

export const appSecretList = command({
  usage: "app secret list NAME [--no-header]",
  about:
    "Lists an application's client secrets, newest first. The secrets themselves are shown to nobody. NAME: or its id.",
  operands: 1,
  flags: { "no-header": { about: "without the first line" } },
  run: async ({ flags, operands: [meant] }, client) => {
    if (meant === undefined) throw usage("app secret list needs an application's name or id", "jeton app list");
    const { accessToken } = await liveToken(client, client.target);
    const door = await openApplicationDoor(client);
    const answer = await door.listSecrets(accessToken, await findApplication(door, accessToken, meant));
    if (!answer.ok) throw refusal("cannot list the client secrets", answer, "jeton app list");
    client.voice.answer({
      json: { client_secrets: answer.value.map(clientSecretJson) },
      text: table(
        ["NAME", "ID", "EXPIRES", "LAST USED", "MADE"],
        answer.value.map((secret) => rowOf(secret, client)),
        { columns: client.io.columns(), header: flags["no-header"] !== true },
      ),
    });
    if (answer.value.length === 0) client.voice.note(`No client secrets yet. Do: jeton app secret create ${meant}`);
    return exitCode("done");
  },
});
