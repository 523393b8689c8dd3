/** API tokens, read from rows: by their id with what they hang on, and a subject's own. */
import type { DatabaseSync } from "node:sqlite";

import type { ApiTokenRow, ApiTokenView } from "../core/api-token.ts";
import { idFromBytes } from "../core/ids.ts";
import { isScope } from "../core/scope.ts";
import { isAlive, type Instance } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import { prepare } from "./bind.ts";
import { openOwners, type HolderColumns } from "./owners.ts";

interface ApiTokenColumns {
  readonly id: Uint8Array;
  readonly subject: Uint8Array;
  readonly name: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly ended_at: number | null;
  readonly signed_until: number | null;
  readonly born: number;
  readonly epoch: Uint8Array;
  readonly scopes: string | null;
  readonly audiences: string | null;
  readonly networks: string | null;
  readonly requests_per_minute: number | null;
  readonly secret: Uint8Array | null;
  readonly made_by: Uint8Array | null;
  readonly replaced_by: Uint8Array | null;
  readonly last_used_at: number | null;
  readonly last_used_from: string | null;
}

const columns = `t.id, t.subject, t.name, t.created_at, t.expires_at, t.ended_at, t.signed_until, t.born, t.epoch, t.scopes, t.audiences,
  t.networks, t.requests_per_minute, t.secret, t.made_by, t.replaced_by, t.last_used_at, t.last_used_from`;

const words = (text: string): readonly string[] => text.split(" ").filter((word) => word !== "");

const apiTokenFromRow = (row: ApiTokenColumns): ApiTokenRow => ({
  id: idFromBytes(row.id),
  subject: idFromBytes(row.subject),
  name: row.name,
  createdAt: row.created_at as Seconds,
  expiresAt: row.expires_at as Seconds | null,
  endedAt: row.ended_at as Seconds | null,
  signedUntil: row.signed_until as Seconds | null,
  born: row.born,
  epoch: row.epoch,
  scopes: row.scopes === null ? null : words(row.scopes).filter(isScope),
  audiences: row.audiences === null ? null : words(row.audiences),
  networks: row.networks === null ? null : words(row.networks),
  requestsPerMinute: row.requests_per_minute,
  secretHash: row.secret,
  replacedBy: row.replaced_by && idFromBytes(row.replaced_by),
  lastUsedAt: row.last_used_at as Seconds | null,
  lastUsedFrom: row.last_used_from,
});

interface StatusColumns {
  readonly status: string;
  readonly revoked_upto: number;
}

export interface FoundApiToken extends ApiTokenView {
  /** It has not ended, and what it hangs on lets it live. Whether it has expired is not in it. */
  readonly alive: boolean;
  /** The id of the token that it was made with, in bytes. */
  readonly madeBy: Uint8Array | null;
}

export interface ApiTokenReads {
  /** `id` in bytes. To be called inside a transaction. */
  readonly find: (id: Uint8Array) => FoundApiToken | undefined;
  readonly list: (subject: Uint8Array, before: Uint8Array, now: Seconds, limit: number) => readonly ApiTokenRow[];
}

/** By look-ups of single rows by primary key, as in view.ts and for the same reason. */
export function openApiTokens(db: DatabaseSync): ApiTokenReads {
  const token = prepare<ApiTokenColumns>(db, `SELECT ${columns} FROM api_token t WHERE t.id = ?`);
  const subject = prepare<HolderColumns & StatusColumns>(
    db,
    "SELECT kind, username, roles, organisation, owner, status, revoked_upto FROM subject WHERE id = ?",
  );
  const owners = openOwners(db);
  const organisation = prepare<StatusColumns>(db, "SELECT status, revoked_upto FROM organisation WHERE id = ?");
  const instance = prepare<Pick<Instance, "epoch">>(db, "SELECT epoch FROM instance WHERE id = 1");

  // A subject's live ones, newest first.
  const live = prepare<ApiTokenColumns>(
    db,
    `SELECT ${columns} FROM api_token t
     JOIN subject u ON u.id = t.subject
     JOIN organisation o ON o.id = u.organisation
     JOIN instance i ON i.id = 1
     WHERE t.subject = ? AND t.id < ? AND t.ended_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?)
       AND t.epoch = i.epoch AND t.born > max(u.revoked_upto, o.revoked_upto)
     ORDER BY t.id DESC LIMIT ?`,
  );

  return {
    find: (id) => {
      const row = token.get(id);
      if (row === undefined) return undefined;
      // Its foreign key promises that the subject is there.
      const owner = subject.get(row.subject)!;
      const tenant = organisation.get(owner.organisation)!;
      const standing = {
        status: owners.status(owner),
        organisationActive: tenant.status === "active",
        clientActive: true,
        revokedUpto: Math.max(owner.revoked_upto, tenant.revoked_upto),
      };
      return {
        token: apiTokenFromRow(row),
        holder: owners.holder(row.subject, owner),
        madeBy: row.made_by,
        alive: row.ended_at === null && isAlive(row, standing, instance.get()!),
      };
    },
    list: (of, before, now, limit) => live.all(of, before, now, limit).map(apiTokenFromRow),
  };
}
