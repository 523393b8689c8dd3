/** A subject's own sessions, in pages. */
import { parseId, type SessionId } from "../core/ids.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import type { SessionRow } from "../core/session.ts";
import type { Principal } from "./introspect.ts";
import type { Clock, Store, Tokens } from "./ports.ts";

export interface SessionsDeps {
  readonly store: Pick<Store, "listSessions">;
  readonly tokens: Pick<Tokens, "macText">;
  readonly clock: Clock;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; bound to its caller, so a made-up one is refused. Null: there is no more. */
  readonly nextCursor: string | null;
}

export interface PageRequest {
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Newest first. Refuses with `invalid_request` for a cursor that this list did not give to this caller. */
export async function ownSessions(
  deps: SessionsDeps,
  caller: Principal,
  page: PageRequest,
): Promise<Outcome<Page<SessionRow>>> {
  const { subject } = caller.holder;
  const sign = (id: SessionId): string => deps.tokens.macText("cursor sessions", `${subject} ${id}`);
  const before = page.cursor === undefined ? undefined : readCursor(page.cursor, sign);
  if (page.cursor !== undefined && before === undefined)
    return refused("invalid_request", "The cursor is not one of this list.");
  const rows = await deps.store.listSessions(subject, { before, limit: page.limit + 1, now: deps.clock.now() });
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  return granted({
    items,
    nextCursor: rows.length > items.length && last !== undefined ? `${last.id}.${sign(last.id)}` : null,
  });
}

function readCursor(cursor: string, sign: (id: SessionId) => string): SessionId | undefined {
  const at = cursor.indexOf(".");
  const id = parseId<SessionId>(cursor.slice(0, Math.max(at, 0)));
  // A cursor opens nothing that its caller could not list anyway; equality is enough.
  return id !== undefined && cursor.slice(at + 1) === sign(id) ? id : undefined;
}
