/**
 * On whose behalf an intent runs, looked up in the step that carries it out: an administrator who was disabled or
 * demoted a moment ago does nothing any more, whatever the door had seen.
 */
import type { DatabaseSync } from "node:sqlite";

import { apiTokenScopes } from "../core/api-token.ts";
import { authorityOf, operator, type Authority } from "../core/authority.ts";
import { bytesFromId, type ApiTokenId, type ClientId, type SessionId, type SubjectId } from "../core/ids.ts";
import type { JournalEvent } from "../core/journal.ts";
import type { Holder } from "../core/session.ts";
import type { Leak } from "../engine/api-token-store.ts";
import type { By } from "../engine/ports.ts";
import { openApiTokens } from "./api-token-view.ts";
import { openJournal } from "./journal.ts";
import { openNoticeQueue } from "./notice-queue.ts";
import { openDecisive, openView } from "./view.ts";

export interface Actor {
  readonly authority: Authority;
  /** Null: the operator. */
  readonly subject: SubjectId | null;
  readonly told: Pick<JournalEvent, "actor" | "address" | "request">;
  /** What it acts by, where that is no session. */
  readonly apiToken?: ApiTokenId;
}

const nobody: Pick<JournalEvent, "actor" | "address" | "request"> = { actor: null, address: null, request: null };

/** Undefined: the session or the token that asked is over. */
export function openActing(db: DatabaseSync): (by: By) => Actor | undefined {
  const decisive = openDecisive(db);
  const view = openView(db);
  const tokens = openApiTokens(db);
  const as = (
    holder: Holder,
    { address, requestId }: Extract<By, { kind: "session" }>["from"],
    authority: Authority,
  ): Actor => ({
    authority,
    subject: holder.subject,
    told: { actor: holder.subject, address, request: requestId },
  });
  return (by) => {
    if (by.kind === "operator") return { authority: operator, subject: null, told: nobody };
    if (by.kind === "api-token") {
      const found = tokens.find(bytesFromId(by.token));
      if (found?.alive !== true) return undefined;
      const { token, holder } = found;
      // It reaches as far as its owner, and does there what it may itself.
      const scopes = apiTokenScopes(token, holder.roles);
      return { ...as(holder, by.from, { ...authorityOf(holder), scopes }), apiToken: by.token };
    }
    const found = decisive(by.session);
    if (found === undefined || !found.alive || found.row.endedAt !== null) return undefined;
    const { holder } = view(bytesFromId(by.session))!;
    return as(holder, by.from, authorityOf(holder));
  };
}

interface About extends Pick<JournalEvent, "at" | "kind" | "organisation" | "subject"> {
  readonly session?: SessionId;
  readonly client?: ClientId;
  readonly detail?: JournalEvent["detail"];
}

/** Tells the journal what `actor` did, and queues a notice where whoever it was done to has to hear of it. */
export function openTelling(db: DatabaseSync): (actor: Pick<Actor, "told" | "apiToken">, about: About) => void {
  const append = openJournal(db);
  const notices = openNoticeQueue(db);
  return ({ told, apiToken }, { at, kind, organisation, subject, session = null, client = null, detail: of = {} }) => {
    const detail = apiToken === undefined ? of : { ...of, by_api_token: apiToken };
    const event = { at, kind, organisation, subject, session, client, detail, ...told };
    append(event);
    notices.ofEvent(event);
  };
}

/** Somebody who proved who they are by what they sent, and not by a session. */
export const byThemselves = (
  subject: SubjectId | null,
  { address, requestId }: { readonly address: string; readonly requestId: string },
): Pick<Actor, "told"> => ({ told: { actor: subject, address, request: requestId } });

/** Where a token was found, for whoever has to clean up there. */
export const leakDetail = ({ foundAt }: Leak): JournalEvent["detail"] =>
  foundAt === undefined ? {} : { found_at: foundAt };
