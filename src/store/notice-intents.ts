/** Intents on notices, in SQL: warnings that have come due, and what became of those that wait. */
import type { DatabaseSync } from "node:sqlite";

import { nextWarning, stageAt, type WarningDays } from "../core/api-token-warning.ts";
import { bytesFromId, idFromBytes, type NoticeId } from "../core/ids.ts";
import { noticeChannels, type Notice, type NoticeChannel, type NoticeKind, type Told } from "../core/notice.ts";
import { minutes, type Seconds } from "../core/units.ts";
import type { NoticeStore, NoticeWork } from "../engine/notice-store.ts";
import { openApiTokens } from "./api-token-view.ts";
import { prepare } from "./bind.ts";
import { openNoticeQueue } from "./notice-queue.ts";
import { manyRows, oneRow } from "./step.ts";

type OpenChannels = Parameters<NoticeStore["openNoticeChannels"]>[0];
type QueueWarnings = Parameters<NoticeStore["queueWarnings"]>[0];
type Queued = Awaited<ReturnType<NoticeStore["queueWarnings"]>>;
type End = Parameters<NoticeStore["endNotice"]>[0];
type Postpone = Parameters<NoticeStore["postponeNotice"]>[0];
type EndOld = Parameters<NoticeStore["endOldNotices"]>[0];

/** When a warning for which there was no room is tried again. */
const laterBy = minutes(15);

export function noticeIntents(db: DatabaseSync) {
  const queue = openNoticeQueue(db);
  const { find } = openApiTokens(db);

  // A start that changes nothing writes nothing.
  const setChannel = prepare(
    db,
    `INSERT INTO notice_channel (channel, open) VALUES (?, ?)
     ON CONFLICT (channel) DO UPDATE SET open = excluded.open WHERE open <> excluded.open`,
  );
  const empty = prepare(db, "DELETE FROM notice WHERE channel = ?");

  // The tokens whose time has come; of those that are over by now too, which are looked at this once.
  const due = prepare<{ id: Uint8Array }>(
    db,
    "SELECT id FROM api_token WHERE warn_at IS NOT NULL AND warn_at <= ? ORDER BY warn_at LIMIT ?",
  );
  const setWarning = prepare(db, "UPDATE api_token SET warn_at = ? WHERE id = ?");

  const end = prepare(db, "DELETE FROM notice WHERE id = ?");
  const postpone = prepare(db, "UPDATE notice SET due_at = ?, attempts = attempts + 1 WHERE id = ?");
  const endOld = prepare(db, "DELETE FROM notice WHERE channel = ? AND created_at <= ?");

  /** What the token's owner is to be told now; undefined: nothing, and never again. */
  function warningOf(id: Uint8Array, now: Seconds) {
    const found = find(id);
    // What is dead by a line or with its owner stays so.
    if (found?.alive !== true || found.token.replacedBy !== null || found.token.expiresAt === null) return undefined;
    const days = stageAt(found.token.expiresAt, now);
    return days && { found, days, next: nextWarning(found.token.expiresAt, now) };
  }

  return {
    openNoticeChannels: manyRows(({ channels }: OpenChannels): number => {
      let removed = 0;
      for (const channel of noticeChannels) {
        const open = channels.includes(channel);
        setChannel.run(channel, open);
        if (!open) removed += empty.run(channel);
      }
      return removed;
    }),

    queueWarnings: manyRows(({ limit, now }: QueueWarnings): Queued => {
      const warned: WarningDays[] = [];
      const ids = due.all(now, limit);
      for (const { id } of ids) {
        const warning = warningOf(id, now);
        if (warning !== undefined && !queue.ofEnding(warning.found, warning.days, now)) {
          // Others may have room.
          setWarning.run(now + laterBy, id);
          continue;
        }
        if (warning !== undefined) warned.push(warning.days);
        setWarning.run(warning?.next ?? null, id);
      }
      return { warned, more: ids.length === limit };
    }),

    endNotice: oneRow(({ id }: End): void => void end.run(bytesFromId(id))),
    postponeNotice: oneRow(({ id, dueAt }: Postpone): void => void postpone.run(dueAt, bytesFromId(id))),
    endOldNotices: manyRows(({ channel, createdBefore }: EndOld): number => endOld.run(channel, createdBefore)),
  };
}

interface NoticeColumns {
  readonly id: Uint8Array;
  readonly channel: NoticeChannel;
  readonly kind: NoticeKind;
  readonly told: string;
  readonly recipient: string | null;
  readonly created_at: number;
  readonly attempts: number;
}

const noticeFromRow = ({ id, told, created_at: createdAt, ...row }: NoticeColumns): Notice => ({
  ...row,
  id: idFromBytes<NoticeId>(id),
  told: JSON.parse(told) as Told,
  createdAt: createdAt as Seconds,
});

/** To be called inside a transaction. */
export function openNoticeWork(db: DatabaseSync): (now: Seconds, limit: number) => NoticeWork {
  const warning = prepare<{ found: number }>(
    db,
    "SELECT 1 AS found FROM api_token WHERE warn_at IS NOT NULL AND warn_at <= ? LIMIT 1",
  );
  // Those of one channel whose time has come, the longest due first.
  const due = prepare<NoticeColumns>(
    db,
    `SELECT id, channel, kind, told, recipient, created_at, attempts FROM notice
     WHERE channel = ? AND due_at <= ? ORDER BY due_at LIMIT ?`,
  );
  const count = prepare<{ waiting: number }>(db, "SELECT count(*) AS waiting FROM notice");
  const dropped = prepare<{ dropped: number }>(db, "SELECT dropped FROM notice_channel WHERE channel = ?");

  return (now, limit) => ({
    warningsDue: warning.get(now) !== undefined,
    due: noticeChannels.flatMap((channel) => due.all(channel, now, limit).map(noticeFromRow)),
    waiting: count.get()!.waiting,
    dropped: {
      mail: dropped.get("mail")?.dropped ?? 0,
      webhook: dropped.get("webhook")?.dropped ?? 0,
    },
  });
}
