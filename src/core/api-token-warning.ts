/**
 * When somebody is warned that an API token will end: 14, 7 and 1 days before, and of these only the stages that are
 * shorter than its life. Of several whose time has come, the most urgent one is told and the others are not.
 */
import { days, type Seconds } from "./units.ts";

/** The longest first. */
export const warningDays = [14, 7, 1] as const;
export type WarningDays = (typeof warningDays)[number];

const stageTime = (expiresAt: Seconds, stage: WarningDays): Seconds => (expiresAt - days(stage)) as Seconds;

/** The first stage's time after `since`, which is the token's birth or the last warning; null: there is none left. */
export function nextWarning(expiresAt: Seconds | null, since: Seconds): Seconds | null {
  if (expiresAt === null) return null;
  return warningDays.map((stage) => stageTime(expiresAt, stage)).find((time) => time > since) ?? null;
}

/** The most urgent stage whose time has come; undefined before the first and after the end. */
export const stageAt = (expiresAt: Seconds, now: Seconds): WarningDays | undefined =>
  expiresAt <= now ? undefined : warningDays.findLast((stage) => stageTime(expiresAt, stage) <= now);
