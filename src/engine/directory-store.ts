/** What the engine asks of the store about subjects and organisations. A part of the `Store` port. */
import type { OrganisationRecord, OrganisationSettings, Revocation, SubjectRecord } from "../core/directory.ts";
import type { OrganisationId, SubjectId } from "../core/ids.ts";
import type { Role } from "../core/scope.ts";
import type { SubjectStatus } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import type { By, Done, ListOf } from "./ports.ts";

export interface NewSubject {
  readonly id: SubjectId;
  readonly organisation: OrganisationId;
  readonly kind: "user" | "application";
  readonly username: string;
  readonly canonical: string;
  readonly displayName: string;
  readonly emails: readonly { readonly address: string; readonly canonical: string }[];
  readonly roles: readonly Role[];
  readonly status: SubjectStatus;
  readonly passwordHash: string | null;
  /** Of an application alone: the user whose it is to be, which whoever asks must be; null: its organisation's. */
  readonly owner: SubjectId | null;
  /** Applications of one owner. */
  readonly cap?: number | undefined;
  readonly by: By;
  readonly now: Seconds;
}

/** Members that are left out stay as they are. */
export interface ChangeSubject {
  readonly id: SubjectId;
  readonly displayName?: string | undefined;
  readonly emails?: NewSubject["emails"] | undefined;
  readonly roles?: readonly Role[] | undefined;
  readonly by: By;
  readonly now: Seconds;
}

/** What can be done to a subject's status. */
export type StatusVerb = "disable" | "enable" | "lock" | "unlock" | "delete";

export interface DirectoryStore {
  // Reads.
  readonly findSubject: (id: SubjectId) => Promise<SubjectRecord | undefined>;
  /** In the order of their birth, without the deleted ones; of every organisation when it is null. */
  readonly listSubjects: (
    of: { readonly organisation: OrganisationId | null; readonly canonical: string | undefined } & ListOf<SubjectId>,
  ) => Promise<readonly SubjectRecord[]>;
  /** Those of an owner, or of an organisation itself, in the order of their birth, without the deleted ones. */
  readonly listApplications: (
    of: ({ readonly owner: SubjectId } | { readonly organisation: OrganisationId }) & ListOf<SubjectId>,
  ) => Promise<readonly SubjectRecord[]>;
  readonly listOrganisations: (page: ListOf<OrganisationId>) => Promise<readonly OrganisationRecord[]>;
  readonly findOrganisationRecord: (id: OrganisationId) => Promise<OrganisationRecord | undefined>;

  // Intents.
  readonly createOrganisation: (intent: {
    readonly id: OrganisationId;
    readonly name: string;
    readonly canonical: string;
    readonly by: By;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly organisation: OrganisationRecord }>>;
  readonly changeOrganisation: (intent: {
    readonly id: OrganisationId;
    /** Undefined, and members that are left out: as it is. */
    readonly names: { readonly name: string; readonly canonical: string } | undefined;
    readonly settings: Partial<OrganisationSettings>;
    readonly by: By;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly organisation: OrganisationRecord }>>;
  /** All but `enable` end every session of its subjects. */
  readonly setOrganisationStatus: (intent: {
    readonly id: OrganisationId;
    readonly verb: "disable" | "enable" | "delete";
    readonly by: By;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly organisation: OrganisationRecord }>>;
  readonly createSubject: (intent: NewSubject) => Promise<Done<{ readonly subject: SubjectRecord }>>;
  readonly changeSubject: (intent: ChangeSubject) => Promise<Done<{ readonly subject: SubjectRecord }>>;
  /**
   * Disabling, locking and deleting end every session, and those of the subject's applications; undoing them brings none
   * back. Who is deleted takes the applications along.
   */
  readonly setSubjectStatus: (intent: {
    readonly id: SubjectId;
    readonly verb: StatusVerb;
    readonly by: By;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly subject: SubjectRecord; readonly revocation: Revocation | undefined }>>;
}
