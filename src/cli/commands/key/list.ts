/** `jeton key list`: the keys that sign somebody in, one's own or an application's. */
import type { AuthKey } from "../../../../packages/client/src/doors/native-key.ts";
import { plainText } from "../../../../packages/client/src/plain-text.ts";
import { applicationFlag } from "../../application.ts";
import { keyJson, openAuthKeyDoor, sortOf } from "../../auth-key.ts";
import type { Client } from "../../client.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { liveToken } from "../../live-token.ts";
import { whenText } from "../../span.ts";
import { table } from "../../table.ts";

function rowOf(key: AuthKey, { io, now }: Client): readonly string[] {
  const when = (at: number | null): string => whenText(at, io.columns() === undefined ? undefined : now());
  const { name, fingerprint, expiresAt, lastUsedAt, createdAt, id } = key;
  return [name, sortOf(key), fingerprint, when(expiresAt), when(lastUsedAt), when(createdAt), id];
}

export const keyList = command({
  usage: "key list [--app NAME] [--no-header]",
  about: "Lists the keys that you sign in with, newest first. Their fingerprints are those that ssh-keygen -l prints.",
  operands: 0,
  flags: { ...applicationFlag, "no-header": { about: "without the first line" } },
  run: async ({ flags }, client) => {
    const { accessToken } = await liveToken(client, client.target);
    const answer = await (await openAuthKeyDoor(client, accessToken, flags.app)).list(accessToken);
    if (!answer.ok) throw refusal("cannot list the keys", answer);
    client.voice.answer({
      json: { auth_keys: answer.value.map(keyJson) },
      text: table(
        ["NAME", "TYPE", "FINGERPRINT", "EXPIRES", "LAST USED", "ADDED", "ID"],
        answer.value.map((key) => rowOf(key, client)),
        { columns: client.io.columns(), header: flags["no-header"] !== true },
      ),
    });
    const whose = flags.app === undefined ? "" : ` --app ${plainText(flags.app)}`;
    if (answer.value.length === 0)
      client.voice.note(`No keys yet. Do: jeton key generate${whose}, or jeton key add FILE.pub${whose}`);
    return exitCode("done");
  },
});
