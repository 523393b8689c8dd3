/**
 * A session with everything that decides whether it is alive: five look-ups by primary key, to be made inside one
 * transaction, so that nothing comes between them. As one join they take four times as long on Bun, whose SQLite spends
 * fifteen microseconds on any join, and this is read for every refresh and every call.
 */
import type { DatabaseSync } from "node:sqlite";

import { bytesFromId, idFromBytes, type SessionId } from "../core/ids.ts";
import type { Instance, SessionView, SubjectStatus } from "../core/session.ts";
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
