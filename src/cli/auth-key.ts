/** What the commands of `jeton key` have in common: the door, public keys in files, which key is meant, how one is told. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";

import { authKeyDoor, type AuthKey, type AuthKeyDoor } from "../../packages/client/src/doors/native-key.ts";
import { applicationOf } from "./application.ts";
import type { Client } from "./client.ts";
import { Complaint } from "./complaint.ts";
import { refusal } from "./complaint-of.ts";
import { isId, theOnly } from "./meant.ts";
import { instantText, iso } from "./span.ts";
import { usage } from "./usage.ts";

/** `app`: the application whose keys are meant; one's own where it is left out. */
export async function openAuthKeyDoor(
  client: Client,
  accessToken: string,
  app: string | undefined,
): Promise<AuthKeyDoor> {
  const { target } = client;
  if (target.door !== "native")
    throw usage(`${target.server} speaks ${target.door}, which has no word for keys`, "jeton switch");
  const application = await applicationOf(client, accessToken, app);
  return authKeyDoor({ server: target.server, transport: await client.openTransport(target) }, application);
}

export function readFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Complaint("usage", `${file} cannot be read`, { code: "usage", why }, { cause });
  }
}

export function readPublicKey(file: string): string {
  const text = readFile(file).toString("utf8");
  // The server would refuse it too, and would have seen it.
  if (/PRIVATE KEY|"d"\s*:/.test(text)) {
    const line = text.includes("BEGIN OPENSSH")
      ? `ssh-keygen -y -f ${file} >${file}.pub`
      : `openssl pkey -in ${file} -pubout -out ${file}.pub`;
    throw new Complaint("usage", `${file} is a private key: it must not leave this machine, and nothing was sent`, {
      code: "private_key",
      remedy: `${line}; jeton key add ${file}.pub`,
    });
  }
  return text.trim();
}

/** What a name may not have in it, and what a line of a file may not either. */
export const oneLine = (text: string): string =>
  text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .trim()
    .slice(0, 100);

/** The comment of a line as in `id_ed25519.pub`, or else what the file is called. */
export function usualName(file: string, publicKey: string): string {
  const [, comment = ""] = /^(?:ssh|ecdsa)-\S+ \S+ ([^\n]+)$/.exec(publicKey) ?? [];
  return oneLine(comment) || oneLine(basename(file, ".pub")) || "key";
}

export interface KeyMeaning {
  readonly accessToken: string;
  /** An id, a fingerprint or a name. */
  readonly meant: string;
}

/** The id of the key that is meant; a name that several have is refused, with their ids. */
export async function findAuthKey(door: AuthKeyDoor, { accessToken, meant }: KeyMeaning): Promise<string> {
  if (isId(meant)) return meant;
  const all = await door.list(accessToken);
  if (!all.ok) throw refusal("cannot look for the key", all);
  const found = all.value.filter(({ name, fingerprint }) => name === meant || fingerprint === meant);
  return theOnly(found, meant, { one: "key", several: "of these keys", list: "jeton key list" });
}

/** RSA alone comes in sizes. */
export const sortOf = ({ type, bits }: AuthKey): string => (type === "RSA" ? `RSA ${bits}` : type);

export const keyText = (key: AuthKey, now: number): string =>
  `${key.fingerprint} ${key.name} (${sortOf(key)}), ${key.expiresAt === null ? "without an end" : `until ${instantText(key.expiresAt, now)}`}\n`;

export const keyJson = (key: AuthKey): object => ({
  id: key.id,
  name: key.name,
  fingerprint: key.fingerprint,
  type: key.type,
  bits: key.bits,
  created_at: iso(key.createdAt),
  expires_at: key.expiresAt === null ? null : iso(key.expiresAt),
  last_used_at: key.lastUsedAt === null ? null : iso(key.lastUsedAt),
  last_used_from: key.lastUsedFrom,
  own_messages: key.ownMessages,
});
