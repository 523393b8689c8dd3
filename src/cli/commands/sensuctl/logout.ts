/** `sensuctl logout`: ends the session at the server, and empties the tokens in the file. */
import { withLock } from "../../../../packages/client/src/lock.ts";
import { command } from "../../command.ts";
import { refusal } from "../../complaint-of.ts";
import { exitCode } from "../../exit-codes.ts";
import { clusterFile, openSensuDoor, prepareCluster, readCluster } from "../../sensuctl/cluster.ts";
import { liveTokens } from "../../sensuctl/live-tokens.ts";

export const sensuLogout = command({
  usage: "logout",
  about: "Ends the session at the server and forgets its tokens. Where the server does not answer, they stay.",
  operands: 0,
  flags: {},
  run: (_asked, client) =>
    withLock(clusterFile(client), client.lock, async () => {
      const cluster = readCluster(client);
      const { tokens } = cluster;
      if (tokens !== undefined) {
        const door = await openSensuDoor(client, cluster);
        const live = await liveTokens(client, door, { ...cluster, tokens });
        const answer = live.ok ? await door.signOut(live.value) : live;
        // What is over need not be ended.
        if (!answer.ok && answer.code !== "invalid_grant")
          throw refusal(`cannot sign out of ${cluster.apiUrl}`, answer);
      }
      const file = prepareCluster(client);
      try {
        file.store({ apiUrl: cluster.apiUrl, trustedCaFile: "", unsafeSkipVerify: false, tokens: undefined });
      } finally {
        file.discard();
      }
      client.voice.done(tokens === undefined ? "You were not signed in" : "You have been logged out");
      client.voice.answer({ json: { status: "signed_out", api_url: cluster.apiUrl } });
      return exitCode("done");
    }),
});
