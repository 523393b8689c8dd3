/** A subject's sessions, in pages. */
import { parseId, type SessionId, type SubjectId } from "../core/ids.ts";
import { granted, type Outcome } from "../core/result.ts";
import type { SessionRow } from "../core/session.ts";
import { cursors, pageOf, type Page, type PageRequest } from "./cursor.ts";
import type { Principal } from "./introspect.ts";
import type { Clock, Store, Tokens } from "./ports.ts";
import { findSubject } from "./directory.ts";

export interface SessionsDeps {
  readonly store: Pick<Store, "listSessions" | "findSubject">;
  readonly tokens: Pick<Tokens, "macText">;
  readonly clock: Clock;
}

/**
 * Newest first: the caller's own, or those of a subject within the caller's reach. Refuses with `not_found`, and with
 * `invalid_request` for a cursor that this list did not give to this caller.
 */
export async function listSessions(
  deps: SessionsDeps,
  caller: Principal,
  of: SubjectId | "own",
  { limit, cursor }: PageRequest,
): Promise<Outcome<Page<SessionRow>>> {
  const subject = of === "own" ? caller.holder.subject : of;
  if (of !== "own") {
    const found = await findSubject(deps, caller, of);
    if (!found.ok) return found;
  }
  const places = cursors(deps, "sessions", subject, parseId<SessionId>);
  const before = places.read(cursor);
  if (!before.ok) return before;
  const rows = await deps.store.listSessions(subject, {
    before: before.value,
    limit: limit + 1,
    now: deps.clock.now(),
  });
  return granted(pageOf(rows, limit, ({ id }) => id, places));
}
