/** The people of the demonstration. Their password is in the README, so they exist in throw-away data only. */
import type { OrganisationId } from "../core/ids.ts";
import { rootOrganisation } from "../core/root.ts";
import type { Outcome } from "../core/result.ts";
import { Secret } from "../core/secret.ts";
import type { Passwords } from "../engine/ports.ts";
import { createSubject, ensureOrganisation, type SubjectsDeps, type SubjectWish } from "../engine/subjects.ts";

export const demoPassword = "correct horse battery staple";

const wishes = (organisation: OrganisationId): readonly SubjectWish[] => {
  const person = {
    organisation,
    kind: "user",
    password: new Secret(demoPassword),
    unsafeSkipPasswordPolicy: true,
  } as const;
  return [
    { ...person, username: "ada", displayName: "Ada", emails: ["ada@example.com"], roles: ["admin"] },
    { ...person, username: "bob", displayName: "Bob", emails: ["bob@example.com"], roles: ["member"] },
    {
      ...person,
      username: "eve",
      displayName: "Eve",
      emails: ["eve@example.com"],
      roles: ["member"],
      status: "disabled",
    },
  ];
};

function need<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`the demonstration cannot be set up: ${outcome.code} ${outcome.detail ?? ""}`);
}

/** All of them have one password and one hash of it; it can be begun before there is a store to put it in. */
export async function hashDemoPassword({ hash }: Pick<Passwords, "hash">): Promise<string> {
  const made = await hash(new Secret(demoPassword));
  if (made === undefined) throw new Error("nobody else hashes yet");
  return made;
}

/** People of the organisation that every demonstration has. */
export async function furnishPeople(
  deps: SubjectsDeps,
  people: readonly Pick<SubjectWish, "username" | "displayName" | "emails" | "password">[],
): Promise<void> {
  const organisation = need(await ensureOrganisation(deps, rootOrganisation));
  const common = { organisation, kind: "user", roles: ["member"], unsafeSkipPasswordPolicy: true } as const;
  await Promise.all(people.map(async (person) => need(await createSubject(deps, { ...common, ...person }))));
}

export async function furnishDemo(world: Omit<SubjectsDeps, "passwords">, hash: Promise<string>): Promise<void> {
  const deps: SubjectsDeps = { ...world, passwords: { hash: () => hash } };
  const organisation = need(await ensureOrganisation(deps, rootOrganisation));
  const [, bob] = await Promise.all(wishes(organisation).map(async (wish) => need(await createSubject(deps, wish))));
  need(
    await createSubject(deps, {
      organisation,
      kind: "application",
      username: "harvester",
      displayName: "Harvester",
      roles: ["member"],
      owner: bob!.id,
    }),
  );
}
