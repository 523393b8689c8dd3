/**
 * A whole authority in one process, for tests: the real engine, store (SQLite in memory or in a folder), keys and
 * doors, with a clock that only the test moves. Requests go through the real delivery, without a socket.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { openLog } from "../src/compose/log.ts";
import { openDoors, type Doors } from "../src/compose/doors.ts";
import { openMeters } from "../src/compose/meters.ts";
import { openVitals, type Vitals } from "../src/compose/vitals.ts";
import { loadConfig, type Config, type ConfigSources } from "../src/config.ts";
import { dialectNames } from "../src/core/dialect-names.ts";
import type { Millis, Seconds } from "../src/core/units.ts";
import { demoPassword, furnishDemo, hashDemoPassword } from "../src/compose/demo.ts";
import type { Clock, Passwords, Store } from "../src/engine/ports.ts";
import { passwords } from "../src/identity/passwords.ts";
import { openTokenKeys, type TokenKeys } from "../src/keys/token-keys.ts";
import { openSqlite } from "../src/store/sqlite.ts";
import { remembering, sharing } from "./passwords.ts";

export const issuer = "http://127.0.0.1:8420";

/** 1 March 2026, 00:00:00 UTC. */
const startOfTime = 1_772_323_200;

export interface TestClock extends Clock {
  /** Wall and monotonic time pass, as they do for a process that is not running. */
  readonly pass: (span: number) => void;
  /** Somebody sets the wall clock; negative: back. */
  readonly step: (span: number) => void;
}

export function testClock(): TestClock {
  let wall = startOfTime * 1000;
  let monotonic = 5000;
  return {
    now: () => Math.floor(wall / 1000) as Seconds,
    millis: () => wall as Millis,
    monotonic: () => monotonic as Millis,
    pass: (span) => {
      wall += span * 1000;
      monotonic += span * 1000;
    },
    step: (span) => {
      wall += span * 1000;
    },
  };
}

export interface WirePair {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly refresh_expires_in: number;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is text already. */
  readonly body?: unknown;
  readonly address?: string;
  /** Aborted when the client has gone. */
  readonly signal?: AbortSignal;
}

export interface AuthorityOptions {
  /** Settings by their full name, as flags would give them. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly clock?: TestClock;
  readonly file?: string;
  readonly master?: Uint8Array;
  /** Leave the demonstration's people out (a file that has them already). */
  readonly unfurnished?: boolean;
  /** For tests that are about hashes: each is made and compared anew. */
  readonly realHashes?: boolean;
}

export interface Authority {
  readonly clock: TestClock;
  readonly store: Store;
  /** What hashes the passwords of people whom a test adds. */
  readonly hashing: Passwords;
  readonly keys: TokenKeys;
  readonly doors: Doors;
  readonly vitals: Vitals;
  readonly config: Config;
  /** Everything that was logged. */
  readonly logged: () => string;
  readonly ask: (path: string, asked?: Asked) => Promise<Response>;
  readonly login: (username?: string, password?: string) => Promise<WirePair>;
  readonly refresh: (pair: Pick<WirePair, "refresh_token">) => Promise<Response>;
  readonly refreshed: (pair: Pick<WirePair, "refresh_token">) => Promise<WirePair>;
  readonly me: (pair: Pick<WirePair, "access_token">) => Promise<Response>;
  /** Time passes while the server runs: its heart beats once a second. */
  readonly later: (span: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Many tests fail to sign in on purpose; those about the throttle set it themselves. */
const unthrottled = { "throttle.free": 1000, "throttle.network_burst": 1_000_000 };

const allDialects = Object.fromEntries(dialectNames.map((name) => [`dialects.${name}.open`, true]));

const settingsAsFlags = (settings: AuthorityOptions["settings"] = {}): ConfigSources["flags"] =>
  Object.entries(settings).map(([name, value]) => ({
    name: name as ConfigSources["flags"][number]["name"],
    value,
    flag: "test",
  }));

export async function authority(options: AuthorityOptions = {}): Promise<Authority> {
  const clock = options.clock ?? testClock();
  const { config } = loadConfig({
    file: undefined,
    environment: {},
    flags: settingsAsFlags({ ...allDialects, ...unthrottled, ...options.settings }),
  });
  const fatal: string[] = [];
  const chance = randomBytes;
  const meters = openMeters();
  const store = openSqlite({
    file: options.file ?? ":memory:",
    monotonic: clock.monotonic,
    chance,
    writer: "here",
    now: clock.now(),
    onFatal: (reason) => fatal.push(reason),
    onGroup: meters.committed,
  });
  const keys = await openTokenKeys({ store, master: options.master ?? randomBytes(32), chance, clock });
  const own = passwords(chance);
  const hasher = options.realHashes === true ? own : remembering(own);
  if (options.unfurnished !== true) await furnishDemo({ store, clock, chance }, hashDemoPassword(hasher));
  let written = "";
  const log = openLog({
    level: "debug",
    format: "json",
    access: true,
    now: clock.millis,
    write: (lines) => (written += lines),
  });
  const vitals = openVitals({
    config,
    clock,
    chance,
    log,
    version: "0.0.0",
    meters,
    store,
    keys,
    passwordLoad: hasher.load,
  });
  vitals.heart.opened();
  const doors = await openDoors({
    config,
    store,
    keys,
    passwords: hasher,
    clock,
    chance,
    log,
    version: "0.0.0",
    issuer,
    open: new Map(
      dialectNames.filter((name) => config.dialects[name].open).map((name) => [name, { listener: undefined }]),
    ),
    vitals,
  });

  const ask: Authority["ask"] = async (path, { method, headers, body, address, signal } = {}) => {
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const request = new Request(`${issuer}${path}`, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(text === undefined ? {} : { body: text }),
      ...(signal === undefined ? {} : { signal }),
    });
    return doors.main(request, { address: address ?? "127.0.0.1" });
  };
  const login: Authority["login"] = async (username = "bob", password = demoPassword) =>
    good<WirePair>(await ask("/api/v1/login", { body: { username, password } }));
  const refresh: Authority["refresh"] = ({ refresh_token }) => ask("/api/v1/refresh", { body: { refresh_token } });

  return {
    clock,
    store,
    hashing: options.realHashes === true ? own : sharing,
    keys,
    doors,
    vitals,
    config,
    logged: () => {
      log.flush();
      return written;
    },
    ask,
    login,
    refresh,
    refreshed: async (pair) => good<WirePair>(await refresh(pair)),
    me: ({ access_token }) => ask("/api/v1/me", { headers: { authorization: `Bearer ${access_token}` } }),
    later: async (span) => {
      // What is under way is done first: it takes no time that this clock tells of.
      await turn();
      for (let passed = 0; passed < span; passed++) {
        clock.pass(1);
        await store.beat();
      }
    },
    close: async () => {
      await store.close();
      assert.deepEqual(fatal, []);
    },
  };
}

/** Whatever was asked of the store before is answered. */
const turn = async (): Promise<void> => {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
};

/** The JSON of a 200. */
export async function good<T>(response: Response): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as T;
}

/** The code of a refusal, with its status in front: `401 invalid_grant`. */
export async function refusal(response: Response | Promise<Response>): Promise<string> {
  const answered = await response;
  const text = await answered.text();
  assert.match(answered.headers.get("content-type") ?? "", /^application\/problem\+json$/, text);
  const { code, status } = JSON.parse(text) as { code: string; status: number };
  assert.equal(status, answered.status);
  return `${status} ${code}`;
}

/** The claims of a token, unverified. */
export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as Record<string, unknown>;
