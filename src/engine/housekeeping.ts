/**
 * Housekeeping: keys whose time has come are made; sessions that nothing can refer to any more are removed, API tokens
 * and client secrets that are long over, and messages whose time is over or whose key is gone, in chunks that no refresh notices.
 */
import type { ApiTokenId, SessionId } from "../core/ids.ts";
import type { Seconds } from "../core/units.ts";
import type { Clock, Store } from "./ports.ts";

export interface HousekeepingDeps {
  readonly store: Pick<Store, "sweepSessions" | "sweepSignatures" | "sweepApiTokens" | "sweepClientSecrets">;
  readonly ensureKeys: (now: Seconds) => Promise<void>;
  readonly clock: Clock;
}

const chunk = 500;

/** One round; between two chunks everybody else has a turn. The number of sessions removed. */
export async function keepHouse({ store, ensureKeys, clock }: HousekeepingDeps): Promise<number> {
  const now = clock.now();
  await ensureKeys(now);
  let removed = 0;
  let last: SessionId | undefined;
  do {
    const swept = await store.sweepSessions({ after: last, limit: chunk, now });
    removed += swept.removed;
    last = swept.last;
  } while (last !== undefined);
  let token: ApiTokenId | undefined;
  do {
    token = (await store.sweepApiTokens({ after: token, limit: chunk, now })).last;
  } while (token !== undefined);
  while ((await store.sweepSignatures({ limit: chunk, now })) > 0);
  while ((await store.sweepClientSecrets({ limit: chunk, now })) > 0);
  return removed;
}
