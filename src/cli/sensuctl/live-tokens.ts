/**
 * sensuctl's rule: by `expires_at` and the local clock, an expired access token is renewed before it is used, and what comes
 * back is stored at once. Mended: the server that was configured is asked, not the one that the token names.
 */
import type { SensuDoor, SensuTokens } from "../../../packages/client/src/doors/sensu.ts";
import type { Said } from "../../../packages/client/src/doors/door.ts";
import { said } from "../../../packages/client/src/doors/door.ts";
import type { Client } from "../client.ts";
import { prepareCluster, type Cluster } from "./cluster.ts";

/** The caller holds the lock of the file that `cluster` was read from. */
export async function liveTokens(
  client: Client,
  door: SensuDoor,
  cluster: Cluster & { readonly tokens: SensuTokens },
): Promise<Said<SensuTokens>> {
  if (cluster.tokens.expires_at > client.now()) return said(cluster.tokens);
  const file = prepareCluster(client);
  try {
    const renewed = await door.refresh(cluster.tokens);
    if (renewed.ok) file.store({ ...cluster, tokens: renewed.value });
    return renewed;
  } finally {
    file.discard();
  }
}
