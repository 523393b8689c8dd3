/** Organisations and subjects as administrators see them, read from rows. Used by the lists and by the intents. */
import type { DatabaseSync } from "node:sqlite";

import { idFromBytes, type OrganisationId, type SubjectId } from "../core/ids.ts";
import type { SubjectStatus } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import type { OrganisationRecord, OrganisationStatus, SignedLogin, SubjectRecord } from "../core/directory.ts";
import { prepare } from "./bind.ts";
import { rolesFromText } from "./rows.ts";

interface SubjectColumns {
  readonly id: Uint8Array;
  readonly organisation: Uint8Array;
  readonly kind: string;
  readonly username: string;
  readonly display_name: string;
  readonly roles: string;
  readonly status: string;
  readonly owner: Uint8Array | null;
  readonly created_at: number;
}

const subjectColumns = "id, organisation, kind, username, display_name, roles, status, owner, created_at";

interface OrganisationColumns {
  readonly id: Uint8Array;
  readonly name: string;
  readonly status: string;
  readonly created_at: number;
  readonly longest_api_token: number | null;
  readonly signed_login: string;
}

const organisationColumns = "id, name, status, created_at, longest_api_token, signed_login";

const organisationFromRow = ({
  id,
  name,
  status,
  created_at,
  ...settings
}: OrganisationColumns): OrganisationRecord => ({
  id: idFromBytes<OrganisationId>(id),
  name,
  status: status as OrganisationStatus,
  createdAt: created_at as Seconds,
  longestApiToken: settings.longest_api_token as Seconds | null,
  signedLogin: settings.signed_login as SignedLogin,
});

export interface Directory {
  /** Deleted ones are not there. */
  readonly subject: (id: Uint8Array) => SubjectRecord | undefined;
  readonly subjects: (
    organisation: Uint8Array | null,
    canonical: string | undefined,
    after: Uint8Array,
    limit: number,
  ) => readonly SubjectRecord[];
  readonly applicationsOfOwner: (owner: Uint8Array, after: Uint8Array, limit: number) => readonly SubjectRecord[];
  /** Those that have no owner but it. */
  readonly applicationsOfOrganisation: (
    organisation: Uint8Array,
    after: Uint8Array,
    limit: number,
  ) => readonly SubjectRecord[];
  readonly organisation: (id: Uint8Array) => OrganisationRecord | undefined;
  readonly organisations: (after: Uint8Array, limit: number) => readonly OrganisationRecord[];
}

export function openDirectory(db: DatabaseSync): Directory {
  const subject = prepare<SubjectColumns>(
    db,
    `SELECT ${subjectColumns} FROM subject WHERE id = ? AND status <> 'deleted'`,
  );
  const emails = prepare<{ address: string }>(
    db,
    "SELECT address FROM subject_email WHERE subject = ? ORDER BY canonical",
  );
  // A page in the order of birth: of all, of one organisation, and of one name.
  const everySubject = prepare<SubjectColumns>(
    db,
    `SELECT ${subjectColumns} FROM subject WHERE id > ? AND status <> 'deleted' ORDER BY id LIMIT ?`,
  );
  const subjectsOf = prepare<SubjectColumns>(
    db,
    `SELECT ${subjectColumns} FROM subject WHERE organisation = ? AND id > ? AND status <> 'deleted' ORDER BY id LIMIT ?`,
  );
  const namedOf = prepare<SubjectColumns>(
    db,
    `SELECT ${subjectColumns} FROM subject
     WHERE organisation = ? AND canonical = ? AND id > ? AND status <> 'deleted' ORDER BY id LIMIT ?`,
  );
  const named = prepare<SubjectColumns>(
    db,
    `SELECT ${subjectColumns} FROM subject WHERE canonical = ? AND id > ? AND status <> 'deleted' ORDER BY id LIMIT ?`,
  );
  const owned = prepare<SubjectColumns>(
    db,
    `SELECT ${subjectColumns} FROM subject WHERE owner = ? AND id > ? AND status <> 'deleted' ORDER BY id LIMIT ?`,
  );
  const ownerless = prepare<SubjectColumns>(
    db,
    `SELECT ${subjectColumns} FROM subject WHERE organisation = ? AND id > ? AND kind = 'application' AND owner IS NULL
       AND status <> 'deleted' ORDER BY id LIMIT ?`,
  );
  const organisation = prepare<OrganisationColumns>(
    db,
    `SELECT ${organisationColumns} FROM organisation WHERE id = ? AND status <> 'deleted'`,
  );
  const organisations = prepare<OrganisationColumns>(
    db,
    `SELECT ${organisationColumns} FROM organisation WHERE id > ? AND status <> 'deleted' ORDER BY id LIMIT ?`,
  );

  const subjectFromRow = (row: SubjectColumns): SubjectRecord => ({
    id: idFromBytes<SubjectId>(row.id),
    organisation: idFromBytes<OrganisationId>(row.organisation),
    kind: row.kind as SubjectRecord["kind"],
    username: row.username,
    displayName: row.display_name,
    emails: emails.all(row.id).map(({ address }) => address),
    roles: rolesFromText(row.roles),
    status: row.status as SubjectStatus,
    owner: row.owner && idFromBytes<SubjectId>(row.owner),
    createdAt: row.created_at as Seconds,
  });

  return {
    subject: (id) => {
      const row = subject.get(id);
      return row && subjectFromRow(row);
    },
    subjects: (of, canonical, after, limit) => {
      if (canonical === undefined)
        return (of === null ? everySubject.all(after, limit) : subjectsOf.all(of, after, limit)).map(subjectFromRow);
      const rows = of === null ? named.all(canonical, after, limit) : namedOf.all(of, canonical, after, limit);
      return rows.map(subjectFromRow);
    },
    applicationsOfOwner: (owner, after, limit) => owned.all(owner, after, limit).map(subjectFromRow),
    applicationsOfOrganisation: (of, after, limit) => ownerless.all(of, after, limit).map(subjectFromRow),
    organisation: (id) => {
      const row = organisation.get(id);
      return row && organisationFromRow(row);
    },
    organisations: (after, limit) => organisations.all(after, limit).map(organisationFromRow),
  };
}
