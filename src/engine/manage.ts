/** Whose credentials the caller makes, sees and ends: its own, and those of applications that it looks after (decision 0023). */
import { authorityOf, mayManage, type Managed } from "../core/authority.ts";
import type { SubjectId } from "../core/ids.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import type { Principal } from "./introspect.ts";
import type { Store } from "./ports.ts";

/** As of the request; the store looks again in the step that changes something. */
export const manages = ({ holder, scopes }: Principal, target: Managed): boolean =>
  mayManage({ subject: holder.subject, authority: { ...authorityOf(holder), scopes } }, target);

export interface ManageDeps {
  readonly store: Pick<Store, "findSubject">;
}

/** Refuses with `not_found` what is none of the caller's, as what never was. */
export async function managedSubject(
  { store }: ManageDeps,
  caller: Principal,
  of: SubjectId | "own",
): Promise<Outcome<SubjectId>> {
  if (of === "own" || of === caller.holder.subject) return granted(caller.holder.subject);
  const found = await store.findSubject(of);
  return found !== undefined && manages(caller, found) ? granted(found.id) : refused("not_found");
}
