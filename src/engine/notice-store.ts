/** What the engine asks of the store about notices. A part of the `Store` port. */
import type { WarningDays } from "../core/api-token-warning.ts";
import type { NoticeId } from "../core/ids.ts";
import type { Notice, NoticeChannel } from "../core/notice.ts";
import type { Seconds } from "../core/units.ts";

/** What there is to do, by one snapshot. */
export interface NoticeWork {
  /** There are tokens whose owners have to be warned. */
  readonly warningsDue: boolean;
  /** Of each channel those that waited longest, of those whose time has come. */
  readonly due: readonly Notice[];
  /** Of both channels, whether their time has come or not. */
  readonly waiting: number;
  /** Notices that there was no room for, ever. */
  readonly dropped: Readonly<Record<NoticeChannel, number>>;
}

/**
 * Notices of events are queued by the intents that tell the journal of them, in the same step, for the channels that are
 * open then.
 */
export interface NoticeStore {
  readonly findNoticeWork: (at: { readonly now: Seconds; readonly limit: number }) => Promise<NoticeWork>;
  /** From now on these channels are emptied by somebody, and no other; how many waited for others, and are removed. */
  readonly openNoticeChannels: (intent: { readonly channels: readonly NoticeChannel[] }) => Promise<number>;
  /**
   * Looks at up to `limit` tokens whose time has come, queues the warnings of those that live and sets the time of their
   * next one. It stops where there is no room. `more`: there is more to do at once.
   */
  readonly queueWarnings: (intent: {
    readonly limit: number;
    readonly now: Seconds;
  }) => Promise<{ readonly warned: readonly WarningDays[]; readonly more: boolean }>;
  /** It was delivered, or is given up. */
  readonly endNotice: (intent: { readonly id: NoticeId }) => Promise<void>;
  /** Its delivery has failed. */
  readonly postponeNotice: (intent: { readonly id: NoticeId; readonly dueAt: Seconds }) => Promise<void>;
  /** Gives up those of a channel that have waited since before `createdBefore`; how many. */
  readonly endOldNotices: (intent: {
    readonly channel: NoticeChannel;
    readonly createdBefore: Seconds;
  }) => Promise<number>;
}
