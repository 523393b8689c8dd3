/** Asks a server who one is there, and tells it. */
import type { Client } from "./client.ts";
import { refusal } from "./complaint-of.ts";
import { exitCode } from "./exit-codes.ts";
import { liveToken, signInCommand } from "./live-token.ts";
import type { Target } from "./target.ts";

export async function tellWhoIAm(client: Client, target: Target): Promise<number> {
  const { voice } = client;
  const { accessToken } = await liveToken(client, target);
  const door = await client.openDoor(target);
  const answer = await door.whoAmI(accessToken);
  if (!answer.ok)
    throw refusal(
      `${target.server} does not say who you are`,
      answer,
      answer.status === 401 ? signInCommand(target) : undefined,
    );
  const { id, username, organisation, roles } = answer.value;
  const facts = [username, `organisation ${organisation}`, `roles ${roles.join(", ") || "none"}`];
  voice.answer({
    json: { server: target.server, id, username, organisation, roles },
    text: `${facts.join(voice.style.between)}\n`,
  });
  return exitCode("done");
}
