/** Intents on organisations, subjects, clients and the instance itself, in SQL. */
import type { DatabaseSync } from "node:sqlite";

import { bytesFromId } from "../core/ids.ts";
import type { NewSubject, Store } from "../engine/ports.ts";
import { prepare } from "./bind.ts";
import { rolesToText } from "./rows.ts";
import { manyRows, oneRow } from "./step.ts";

type NewOrganisation = Parameters<Store["createOrganisation"]>[0];
type NewClients = Parameters<Store["registerClients"]>[0];
type NewEpoch = Parameters<Store["beginEpoch"]>[0];

export function subjectIntents(db: DatabaseSync) {
  // One organisation of each canonical name.
  const insertOrganisation = prepare(
    db,
    "INSERT INTO organisation (id, name, canonical, status, created_at) VALUES (?, ?, ?, 'active', ?) ON CONFLICT (canonical) DO NOTHING",
  );

  // One subject of each canonical name in its organisation.
  const insertSubject = prepare(
    db,
    `INSERT INTO subject (id, organisation, kind, username, canonical, display_name, roles, status, password, owner, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (organisation, canonical) DO NOTHING`,
  );

  // Addresses were verified before they come here.
  const insertEmail = prepare(
    db,
    "INSERT INTO subject_email (organisation, canonical, address, subject, verified_at) VALUES (?, ?, ?, ?, ?)",
  );

  // Whether an address signs somebody else in.
  const findEmail = prepare<{ subject: Uint8Array }>(
    db,
    "SELECT subject FROM subject_email WHERE organisation = ? AND canonical = ?",
  );

  // A client that exists keeps its status.
  const insertClient = prepare(
    db,
    "INSERT INTO client (id, status, created_at) VALUES (?, 'active', ?) ON CONFLICT (id) DO NOTHING",
  );

  // The line of a restore; the counter goes on, so nothing of before can be younger than it.
  const setEpoch = prepare(db, "UPDATE instance SET epoch = ?, counter = counter + 1 WHERE id = 1");

  return {
    createOrganisation: oneRow(({ id, name, canonical, now }: NewOrganisation): "created" | "taken" =>
      insertOrganisation.run(bytesFromId(id), name, canonical, now) === 1 ? "created" : "taken",
    ),

    createSubject: manyRows((intent: NewSubject): "created" | "taken" => {
      const { kind, username, canonical, displayName, status, passwordHash, emails, now } = intent;
      const id = bytesFromId(intent.id);
      const organisation = bytesFromId(intent.organisation);
      if (emails.some((email) => findEmail.get(organisation, email.canonical) !== undefined)) return "taken";
      const owner = intent.owner && bytesFromId(intent.owner);
      const roles = rolesToText(intent.roles);
      if (
        insertSubject.run(
          id,
          organisation,
          kind,
          username,
          canonical,
          displayName,
          roles,
          status,
          passwordHash,
          owner,
          now,
        ) === 0
      ) {
        return "taken";
      }
      for (const email of emails) insertEmail.run(organisation, email.canonical, email.address, id, now);
      return "created";
    }),

    registerClients: manyRows(({ ids, now }: NewClients): void => {
      for (const id of ids) insertClient.run(id, now);
    }),

    beginEpoch: oneRow(({ epoch }: NewEpoch): void => {
      setEpoch.run(epoch);
    }),
  };
}
