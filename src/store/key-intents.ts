/** Intents on keys, in SQL. Everything that comes here is sealed. */
import type { DatabaseSync } from "node:sqlite";

import type { SealedKeys } from "../engine/key-store.ts";
import { prepare } from "./bind.ts";
import { manyRows } from "./step.ts";

export function keyIntents(db: DatabaseSync) {
  const insertSigning = prepare(
    db,
    "INSERT INTO signing_key (kid, purpose, alg, published_at, active_at, sealed) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const insertRefresh = prepare(db, "INSERT INTO refresh_key (kid, created_at, sealed) VALUES (?, ?, ?)");
  const insertSecret = prepare(db, "INSERT INTO instance_secret (purpose, sealed) VALUES (?, ?)");

  return {
    addKeys: manyRows(({ signing, refresh, secrets }: SealedKeys): void => {
      for (const { kid, purpose, alg, publishedAt, activeAt, sealed } of signing)
        insertSigning.run(kid, purpose, alg, publishedAt, activeAt, sealed);
      for (const { kid, createdAt, sealed } of refresh) insertRefresh.run(kid, createdAt, sealed);
      for (const { purpose, sealed } of secrets) insertSecret.run(purpose, sealed);
    }),
  };
}
