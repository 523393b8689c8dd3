/**
 * What the writer remembers of sessions: what each hangs on, which changes seldom, and its turn as the writer read or
 * wrote it last. Both are forgotten as a whole, by whatever may change one of them behind the memory's back.
 */
import type { SessionId } from "../core/ids.ts";
import { recent } from "../core/recent.ts";
import type { IntentName } from "./executor.ts";
import { leavesStanding, mostRemembered } from "./standing.ts";
import type { Ground, KnownSessions, Turn } from "./view.ts";

/** Whether an intent leaves every turn as it is, or tells the memory of those that it changes. */
const keepsTurns = (name: IntentName): boolean => name === "rotate";

export interface RememberedSessions extends KnownSessions {
  /** An intent was run, whatever became of it. */
  readonly ran: (name: IntentName) => void;
  /** What was read or written may not be so. */
  readonly forget: () => void;
}

export function rememberedSessions(): RememberedSessions {
  const grounds = recent<SessionId, Ground>(mostRemembered);
  const turns = recent<SessionId, Turn>(mostRemembered);
  return {
    grounds,
    turns,
    ran: (name) => {
      if (!leavesStanding(name)) grounds.forget();
      if (!keepsTurns(name)) turns.forget();
    },
    forget: () => {
      grounds.forget();
      turns.forget();
    },
  };
}
