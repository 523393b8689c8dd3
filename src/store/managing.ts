/** Who makes, changes and ends the credentials of a subject; looked up in the step that does it (decision 0023). */
import type { DatabaseSync } from "node:sqlite";

import { allows, mayManage } from "../core/authority.ts";
import type { SubjectRecord } from "../core/directory.ts";
import { bytesFromId, type SubjectId } from "../core/ids.ts";
import type { Scope } from "../core/scope.ts";
import type { By, NotDone } from "../engine/ports.ts";
import { openActing, type Actor } from "./acting.ts";
import { openDirectory } from "./directory.ts";

export interface Managing {
  readonly actor: Actor;
  readonly found: SubjectRecord;
}

/** `scope`: what one's own take; those of an application take `applications:write` (see `mayManage`). */
export function openManaging(db: DatabaseSync): (by: By, subject: SubjectId, scope: Scope) => Managing | NotDone {
  const acting = openActing(db);
  const directory = openDirectory(db);

  return (by, subject, scope) => {
    const actor = acting(by);
    if (actor === undefined) return "stale";
    const found = directory.subject(bytesFromId(subject));
    if (found === undefined || !mayManage(actor, found, "write")) return "absent";
    return actor.subject === subject && !allows(actor.authority, scope) ? "forbidden" : { actor, found };
  };
}
