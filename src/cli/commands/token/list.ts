/** `jeton token list`: your API tokens, without the tokens themselves. */
import type { ApiToken } from "../../../../packages/client/src/doors/native-api-token.ts";
import { apiTokenJson, openApiTokenDoor } from "../../api-token.ts";
import { applicationFlag, applicationOf } from "../../application.ts";
import type { Client } from "../../client.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { whenText } from "../../span.ts";
import { table } from "../../table.ts";

function rowOf({ name, id, expiresAt, lastUsedAt, format }: ApiToken, { io, now }: Client): readonly string[] {
  const when = (at: number | null): string => whenText(at, io.columns() === undefined ? undefined : now());
  return [name, id, when(expiresAt), when(lastUsedAt), format];
}

export const tokenList = command({
  usage: "token list [--app NAME] [--no-header]",
  about: "Lists your API tokens, newest first. The tokens themselves are shown to nobody.",
  operands: 0,
  flags: { ...applicationFlag, "no-header": { about: "without the first line" } },
  run: async ({ flags }, client) => {
    const { accessToken } = await liveToken(client, client.target);
    const door = await openApiTokenDoor(client);
    const answer = await door.list(accessToken, await applicationOf(client, accessToken, flags.app));
    if (!answer.ok) throw refusal("cannot list the API tokens", answer);
    client.voice.answer({
      json: { api_tokens: answer.value.map(apiTokenJson) },
      text: table(
        ["NAME", "ID", "EXPIRES", "LAST USED", "FORMAT"],
        answer.value.map((token) => rowOf(token, client)),
        { columns: client.io.columns(), header: flags["no-header"] !== true },
      ),
    });
    if (answer.value.length === 0) client.voice.note("No API tokens yet. Do: jeton token create NAME");
    return exitCode("done");
  },
});
