/**
 * Intents on subjects, in SQL. What is asked for by somebody is allowed in the same step that does it, and told in the
 * journal there.
 */
import type { DatabaseSync } from "node:sqlite";

import { allows, coversRoles, mayChange, mayManage, reaches } from "../core/authority.ts";
import { bytesFromId, idFromBytes, type OrganisationId, type SubjectId } from "../core/ids.ts";
import type { JournalDetail, JournalKind } from "../core/journal.ts";
import type { Role } from "../core/scope.ts";
import type { SubjectStatus } from "../core/session.ts";
import type { Revocation, SubjectRecord } from "../core/directory.ts";
import { later, type Seconds } from "../core/units.ts";
import type { ChangeSubject, NewSubject, StatusVerb } from "../engine/directory-store.ts";
import type { Bearing, By, Done, NotDone, Store } from "../engine/ports.ts";
import { openActing, openTelling, type Actor } from "./acting.ts";
import { prepare } from "./bind.ts";
import { openDirectory } from "./directory.ts";
import { openKeysEnd } from "./good-keys.ts";
import { openSecretsEnd } from "./client-secret-view.ts";
import { openLines } from "./revocation.ts";
import { rolesFromText, rolesToText } from "./rows.ts";
import { manyRows } from "./step.ts";

type SetStatus = Parameters<Store["setSubjectStatus"]>[0];
type AllowReset = Parameters<Store["allowPasswordReset"]>[0];
type AllowedReset = Awaited<ReturnType<Store["allowPasswordReset"]>>;

interface Transition {
  readonly from: readonly SubjectStatus[];
  readonly to: SubjectStatus;
  readonly kind: JournalKind;
}

/** Disabled is more than locked: unlocking does not enable, and what is disabled cannot be locked. */
const transitions: Readonly<Record<StatusVerb, Transition>> = {
  disable: { from: ["active", "locked"], to: "disabled", kind: "subject_disabled" },
  enable: { from: ["disabled"], to: "active", kind: "subject_enabled" },
  lock: { from: ["active"], to: "locked", kind: "subject_locked" },
  unlock: { from: ["locked"], to: "active", kind: "subject_unlocked" },
  delete: { from: ["active", "locked", "disabled"], to: "deleted", kind: "subject_deleted" },
};

