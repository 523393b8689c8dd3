/** `jeton app secret revoke NAME ID`: a client secret signs nobody in any more. */
import { findApplication, openApplicationDoor } from "../../../application.ts";
import { findClientSecret } from "../../../client-secret.ts";
import { command } from "../../../command.ts";
import { refusal } from "../../../complaint-of.ts";
import { exitCode } from "../../../exit-codes.ts";
import { liveToken } from "../../../live-token.ts";
import { usage } from "../../../usage.ts";

export const appSecretRevoke = command({
  usage: "app secret revoke NAME ID",
  about:
    "Ends a client secret of an application, and the sessions that it opened. NAME: or its id. ID: or the secret's name.",
  operands: 2,
  flags: {},
  run: async ({ operands: [app, meant] }, client) => {
    if (app === undefined || meant === undefined)
      throw usage("app secret revoke needs an application, and the secret's id or name", "jeton app secret list NAME");
    const { accessToken } = await liveToken(client, client.target);
    const door = await openApplicationDoor(client);
    const application = await findApplication(door, accessToken, app);
    const id = await findClientSecret(door, { accessToken, application, meant });
    const answer = await door.revokeSecret(accessToken, application, id);
    if (!answer.ok) throw refusal("the client secret was not revoked", answer, `jeton app secret list ${app}`);
    client.voice.done("The client secret is revoked, and the sessions that it opened are over");
    client.voice.answer({ json: { client_secret_id: id, revoked: true } });
    return exitCode("done");
  },
});
