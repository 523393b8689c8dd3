/** Who there is, as far as the caller's authority reaches: what it does not reach does not exist for it. */
import { authorityOf, reaches } from "../core/authority.ts";
import { canonicalUsername } from "../core/canonical.ts";
import { parseId, type OrganisationId, type SubjectId } from "../core/ids.ts";
import type { JournalEntry, JournalKind } from "../core/journal.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import { cursors, pageOf, type Page, type PageRequest } from "./cursor.ts";
import type { Principal } from "./introspect.ts";
import type { OrganisationRecord, SubjectRecord } from "../core/directory.ts";
import type { Store, Tokens } from "./ports.ts";

export interface DirectoryDeps {
  readonly store: Pick<
    Store,
    "findSubject" | "listSubjects" | "findOrganisationRecord" | "listOrganisations" | "readJournal"
  >;
  readonly tokens: Pick<Tokens, "macText">;
}

export async function findSubject(
  { store }: { readonly store: Pick<Store, "findSubject"> },
  { holder }: Principal,
  id: SubjectId,
): Promise<Outcome<SubjectRecord>> {
  const found = await store.findSubject(id);
  return found !== undefined && reaches(authorityOf(holder), found.organisation)
    ? granted(found)
    : refused("not_found");
}

/** The subjects of one organisation, or of all for whoever reaches them, oldest first; `username`: that one only. */
export async function listSubjects(
  deps: DirectoryDeps,
  { holder }: Principal,
  asked: PageRequest & { readonly organisation: OrganisationId | undefined; readonly username: string | undefined },
): Promise<Outcome<Page<SubjectRecord>>> {
  const authority = authorityOf(holder);
  const organisation = asked.organisation ?? authority.organisation;
  if (organisation !== null && !reaches(authority, organisation)) return refused("not_found");
  const canonical = asked.username === undefined ? undefined : canonicalUsername(asked.username);
  // What cannot be a name is nobody's.
  if (asked.username !== undefined && canonical === undefined) return granted({ items: [], nextCursor: null });
  const whose = `${holder.subject} ${organisation ?? "all"} ${canonical ?? ""}`;
  const places = cursors(deps, "subjects", whose, parseId<SubjectId>);
  const after = places.read(asked.cursor);
  if (!after.ok) return after;
  const page = { organisation, canonical, after: after.value, limit: asked.limit + 1 };
  return granted(pageOf(await deps.store.listSubjects(page), asked.limit, ({ id }) => id, places));
}

export async function findOrganisation(
  { store }: Pick<DirectoryDeps, "store">,
  { holder }: Principal,
  id: OrganisationId,
): Promise<Outcome<OrganisationRecord>> {
  const found = reaches(authorityOf(holder), id) ? await store.findOrganisationRecord(id) : undefined;
  return found === undefined ? refused("not_found") : granted(found);
}

export async function listOrganisations(
  deps: DirectoryDeps,
  caller: Principal,
  { limit, cursor }: PageRequest,
): Promise<Outcome<Page<OrganisationRecord>>> {
  const { organisation } = authorityOf(caller.holder);
  const places = cursors(deps, "organisations", caller.holder.subject, parseId<OrganisationId>);
  const after = places.read(cursor);
  if (!after.ok) return after;
  if (organisation !== null) {
    const own = await findOrganisation(deps, caller, organisation);
    return own.ok ? granted({ items: [own.value], nextCursor: null }) : own;
  }
  return granted(
    pageOf(await deps.store.listOrganisations({ after: after.value, limit: limit + 1 }), limit, ({ id }) => id, places),
  );
}

export interface JournalQuery extends PageRequest {
  readonly subject: SubjectId | undefined;
  readonly actor: SubjectId | undefined;
  readonly kind: JournalKind | undefined;
}

const wholeNumber = (text: string): number | undefined => (/^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined);

/** Newest first. A page may be short, even empty, and not be the last one: the cursor tells. */
export async function readJournal(
  deps: DirectoryDeps,
  { holder }: Principal,
  { limit, cursor, ...filter }: JournalQuery,
): Promise<Outcome<Page<JournalEntry>>> {
  const places = cursors(deps, "journal", holder.subject, wholeNumber);
  const before = places.read(cursor);
  if (!before.ok) return before;
  const { organisation } = authorityOf(holder);
  const { entries, next } = await deps.store.readJournal({ ...filter, organisation, before: before.value, limit });
  return granted({ items: entries, nextCursor: next === undefined ? null : places.write(next) });
}
