/** Intents on organisations, clients and the instance itself, in SQL. */
import type { DatabaseSync } from "node:sqlite";

import { allows, reaches } from "../core/authority.ts";
import { bytesFromId } from "../core/ids.ts";
import type { OrganisationRecord, OrganisationStatus } from "../core/directory.ts";
import type { JournalDetail } from "../core/journal.ts";
import type { Done, NotDone, Store } from "../engine/ports.ts";
import { openActing, openTelling, type Actor } from "./acting.ts";
import { prepare } from "./bind.ts";
import { openDirectory } from "./directory.ts";
import { openLines } from "./revocation.ts";
import { manyRows } from "./step.ts";

type Intent<Name extends keyof Store> = Store[Name] extends (intent: infer Argument) => unknown ? Argument : never;
type Answer = Done<{ readonly organisation: OrganisationRecord }>;

const becomes = { disable: "disabled", enable: "active", delete: "deleted" } as const satisfies Record<
  string,
  OrganisationStatus
>;

export function organisationIntents(db: DatabaseSync) {
  const acting = openActing(db);
  const tell = openTelling(db);
  const directory = openDirectory(db);
  const lines = openLines(db);

  // One organisation of each canonical name, deleted ones aside.
  const insert = prepare(
    db,
    "INSERT INTO organisation (id, name, canonical, status, created_at) VALUES (?, ?, ?, 'active', ?) ON CONFLICT DO NOTHING",
  );

  // A new name, unless another has it.
  const rename = prepare(db, "UPDATE OR IGNORE organisation SET name = ?, canonical = ? WHERE id = ?");

  const settle = prepare(db, "UPDATE organisation SET longest_api_token = ?, signed_login = ? WHERE id = ?");

  const setStatus = prepare(db, "UPDATE organisation SET status = ? WHERE id = ?");

  // Whether an administrator of the instance is somewhere else than in this organisation.
  const administratorElsewhere = prepare<{ found: number }>(
    db,
    `SELECT 1 AS found FROM subject u JOIN organisation o ON o.id = u.organisation
     WHERE u.organisation <> ? AND u.kind = 'user' AND u.status = 'active' AND o.status = 'active'
       AND instr(' ' || u.roles || ' ', ' admin ') > 0 LIMIT 1`,
  );

  // Everybody in a deleted organisation is deleted with it.
  const stripSubjects = prepare(
    db,
    "UPDATE subject SET status = 'deleted', password = NULL, roles = '' WHERE organisation = ?",
  );
  const removeEmails = prepare(db, "DELETE FROM subject_email WHERE organisation = ?");
  const ofIts = "ended_at IS NULL AND subject IN (SELECT id FROM subject WHERE organisation = ?)";
  const endKeys = prepare(db, `UPDATE auth_key SET ended_at = ? WHERE ${ofIts}`);
  const endSecrets = prepare(db, `UPDATE client_secret SET ended_at = ? WHERE ${ofIts}`);

  // A client that exists keeps its status.
  const insertClient = prepare(
    db,
    "INSERT INTO client (id, status, created_at) VALUES (?, 'active', ?) ON CONFLICT (id) DO NOTHING",
  );

  // The line of a restore; the counter goes on, so nothing of before can be younger than it.
  const setEpoch = prepare(db, "UPDATE instance SET epoch = ?, counter = counter + 1 WHERE id = 1");

  /** The actor and the organisation, or why not. */
  function find(
    intent: Intent<"changeOrganisation"> | Intent<"setOrganisationStatus">,
  ): { readonly actor: Actor; readonly found: OrganisationRecord } | NotDone {
    const actor = acting(intent.by);
    if (actor === undefined) return "stale";
    const found = reaches(actor.authority, intent.id) ? directory.organisation(bytesFromId(intent.id)) : undefined;
    if (found === undefined) return "absent";
    return allows(actor.authority, "organisations:write") ? { actor, found } : "forbidden";
  }

  return {
    createOrganisation: manyRows(({ id, name, canonical, by, now }: Intent<"createOrganisation">): Answer => {
      const actor = acting(by);
      if (actor === undefined) return { kind: "stale" };
      if (!allows(actor.authority, "organisations:write")) return { kind: "forbidden" };
      if (insert.run(bytesFromId(id), name, canonical, now) === 0) return { kind: "taken" };
      tell(actor, { at: now, kind: "organisation_created", organisation: id, subject: null, detail: { name } });
      return { kind: "done", organisation: directory.organisation(bytesFromId(id))! };
    }),

    changeOrganisation: manyRows((intent: Intent<"changeOrganisation">): Answer => {
      const { id, names, settings, now } = intent;
      const target = find(intent);
      if (typeof target === "string") return { kind: target };
      const { actor, found } = target;
      const key = bytesFromId(id);
      if (names !== undefined && rename.run(names.name, names.canonical, key) === 0) return { kind: "taken" };
      const { longestApiToken, signedLogin } = { ...found, ...settings };
      settle.run(longestApiToken, signedLogin, key);
      const organisation = directory.organisation(key)!;
      const detail = changes(found, organisation);
      if (Object.keys(detail).length > 0)
        tell(actor, { at: now, kind: "organisation_changed", organisation: id, subject: null, detail });
      return { kind: "done", organisation };
    }),

    setOrganisationStatus: manyRows((intent: Intent<"setOrganisationStatus">): Answer => {
      const { id, verb, now } = intent;
      const target = find(intent);
      if (typeof target === "string") return { kind: target };
      const status = becomes[verb];
      // Done twice is done.
      if (target.found.status === status) return { kind: "done", organisation: target.found };
      const key = bytesFromId(id);
      if (verb !== "enable" && administratorElsewhere.get(key) === undefined) return { kind: "last-administrator" };
      setStatus.run(status, key);
      if (verb !== "enable") lines.ofOrganisation(key);
      if (verb === "delete") {
        endKeys.run(now, key);
        endSecrets.run(now, key);
        stripSubjects.run(key);
        removeEmails.run(key);
      }
      tell(target.actor, { at: now, kind: `organisation_${verb}d`, organisation: id, subject: null });
      return { kind: "done", organisation: { ...target.found, status } };
    }),

    registerClients: manyRows(({ ids, now }: Intent<"registerClients">): void => {
      for (const id of ids) insertClient.run(id, now);
    }),

    beginEpoch: manyRows(({ epoch, now }: Intent<"beginEpoch">): void => {
      setEpoch.run(epoch);
      const byOperator = acting({ kind: "operator" })!;
      tell(byOperator, { at: now, kind: "epoch_begun", organisation: null, subject: null });
    }),
  };
}

/** What is different, for the journal. */
function changes(before: OrganisationRecord, after: OrganisationRecord): JournalDetail {
  const { name, longestApiToken, signedLogin } = after;
  return {
    ...(before.name === name ? {} : { from: before.name, to: name }),
    ...(before.longestApiToken === longestApiToken ? {} : { longest_api_token: longestApiToken }),
    ...(before.signedLogin === signedLogin ? {} : { signed_login: signedLogin }),
  };
}
