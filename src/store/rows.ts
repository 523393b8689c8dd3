/** Rows of the database and the model's values, there and back. */
import { idFromBytes, type ClientId } from "../core/ids.ts";
import { isRole, type Role } from "../core/scope.ts";
import type { SessionRow } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";

export interface SessionColumns {
  readonly id: Uint8Array;
  readonly subject: Uint8Array;
  readonly client: string;
  readonly sign_in: Uint8Array | null;
  readonly created_at: number;
  readonly seq: number;
  readonly rotated_at: number;
  readonly rotated_served: number;
  readonly expires_at: number;
  readonly absolute_end: number;
  readonly ended_at: number | null;
  readonly born: number;
  readonly epoch: Uint8Array;
  readonly kid: number;
  readonly salt: Uint8Array;
  readonly access_lifetime: number;
  readonly idle_lifetime: number;
  readonly stable: number;
  readonly retry_window: number;
  readonly auth_time: number;
  readonly amr: string;
}

export const sessionColumns = `s.id, s.subject, s.client, s.sign_in, s.created_at, s.seq, s.rotated_at, s.rotated_served,
  s.expires_at, s.absolute_end, s.ended_at, s.born, s.epoch, s.kid, s.salt, s.access_lifetime, s.idle_lifetime, s.stable,
  s.retry_window, s.auth_time, s.amr`;

export function sessionFromRow(row: SessionColumns): SessionRow {
  return {
    id: idFromBytes(row.id),
    subject: idFromBytes(row.subject),
    client: row.client as ClientId,
    signIn: row.sign_in && idFromBytes(row.sign_in),
    createdAt: row.created_at as Seconds,
    seq: row.seq,
    rotatedAt: row.rotated_at as Seconds,
    rotatedServed: row.rotated_served as Seconds,
    expiresAt: row.expires_at as Seconds,
    absoluteEnd: row.absolute_end as Seconds,
    endedAt: row.ended_at as Seconds | null,
    born: row.born,
    epoch: row.epoch,
    kid: row.kid,
    salt: row.salt,
    accessLifetime: row.access_lifetime as Seconds,
    idleLifetime: row.idle_lifetime as Seconds,
    onRefresh: row.stable === 1 ? "stable" : "rotate",
    retryWindow: row.retry_window as Seconds,
    authTime: row.auth_time as Seconds,
    amr: row.amr,
  };
}

export const rolesFromText = (text: string): readonly Role[] => text.split(" ").filter(isRole);
export const rolesToText = (roles: readonly Role[]): string => [...new Set(roles)].toSorted().join(" ");
