/** `jeton token show ID`: all that is known of an API token, but for itself. */
import type { ApiToken } from "../../../../packages/client/src/doors/native-api-token.ts";
import { apiTokenJson, findApiToken, openApiTokenDoor } from "../../api-token.ts";
import { applicationFlag } from "../../application.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { instantText } from "../../span.ts";
import { usage } from "../../usage.ts";

function textOf(token: ApiToken, owner: string, now: number): string {
  const { lastUsedAt, lastUsedFrom, replacedBy, requestsPerMinute: requests } = token;
  const from = lastUsedFrom === null ? "" : ` from ${lastUsedFrom}`;
  const facts: readonly (readonly [string, string])[] = [
    ["Id", token.id],
    ["Format", token.format],
    ["Made", instantText(token.createdAt, now)],
    ["Expires", token.expiresAt === null ? "when it is revoked" : instantText(token.expiresAt, now)],
    ["Last used", lastUsedAt === null ? "never" : `${instantText(lastUsedAt, now)}${from}`],
    ["Scopes", token.scopes?.join(" ") ?? `what belongs to ${owner}`],
    ["Audiences", token.audiences?.join(" ") ?? "this server, and all that trust it"],
    ["Networks", token.networks?.join(" ") ?? "anywhere"],
    ["Requests", `${requests ?? "as many as its server allows"} a minute`],
    ...(replacedBy === null ? [] : [["Replaced by", replacedBy] as const]),
  ];
  return [token.name, ...facts.map(([label, fact]) => `  ${label.padEnd(11)}  ${fact}`)]
    .map((line) => `${line}\n`)
    .join("");
}

export const tokenShow = command({
  usage: "token show ID",
  about: "Tells what an API token of yours may do, until when, and when it was used last. ID: or its name.",
  operands: 1,
  flags: applicationFlag,
  run: async ({ flags, operands: [meant] }, client) => {
    if (meant === undefined) throw usage("token show needs an id or a name", "jeton token list");
    const { accessToken } = await liveToken(client, client.target);
    const door = await openApiTokenDoor(client);
    const id = await findApiToken(client, door, { accessToken, meant, app: flags.app, heirOnly: true });
    const answer = await door.show(accessToken, id);
    if (!answer.ok) throw refusal("there is no API token to show", answer, "jeton token list");
    client.voice.answer({
      json: apiTokenJson(answer.value),
      text: textOf(answer.value, flags.app ?? "you", client.now()),
    });
    return exitCode("done");
  },
});
