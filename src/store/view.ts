/**
 * A session and what it hangs on, by look-ups of single rows by primary key: Bun's SQLite spends fifteen microseconds on
 * any join, and these are read for every call and, where they are not remembered (remembered-sessions.ts), for every
 * refresh. What belongs together is read in one transaction.
 */
import type { DatabaseSync } from "node:sqlite";

import { bytesFromId, type ClientId, type SessionId } from "../core/ids.ts";
import type { Recent } from "../core/recent.ts";
import type { RotatingRow } from "../core/rotation.ts";
import { isAlive, type Instance, type SessionTurn, type SessionView, type Standing } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import { prepare } from "./bind.ts";
import { openHolders, openOwners, type HolderColumns } from "./owners.ts";
import { sessionColumns, sessionFromRow, type SessionColumns } from "./rows.ts";

/** A session and its holder, as its tokens tell of them; `id` in bytes. */
export function openView(db: DatabaseSync): (id: Uint8Array) => SessionView | undefined {
  const session = prepare<SessionColumns>(db, `SELECT ${sessionColumns} FROM session s WHERE s.id = ?`);
  const holder = openHolders(db);

  return (id) => {
    const row = session.get(id);
    // Its foreign key promises that the subject is there.
    return row && { session: sessionFromRow(row), holder: holder(row.subject)! };
  };
}

interface StatusColumns {
  readonly status: string;
  readonly revoked_upto: number;
}

/** What a rotation or an end changes. */
export type Turn = Pick<RotatingRow, keyof SessionTurn | "endedAt">;

type TurnColumns = Pick<SessionColumns, "seq" | "rotated_at" | "rotated_served" | "expires_at" | "ended_at">;

type DecisiveColumns = TurnColumns &
  Pick<
    SessionColumns,
    "subject" | "client" | "absolute_end" | "born" | "epoch" | "idle_lifetime" | "stable" | "retry_window"
  >;

/** What of a session stays as it was at its birth, and what those make of it that it hangs on. */
export interface Ground {
  readonly fixed: Pick<RotatingRow, "absoluteEnd" | "idleLifetime" | "onRefresh" | "retryWindow">;
  readonly client: ClientId;
  readonly alive: boolean;
  readonly revokedUpto: number;
  /** The instance's, of now. */
  readonly epoch: Uint8Array;
}

/** What is known of sessions without asking the database; a turn is of no use without its ground. */
export interface KnownSessions {
  readonly grounds: Recent<SessionId, Ground>;
  readonly turns: Recent<SessionId, Turn>;
}

export interface Decisive extends Omit<Ground, "fixed"> {
  readonly row: RotatingRow;
}

/**
 * What decides on a session and its refresh tokens. To be called inside a transaction. `known` holds what was
 * read or written before and is still so; without it, all is read each time.
 */
export function openDecisive(db: DatabaseSync, known?: KnownSessions): (id: SessionId) => Decisive | undefined {
  const turnNames = "seq, rotated_at, rotated_served, expires_at, ended_at";
  const turn = prepare<TurnColumns>(db, `SELECT ${turnNames} FROM session WHERE id = ?`);
  const session = prepare<DecisiveColumns>(
    db,
    `SELECT ${turnNames}, subject, client, absolute_end, born, epoch, idle_lifetime, stable, retry_window
     FROM session WHERE id = ?`,
  );
  const subject = prepare<StatusColumns & Pick<HolderColumns, "organisation" | "owner">>(
    db,
    "SELECT organisation, owner, status, revoked_upto FROM subject WHERE id = ?",
  );
  const owners = openOwners(db);
  const organisation = prepare<StatusColumns>(db, "SELECT status, revoked_upto FROM organisation WHERE id = ?");
  const client = prepare<StatusColumns>(db, "SELECT status, revoked_upto FROM client WHERE id = ?");
  const instance = prepare<Pick<Instance, "epoch">>(db, "SELECT epoch FROM instance WHERE id = 1");

  function standingOf(columns: DecisiveColumns): Standing {
    const holder = subject.get(columns.subject)!;
    const tenant = organisation.get(holder.organisation)!;
    const asker = client.get(columns.client)!;
    return {
      status: owners.status(holder),
      organisationActive: tenant.status === "active",
      clientActive: asker.status === "active",
      revokedUpto: Math.max(holder.revoked_upto, tenant.revoked_upto, asker.revoked_upto),
    };
  }

  function groundOf(columns: DecisiveColumns): Ground {
    const standing = standingOf(columns);
    const { epoch } = instance.get()!;
    return {
      fixed: {
        absoluteEnd: columns.absolute_end as Seconds,
        idleLifetime: columns.idle_lifetime as Seconds,
        onRefresh: columns.stable === 1 ? "stable" : "rotate",
        retryWindow: columns.retry_window as Seconds,
      },
      client: columns.client as ClientId,
      alive: isAlive(columns, standing, { epoch }),
      revokedUpto: standing.revokedUpto,
      epoch,
    };
  }

  /** All of it, as the database has it. */
  function readWhole(id: SessionId): Decisive | undefined {
    const columns = session.get(bytesFromId(id));
    if (columns === undefined) return undefined;
    const ground = groundOf(columns);
    known?.grounds.keep(id, ground);
    return decisiveOf(keepTurn(id, columns), ground);
  }

  function readTurn(id: SessionId): Turn | undefined {
    const columns = turn.get(bytesFromId(id));
    return columns && keepTurn(id, columns);
  }

  function keepTurn(id: SessionId, columns: TurnColumns): Turn {
    const read = turnFromRow(columns);
    known?.turns.keep(id, read);
    return read;
  }

  return (id) => {
    const ground = known?.grounds.get(id);
    if (ground === undefined) return readWhole(id);
    const last = known?.turns.get(id) ?? readTurn(id);
    return last && decisiveOf(last, ground);
  };
}

const turnFromRow = (columns: TurnColumns): Turn => ({
  seq: columns.seq,
  rotatedAt: columns.rotated_at as Seconds,
  rotatedServed: columns.rotated_served as Seconds,
  expiresAt: columns.expires_at as Seconds,
  endedAt: columns.ended_at as Seconds | null,
});

const decisiveOf = (turn: Turn, { fixed, ...ground }: Ground): Decisive => ({ row: { ...turn, ...fixed }, ...ground });
