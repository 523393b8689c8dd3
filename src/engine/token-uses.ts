/**
 * When and from where each API token was used last. Uses are gathered in memory and written together, each token once a
 * minute at most: nobody waits for it, and a crash loses a minute of it.
 */
import { usesApart, type ApiTokenRow } from "../core/api-token.ts";
import type { ApiTokenId } from "../core/ids.ts";
import { between, type Seconds } from "../core/units.ts";
import type { Store } from "./ports.ts";

/** In one write, so that others have their turn between two. */
const atOnce = 500;

export interface TokenUses {
  readonly used: (token: ApiTokenRow, at: Seconds, from: string) => void;
  /** Writes down what has gathered. What cannot be written now is kept. */
  readonly write: () => Promise<void>;
}

export function tokenUses(store: Pick<Store, "noteApiTokenUses">): TokenUses {
  const gathered = new Map<ApiTokenId, { readonly at: Seconds; readonly from: string }>();

  return {
    used: ({ id, lastUsedAt }, at, from) => {
      const since = lastUsedAt === null ? usesApart : between(lastUsedAt, at);
      // One that lies ahead was told by a clock that was wrong.
      if (since < 0 || since >= usesApart) gathered.set(id, { at, from });
    },
    write: async () => {
      const all = [...gathered];
      for (let from = 0; from < all.length; from += atOnce) {
        const some = all.slice(from, from + atOnce);
        await store.noteApiTokenUses(some.map(([id, use]) => ({ id, ...use })));
        // A use since then is of the same minute.
        for (const [id] of some) gathered.delete(id);
      }
    },
  };
}
