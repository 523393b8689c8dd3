/**
 * A session with everything that decides whether it is alive: five look-ups by primary key, to be made inside one
 * transaction, so that nothing comes between them. As one join they take four times as long on Bun, whose SQLite spends
 * fifteen microseconds on any join, and this is read for every refresh and every call.
 */
import type { DatabaseSync } from "node:sqlite";

import { bytesFromId, idFromBytes, type ClientId, type SessionId } from "../core/ids.ts";
import type { RotatingRow } from "../core/rotation.ts";
import { isAlive, type Instance, type SessionView, type Standing, type SubjectStatus } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import { prepare } from "./bind.ts";
import { rolesFromText, sessionColumns, sessionFromRow, type SessionColumns } from "./rows.ts";

export interface FoundSession {
  readonly view: SessionView;
  readonly instance: Instance;
}

interface HolderColumns {
  readonly organisation: Uint8Array;
  readonly username: string;
  readonly display_name: string;
  readonly roles: string;
  readonly status: string;
  readonly revoked_upto: number;
}

export function openView(db: DatabaseSync): (id: SessionId) => FoundSession | undefined {
  const session = prepare<SessionColumns>(db, `SELECT ${sessionColumns} FROM session s WHERE s.id = ?`);
  const subject = prepare<HolderColumns>(
    db,
    "SELECT organisation, username, display_name, roles, status, revoked_upto FROM subject WHERE id = ?",
  );
  const organisation = prepare<{ name: string; status: string; revoked_upto: number }>(
    db,
    "SELECT name, status, revoked_upto FROM organisation WHERE id = ?",
  );
  const client = prepare<{ status: string; revoked_upto: number }>(
    db,
    "SELECT status, revoked_upto FROM client WHERE id = ?",
  );
  const instance = prepare<Instance>(db, "SELECT epoch, counter FROM instance WHERE id = 1");

  return (id) => {
    const row = session.get(bytesFromId(id));
    if (row === undefined) return undefined;
    // Foreign keys promise that these are there.
    const holder = subject.get(row.subject)!;
    const tenant = organisation.get(holder.organisation)!;
    const asker = client.get(row.client)!;
    return {
      instance: instance.get()!,
      view: {
        session: sessionFromRow(row),
        holder: {
          subject: idFromBytes(row.subject),
          username: holder.username,
          displayName: holder.display_name,
          roles: rolesFromText(holder.roles),
          status: holder.status as SubjectStatus,
          organisation: idFromBytes(holder.organisation),
          organisationName: tenant.name,
          organisationActive: tenant.status === "active",
          clientActive: asker.status === "active",
          revokedUpto: Math.max(holder.revoked_upto, tenant.revoked_upto, asker.revoked_upto),
        },
      },
    };
  };
}

interface StatusColumns {
  readonly status: string;
  readonly revoked_upto: number;
}

interface RotatingColumns {
  readonly subject: Uint8Array;
  readonly client: string;
  readonly seq: number;
  readonly rotated_at: number;
  readonly rotated_served: number;
  readonly expires_at: number;
  readonly absolute_end: number;
  readonly ended_at: number | null;
  readonly born: number;
  readonly epoch: Uint8Array;
  readonly idle_lifetime: number;
  readonly stable: number;
  readonly retry_window: number;
}

/** The part of a session that decides on a refresh token; `id` in bytes. */
export function openRotatingView(db: DatabaseSync) {
  const session = prepare<RotatingColumns>(
    db,
    `SELECT subject, client, seq, rotated_at, rotated_served, expires_at, absolute_end, ended_at, born, epoch, idle_lifetime,
       stable, retry_window FROM session WHERE id = ?`,
  );
  const subject = prepare<{ organisation: Uint8Array; status: string; revoked_upto: number }>(
    db,
    "SELECT organisation, status, revoked_upto FROM subject WHERE id = ?",
  );
  const organisation = prepare<StatusColumns>(db, "SELECT status, revoked_upto FROM organisation WHERE id = ?");
  const client = prepare<StatusColumns>(db, "SELECT status, revoked_upto FROM client WHERE id = ?");
  const instance = prepare<Pick<Instance, "epoch">>(db, "SELECT epoch FROM instance WHERE id = 1");

  return (id: Uint8Array) => {
    const columns = session.get(id);
    if (columns === undefined) return undefined;
    const holder = subject.get(columns.subject)!;
    const tenant = organisation.get(holder.organisation)!;
    const asker = client.get(columns.client)!;
    const standing: Standing = {
      status: holder.status as SubjectStatus,
      organisationActive: tenant.status === "active",
      clientActive: asker.status === "active",
      revokedUpto: Math.max(holder.revoked_upto, tenant.revoked_upto, asker.revoked_upto),
    };
    const row: RotatingRow = {
      seq: columns.seq,
      rotatedAt: columns.rotated_at as Seconds,
      rotatedServed: columns.rotated_served as Seconds,
      expiresAt: columns.expires_at as Seconds,
      absoluteEnd: columns.absolute_end as Seconds,
      endedAt: columns.ended_at as Seconds | null,
      idleLifetime: columns.idle_lifetime as Seconds,
      onRefresh: columns.stable === 1 ? "stable" : "rotate",
      retryWindow: columns.retry_window as Seconds,
    };
    return { row, client: columns.client as ClientId, alive: isAlive(columns, standing, instance.get()!) };
  };
}
