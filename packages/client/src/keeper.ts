/**
 * Keeps one sign-in alive for all the processes that share its file: a live token is handed out without a lock and
 * without a request, and of many that find an expired one, one asks the server. RFC 9700 section 4.14.2: a refresh token
 * that is used twice ends the session, so what a process holds is never worth more than what the file says now.
 */
import { setTimeout as sleep } from "node:timers/promises";

import type { Credentials, Door, Refused, Said } from "./doors/door.ts";
import { codeOf, NotUnderstood, Unreachable } from "./faults.ts";
import { secondsLeft, unverifiedClaims } from "./jwt.ts";
import { withLock, type LockOptions } from "./lock.ts";
import { deleteTokens, prepareTokens, readTokens, type StoredTokens } from "./token-file.ts";

export interface Keeping {
  readonly path: string;
  /** Opened when it is needed: most of the time it is not. */
  readonly door: () => Promise<Door>;
  /** Seconds since 1970-01-01 UTC. */
  readonly now: () => number;
  readonly lock: LockOptions;
}

export interface Need {
  /** Seconds that the token should be good for. */
  readonly minTtl: number;
  /** Renew it although it is live. */
  readonly force?: boolean;
}

export type Kept =
  | { readonly kind: "live"; readonly tokens: Credentials; readonly renewed: boolean }
  | { readonly kind: "nobody" }
  /** The server does not take the refresh token any more, and it has been deleted. */
  | { readonly kind: "over"; readonly refused: Refused }
  /** The server refused for a reason that says nothing about the sign-in. */
  | { readonly kind: "refused"; readonly refused: Refused };

/**
 * Seconds in which a server may answer a repeated refresh token once more. Renewing ahead of need while the token is
 * younger would leave no room between two holders, so a live access token is used to its end then.
 */
const retryWindow = 60;

function isGood(tokens: Credentials, now: number, minTtl: number): boolean {
  const left = secondsLeft(tokens.access_token, now);
  if (left === undefined || left <= 0) return false;
  const born = unverifiedClaims(tokens.refresh_token)?.iat;
  return left >= minTtl || (born !== undefined && now - born < retryWindow);
}

const live = (tokens: Credentials, renewed: boolean): Kept => ({ kind: "live", tokens, renewed });

/** The tokens in the file, renewed where they are needed for longer than they live. */
export async function liveTokens(keeping: Keeping, need: Need): Promise<Kept> {
  const found = readTokens(keeping.path);
  if (found === undefined) return { kind: "nobody" };
  if (need.force !== true && isGood(found, keeping.now(), need.minTtl)) return live(found, false);
  return withLock(keeping.path, keeping.lock, async () => {
    const current = readTokens(keeping.path);
    if (current === undefined) return { kind: "nobody" };
    // Whoever held the lock before may have done it for us.
    const changed = current.refresh_token !== found.refresh_token;
    if ((need.force !== true || changed) && isGood(current, keeping.now(), need.minTtl)) return live(current, false);
    return renew(keeping, current);
  });
}

/** The caller holds the lock. */
async function renew(keeping: Keeping, current: StoredTokens): Promise<Kept> {
  const { path, now } = keeping;
  // What is not sure to be stored is not asked for: the server would wait for a token that nobody has.
  const file = prepareTokens(path);
  try {
    const door = await keeping.door();
    let presented = current;
    // A program that knows nothing of the lock may write too, and win more than once.
    for (let round = 0; round < 3; round += 1) {
      const answer = await persistently(() => door.refresh(presented.refresh_token));
      if (answer.ok) return settle(path, { presented, next: answer.value, store: file.store }, now());
      if (answer.code !== "invalid_grant") return { kind: "refused", refused: answer };
      const changed = await changedFrom(path, presented);
      if (changed === undefined) return { kind: "nobody" };
      if (changed === "unchanged") {
        deleteTokens(path);
        return { kind: "over", refused: answer };
      }
      if (isGood(changed, now(), 1)) return live(changed, false);
      presented = changed;
    }
    throw new NotUnderstood(`another program keeps writing ${path}, and the server takes none of its tokens`);
  } finally {
    file.discard();
  }
}

/** Nobody was there to lose the answer. */
const neverSent = new Set([
  "ECONNREFUSED",
  "ConnectionRefused",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

const isLost = (fault: unknown): boolean => fault instanceof Unreachable && !neverSent.has(codeOf(fault.cause) ?? "");

/** Milliseconds before the second and the third try. */
const pauses = [100, 500] as const;

/** Asks again when the answer was lost, or the server is busy: the token that is presented makes it the same question. */
async function persistently<T>(ask: () => Promise<Said<T>>): Promise<Said<T>> {
  for (const pause of pauses) {
    try {
      const answer = await ask();
      if (answer.ok || answer.status !== 503) return answer;
    } catch (fault) {
      if (!isLost(fault)) throw fault;
    }
    await sleep(pause);
  }
  return ask();
}

/** What the file says instead of `presented`; a program that does not lock may be a moment late. */
async function changedFrom(path: string, presented: Credentials): Promise<StoredTokens | "unchanged" | undefined> {
  for (const pause of [25, 50, 100]) {
    const found = readTokens(path);
    if (found === undefined || found.refresh_token !== presented.refresh_token) return found;
    await sleep(pause);
  }
  return "unchanged";
}

interface Renewal {
  readonly presented: StoredTokens;
  readonly next: Credentials;
  readonly store: (next: Credentials, before: StoredTokens) => void;
}

/** Whether `next` comes after `before` in the same session. Tokens that do not say so are those of another maker. */
function follows(before: string, next: string): boolean {
  const [from, to] = [unverifiedClaims(before), unverifiedClaims(next)];
  if (before === next || from?.seq === undefined || to?.seq === undefined) return true;
  return from.sid === to.sid && to.seq > from.seq;
}

/** Stores the new tokens before anybody uses them, unless the file has moved on. */
function settle(path: string, { presented, next, store }: Renewal, now: number): Kept {
  const current = readTokens(path);
  if (current === undefined) return { kind: "nobody" };
  const isOurs = current.refresh_token === presented.refresh_token;
  if (follows(current.refresh_token, next.refresh_token)) {
    store(next, current);
    return live(next, true);
  }
  if (isOurs) throw new NotUnderstood("it answered with a refresh token of another session, or with an older one");
  return isGood(current, now, 1) ? live(current, false) : live(next, true);
}
