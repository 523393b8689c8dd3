/** Whose credentials the caller makes, sees and ends: its own, and those of applications that it looks after (decision 0023). */
import { authorityOf, mayManage, type Managed } from "../core/authority.ts";
import type { SubjectId } from "../core/ids.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import type { Principal } from "./introspect.ts";
import type { Store } from "./ports.ts";

/** As of the request; the store looks again in the step that changes something. */
export const manages = ({ holder, scopes }: Principal, target: Managed, verb: "read" | "write"): boolean =>
  mayManage({ subject: holder.subject, authority: { ...authorityOf(holder), scopes } }, target, verb);

/** Whose credentials are meant: the caller's own, or those of the application of this id. */
export type Whose = SubjectId | "own";

/** Of a credential's subject. */
export const whoseOf = ({ holder }: Principal, subject: SubjectId): Whose =>
  subject === holder.subject ? "own" : subject;

export interface ManageDeps {
  readonly store: Pick<Store, "findSubject">;
}

/** Refuses with `not_found` an application that is none of the caller's, or no application, as what never was. */
export async function managedSubject(
  { store }: ManageDeps,
  caller: Principal,
  of: Whose,
  verb: "read" | "write",
): Promise<Outcome<SubjectId>> {
  if (of === "own") return granted(caller.holder.subject);
  const found = await store.findSubject(of);
  return found?.kind === "application" && found.id !== caller.holder.subject && manages(caller, found, verb)
    ? granted(found.id)
    : refused("not_found");
}
