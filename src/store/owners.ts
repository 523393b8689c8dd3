/**
 * What an application has of its owner: never more roles than the owner, and no life without (decision 0023). Looked up
 * by primary key, each time that nothing remembers it (standing.ts); a user has no owner and costs nothing here.
 */
import type { DatabaseSync } from "node:sqlite";

import { rolesUnder } from "../core/authority.ts";
import { idFromBytes, type SubjectId } from "../core/ids.ts";
import type { Holder, SubjectStatus } from "../core/session.ts";
import { prepare } from "./bind.ts";
import { rolesFromText } from "./rows.ts";

/** What of a subject its tokens tell. */
export interface HolderColumns {
  readonly kind: string;
  readonly username: string;
  readonly roles: string;
  readonly organisation: Uint8Array;
  readonly owner: Uint8Array | null;
}

export interface Owners {
  readonly holder: (subject: Uint8Array, columns: HolderColumns) => Holder;
  /** Its own, unless its owner's stops it too. */
  readonly status: (columns: { readonly status: string; readonly owner: Uint8Array | null }) => SubjectStatus;
}

export function openOwners(db: DatabaseSync): Owners {
  const find = prepare<{ roles: string; status: string }>(db, "SELECT roles, status FROM subject WHERE id = ?");

  return {
    holder: (subject, { kind, username, roles: text, organisation, owner }) => {
      const roles = rolesFromText(text);
      return {
        subject: idFromBytes(subject),
        kind: kind as Holder["kind"],
        username,
        roles: owner === null ? roles : rolesUnder(roles, rolesFromText(find.get(owner)!.roles)),
        organisation: idFromBytes(organisation),
        owner: owner && idFromBytes<SubjectId>(owner),
      };
    },
    status: ({ status, owner }) => {
      const ofOwner = owner === null || status !== "active" ? "active" : find.get(owner)!.status;
      return (ofOwner === "active" ? status : ofOwner) as SubjectStatus;
    },
  };
}

/** Who holds what, as of now; `id` in bytes. */
export function openHolders(db: DatabaseSync): (id: Uint8Array) => Holder | undefined {
  const find = prepare<HolderColumns>(
    db,
    "SELECT kind, username, roles, organisation, owner FROM subject WHERE id = ?",
  );
  const owners = openOwners(db);
  return (id) => {
    const row = find.get(id);
    return row && owners.holder(id, row);
  };
}
