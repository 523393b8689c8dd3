/**
 * A session: one client's family of tokens, and the one row that says what they are worth. Its refresh token is a
 * function of this row, so nothing else about tokens is stored.
 */
import type { ClientId, OrganisationId, SessionId, SignInId, SubjectId } from "./ids.ts";
import type { OnRefresh } from "./policy.ts";
import type { Role } from "./scope.ts";
import type { Seconds } from "./units.ts";

export interface SessionRow {
  readonly id: SessionId;
  readonly subject: SubjectId;
  readonly client: ClientId;
  /** The sign-in at a browser or terminal that this session belongs to; null: the session stands alone. */
  readonly signIn: SignInId | null;
  readonly createdAt: Seconds;
  /** Number of the refresh token that is good now; the first is 1. */
  readonly seq: number;
  readonly rotatedAt: Seconds;
  /** Served time at the last rotation (see served-time.ts). */
  readonly rotatedServed: Seconds;
  /** End of the current refresh token; never after `absoluteEnd`. */
  readonly expiresAt: Seconds;
  readonly absoluteEnd: Seconds;
  readonly endedAt: Seconds | null;
  /** The instance counter as it was read together with the credential that opened the session. */
  readonly born: number;
  /** The instance's epoch at birth; 16 bytes. */
  readonly epoch: Uint8Array;
  /** The server's refresh key at birth, kept for life. */
  readonly kid: number;
  /** 16 random bytes that go into the MAC key of this session's refresh tokens. */
  readonly salt: Uint8Array;
  readonly accessLifetime: Seconds;
  readonly idleLifetime: Seconds;
  readonly onRefresh: OnRefresh;
  readonly retryWindow: Seconds;
  /** When the person last proved who they are (OpenID Connect Core section 2, `auth_time`). */
  readonly authTime: Seconds;
  /** How (RFC 8176), space-separated. */
  readonly amr: string;
}

/** The columns that a rotation changes; all others are a session's from birth, but for its end. */
export type SessionTurn = Pick<SessionRow, "seq" | "rotatedAt" | "rotatedServed" | "expiresAt">;

/** What a session is from birth to its end. It says nothing of whether the session is alive. */
export type SessionBasis = Omit<SessionRow, keyof SessionTurn | "endedAt">;

/** `locked` is set by an administrator and stops every path; failed passwords never set it. */
export type SubjectStatus = "active" | "disabled" | "locked" | "deleted";

/** What decides, of those that a session hangs on, whether it may live. */
export interface Standing {
  readonly status: SubjectStatus;
  readonly organisationActive: boolean;
  readonly clientActive: boolean;
  /** The highest `revoked_upto` of the subject, its organisation and the session's client. */
  readonly revokedUpto: number;
}

/** Who holds a session, as far as its tokens tell, as of now. */
export interface Holder {
  readonly subject: SubjectId;
  readonly kind: "user" | "application";
  readonly username: string;
  /** Of an application: those that its owner has too. */
  readonly roles: readonly Role[];
  readonly organisation: OrganisationId;
  /** Of an application, the user whose it is; null: its organisation's. A user has none. */
  readonly owner: SubjectId | null;
}

/** What the instance says of all sessions at once. */
export interface Instance {
  readonly epoch: Uint8Array;
  readonly counter: number;
}

/** What tokens are made of. */
export interface SessionView {
  readonly session: SessionRow;
  readonly holder: Holder;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Whether anything may be held at all. */
export const mayHold = ({ status, organisationActive, clientActive }: Omit<Standing, "revokedUpto">): boolean =>
  status === "active" && organisationActive && clientActive;

/**
 * Whether a session was born after every revocation that concerns it, in this epoch, of a holder who may hold.
 * It says nothing about `endedAt` and expiry, which the callers answer differently.
 */
export function isAlive(
  session: Pick<SessionRow, "born" | "epoch">,
  standing: Standing,
  instance: Pick<Instance, "epoch">,
): boolean {
  return mayHold(standing) && session.born > standing.revokedUpto && sameBytes(session.epoch, instance.epoch);
}
