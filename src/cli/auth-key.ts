/** What the commands of `jeton key` have in common: the door, and how a key is told. */
import { authKeyDoor, type AuthKey, type AuthKeyDoor } from "../../packages/client/src/doors/native-key.ts";
import type { Client } from "./client.ts";
import { instantText, iso } from "./span.ts";
import { usage } from "./usage.ts";

export async function openAuthKeyDoor(client: Client): Promise<AuthKeyDoor> {
  const { target } = client;
  if (target.door !== "native")
    throw usage(`${target.server} speaks ${target.door}, which has no word for keys`, "jeton switch");
  return authKeyDoor({ server: target.server, transport: await client.openTransport(target) });
}

export const keyText = ({ fingerprint, type, bits, createdAt }: AuthKey, now: number): string =>
  `${bits} ${fingerprint} (${type}), set ${instantText(createdAt, now)}\n`;

export const keyJson = ({ fingerprint, type, bits, createdAt }: AuthKey): object => ({
  fingerprint,
  type,
  bits,
  created_at: iso(createdAt),
});
