/**
 * Notices on their way: one round queues the warnings that have come due and hands to the couriers what waits. Nobody
 * waits for a round, and there is never a second one beside it. A notice goes when it was taken, so one that was sent
 * just before a crash is sent again, under the same id.
 */
import type { WarningDays } from "../core/api-token-warning.ts";
import { givenUpAfter, noticeChannels, retryWait, type Notice, type NoticeChannel } from "../core/notice.ts";
import { unreachable } from "../core/result.ts";
import { after, type Seconds } from "../core/units.ts";
import type { Courier, Delivery } from "./courier.ts";
import type { Chance, Clock, Store } from "./ports.ts";

/** `retried`: it failed and waits; `given_up`: it was refused or failed for too long; `dropped`: there was no room. */
export type NoticeResult = "delivered" | "retried" | "given_up" | "dropped";

export interface NoticeMeter {
  readonly noticed: (channel: NoticeChannel, result: NoticeResult, count: number) => void;
  readonly warned: (days: WarningDays) => void;
}

/** What the operator should know; once in a round and channel, with one reason for all. */
export interface NoticeTrouble {
  readonly kind: "failing" | "given_up" | "dropped";
  readonly channel: NoticeChannel;
  readonly count: number;
  readonly reason: string;
}

export interface NoticesDeps {
  readonly store: Pick<Store, "findNoticeWork" | "queueWarnings" | "endNotice" | "postponeNotice" | "endOldNotices">;
  readonly clock: Pick<Clock, "now">;
  readonly chance: Chance;
  /** Of the channels that are configured. */
  readonly couriers: ReadonlyMap<NoticeChannel, Courier>;
  readonly meter: NoticeMeter;
  readonly onTrouble: (trouble: NoticeTrouble) => void;
}

export interface Notices {
  /** Does what there is to do now; rejects where the store does. While one is under way, that one is answered. */
  readonly round: () => Promise<void>;
  /** No round begins any more, and the one under way ends after its attempt. */
  readonly stop: () => Promise<void>;
  /** How many waited at the last look. */
  readonly waiting: () => number;
}

/** Tokens in one step: so many that no sign-in notices. */
const chunk = 100;

/** Notices of each channel in one round. */
const batch = 100;

/** How long a channel rests that has failed. */
interface Rest {
  readonly failures: number;
  readonly until: Seconds;
}

const awake: Rest = { failures: 0, until: 0 as Seconds };

export function notices({ store, clock, chance, couriers, meter, onTrouble }: NoticesDeps): Notices {
  const stopping = new AbortController();
  const rests = new Map<NoticeChannel, Rest>();
  let known: Readonly<Record<NoticeChannel, number>> | undefined;
  let waiting = 0;
  let underWay: Promise<void> | undefined;

  const wait = (failures: number, now: Seconds): Seconds => after(now, retryWait(failures, chance(1)[0]!));

  function giveUp(channel: NoticeChannel, count: number, reason: string): void {
    if (count === 0) return;
    meter.noticed(channel, "given_up", count);
    onTrouble({ kind: "given_up", channel, count, reason });
  }

  async function fail(notice: Notice, reason: string): Promise<void> {
    const now = clock.now();
    if (now - notice.createdAt >= givenUpAfter) {
      await store.endNotice({ id: notice.id });
      giveUp(notice.channel, 1, reason);
      return;
    }
    await store.postponeNotice({ id: notice.id, dueAt: wait(notice.attempts + 1, now) });
    meter.noticed(notice.channel, "retried", 1);
  }

  /** The channel is not asked for a while; what has waited for too long goes, though it was not tried itself. */
  async function rest(channel: NoticeChannel, reason: string): Promise<void> {
    const now = clock.now();
    const failures = (rests.get(channel)?.failures ?? 0) + 1;
    rests.set(channel, { failures, until: wait(failures, now) });
    onTrouble({ kind: "failing", channel, count: failures, reason });
    const createdBefore = (now - givenUpAfter) as Seconds;
    giveUp(channel, await store.endOldNotices({ channel, createdBefore }), reason);
  }

  /** False: the channel has to rest. */
  async function settle(notice: Notice, delivery: Delivery): Promise<boolean> {
    const { id, channel } = notice;
    switch (delivery.kind) {
      case "delivered":
        await store.endNotice({ id });
        rests.delete(channel);
        meter.noticed(channel, "delivered", 1);
        return true;
      case "refused":
        await store.endNotice({ id });
        rests.delete(channel);
        giveUp(channel, 1, delivery.reason);
        return true;
      case "failed":
        await fail(notice, delivery.reason);
        if (delivery.of === "channel") await rest(channel, delivery.reason);
        return delivery.of === "notice";
      default:
        return unreachable(delivery);
    }
  }

  async function deliver(courier: Courier, due: readonly Notice[]): Promise<void> {
    for (const notice of due) {
      if ((rests.get(notice.channel) ?? awake).until > clock.now()) return;
      const delivery = await courier(notice, stopping.signal);
      // It may have been cut off: what came of it is unknown, and the next start sends it again.
      if (stopping.signal.aborted && delivery.kind !== "delivered") return;
      if (!(await settle(notice, delivery)) || stopping.signal.aborted) return;
    }
  }

  async function queueWarnings(): Promise<void> {
    for (let more = true; more && !stopping.signal.aborted;) {
      const queued = await store.queueWarnings({ limit: chunk, now: clock.now() });
      for (const days of queued.warned) meter.warned(days);
      ({ more } = queued);
    }
  }

  function tellDropped(dropped: Readonly<Record<NoticeChannel, number>>): void {
    for (const channel of noticeChannels) {
      const count = dropped[channel] - (known?.[channel] ?? dropped[channel]);
      if (count === 0) continue;
      meter.noticed(channel, "dropped", count);
      onTrouble({ kind: "dropped", channel, count, reason: "too many notices wait" });
    }
    known = dropped;
  }

  async function work(): Promise<void> {
    const look = () => store.findNoticeWork({ now: clock.now(), limit: batch });
    let found = await look();
    if (found.warningsDue) {
      await queueWarnings();
      found = await look();
    }
    tellDropped(found.dropped);
    ({ waiting } = found);
    if (found.due.length === 0) return;
    const channels = await Promise.allSettled(
      [...couriers].map(([channel, courier]) =>
        deliver(
          courier,
          found.due.filter((notice) => notice.channel === channel),
        ),
      ),
    );
    ({ waiting } = await store.findNoticeWork({ now: clock.now(), limit: 0 }));
    for (const channel of channels) if (channel.status === "rejected") throw channel.reason;
  }

  return {
    round: () => {
      if (stopping.signal.aborted) return Promise.resolve();
      return (underWay ??= work().finally(() => {
        underWay = undefined;
      }));
    },
    stop: async () => {
      stopping.abort();
      await underWay?.catch(() => undefined);
    },
    waiting: () => waiting,
  };
}
