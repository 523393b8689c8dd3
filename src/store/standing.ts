/**
 * What sessions hang on (a subject and its owner, an organisation, a client, the instance's epoch) changes seldom and is
 * asked for at every refresh, so it is kept in memory and forgotten as a whole by whatever may change it.
 */
import type { SubjectId } from "../core/ids.ts";
import { recent } from "../core/recent.ts";
import type { Holder } from "../core/session.ts";
import type { IntentName } from "./executor.ts";

/**
 * The intents that leave all of that as it is. Every other one makes who remembers it forget, so an intent that is not
 * named here costs some reads, and one that is named here wrongly would let a token of somebody who was locked live on.
 */
export const leaving: ReadonlySet<IntentName> = new Set<IntentName>([
  "rotate",
  "openSession",
  "endSession",
  "sweepSessions",
  "openSigned",
  "openBySecret",
  "sweepSignatures",
  "noteApiTokenUses",
]);

export const leavesStanding = (name: IntentName): boolean => leaving.has(name);

/** So many are kept, and each is less than a kilobyte. With more in use, some are read again. */
export const mostRemembered = 4096;

export interface RememberedHolders {
  readonly find: (subject: SubjectId) => Promise<Holder | undefined>;
  /** Something that may change holders is under way until `change` is settled; answers what it answers. */
  readonly during: <T>(change: Promise<T>) => Promise<T>;
}

/**
 * Holders as `find` reads them from what has been committed. While a change is under way nothing is remembered, since
 * what is read then may be over before the change is answered; so what is answered after it is never of before it.
 */
export function rememberedHolders(find: RememberedHolders["find"]): RememberedHolders {
  const known = recent<SubjectId, Holder>(mostRemembered);
  let begun = 0;
  let settled = 0;
  return {
    find: async (subject) => {
      const kept = known.get(subject);
      if (kept !== undefined) return kept;
      const before = begun;
      const isQuiet = settled === begun;
      const found = await find(subject);
      // A change that began or ended meanwhile may have been read or not.
      if (found !== undefined && isQuiet && begun === before) known.keep(subject, found);
      return found;
    },
    during: async (change) => {
      begun += 1;
      known.forget();
      try {
        return await change;
      } finally {
        settled += 1;
      }
    },
  };
}
