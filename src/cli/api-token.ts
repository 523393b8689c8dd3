/** What the commands about API tokens have in common: the door, which token is meant, and how one is told. */
import {
  apiTokenDoor,
  type ApiToken,
  type ApiTokenDoor,
  type MintedApiToken,
} from "../../packages/client/src/doors/native-api-token.ts";
import { applicationOf } from "./application.ts";
import type { Client } from "./client.ts";
import { refusal } from "./complaint-of.ts";
import { isId, theOnly, type Kind } from "./meant.ts";
import { instantText, iso } from "./span.ts";
import { usage } from "./usage.ts";

export async function openApiTokenDoor(client: Client): Promise<ApiTokenDoor> {
  const { target } = client;
  if (target.door !== "native")
    throw usage(`${target.server} speaks ${target.door}, which has no word for API tokens`, "jeton switch");
  return apiTokenDoor({ server: target.server, transport: await client.openTransport(target) });
}

/** Those that a flag lists, separated by spaces; undefined where it was left out. */
export function namesOf(flag: string, list: string | undefined): readonly string[] | undefined {
  const names = list?.split(/\s+/).filter((name) => name !== "");
  if (names?.length === 0) throw usage(`--${flag} has nothing in it`, `leave --${flag} out, or name something`);
  return names;
}

const kindOf = (application: string | undefined): Kind =>
  application === undefined
    ? { one: "API token of yours", several: "of your API tokens", list: "jeton token list" }
    : { one: "API token of the application's", several: "of its API tokens", list: "jeton token list --app NAME" };

export interface Meaning {
  readonly accessToken: string;
  /** An id, or a name. */
  readonly meant: string;
  /** The application whose tokens are looked through; one's own where it is left out. */
  readonly app: string | undefined;
  /** Of those that were rotated the heir is meant; else all that have the name count. */
  readonly heirOnly: boolean;
}

/** The id of the token that is meant; a name that several have is refused, with their ids. */
export async function findApiToken(
  client: Client,
  door: ApiTokenDoor,
  { accessToken, meant, app, heirOnly }: Meaning,
): Promise<string> {
  if (isId(meant)) return meant;
  const application = await applicationOf(client, accessToken, app);
  const all = await door.list(accessToken, application);
  if (!all.ok) throw refusal("cannot look for the API token", all);
  const named = all.value.filter(({ name }) => name === meant);
  const heirs = named.filter(({ replacedBy }) => replacedBy === null);
  return theOnly(heirOnly && heirs.length > 0 ? heirs : named, meant, kindOf(app));
}

export const apiTokenJson = (token: ApiToken): object => ({
  id: token.id,
  name: token.name,
  format: token.format,
  created_at: iso(token.createdAt),
  expires_at: token.expiresAt === null ? null : iso(token.expiresAt),
  scopes: token.scopes,
  audiences: token.audiences,
  networks: token.networks,
  requests_per_minute: token.requestsPerMinute,
  last_used_at: token.lastUsedAt === null ? null : iso(token.lastUsedAt),
  last_used_from: token.lastUsedFrom,
  replaced_by: token.replacedBy,
  current: token.current,
});

/** Prints the token and the end of the line; whatever else is to be said does not get into a variable. */
export function tellMinted({ voice, now }: Client, what: string, minted: MintedApiToken): void {
  const { id, expiresAt, token } = minted;
  voice.answer({ json: { ...apiTokenJson(minted), token }, text: `${token}\n` });
  voice.done(what);
  voice.note(`  Id     ${id}`);
  voice.note(`  Until  ${expiresAt === null ? "it is revoked" : instantText(expiresAt, now())}`);
  voice.note("It is not shown again.");
}
