/** People for tests, made the way the server makes them. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import type { SubjectId } from "../../src/core/ids.ts";
import type { SubjectStatus } from "../../src/core/session.ts";
import { Secret } from "../../src/core/secret.ts";
import { createSubject, ensureOrganisation, type SubjectWish } from "../../src/engine/subjects.ts";
import type { Authority } from "../authority.ts";

export interface Person extends Partial<Pick<SubjectWish, "roles" | "emails" | "kind">> {
  readonly username: string;
  readonly status?: SubjectStatus;
  /** None: no sign-in by password. */
  readonly password?: string;
  readonly organisation?: string;
}

export async function add({ store, clock, hashing }: Authority, person: Person): Promise<SubjectId> {
  const deps = { store, clock, chance: randomBytes, passwords: hashing };
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
    status: status === "deleted" ? "active" : status,
    ...(password === undefined ? {} : { password: new Secret(password), unsafeSkipPasswordPolicy: true }),
  });
  assert.ok(made.ok, `${username} cannot be made`);
  const { id } = made.value;
  if (status === "deleted")
    await store.setSubjectStatus({ id, verb: "delete", by: { kind: "operator" }, now: clock.now() });
  return id;
}
