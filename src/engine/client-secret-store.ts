/** What the engine asks of the store about client secrets. A part of the `Store` port. */
import type { ClientSecretRecord } from "../core/client-secret.ts";
import type { ClientSecretId, SubjectId } from "../core/ids.ts";
import type { SessionView } from "../core/session.ts";
import type { Seconds } from "../core/units.ts";
import type { Leak } from "./api-token-store.ts";
import type { AskerOptions, By, Credential, Done, OpenSession } from "./ports.ts";

/** An application with one of its secrets, and the counter as it was read in the same step. */
export interface SecretCredential extends Credential {
  /** SHA-256 of the secret. */
  readonly secretHash: Uint8Array;
  readonly expiresAt: Seconds | null;
}

type BySession = Extract<By, { readonly kind: "session" }>;

export interface ClientSecretStore {
  /** Of a secret that has not ended; whether it has expired is the caller's to see. */
  readonly findSecretCredential: (id: ClientSecretId) => Promise<SecretCredential | undefined>;
  /** The good ones, newest first. */
  readonly listClientSecrets: (subject: SubjectId, now: Seconds) => Promise<readonly ClientSecretRecord[]>;
  /** `wrong-state`: the subject is no application. `too-many`: `most` are good already. */
  readonly addClientSecret: (intent: {
    readonly id: ClientSecretId;
    readonly subject: SubjectId;
    readonly name: string;
    readonly secretHash: Uint8Array;
    readonly expiresAt: Seconds | null;
    readonly most: number;
    readonly by: BySession;
    readonly now: Seconds;
  }) => Promise<Done<{ readonly secret: ClientSecretRecord }>>;
  /** Ends the sessions that it opened, too. */
  readonly endClientSecret: (intent: {
    readonly id: ClientSecretId;
    readonly subject: SubjectId;
    readonly by: By;
    readonly now: Seconds;
  }) => Promise<Done<object>>;
  /** The same for one that somebody found; false: it was over. */
  readonly endLeakedClientSecret: (intent: {
    readonly id: ClientSecretId;
    readonly leak: Leak;
    readonly now: Seconds;
  }) => Promise<boolean>;
  /** Undefined as for `openSession`, and when the secret is over. */
  readonly openBySecret: (
    intent: { readonly open: OpenSession; readonly secret: ClientSecretId },
    options?: AskerOptions,
  ) => Promise<SessionView | undefined>;
  /** Removes up to `limit` that have been over for long; how many. */
  readonly sweepClientSecrets: (intent: { readonly limit: number; readonly now: Seconds }) => Promise<number>;
}
