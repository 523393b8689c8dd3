/** `jeton refresh`: renews the access token where it ends soon, or at once. */
import { unverifiedClaims } from "../../../packages/client/src/jwt.ts";
import { command } from "../command.ts";
import { exitCode } from "../exit-codes.ts";
import { liveToken } from "../live-token.ts";
import { instantText, iso, spanText } from "../span.ts";
import { usage } from "../usage.ts";

export const refresh = command({
  usage: "refresh [--force]",
  about: "Renews the access token if it ends within 30 seconds. The other commands do this by themselves.",
  operands: 0,
  flags: { force: { about: "renew it although it is live" } },
  run: async ({ flags }, client) => {
    const { voice, target, now } = client;
    if (target.token !== undefined) throw usage("JETON_TOKEN is set, and it cannot be renewed", "unset JETON_TOKEN");
    const { accessToken, renewed } = await liveToken(client, target, { force: flags.force === true });
    const end = unverifiedClaims(accessToken)?.exp;
    const left = end === undefined ? "" : ` for ${spanText(end - now())} (until ${instantText(end, now())})`;
    voice.done(
      renewed
        ? `New access token, valid${left}`
        : `Nothing asked of the server: the access token says that it is good${left}. Do: --force renews it all the same`,
    );
    voice.answer({ json: { renewed, server: target.server, access_expires_at: end === undefined ? null : iso(end) } });
    return exitCode("done");
  },
});
