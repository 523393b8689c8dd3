/**
 * Refresh (RFC 6749 section 6, RFC 9700 section 4.14). The text is proved first, on a reader; what it is worth is
 * decided and written in one step of the store; the tokens are made from what that step left behind.
 */
import type { Asker } from "../core/asker.ts";
import type { SessionId } from "../core/ids.ts";
import { refused, unreachable, type Granted, type Refusal } from "../core/result.ts";
import type { Secret } from "../core/secret.ts";
import type { SessionBasis } from "../core/session.ts";
import type { Circumstances } from "./circumstances.ts";
import type { ClientProfile } from "./client-profile.ts";
import { issuePair, type IssueDeps, type TokenPair } from "./issue.ts";
import type { Meter } from "./meter.ts";
import type { Clock, Store, Tokens } from "./ports.ts";

export interface RefreshDeps extends IssueDeps {
  readonly store: Pick<Store, "recallSession" | "findHolder" | "rotate">;
  readonly clock: Clock;
  readonly meter: Pick<Meter, "refreshed">;
  /** Told of what an operator must hear about; the answer to the client does not depend on it. */
  readonly alarm: (alarm: RefreshAlarm) => void;
}

export type RefreshAlarm =
  /** A rotated refresh token came back: somebody has a copy. The session was ended. */
  | { readonly kind: "refresh_reuse"; readonly session: SessionBasis }
  /** A token from the future of this database: it was copied, restored or rolled back without `restore`. */
  | { readonly kind: "database_went_back"; readonly session: SessionBasis };

export interface RefreshRequest {
  readonly refreshToken: Secret;
  readonly door: ClientProfile;
  readonly from: Circumstances;
  readonly asker?: Asker | undefined;
}

/**
 * Why there are no tokens, for dialects whose products tell the cases apart; the refusal is `invalid_grant` in each.
 * `unproven`: not a refresh token of ours. `reuse`: rotated before. `expired`: not used in time. `over`: its session has ended or is another door's.
 */
export type RefreshOutcome = Granted<TokenPair> | Refused;

type Refused = Refusal & { readonly why: Why };

type Why = "unproven" | "reuse" | "expired" | "over";

/**
 * The tokens that `refreshToken` is worth at this door. A hundred calls with one token give a hundred equal answers.
 * Refuses with `invalid_grant`.
 */
export async function refresh(
  deps: RefreshDeps,
  { refreshToken, door, from, asker }: RefreshRequest,
): Promise<RefreshOutcome> {
  const no = (why: Why): Refusal & { readonly why: Why } => {
    deps.meter.refreshed(why);
    return { ...refused("invalid_grant"), why };
  };
  const claimed = deps.tokens.readRefresh(refreshToken.reveal());
  const basis = claimed === undefined ? undefined : await deps.store.recallSession(claimed.sid);
  if (claimed === undefined || basis === undefined || !deps.tokens.provesRefresh(claimed, basis)) return no("unproven");

  const ended = (why: Why): Refused => ({ ...no(why), session: claimed.sid });
  const now = deps.clock.now();
  const rotated = await deps.store.rotate(
    { id: claimed.sid, presented: claimed.seq, door: door.client, from, now },
    // Without a retry window a lost reply is a lost session, so it is worth a look whether anybody waits for it.
    { asker, repeatable: basis.retryWindow > 0 },
  );
  switch (rotated.kind) {
    case "advance":
    case "repeat":
    case "keep": {
      // The holder is asked for after the step, so that a token never tells of a role that was gone before it.
      const holder = await deps.store.findHolder(basis.subject);
      if (holder === undefined) return ended("over");
      const issued = issuePair(deps, { session: { ...basis, ...rotated.turn, endedAt: null }, holder }, door, now);
      if (!issued.ok) return ended("expired");
      deps.meter.refreshed(rotated.kind);
      return issued;
    }
    case "reuse":
      deps.alarm({ kind: "refresh_reuse", session: basis });
      return ended("reuse");
    case "ahead":
      deps.alarm({ kind: "database_went_back", session: basis });
      return ended("over");
    case "expired":
      return ended("expired");
    case "unknown":
    case "ended":
    case "wrong-door":
      return ended("over");
    default:
      return unreachable(rotated);
  }
}

/**
 * Whether a refresh token says that it is of this session, for wires on which both tokens come together: those of two
 * sessions do not. It proves nothing; `refresh` does.
 */
export const isRefreshOf = (tokens: Pick<Tokens, "readRefresh">, session: SessionId, refreshToken: Secret): boolean =>
  tokens.readRefresh(refreshToken.reveal())?.sid === session;
