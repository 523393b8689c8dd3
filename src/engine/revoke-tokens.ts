/**
 * Revocation of everything that somebody holds: all sessions, whichever door opened them. One's own, or those of a
 * subject whom one administers.
 */
import { granted, refused, type Outcome } from "../core/result.ts";
import type { SubjectId } from "../core/ids.ts";
import type { SessionPolicy } from "../core/policy.ts";
import type { SessionRow } from "../core/session.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import { refusalOf } from "./done.ts";
import { on, sessionOf, type Principal } from "./introspect.ts";
import { issuePair, type IssueDeps, type TokenPair } from "./issue.ts";
import { opening, type OpeningDeps } from "./opening.ts";
import type { Revocation } from "../core/directory.ts";
import type { Store } from "./ports.ts";

export interface RevokeTokensDeps extends IssueDeps, Omit<OpeningDeps, "tokens"> {
  readonly store: Pick<Store, "revokeTokens">;
}

export interface RevokeTokens {
  readonly caller: Principal;
  /** Undefined: the caller itself. */
  readonly subject: SubjectId | undefined;
  /** Opens a new session for the caller in the same step; for one's own tokens only. */
  readonly keepCurrent: boolean;
  readonly door: ClientProfile;
  readonly from: Circumstances;
}

export interface RevokedTokens {
  readonly subject: SubjectId;
  readonly revocation: Revocation;
  /** The session that was kept, as a new one. */
  readonly kept: TokenPair | undefined;
}

const policyOf = (session: SessionRow, { absolute, sessionCap }: SessionPolicy): SessionPolicy => ({
  access: session.accessLifetime,
  idle: session.idleLifetime,
  absolute,
  onRefresh: session.onRefresh,
  retryWindow: session.retryWindow,
  sessionCap,
});

/** Refuses with `invalid_request`, `not_found`, `forbidden` or, when the caller's own session is over, `invalid_token`. */
export async function revokeTokens(deps: RevokeTokensDeps, asked: RevokeTokens): Promise<Outcome<RevokedTokens>> {
  const { caller, door, from } = asked;
  const { holder } = caller;
  const session = asked.keepCurrent ? sessionOf(caller) : undefined;
  const subject = asked.subject ?? holder.subject;
  if (asked.keepCurrent && subject !== holder.subject)
    return refused("invalid_request", "Only one's own session can be kept.");
  // Kept is what there is: its client, its policy and its end. A token of another door becomes none of this one.
  if (asked.keepCurrent && session === undefined)
    return refused("invalid_request", "An API token is no session that could be kept.");
  if (session !== undefined && session.client !== door.client)
    return refused("invalid_request", "The session was opened at another door. Sign in here to keep one.");
  const now = deps.clock.now();
  const done = await deps.store.revokeTokens({
    subject,
    // Its birth is set above the line in the step itself; the person proved no more than they had.
    open:
      session === undefined
        ? undefined
        : {
            ...opening(deps, {
              subject,
              authTime: session.authTime,
              amr: session.amr,
              door: { ...door, policy: policyOf(session, door.policy) },
              from,
              instance: { counter: session.born, epoch: session.epoch },
              now,
            }),
            endsBy: session.absoluteEnd,
          },
    by: on(caller, from),
    now,
  });
  if (done.kind !== "done") return refusalOf(done.kind);
  const { revocation, opened } = done;
  if (opened === undefined) return granted({ subject, revocation, kept: undefined });
  const kept = issuePair(deps, opened, door, now);
  return kept.ok ? granted({ subject, revocation, kept: kept.value }) : kept;
}
