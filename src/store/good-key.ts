/** A subject's good key, of which there is one at most: how it is found, and how it ends. */
import type { DatabaseSync } from "node:sqlite";

import type { Seconds } from "../core/units.ts";
import { prepare } from "./bind.ts";
import type { AuthKeyColumns } from "./rows.ts";

export function openGoodKey(db: DatabaseSync): (subject: Uint8Array) => AuthKeyColumns | undefined {
  const find = prepare<AuthKeyColumns>(
    db,
    "SELECT id, fingerprint, spki, bits, created_at FROM auth_key WHERE subject = ? AND ended_at IS NULL",
  );
  return (subject) => find.get(subject);
}

/** It signs nobody in any more. What the journal is told of it: nothing where there was none. */
export function openKeyEnd(db: DatabaseSync): (subject: Uint8Array, now: Seconds) => { readonly auth_keys?: number } {
  const end = prepare(db, "UPDATE auth_key SET ended_at = ? WHERE subject = ? AND ended_at IS NULL");
  return (subject, now) => {
    const ended = end.run(now, subject);
    return ended === 0 ? {} : { auth_keys: ended };
  };
}
