/** Client secrets: what an application signs in with where it has no key. Made here, never chosen; shown once. */
import type { ClientSecretId, SubjectId } from "./ids.ts";
import type { Seconds } from "./units.ts";

/** What is told of one, which is never the secret. */
export interface ClientSecretRecord {
  readonly id: ClientSecretId;
  readonly subject: SubjectId;
  readonly name: string;
  readonly createdAt: Seconds;
  /** Null: it has no end. */
  readonly expiresAt: Seconds | null;
  readonly lastUsedAt: Seconds | null;
  readonly lastUsedFrom: string | null;
}

/** So many are good at a time: the one that is in use, and the one that takes its place. */
export const secretsAtOnce = 2;
