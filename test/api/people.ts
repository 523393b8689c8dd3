/** People for tests, made the way the server makes them. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import type { SubjectId } from "../../src/core/ids.ts";
import { Secret } from "../../src/core/secret.ts";
import { createSubject, ensureOrganisation, type SubjectWish } from "../../src/engine/subjects.ts";
import { passwords } from "../../src/identity/passwords.ts";
import type { Authority } from "../authority.ts";

export interface Person extends Partial<Pick<SubjectWish, "status" | "roles" | "emails" | "kind">> {
  readonly username: string;
  /** None: no sign-in by password. */
  readonly password?: string;
  readonly organisation?: string;
}

export async function add({ store, clock }: Authority, person: Person): Promise<SubjectId> {
  const deps = { store, clock, chance: randomBytes, passwords: passwords(randomBytes) };
  const organisation = await ensureOrganisation(deps, person.organisation ?? "Root");
  assert.ok(organisation.ok);
  const { username, password, kind = "user", roles = ["member"], emails = [], status = "active" } = person;
  const made = await createSubject(deps, {
    organisation: organisation.value,
    kind,
    username,
    displayName: username,
    roles,
    emails,
    status,
    ...(password === undefined ? {} : { password: new Secret(password), unsafeSkipPasswordPolicy: true }),
  });
  assert.ok(made.ok, `${username} cannot be made`);
  return made.value;
}
