/**
 * What sessions hang on (a subject and its owner, an organisation, a client, the instance's epoch) changes seldom and is
 * asked for at every refresh, so it is kept in memory and forgotten as a whole by whatever may change it.
 */
import type { SessionId, SubjectId } from "../core/ids.ts";
import type { Holder } from "../core/session.ts";
import type { IntentName } from "./executor.ts";
import type { Ground, Turn } from "./view.ts";

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

/** Whether an intent leaves the turn of every session as it is, but for what it says of that itself. */
const leavesTurns = (name: IntentName): boolean => name === "rotate";

/** So many are kept, the longest known given up first, and each is less than a kilobyte. With more in use, some are read again. */
const most = 4096;

/** Values that were read, by their key, until all of them are forgotten. */
export interface Memory<Key, Value> {
  readonly get: (key: Key) => Value | undefined;
  readonly keep: (key: Key, value: Value) => void;
  readonly forget: () => void;
}

function memory<Key, Value>(): Memory<Key, Value> {
  const known = new Map<Key, Value>();
  return {
    get: (key) => known.get(key),
    keep: (key, value) => {
      if (known.size >= most && !known.has(key)) known.delete(known.keys().next().value!);
      known.set(key, value);
    },
    forget: () => {
      if (known.size > 0) known.clear();
    },
  };
}

/** What the writer remembers of sessions. */
export interface RememberedSessions {
  readonly grounds: Memory<SessionId, Ground>;
  readonly turns: Memory<SessionId, Turn>;
}

export function rememberedSessions(): RememberedSessions & {
  /** An intent was run, whatever became of it. */
  readonly after: (name: IntentName) => void;
  readonly forget: () => void;
} {
  const grounds = memory<SessionId, Ground>();
  const turns = memory<SessionId, Turn>();
  return {
    grounds,
    turns,
    after: (name) => {
      if (!leavesStanding(name)) grounds.forget();
      if (!leavesTurns(name)) turns.forget();
    },
    forget: () => {
      grounds.forget();
      turns.forget();
    },
  };
}

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
  const known = memory<SubjectId, Holder>();
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
