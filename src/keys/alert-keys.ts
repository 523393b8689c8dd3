/**
 * The keys of a secret scanner that tells of leaked tokens, and its signatures: GitHub's secret scanning partner program
 * signs the body of its alerts by ECDSA with P-256 and SHA-256, in DER and base64. The keys come from a file, in the form
 * in which GitHub publishes them: what goes out and fetches keys can be sent to the wrong place.
 */
import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";

import { parseJsonText } from "../core/json-text.ts";
import { importPublicJwk } from "./import.ts";

/** The file is the operator's to mend. */
export class AlertKeysUnusable extends Error {
  readonly code = "ALERT_KEYS_UNUSABLE";
}

export interface AlertKeys {
  /** Whether `signature` is that of the key `identifier` over these very bytes. */
  readonly verify: (identifier: string | null, signature: string | null, body: Uint8Array) => boolean;
  /** SHA-256 in hexadecimal digits: how an answer names a token without repeating it. */
  readonly digest: (token: string) => string;
}

const longestSignature = 128;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Undefined: no public key on P-256. */
function readKey(pem: string): KeyObject | undefined {
  // A runtime would make a public key of it.
  if (pem.includes("PRIVATE")) return undefined;
  try {
    const imported = importPublicJwk({ ...createPublicKey(pem).export({ format: "jwk" }) });
    return imported.ok && imported.alg === "ES256" ? imported.publicKey : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `{"public_keys": [{"key_identifier", "key"}, ...]}`; other members are passed over. */
function keysIn(text: string, file: string): ReadonlyMap<string, KeyObject> {
  const unusable = (why: string): AlertKeysUnusable =>
    new AlertKeysUnusable(
      `the keys of the secret scanner, ${file}, ${why}. Do: put there what the scanner publishes, {"public_keys": [...]}`,
    );
  const parsed = parseJsonText(text);
  const list: unknown = parsed.ok && isRecord(parsed.value) ? parsed.value["public_keys"] : undefined;
  if (!Array.isArray(list) || list.length === 0) throw unusable("are not in the form that they are published in");
  return new Map(
    list.map((entry: unknown): [string, KeyObject] => {
      const { key_identifier: identifier, key } = isRecord(entry) ? entry : {};
      const publicKey = typeof key === "string" ? readKey(key) : undefined;
      if (typeof identifier !== "string" || identifier === "" || publicKey === undefined)
        throw unusable("have one that is no public key on P-256");
      return [identifier, publicKey];
    }),
  );
}

/** Throws `AlertKeysUnusable`. */
export function readAlertKeys(file: string): AlertKeys {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new AlertKeysUnusable(
      `the keys of the secret scanner, ${file}, cannot be read: ${cause instanceof Error ? cause.message : String(cause)}. Do: make it a file that the server's user can read`,
      { cause },
    );
  }
  const keys = keysIn(text, file);
  return {
    verify: (identifier, signature, body) => {
      const key = identifier === null ? undefined : keys.get(identifier);
      if (key === undefined || signature === null) return false;
      if (signature.length > longestSignature || !base64.test(signature)) return false;
      return verify("sha256", body, key, Buffer.from(signature, "base64"));
    },
    digest: (token) => createHash("sha256").update(token).digest("hex"),
  };
}
