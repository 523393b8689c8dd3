/** What the commands about applications have in common: the door, which application is meant, and how one is told. */
import {
  applicationDoor,
  type Application,
  type ApplicationDoor,
} from "../../packages/client/src/doors/native-application.ts";
import type { Client } from "./client.ts";
import { refusal } from "./complaint-of.ts";
import { instantText, iso } from "./span.ts";
import { isId, theOnly } from "./meant.ts";
import { usage } from "./usage.ts";

/** For the commands about credentials, which an application may have too. */
export const applicationFlag = {
  app: { takes: "NAME", about: "of an application that you look after; NAME: or its id" },
} as const;

export async function openApplicationDoor(client: Client): Promise<ApplicationDoor> {
  const { target } = client;
  if (target.door !== "native")
    throw usage(`${target.server} speaks ${target.door}, which has no word for applications`, "jeton switch");
  return applicationDoor({ server: target.server, transport: await client.openTransport(target) });
}

/** As the server compares names. */
const folded = (name: string): string => name.normalize("NFKC").toLowerCase();

const kind = {
  one: "application that you look after",
  several: "of your applications",
  list: "jeton app list",
} as const;

/** The id of the application that is meant: one's own, or else one of the organisation's. */
export async function findApplication(door: ApplicationDoor, accessToken: string, meant: string): Promise<string> {
  if (isId(meant)) return meant;
  const own = await door.list(accessToken, "me");
  if (!own.ok) throw refusal("cannot look for the application", own);
  const named = own.value.filter(({ name }) => folded(name) === folded(meant));
  if (named.length > 0) return theOnly(named, meant, kind);
  const others = await door.list(accessToken, "organisation");
  // Those are for administrators.
  if (!others.ok && others.code !== "forbidden") throw refusal("cannot look for the application", others);
  const found = others.ok ? others.value.filter(({ name }) => folded(name) === folded(meant)) : [];
  return theOnly(found, meant, kind);
}

/** The id of the application that a flag names, if it names one. */
export const applicationOf = async (
  client: Client,
  accessToken: string,
  name: string | undefined,
): Promise<string | undefined> =>
  name === undefined ? undefined : findApplication(await openApplicationDoor(client), accessToken, name);

export const applicationJson = (application: Application): object => ({
  id: application.id,
  name: application.name,
  display_name: application.displayName,
  owner_id: application.ownerId,
  roles: application.roles,
  status: application.status,
  created_at: iso(application.createdAt),
});

export function applicationText(application: Application, now: number): string {
  const facts: readonly (readonly [string, string])[] = [
    ["Id", application.id],
    ["Display name", application.displayName],
    ["Roles", application.roles.join(" ") || "none"],
    ["Owner", application.ownerId ?? "the organisation"],
    ["Status", application.status],
    ["Made", instantText(application.createdAt, now)],
  ];
  return [application.name, ...facts.map(([label, fact]) => `  ${label.padEnd(12)}  ${fact}`)]
    .map((line) => `${line}\n`)
    .join("");
}
