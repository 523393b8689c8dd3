/** `jeton app secret create NAME`: what an application signs in with where it has no key, printed once. */
import { findApplication, openApplicationDoor } from "../../../application.ts";
import { clientSecretJson } from "../../../client-secret.ts";
import { command } from "../../../command.ts";
import { refusal } from "../../../complaint-of.ts";
import { exitCode } from "../../../exit-codes.ts";
import { liveToken } from "../../../live-token.ts";
import { passwordFlags } from "../../../password.ts";
import { afterRecentSignIn } from "../../../recent-sign-in.ts";
import { instantText, readSpan } from "../../../span.ts";
import { usage } from "../../../usage.ts";

export const appSecretCreate = command({
  usage: "app secret create NAME [--name N] [--expires-in TIME]",
  about:
    "Makes a client secret for an application, and prints it and nothing else; it is not shown again. Two are good at a time, so that one takes the place of the other. NAME: or the application's id. Needs a sign-in by password of the last 10 minutes, and asks for it.",
  operands: 1,
  flags: {
    name: { takes: "N", about: "what the secret is called; secret when left out" },
    "expires-in": { takes: "TIME", about: "it signs nobody in after that; it has no end when left out" },
    ...passwordFlags,
  },
  examples: [
    [
      "(umask 077; jeton app secret create ci >ci.secret)",
      "then: jeton login --client-id ID --client-secret-file ci.secret",
    ],
  ],
  run: async ({ flags, operands: [meant] }, client) => {
    if (meant === undefined) throw usage("app secret create needs an application's name or id", "jeton app list");
    const expiresIn = flags["expires-in"] === undefined ? undefined : readSpan("expires-in", flags["expires-in"]);
    const wish = { name: flags.name ?? "secret", expiresIn };
    const { accessToken } = await liveToken(client, client.target);
    const door = await openApplicationDoor(client);
    const application = await findApplication(door, accessToken, meant);
    const answer = await afterRecentSignIn(client, flags, (recent) => door.createSecret(recent, application, wish));
    if (!answer.ok)
      throw refusal(`${client.target.server} makes no client secret`, answer, `jeton app secret list ${meant}`);
    const { voice, now } = client;
    const { id, name, clientId, clientSecret, expiresAt } = answer.value;
    voice.answer({
      json: { ...clientSecretJson(answer.value), client_id: clientId, client_secret: clientSecret },
      text: `${clientSecret}\n`,
    });
    voice.done(`Client secret ${name} made`);
    voice.note(`  Client id  ${clientId}`);
    voice.note(`  Id         ${id}`);
    voice.note(`  Until      ${expiresAt === null ? "it is revoked" : instantText(expiresAt, now())}`);
    voice.note("It is not shown again.");
    return exitCode("done");
  },
});