export function subjectIntents(db: DatabaseSync) {
  const acting = openActing(db);
  const tell = openTelling(db);
  const directory = openDirectory(db);
  const lines = openLines(db);
  const endKeys = openKeysEnd(db);
  const endSecrets = openSecretsEnd(db);

  // One subject of each canonical name in its organisation, deleted ones aside.
  const insertSubject = prepare(
    db,
    `INSERT INTO subject (id, organisation, kind, username, canonical, display_name, roles, status, password, owner, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );

  // Addresses were verified before they come here.
  const insertEmail = prepare(
    db,
    "INSERT INTO subject_email (organisation, canonical, address, subject, verified_at) VALUES (?, ?, ?, ?, ?)",
  );

  // Whose an address is.
  const findEmail = prepare<{ subject: Uint8Array }>(
    db,
    "SELECT subject FROM subject_email WHERE organisation = ? AND canonical = ?",
  );

  const removeEmails = prepare(db, "DELETE FROM subject_email WHERE subject = ?");
  const change = prepare(db, "UPDATE subject SET display_name = ?, roles = ? WHERE id = ?");
  const setStatus = prepare(db, "UPDATE subject SET status = ? WHERE id = ?");
  const setStopper = prepare(db, "UPDATE subject SET stopped_by = ? WHERE id = ?");
  const stopperOf = prepare<{ stopped_by: Uint8Array | null }>(db, "SELECT stopped_by FROM subject WHERE id = ?");

  // What is left of a deleted subject is its id and its name, so that the journal goes on meaning it and nobody else.
  const strip = prepare(db, "UPDATE subject SET password = NULL, roles = '' WHERE id = ?");

  // Whether somebody else administers the instance; an application is nobody who could be asked to.
  const otherAdministrator = prepare<{ found: number }>(
    db,
    `SELECT 1 AS found FROM subject u JOIN organisation o ON o.id = u.organisation
     WHERE u.id <> ? AND u.kind = 'user' AND u.status = 'active' AND o.status = 'active' AND instr(' ' || u.roles || ' ', ' admin ') > 0 LIMIT 1`,
  );

  // An owner's applications, for what takes them along, and for the cap.
  const owned = prepare<{ id: Uint8Array }>(db, "SELECT id FROM subject WHERE owner = ? AND status <> 'deleted'");
  const countOwned = prepare<{ owned: number }>(
    db,
    "SELECT count(*) AS owned FROM subject WHERE owner = ? AND status <> 'deleted'",
  );

  const bearing = prepare<{ revoked_upto: number; password: string | null; roles: string }>(
    db,
    `SELECT max(u.revoked_upto, o.revoked_upto) AS revoked_upto, u.password, u.roles
     FROM subject u JOIN organisation o ON o.id = u.organisation WHERE u.id = ?`,
  );
  const bearingOf = (id: SubjectId): Bearing => {
    const { revoked_upto, password, roles } = bearing.get(bytesFromId(id))!;
    return { revokedUpto: revoked_upto, passwordHash: password, roles: rolesFromText(roles) };
  };

  /** The actor and a subject that it may change, or why not. */
  function find(by: By, id: SubjectId): { readonly actor: Actor; readonly found: SubjectRecord } | NotDone {
    const actor = acting(by);
    if (actor === undefined) return "stale";
    const found = directory.subject(bytesFromId(id));
    if (found === undefined) return "absent";
    if (found.id !== actor.subject && mayManage(actor, found, "write")) return { actor, found };
    const may = mayChange(actor.authority, found);
    if (may === "unreached") return "absent";
    const owner = found.owner === null ? undefined : directory.subject(bytesFromId(found.owner));
    const mayToo = owner === undefined || coversRoles(actor.authority, owner.roles);
    return may === "yes" && mayToo ? { actor, found } : "forbidden";
  }

  /** Whoever merely owns an application stops it, and brings back what they have stopped themselves, and no other's doing. */
  function isTheirsToTurn(actor: Actor, found: SubjectRecord, verb: StatusVerb): boolean {
    if (found.owner === null || found.owner !== actor.subject || mayChange(actor.authority, found) === "yes")
      return true;
    if (verb === "delete") return true;
    if (verb === "disable") return found.status === "active";
    const by = stopperOf.get(bytesFromId(found.id))!.stopped_by;
    return verb === "enable" && by !== null && Buffer.compare(by, bytesFromId(actor.subject)) === 0;
  }

  /** Whether one of the addresses signs somebody other than `self` in. */
  const isTaken = (organisation: OrganisationId, emails: NewSubject["emails"], self: Uint8Array): boolean =>
    emails.some(({ canonical }) => {
      const owner = findEmail.get(bytesFromId(organisation), canonical)?.subject;
      return owner !== undefined && Buffer.compare(owner, self) !== 0;
    });

  function putEmails(
    subject: Uint8Array,
    { organisation, emails, now }: Pick<NewSubject, "organisation" | "emails" | "now">,
  ): void {
    const tenant = bytesFromId(organisation);
    for (const { canonical, address } of emails) insertEmail.run(tenant, canonical, address, subject, now);
  }

  const leavesNobody = (found: SubjectRecord): boolean =>
    found.kind === "user" &&
    found.roles.includes("admin") &&
    found.status === "active" &&
    otherAdministrator.get(bytesFromId(found.id)) === undefined;

  /** One's own applications need less than somebody else. What the operator makes may be anybody's. */
  function mayMake(actor: Actor, { kind, organisation, owner }: NewSubject): boolean {
    if (owner === null) return allows(actor.authority, "users:write");
    const user = directory.subject(bytesFromId(owner));
    return (
      kind === "application" &&
      user?.kind === "user" &&
      user.organisation === organisation &&
      (actor.subject === null || actor.subject === owner) &&
      allows(actor.authority, "applications:write")
    );
  }

  const hasTooMany = (owner: SubjectId, cap: number | undefined): boolean =>
    cap !== undefined && countOwned.get(bytesFromId(owner))!.owned >= cap;

  /**
   * What its owner's end, or pause, does to an application. It is told of each one that is deleted; the owner's own event
   * tells the number of them.
   */
  function takeAlong(
    owner: Uint8Array,
    to: SubjectStatus,
    told: (application: SubjectId, detail: JournalDetail) => void,
    now: Seconds,
  ): readonly Revocation[] {
    return owned.all(owner).map(({ id }) => {
      const revocation = lines.ofSubject(id, now);
      if (to !== "deleted") return revocation;
      setStatus.run(to, id);
      told(idFromBytes<SubjectId>(id), { ...toldOfEnd(revocation), ...bury(id, now) });
      return revocation;
    });
  }

  /** What a deleted subject leaves behind signs nobody in; how many keys and secrets that were, if any. */
  function bury(id: Uint8Array, now: Seconds): JournalDetail {
    strip.run(id);
    removeEmails.run(id);
    return { ...endKeys(id, now), ...endSecrets(id, now) };
  }

  return {
    createSubject: manyRows((intent: NewSubject): Done<{ readonly subject: SubjectRecord }> => {
      const { organisation, kind, username, canonical, displayName, roles, status, passwordHash, now } = intent;
      const actor = acting(intent.by);
      if (actor === undefined) return { kind: "stale" };
      const home = directory.organisation(bytesFromId(organisation));
      if (home === undefined || !reaches(actor.authority, organisation)) return { kind: "absent" };
      if (!mayMake(actor, intent) || !coversRoles(actor.authority, roles)) return { kind: "forbidden" };
      if (intent.owner !== null && hasTooMany(intent.owner, intent.cap)) return { kind: "too-many" };
      const id = bytesFromId(intent.id);
      if (isTaken(organisation, intent.emails, id)) return { kind: "taken" };
      const made = insertSubject.run(
        id,
        bytesFromId(organisation),
        kind,
        username,
        canonical,
        displayName,
        rolesToText(roles),
        status,
        passwordHash,
        intent.owner && bytesFromId(intent.owner),
        now,
      );
      if (made === 0) return { kind: "taken" };
      putEmails(id, intent);
      const detail = { username, kind, roles: [...roles], ...(kind === "application" ? { owner: intent.owner } : {}) };
      tell(actor, { at: now, kind: "subject_created", organisation, subject: intent.id, detail });
      return { kind: "done", subject: directory.subject(id)! };
    }),

    changeSubject: manyRows((intent: ChangeSubject): Done<{ readonly subject: SubjectRecord }> => {
      const { id, now } = intent;
      const target = find(intent.by, id);
      if (typeof target === "string") return { kind: target };
      const { actor, found } = target;
      const roles = intent.roles ?? found.roles;
      if (!coversRoles(actor.authority, roles)) return { kind: "forbidden" };
      if (!roles.includes("admin") && leavesNobody(found)) return { kind: "last-administrator" };
      const key = bytesFromId(id);
      if (isTaken(found.organisation, intent.emails ?? [], key)) return { kind: "taken" };
      const displayName = intent.displayName ?? found.displayName;
      const emails = intent.emails === undefined ? found.emails : sortedAddresses(intent.emails);
      const detail = changes(found, { displayName, roles: canonicalRoles(roles), emails });
      // Before it is done: who is told of new addresses are the old ones.
      if (Object.keys(detail).length > 0)
        tell(actor, { at: now, kind: "subject_changed", organisation: found.organisation, subject: id, detail });
      change.run(displayName, rolesToText(roles), key);
      if (intent.emails !== undefined) {
        removeEmails.run(key);
        putEmails(key, { organisation: found.organisation, emails: intent.emails, now });
      }
      return { kind: "done", subject: directory.subject(key)! };
    }),

    setSubjectStatus: manyRows(
      ({ id, verb, by, now }: SetStatus): Done<{ subject: SubjectRecord; revocation: Revocation | undefined }> => {
        const target = find(by, id);
        if (typeof target === "string") return { kind: target };
        const { actor, found } = target;
        const { from, to, kind } = transitions[verb];
        const key = bytesFromId(id);
        const stopper = actor.subject && bytesFromId(actor.subject);
        // Done twice is done; what its owner has stopped is an administrator's from then on.
        if (found.status === to) {
          if (to !== "active" && found.owner !== actor.subject) setStopper.run(stopper, key);
          return { kind: "done", subject: found, revocation: undefined };
        }
        if (!from.includes(found.status)) return { kind: "wrong-state" };
        if (!isTheirsToTurn(actor, found, verb)) return { kind: "forbidden" };
        if (to !== "active" && leavesNobody(found)) return { kind: "last-administrator" };
        setStatus.run(to, key);
        setStopper.run(stopper, key);
        const { organisation } = found;
        const own = to === "active" ? undefined : lines.ofSubject(key, now);
        const buried = to === "deleted" ? bury(key, now) : {};
        const toldOf = (application: SubjectId, of: JournalDetail): void =>
          tell(actor, { at: now, kind, organisation, subject: application, detail: { with_owner: id, ...of } });
        const along = to === "active" ? [] : takeAlong(key, to, toldOf, now);
        const revocation = own && together(own, along);
        const detail: JournalDetail =
          own === undefined
            ? {}
            : { ...toldOfEnd(own), ...buried, ...(along.length === 0 ? {} : { applications: along.length }) };
        tell(actor, { at: now, kind, organisation, subject: id, detail });
        const left = to === "deleted" ? { ...found, roles: [], emails: [] } : found;
        return { kind: "done", subject: { ...left, status: to }, revocation };
      },
    ),

    allowPasswordReset: manyRows(({ subject, by, now }: AllowReset): AllowedReset => {
      const target = find(by, subject);
      if (typeof target === "string") return { kind: target };
      const { actor, found } = target;
      // One's own is changed by the old one.
      if (found.kind !== "user" || found.id === actor.subject) return { kind: "wrong-state" };
      tell(actor, { at: now, kind: "password_reset_issued", organisation: found.organisation, subject });
      // The actor is somebody's session.
      return { kind: "done", subject: bearingOf(subject), issuer: bearingOf(actor.subject!) };
    }),
  };
}

const toldOfEnd = ({ sessions, apiTokens, upto }: Revocation): JournalDetail => ({
  sessions,
  api_tokens: apiTokens,
  upto,
});

/** What ended with somebody and with their applications, and by when it is known everywhere. */
const together = (own: Revocation, along: readonly Revocation[]): Revocation => ({
  upto: own.upto,
  sessions: along.reduce((sum, { sessions }) => sum + sessions, own.sessions),
  apiTokens: along.reduce((sum, { apiTokens }) => sum + apiTokens, own.apiTokens),
  accessUntil: along.reduce((last, { accessUntil }) => later(last, accessUntil), own.accessUntil),
});

type Changing = Pick<SubjectRecord, "displayName" | "roles" | "emails">;

/** As the directory tells them. */
const sortedAddresses = (emails: NewSubject["emails"]): readonly string[] =>
  [...emails].toSorted((a, b) => (a.canonical < b.canonical ? -1 : 1)).map(({ address }) => address);
const canonicalRoles = (roles: readonly Role[]): readonly Role[] => rolesFromText(rolesToText(roles));

/** What is different, for the journal. */
function changes(before: Changing, after: Changing): JournalDetail {
  const detail: Record<string, string | readonly string[]> = {};
  if (before.displayName !== after.displayName) detail["display_name"] = after.displayName;
  if (!sameRoles(before.roles, after.roles)) detail["roles"] = [...after.roles];
  if (before.emails.join("\n") !== after.emails.join("\n")) detail["emails"] = [...after.emails];
  return detail;
}

const sameRoles = (a: readonly Role[], b: readonly Role[]): boolean => rolesToText(a) === rolesToText(b);
