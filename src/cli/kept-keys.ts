/**
 * A server's public keys: asked for over the way that the user trusts, and kept for when the server is away. Where a token
 * says that its keys are is never looked at.
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";

import { NotUnderstood } from "../../packages/client/src/faults.ts";
import { withLock } from "../../packages/client/src/lock.ts";
import { preparePrivate, readPrivate } from "../../packages/client/src/private-file.ts";
import { BadKeySet, importKeySet, type KeySet } from "../../packages/verifier/src/keys.ts";
import type { Client } from "./client.ts";
import { Complaint } from "./complaint.ts";
import { refusal } from "./complaint-of.ts";
import { refusedBy } from "../../packages/client/src/doors/door.ts";
import type { Target } from "./target.ts";

export interface KeptKeys {
  readonly keys: KeySet;
  /** Seconds since the server gave them; 0 where it did so now. */
  readonly age: number;
}

const fileOf = ({ environment }: Client, server: string): string =>
  join(environment.folder, `keys.${createHash("sha256").update(server).digest("hex").slice(0, 16)}.json`);

async function read(set: unknown): Promise<KeySet> {
  try {
    return await importKeySet(set);
  } catch (cause) {
    if (cause instanceof BadKeySet) throw new NotUnderstood(`its keys are of no use: ${cause.message}`, { cause });
    throw cause;
  }
}

export async function askForKeys(client: Client, target: Target, server: string): Promise<KeptKeys> {
  const transport = await client.openTransport({ server, known: target.known });
  const answer = await transport({ method: "GET", url: new URL(`${server}/.well-known/jwks.json`) });
  if (answer.status !== 200) throw refusal(`${server} does not show its keys`, refusedBy(answer, {}));
  const keys = await read(answer.body);
  const file = fileOf(client, server);
  await withLock(file, client.lock, async () => preparePrivate(file).store(`${JSON.stringify(answer.body)}\n`));
  return { keys, age: 0 };
}

/** Those of the last time. */
export async function readKeptKeys(client: Client, server: string): Promise<KeptKeys> {
  const file = fileOf(client, server);
  const text = readPrivate(file, "to-writers");
  if (text === undefined) {
    throw new Complaint("notFound", `the keys of ${server} are not known here`, {
      code: "keys_unknown",
      remedy: "verify once without --offline: they are kept then",
    });
  }
  return { keys: await read(JSON.parse(text)), age: client.now() - statSync(file).mtimeMs / 1000 };
}
