/** The first administrator of a new instance: the one account that nobody signs in to make. */
import type { Outcome } from "../core/result.ts";
import type { Secret } from "../core/secret.ts";
import type { SubjectRecord } from "../core/directory.ts";
import { createSubject, ensureOrganisation } from "../engine/subjects.ts";
import { passwords } from "../identity/passwords.ts";
import { rootOrganisation } from "../core/root.ts";
import type { Instance } from "./instance.ts";
import { systemChance, systemClock } from "./system.ts";

/** Somebody administers this instance already. */
export class AlreadySetUp extends Error {
  readonly code = "ALREADY_SET_UP";
}

/** Refuses with `invalid_request` for a name or a password that is not acceptable. */
export async function makeFirstAdministrator(
  { store }: Instance,
  username: string,
  password: Secret,
): Promise<Outcome<SubjectRecord>> {
  if (await store.hasAdministrator()) throw new AlreadySetUp("already set up");
  const deps = { store, passwords: passwords(systemChance), clock: systemClock, chance: systemChance };
  const organisation = await ensureOrganisation(deps, rootOrganisation);
  if (!organisation.ok) return organisation;
  return createSubject(deps, {
    organisation: organisation.value,
    kind: "user",
    username,
    displayName: username,
    roles: ["admin"],
    password,
  });
}
