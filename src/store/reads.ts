/**
 * Reads, in SQL: each one statement or one transaction, and so one snapshot of what has been committed, but for `loadKeys`,
 * whose comment says why it needs none, for the roles of an application and of its owner, which change each by itself, and
 * for what is recalled of a session, which never changes. Holders are remembered by sqlite.ts. They never wait for the writer.
 */
import type { DatabaseSync } from "node:sqlite";

import { bytesFromId, idFromBytes, type SessionId } from "../core/ids.ts";
import { recent } from "../core/recent.ts";
import { mayHold, type SessionBasis } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import type { KeyStore, SealedSigningKey } from "../engine/key-store.ts";
import type { Credential, Store } from "../engine/ports.ts";
import { prepare } from "./bind.ts";
import { sessionColumns, sessionFromRow, type SessionColumns } from "./rows.ts";
import { openApiTokens } from "./api-token-view.ts";
import { openDirectory } from "./directory.ts";
import { openClientSecrets } from "./client-secret-view.ts";
import { openGoodKeys } from "./good-keys.ts";
import { openJournalPages } from "./journal.ts";
import { openNoticeWork } from "./notice-intents.ts";
import { openHolders, openOwners, type HolderColumns } from "./owners.ts";
import { mostRemembered } from "./standing.ts";
import { openDecisive, openView } from "./view.ts";

type Reads = Pick<
  Store,
  | "findCredential"
  | "recallSession"
  | "findHolder"
  | "findSession"
  | "listSessions"
  | "findLiveSession"
  | "findCredentialOf"
  | "findSubject"
  | "listSubjects"
  | "listApplications"
  | "findOrganisationRecord"
  | "listOrganisations"
  | "readJournal"
  | "findProfile"
  | "findSigningCredential"
  | "findAuthKey"
  | "listAuthKeys"
  | "findSecretCredential"
  | "listClientSecrets"
  | "findLiveApiToken"
  | "listApiTokens"
  | "findOrganisation"
  | "hasAdministrator"
  | "findNoticeWork"
> &
  Pick<KeyStore, "loadKeys">;

interface CredentialColumns extends HolderColumns {
  readonly id: Uint8Array;
  readonly subject_status: string;
  readonly organisation_status: string;
  readonly password: string | null;
  readonly revoked_upto: number;
  readonly epoch: Uint8Array;
  readonly counter: number;
}

const credentialSql = `SELECT u.id, u.kind, u.username, u.roles, u.organisation, u.owner, u.status AS subject_status,
    o.status AS organisation_status, u.password, max(u.revoked_upto, o.revoked_upto) AS revoked_upto, i.epoch, i.counter
  FROM organisation o
  JOIN subject u ON u.organisation = o.id
  JOIN instance i ON i.id = 1`;

/** Below every id. */
const firstId = new Uint8Array(0);

/** Above every id: where a list without a cursor begins. */
const lastId = new Uint8Array(16).fill(0xff);

