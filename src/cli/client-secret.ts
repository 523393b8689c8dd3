/** What the commands of `jeton app secret` have in common: which secret is meant, and how one is told. */
import type { ApplicationDoor, ClientSecret } from "../../packages/client/src/doors/native-application.ts";
import { refusal } from "./complaint-of.ts";
import { isId, theOnly } from "./meant.ts";
import { iso } from "./span.ts";

/** The id of the secret that is meant, by its id or its name. */
export async function findClientSecret(
  door: ApplicationDoor,
  { accessToken, application, meant }: Readonly<Record<"accessToken" | "application" | "meant", string>>,
): Promise<string> {
  if (isId(meant)) return meant;
  const all = await door.listSecrets(accessToken, application);
  if (!all.ok) throw refusal("cannot look for the client secret", all);
  return theOnly(
    all.value.filter(({ name }) => name === meant),
    meant,
    { one: "client secret of the application's", several: "of its client secrets", list: "jeton app secret list NAME" },
  );
}

export const clientSecretJson = (secret: ClientSecret): object => ({
  id: secret.id,
  name: secret.name,
  created_at: iso(secret.createdAt),
  expires_at: secret.expiresAt === null ? null : iso(secret.expiresAt),
  last_used_at: secret.lastUsedAt === null ? null : iso(secret.lastUsedAt),
  last_used_from: secret.lastUsedFrom,
});
