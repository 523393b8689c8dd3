/**
 * Clients that keep what the server acknowledged, so that it can be held to it: each has the refresh tokens that it was
 * given, asks again with the one it has when an answer does not come, and counts the answers.
 */
import assert from "node:assert/strict";

import { administrator } from "../cli/program.ts";
import { claimsOf, type WirePair } from "../authority.ts";

export interface Answer {
  /** 0: none came. */
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string;
}

const patience = 25_000;

/** A call of the native API, also of a server that dies meanwhile. */
export async function ask(url: string, path: string, { method, body, token }: Call = {}): Promise<Answer> {
  try {
    const response = await fetch(`${url}${path}`, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      signal: AbortSignal.timeout(patience),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, retryAfter: response.headers.get("retry-after"), text: await response.text() };
  } catch (fault) {
    if (fault instanceof Error && fault.name === "TimeoutError") throw fault;
    return { status: 0, retryAfter: null, text: "" };
  }
}

/** As a patient client does: whoever is told to come back does so. */
export async function insist(call: () => Promise<Answer>): Promise<Answer> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await call();
    if (answer.status !== 503 || performance.now() > deadline) return answer;
    await pass(200);
  }
}

export const login = (url: string): Promise<Answer> => ask(url, "/api/v1/login", { body: administrator });
export const refresh = (url: string, refreshToken: string): Promise<Answer> =>
  ask(url, "/api/v1/refresh", { body: { refresh_token: refreshToken } });
export const me = (url: string, { access_token: token }: WirePair): Promise<Answer> =>
  ask(url, "/api/v1/me", { token });
export const logout = (url: string, pair: WirePair): Promise<Answer> =>
  ask(url, `/api/v1/sessions/${sessionOf(pair)}`, { method: "DELETE", token: pair.access_token });

export const sessionOf = (pair: WirePair): string => String(claimsOf(pair.refresh_token)["sid"]);
const seqOf = (pair: WirePair): number => Number(claimsOf(pair.refresh_token)["seq"]);

/** The pair of an answer that must be good. */
export function pairOf({ status, text }: Answer): WirePair {
  assert.equal(status, 200, text);
  return JSON.parse(text) as WirePair;
}

/** Answers by status, so that a test can say which may occur. */
export class Tally {
  readonly counts = new Map<string, number>();

  note(what: string, { status, retryAfter }: Answer): void {
    // RFC 9110 section 10.2.3: whoever is sent away is told when to come back.
    const key = `${what} ${status}${status === 503 && retryAfter === null ? " without Retry-After" : ""}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  /** Nothing but these statuses has been answered to `what`. */
  only(what: string, statuses: readonly number[]): void {
    const allowed = new Set(statuses.map((status) => `${what} ${status}`));
    const others = [...this.counts].filter(([key]) => key.startsWith(`${what} `) && !allowed.has(key));
    assert.deepEqual(others, []);
  }

  count(what: string, status: number): number {
    return this.counts.get(`${what} ${status}`) ?? 0;
  }
}

/** Signs in once and refreshes for ever. */
export class Client {
  /** What was acknowledged, oldest first. */
  readonly pairs: WirePair[];

  constructor(first: WirePair) {
    this.pairs = [first];
  }

  static async many(url: string, count: number): Promise<Client[]> {
    const clients: Client[] = [];
    // Four at a time, since more would only wait for the password hash.
    while (clients.length < count) {
      const some = Array.from({ length: Math.min(4, count - clients.length) }, () => insist(() => login(url)));
      const answers = await Promise.all(some);
      clients.push(...answers.map((answer) => new Client(pairOf(answer))));
    }
    return clients;
  }

  get newest(): WirePair {
    return this.pairs.at(-1)!;
  }

  /** One refresh with the newest acknowledged token, which is also the retry of one that was not answered. */
  async refresh(url: string, tally?: Tally): Promise<Answer> {
    const before = this.newest;
    const answer = await refresh(url, before.refresh_token);
    tally?.note("refresh", answer);
    if (answer.status === 200) {
      const pair = JSON.parse(answer.text) as WirePair;
      assert.equal(seqOf(pair), seqOf(before) + 1);
      this.pairs.push(pair);
    }
    return answer;
  }

  /** What was acknowledged works, or what it was refreshed to when no answer came. */
  async holds(url: string): Promise<void> {
    const { status, text } = await insist(() => this.refresh(url));
    assert.equal(status, 200, `token ${seqOf(this.newest)} is lost: ${text}`);
    assert.equal((await insist(() => me(url, this.newest))).status, 200);
  }

  /** The token two steps back is dead; to ask ends the session. */
  async noneTwice(url: string): Promise<void> {
    await this.holds(url);
    const old = this.pairs.find((pair) => seqOf(pair) === seqOf(this.newest) - 2);
    assert.ok(old !== undefined);
    const answers = async (token: string): Promise<number> => (await insist(() => refresh(url, token))).status;
    assert.equal(await answers(old.refresh_token), 401, "a token two steps back is alive");
    assert.equal(await answers(this.newest.refresh_token), 401, "the session outlived the second use");
    assert.equal((await insist(() => me(url, this.newest))).status, 401);
  }
}

/** Signs in and out again, over and over. */
export class Visitor {
  /** Signed in, and not asked to sign out. */
  readonly inside: WirePair[] = [];
  /** Signed out, and that was acknowledged. */
  readonly outside: WirePair[] = [];

  /** Signs in and, every other time, out again. */
  async visit(url: string, tally: Tally): Promise<Answer> {
    const entered = await login(url);
    tally.note("login", entered);
    if (entered.status !== 200) return entered;
    const pair = pairOf(entered);
    if (this.inside.length <= this.outside.length) {
      this.inside.push(pair);
      return entered;
    }
    const left = await logout(url, pair);
    tally.note("logout", left);
    if (left.status === 200) this.outside.push(pair);
    // Refused is not done: nobody is half signed out. Without an answer it is either.
    if (left.status === 503) this.inside.push(pair);
    return left;
  }

  async holds(url: string): Promise<void> {
    for (const pair of this.inside.splice(0)) {
      assert.equal((await insist(() => me(url, pair))).status, 200, "an acknowledged login is lost");
      const { status } = await insist(() => refresh(url, pair.refresh_token));
      assert.equal(status, 200, "an acknowledged login is lost");
    }
    for (const pair of this.outside.splice(0)) {
      assert.equal((await insist(() => me(url, pair))).status, 401, "an acknowledged logout is undone");
      const { status } = await insist(() => refresh(url, pair.refresh_token));
      assert.equal(status, 401, "an acknowledged logout is undone");
    }
  }
}

/** Everybody works until `done`, or until the server gives no answer any more. */
export async function busy(
  url: string,
  { clients = [], visitors = [] }: { clients?: readonly Client[]; visitors?: readonly Visitor[] },
  done: () => boolean,
  tally: Tally,
): Promise<void> {
  await Promise.all([
    ...clients.map(async (client) => {
      while (!done()) if ((await client.refresh(url, tally)).status === 0) return;
    }),
    ...visitors.map(async (visitor) => {
      while (!done()) if ((await visitor.visit(url, tally)).status === 0) return;
    }),
  ]);
}

/** Waits until `condition` holds; fails after a deadline. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + patience;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `not in time: ${what}`);
    await new Promise((settle) => setTimeout(settle, 10));
  }
}

/** For what is about time itself: so long really passes. */
export const pass = (milliseconds: number): Promise<void> => new Promise((settle) => setTimeout(settle, milliseconds));
