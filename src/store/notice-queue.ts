/**
 * The queue of notices in SQL: written inside the transaction of what a notice tells of, for the channels that are open,
 * one row for each recipient. It has an end, since nobody may have to wait for a relay that is down.
 */
import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

import type { ApiTokenView } from "../core/api-token.ts";
import type { WarningDays } from "../core/api-token-warning.ts";
import { bytesFromId, idFromBytes, type OrganisationId, type SubjectId } from "../core/ids.ts";
import type { JournalDetail, JournalEvent } from "../core/journal.ts";
import {
  hasRoom,
  noticeChannels,
  noticedKind,
  toldDetail,
  type EndingDetail,
  type NoticeChannel,
  type NoticeKind,
  type Told,
} from "../core/notice.ts";
import type { Seconds } from "../core/units.ts";
import { prepare } from "./bind.ts";

interface PersonColumns {
  readonly kind: string;
  readonly username: string;
  readonly owner: Uint8Array | null;
  readonly organisation: Uint8Array;
  readonly organisation_name: string;
}

export interface NoticeQueue {
  /** Most events make no notice. Where there is no room it is dropped and counted. */
  readonly ofEvent: (event: JournalEvent) => void;
  /** False: there is no room for this one, and nothing was queued. */
  readonly ofEnding: (token: ApiTokenView, days: WarningDays, now: Seconds) => boolean;
}

type Recipients = readonly (readonly [channel: NoticeChannel, recipient: string | null])[];

/** To be used inside a transaction. */
export function openNoticeQueue(db: DatabaseSync): NoticeQueue {
  const channels = prepare<{ channel: NoticeChannel }>(db, "SELECT channel FROM notice_channel WHERE open = 1");
  const person = prepare<PersonColumns>(
    db,
    `SELECT u.kind, u.username, u.owner, u.organisation, o.name AS organisation_name
     FROM subject u JOIN organisation o ON o.id = u.organisation WHERE u.id = ?`,
  );
  const addresses = prepare<{ address: string }>(
    db,
    "SELECT address FROM subject_email WHERE subject = ? ORDER BY canonical",
  );
  const countAll = prepare<{ waiting: number }>(db, "SELECT count(*) AS waiting FROM notice WHERE channel = ?");
  const countOf = prepare<{ waiting: number }>(
    db,
    "SELECT count(*) AS waiting FROM notice WHERE reader = ? AND channel = ?",
  );
  // The same notice once more is the same row.
  const insert = prepare(
    db,
    `INSERT INTO notice (id, channel, kind, told, reader, recipient, created_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  );
  const drop = prepare(db, "UPDATE notice_channel SET dropped = dropped + 1 WHERE channel = ?");

  /** Whose mail it is: a person's own, or that of whoever answers for an application. */
  function mailboxes(subject: Uint8Array, { kind, owner }: PersonColumns): readonly string[] {
    const reader = kind === "application" ? owner : subject;
    if (reader === null) return [];
    return addresses.all(reader).map(({ address }) => address);
  }

  const recipientsOf = (subject: Uint8Array, whose: PersonColumns): Recipients =>
    channels
      .all()
      .flatMap(({ channel }): Recipients =>
        channel === "mail"
          ? mailboxes(subject, whose).map((address) => [channel, address] as const)
          : [[channel, null]],
      );

  /** Who answers for a subject: its owner for an application that has one. */
  const readerOf = (subject: Uint8Array, { owner }: PersonColumns): Uint8Array => owner ?? subject;

  /** Each channel has room of its own: one that nobody empties takes none from the other. */
  function withRoom(kind: NoticeKind, reader: Uint8Array, recipients: Recipients): Recipients {
    const roomy = noticeChannels.filter((channel) => {
      const count = recipients.filter(([of]) => of === channel).length;
      const waiting = { all: countAll.get(channel)!.waiting, ofReader: countOf.get(reader, channel)!.waiting };
      return count > 0 && hasRoom(kind, count, waiting);
    });
    return recipients.filter(([channel]) => roomy.includes(channel));
  }

  function put(
    kind: NoticeKind,
    told: Told,
    mark: readonly unknown[],
    { reader, recipients }: { readonly reader: Uint8Array; readonly recipients: Recipients },
  ): void {
    for (const [channel, recipient] of recipients) {
      const text = JSON.stringify([kind, ...mark, channel, recipient]);
      const id = createHash("sha256").update(text).digest().subarray(0, 16);
      insert.run(id, channel, kind, JSON.stringify(told), reader, recipient, told.at, told.at);
    }
  }

  const toldOf = (
    { organisation, organisation_name: name, kind, username }: PersonColumns,
    { at, subject, address, detail }: Pick<Told, "at" | "address"> & { subject: SubjectId; detail: JournalDetail },
    actor: Told["actor"],
  ): Told => ({
    at,
    organisation: { id: idFromBytes<OrganisationId>(organisation), name },
    subject: { id: subject, kind: kind as Told["subject"]["kind"], username },
    actor,
    address,
    detail,
  });

  return {
    ofEvent: (event) => {
      const { subject, actor, at, address, request } = event;
      const kind = noticedKind(event.kind, event.detail);
      if (kind === undefined || subject === null) return;
      const key = bytesFromId(subject);
      const whose = person.get(key);
      if (whose === undefined) return;
      const recipients = recipientsOf(key, whose);
      const reader = readerOf(key, whose);
      const placed = withRoom(kind, reader, recipients);
      for (const recipient of recipients) if (!placed.includes(recipient)) drop.run(recipient[0]);
      const doer = actor === null ? undefined : person.get(bytesFromId(actor));
      const told = toldOf(
        whose,
        { at, subject, address, detail: toldDetail(kind, event.detail) },
        actor === null || doer === undefined ? null : { id: actor, username: doer.username },
      );
      put(kind, told, [at, subject, request, event.detail], { reader, recipients: placed });
    },
    ofEnding: ({ token, holder }, days, now) => {
      const key = bytesFromId(holder.subject);
      const whose = person.get(key)!;
      const recipients = recipientsOf(key, whose);
      const reader = readerOf(key, whose);
      if (withRoom("api_token_ends", reader, recipients).length < recipients.length) return false;
      const { id, name, expiresAt } = token;
      const detail: EndingDetail = { api_token: id, name, expires_at: expiresAt!, days };
      const told = toldOf(whose, { at: now, subject: holder.subject, address: null, detail: { ...detail } }, null);
      put("api_token_ends", told, [id, days], { reader, recipients });
      return true;
    },
  };
}