export function openReads(db: DatabaseSync): Reads {
  // A subject by user name, with the counter of the same snapshot.
  const byUsername = prepare<CredentialColumns>(
    db,
    `${credentialSql} WHERE o.canonical = ? AND o.status <> 'deleted' AND u.canonical = ? AND u.status <> 'deleted'`,
  );

  // A subject by its id, with the counter of the same snapshot.
  const byId = prepare<CredentialColumns>(db, `${credentialSql} WHERE u.id = ?`);

  // A subject by one of its verified addresses, with the counter of the same snapshot.
  const byEmail = prepare<CredentialColumns>(
    db,
    `${credentialSql} JOIN subject_email e ON e.organisation = o.id AND e.subject = u.id WHERE o.canonical = ? AND o.status <> 'deleted' AND e.canonical = ?`,
  );

  const owners = openOwners(db);
  const credentialFromRow = (row: CredentialColumns): Credential => ({
    holder: owners.holder(row.id, row),
    mayHold: mayHold({
      status: owners.status({ status: row.subject_status, owner: row.owner }),
      organisationActive: row.organisation_status === "active",
      clientActive: true,
    }),
    passwordHash: row.password,
    revokedUpto: row.revoked_upto,
    instance: { epoch: row.epoch, counter: row.counter },
  });

  const apiTokens = openApiTokens(db);
  const authKeys = openGoodKeys(db);
  const clientSecrets = openClientSecrets(db);
  const directory = openDirectory(db);
  const journal = openJournalPages(db);
  const noticeWork = openNoticeWork(db);
  const view = openView(db);
  const session = prepare<SessionColumns>(db, `SELECT ${sessionColumns} FROM session s WHERE s.id = ?`);
  const holder = openHolders(db);
  const recalled = recent<SessionId, SessionBasis>(mostRemembered);
  const readDecisive = openDecisive(db);
  const begin = prepare(db, "BEGIN");
  const commit = prepare(db, "COMMIT");

  /** Several reads of one state of the database; nothing is written, so the end cannot fail. */
  function snapshot<T>(work: () => T): T {
    begin.run();
    try {
      return work();
    } finally {
      commit.run();
    }
  }

  // A subject's live sessions, newest first.
  const sessions = prepare<SessionColumns>(
    db,
    `SELECT ${sessionColumns} FROM session s
     JOIN subject u ON u.id = s.subject
     JOIN organisation o ON o.id = u.organisation
     JOIN client c ON c.id = s.client
     JOIN instance i ON i.id = 1
     WHERE s.subject = ? AND s.id < ? AND s.ended_at IS NULL AND s.expires_at > ?
       AND s.epoch = i.epoch AND s.born > max(u.revoked_upto, o.revoked_upto, c.revoked_upto)
     ORDER BY s.id DESC LIMIT ?`,
  );

  const profile = prepare<{ display_name: string; name: string }>(
    db,
    "SELECT u.display_name, o.name FROM subject u JOIN organisation o ON o.id = u.organisation WHERE u.id = ?",
  );
  const emails = prepare<{ address: string }>(
    db,
    "SELECT address FROM subject_email WHERE subject = ? ORDER BY canonical",
  );
  const organisation = prepare<{ id: Uint8Array }>(
    db,
    "SELECT id FROM organisation WHERE canonical = ? AND status <> 'deleted'",
  );

  // Roles are names separated by one space, so a name is found with a space on either side.
  const administrator = prepare<{ found: number }>(
    db,
    `SELECT 1 AS found FROM subject u JOIN organisation o ON o.id = u.organisation
     WHERE u.kind = 'user' AND u.status = 'active' AND o.status = 'active' AND instr(' ' || u.roles || ' ', ' admin ') > 0 LIMIT 1`,
  );

  const signingKeys = prepare<{
    kid: string;
    purpose: string;
    alg: string;
    published_at: number;
    active_at: number;
    sealed: Uint8Array;
  }>(db, "SELECT kid, purpose, alg, published_at, active_at, sealed FROM signing_key");
  const refreshKeys = prepare<{ kid: number; created_at: number; sealed: Uint8Array }>(
    db,
    "SELECT kid, created_at, sealed FROM refresh_key",
  );
  const secrets = prepare<{ purpose: string; sealed: Uint8Array }>(db, "SELECT purpose, sealed FROM instance_secret");

  return {
    findCredential: async (canonicalOrganisation, { kind, canonical }) =>
      snapshot(() => {
        const row = (kind === "email" ? byEmail : byUsername).get(canonicalOrganisation, canonical);
        return row && credentialFromRow(row);
      }),
    findCredentialOf: async (subject) =>
      snapshot(() => {
        const row = byId.get(bytesFromId(subject));
        return row && credentialFromRow(row);
      }),
    findSigningCredential: async (canonicalOrganisation, { kind, canonical }, now) =>
      snapshot(() => {
        const row = (kind === "email" ? byEmail : byUsername).get(canonicalOrganisation, canonical);
        return row && { ...credentialFromRow(row), authKeys: authKeys.signing(row.id, now) };
      }),
    findAuthKey: async (id, now) => authKeys.find(bytesFromId(id), now)?.authKey,
    listAuthKeys: async (subject, { before, limit, now }) =>
      authKeys.list(bytesFromId(subject), before === undefined ? lastId : bytesFromId(before), now, limit),
    findSecretCredential: async (id) =>
      snapshot(() => {
        const secret = clientSecrets.find(bytesFromId(id));
        // Its foreign key promises that the application is there.
        const row = secret && byId.get(bytesFromId(secret.record.subject))!;
        return (
          row && {
            ...credentialFromRow(row),
            secretHash: secret.secretHash,
            expiresAt: secret.record.expiresAt,
          }
        );
      }),
    listClientSecrets: async (subject, now) => clientSecrets.list(bytesFromId(subject), now),
    findLiveApiToken: async (id) =>
      snapshot(() => {
        const found = apiTokens.find(bytesFromId(id));
        return found?.alive === true ? { token: found.token, holder: found.holder } : undefined;
      }),
    listApiTokens: async (subject, { before, limit, now }) =>
      apiTokens.list(bytesFromId(subject), before === undefined ? lastId : bytesFromId(before), now, limit),
    findSubject: async (id) => snapshot(() => directory.subject(bytesFromId(id))),
    listSubjects: async ({ organisation: of, canonical, after, limit }) =>
      snapshot(() =>
        directory.subjects(of && bytesFromId(of), canonical, after === undefined ? firstId : bytesFromId(after), limit),
      ),
    listApplications: async ({ after, limit, ...of }) =>
      snapshot(() => {
        const start = after === undefined ? firstId : bytesFromId(after);
        return "owner" in of
          ? directory.applicationsOfOwner(bytesFromId(of.owner), start, limit)
          : directory.applicationsOfOrganisation(bytesFromId(of.organisation), start, limit);
      }),
    findOrganisationRecord: async (id) => directory.organisation(bytesFromId(id)),
    listOrganisations: async ({ after, limit }) =>
      directory.organisations(after === undefined ? firstId : bytesFromId(after), limit),
    readJournal: async (filter) => journal(filter),
    findNoticeWork: async ({ now, limit }) => snapshot(() => noticeWork(now, limit)),
    recallSession: async (id) => {
      const known = recalled.get(id);
      if (known !== undefined) return known;
      const row = session.get(bytesFromId(id));
      const found = row && sessionFromRow(row);
      if (found === undefined) return undefined;
      recalled.keep(id, found);
      return found;
    },
    findHolder: async (subject) => holder(bytesFromId(subject)),
    findSession: async (id) => snapshot(() => view(bytesFromId(id))),
    findLiveSession: async (id) =>
      snapshot(() => {
        const decisive = readDecisive(id);
        return decisive?.alive === true && decisive.row.endedAt === null ? view(bytesFromId(id)) : undefined;
      }),
    listSessions: async (subject, { before, limit, now }) =>
      sessions
        .all(bytesFromId(subject), before === undefined ? lastId : bytesFromId(before), now, limit)
        .map(sessionFromRow),
    findProfile: async (subject) =>
      snapshot(() => {
        const row = profile.get(bytesFromId(subject));
        return (
          row && {
            displayName: row.display_name,
            organisationName: row.name,
            emails: emails.all(bytesFromId(subject)).map(({ address }) => address),
          }
        );
      }),
    findOrganisation: async (canonical) => {
      const row = organisation.get(canonical);
      return row && idFromBytes(row.id);
    },
    hasAdministrator: async () => administrator.get() !== undefined,
    // Keys are only ever added, so a set read while one is added lacks it and no more.
    loadKeys: async () => ({
      signing: signingKeys.all().map(({ kid, purpose, alg, published_at, active_at, sealed }) => ({
        kid,
        purpose: purpose as SealedSigningKey["purpose"],
        alg,
        publishedAt: published_at as Seconds,
        activeAt: active_at as Seconds,
        sealed,
      })),
      refresh: refreshKeys
        .all()
        .map(({ kid, created_at, sealed }) => ({ kid, createdAt: created_at as Seconds, sealed })),
      secrets: secrets.all(),
    }),
  };
}
