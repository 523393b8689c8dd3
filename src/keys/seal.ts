/**
 * Keys at rest: AES-256-GCM under the master key (NIST SP 800-38D). What a sealed value is for goes in as associated
 * data, so that one cannot be put in another's place in the database.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";

import type { Chance } from "../engine/ports.ts";

/** 32 bytes that live beside the database, never in it and never in a backup. */
export type MasterKey = Uint8Array;

/** The value does not open: another master key, or somebody changed the database. */
export class SealBroken extends Error {
  readonly code = "SEAL_BROKEN";
}

const version = 1;
const nonceLength = 12;
const tagLength = 16;

/** version (1 byte), nonce (12), ciphertext, tag (16). */
export function seal(master: MasterKey, purpose: string, plain: Uint8Array, chance: Chance): Uint8Array {
  const nonce = chance(nonceLength);
  const cipher = createCipheriv("aes-256-gcm", master, nonce, { authTagLength: tagLength });
  cipher.setAAD(Buffer.from(purpose));
  return Buffer.concat([Buffer.of(version), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

export function unseal(master: MasterKey, purpose: string, sealed: Uint8Array): Uint8Array {
  const box = Buffer.from(sealed);
  if (box[0] !== version || box.length < 1 + nonceLength + tagLength)
    throw new SealBroken(`sealed ${purpose} is not of a known form`);
  const decipher = createDecipheriv("aes-256-gcm", master, box.subarray(1, 1 + nonceLength), {
    authTagLength: tagLength,
  });
  decipher.setAAD(Buffer.from(purpose));
  decipher.setAuthTag(box.subarray(-tagLength));
  try {
    return Buffer.concat([decipher.update(box.subarray(1 + nonceLength, -tagLength)), decipher.final()]);
  } catch (cause) {
    throw new SealBroken(`sealed ${purpose} does not open under this master key`, { cause });
  }
}
