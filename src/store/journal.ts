/** The journal in SQL: appended to inside the transaction of the change that an event tells of, and read in pages. */
import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

import { bytesFromId, idFromBytes, type ClientId } from "../core/ids.ts";
import {
  beforeTheFirst,
  chain,
  type JournalDetail,
  type JournalEntry,
  type JournalEvent,
  type JournalKind,
} from "../core/journal.ts";
import type { Seconds } from "../core/units.ts";
import type { JournalFilter, JournalPage } from "../engine/ports.ts";
import { prepare } from "./bind.ts";

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

interface JournalColumns {
  readonly seq: number;
  readonly at: number;
  readonly kind: string;
  readonly organisation: Uint8Array | null;
  readonly actor: Uint8Array | null;
  readonly subject: Uint8Array | null;
  readonly session: Uint8Array | null;
  readonly client: string | null;
  readonly address: string | null;
  readonly request: string | null;
  readonly detail: string;
  readonly hash: Uint8Array;
}

const columns = "seq, at, kind, organisation, actor, subject, session, client, address, request, detail, hash";

const bytesOrNull = (id: Parameters<typeof bytesFromId>[0] | null): Uint8Array | null => id && bytesFromId(id);

/** Appends an event; to be called inside the transaction of what it tells of. */
export function openJournal(db: DatabaseSync): (event: JournalEvent) => void {
  const head = prepare<{ seq: number; hash: Uint8Array }>(
    db,
    "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1",
  );
  const insert = prepare(db, `INSERT INTO journal (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);

  return (event) => {
    const last = head.get() ?? { seq: 0, hash: beforeTheFirst };
    const { at, kind, organisation, actor, subject, session, client, address, request } = event;
    const seq = last.seq + 1;
    const detail = JSON.stringify(event.detail);
    insert.run(
      seq,
      at,
      kind,
      bytesOrNull(organisation),
      bytesOrNull(actor),
      bytesOrNull(subject),
      bytesOrNull(session),
      client,
      address,
      request,
      detail,
      chain(last.hash, { ...event, seq, detail }, sha256),
    );
  };
}

/** An event as it was written, its detail not parsed: what its hash was made of. */
const written = (row: JournalColumns) => ({
  seq: row.seq,
  at: row.at as Seconds,
  kind: row.kind as JournalKind,
  organisation: row.organisation && idFromBytes<NonNullable<JournalEvent["organisation"]>>(row.organisation),
  actor: row.actor && idFromBytes<NonNullable<JournalEvent["actor"]>>(row.actor),
  subject: row.subject && idFromBytes<NonNullable<JournalEvent["subject"]>>(row.subject),
  session: row.session && idFromBytes<NonNullable<JournalEvent["session"]>>(row.session),
  client: row.client as ClientId | null,
  address: row.address,
  request: row.request,
  detail: row.detail,
});

const entryOf = (row: JournalColumns): JournalEntry => ({
  ...written(row),
  detail: JSON.parse(row.detail) as JournalDetail,
  hash: row.hash,
});

/** Rows that one page looks at: whoever filters for what is rare gets short pages, and nobody else waits. */
const mostLookedAt = 5000;

export function openJournalPages(db: DatabaseSync): (filter: JournalFilter) => JournalPage {
  // Newest first, of all organisations or of one.
  const all = prepare<JournalColumns>(db, `SELECT ${columns} FROM journal WHERE seq < ? ORDER BY seq DESC LIMIT ?`);
  const ofOne = prepare<JournalColumns>(
    db,
    `SELECT ${columns} FROM journal WHERE organisation = ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
  );

  return ({ organisation, subject, actor, kind, before, limit }) => {
    const filtered = [subject, actor, kind].some((value) => value !== undefined);
    const subjectBytes = subject && bytesFromId(subject);
    const actorBytes = actor && bytesFromId(actor);
    const matches = (row: JournalColumns): boolean =>
      (kind === undefined || row.kind === kind) &&
      (subjectBytes === undefined || isSame(row.subject, subjectBytes)) &&
      (actorBytes === undefined || isSame(row.actor, actorBytes));

    const from = before ?? Number.MAX_SAFE_INTEGER;
    const most = filtered ? mostLookedAt : limit + 1;
    const rows = organisation === null ? all.all(from, most) : ofOne.all(bytesFromId(organisation), from, most);
    const found = rows.filter(matches);
    const page = found.slice(0, limit);
    // Where to go on: after the last one shown when there are more, after the last one looked at when there may be.
    const next = found.length > limit ? page.at(-1)?.seq : rows.length === most ? rows.at(-1)?.seq : undefined;
    return { entries: page.map(entryOf), next };
  };
}

const isSame = (a: Uint8Array | null, b: Uint8Array): boolean => a !== null && Buffer.compare(a, b) === 0;

export type JournalVerdict =
  | { readonly kind: "intact"; readonly events: number; readonly head: Uint8Array }
  /** `seq`: the first event that is not what its hash, or its place, says. */
  | { readonly kind: "broken"; readonly seq: number }
  /** The event that was noted elsewhere is not there, or has another hash. */
  | { readonly kind: "replaced"; readonly seq: number };

/**
 * Walks the whole chain. `noted` is an event's number and hash that somebody kept elsewhere: without one, a chain that
 * was made anew, or cut at its end, looks whole.
 */
export function verifyJournal(
  db: DatabaseSync,
  noted: { readonly seq: number; readonly hash: Uint8Array } | undefined,
): JournalVerdict {
  const some = prepare<JournalColumns>(db, `SELECT ${columns} FROM journal WHERE seq > ? ORDER BY seq LIMIT 1000`);
  let seq = 0;
  let head: Uint8Array = beforeTheFirst;
  let seen = noted === undefined;
  for (let rows = some.all(0); rows.length > 0; rows = some.all(seq)) {
    for (const row of rows) {
      seq += 1;
      if (row.seq !== seq || !isSame(row.hash, chain(head, written(row), sha256))) return { kind: "broken", seq };
      head = row.hash;
      if (noted?.seq === seq) {
        if (!isSame(head, noted.hash)) return { kind: "replaced", seq };
        seen = true;
      }
    }
  }
  return seen ? { kind: "intact", events: seq, head } : { kind: "replaced", seq: noted!.seq };
}
