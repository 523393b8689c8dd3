/**
 * A data folder with as many live sessions as are wanted, put there by SQL: signing in a million times would measure
 * the password hash. Each row is a copy of one that the server has written, with its own ids, times and chance.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { bytesFromId, idEntropy, newId, type ApiTokenId, type SessionId } from "../src/core/ids.ts";
import { millis } from "../src/core/units.ts";
import { freePort } from "./contestants.ts";
import { start, type Running } from "./harness/server.ts";
import { root, type Runtime } from "./harness/tools.ts";

const account = { username: "root", password: "a long enough passphrase" } as const;
const sessionsOfOne = 5;
const day = 86_400;
const batch = 10_000;

/**
 * Starts the server on the house, on a port of its own and always as the same issuer. One user signs in for each run anew,
 * which is more than the usual cap allows.
 */
export async function openHouse(runtime: Runtime, data: string, core?: number): Promise<Running> {
  const listen = `127.0.0.1:${await freePort()}`;
  const command = [`${root}bin/jeton`, "serve", "--data", data, "--listen", listen];
  return start({
    runtime,
    command,
    core,
    environment: { JETON_SESSIONS_CAP: "10000", JETON_ISSUER: "http://jeton.example" },
  });
}

/** Makes an instance with its administrator, and lets it serve once, so that all that a first start makes is there. */
export async function makeHouse(runtime: Runtime, data: string): Promise<void> {
  const { status, stderr, error } = spawnSync(
    `${root}bin/jeton`,
    ["init", "--data", data, "--admin", account.username, "--password-stdin"],
    { input: account.password, env: { ...process.env, JETON_RUNTIME: runtime }, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`jeton init ended with ${status}: ${error?.message ?? stderr.slice(-1000)}`);
  const server = await openHouse(runtime, data);
  try {
    await signIn(server.url);
  } finally {
    await server.stop();
  }
}

async function post<T>(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}

interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** A refresh token of a new session. */
export const signIn = async (url: string): Promise<string> =>
  (await post<Pair>(`${url}/api/v1/login`, account)).refresh_token;

/** A new API token. */
export async function mint(url: string): Promise<string> {
  const { access_token: access } = await post<Pair>(`${url}/api/v1/login`, account);
  const headers = { authorization: `Bearer ${access}` };
  return (await post<{ token: string }>(`${url}/api/v1/api-tokens`, { name: "nightly build" }, headers)).token;
}

/** Bytes of the database once everything is in its one file. */
function settledSize(db: DatabaseSync, file: string): number {
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return statSync(file).size;
}

type Row = Record<string, SQLInputValue>;

/** A statement that inserts a row of the columns that `row` has, whatever the schema is by now. */
function insertInto(db: DatabaseSync, table: string, row: Row): (changed: Row) => void {
  const columns = Object.keys(row);
  const places = columns.map(() => "?").join(", ");
  const statement = db.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`);
  return (changed) => {
    statement.run(...columns.map((column) => (column in changed ? changed[column]! : row[column]!)));
  };
}

function inBatches(db: DatabaseSync, count: number, work: (at: number) => void): void {
  for (let from = 0; from < count; from += batch) {
    db.exec("BEGIN");
    for (let at = from; at < Math.min(from + batch, count); at += 1) work(at);
    db.exec("COMMIT");
  }
}

const firstOf = (db: DatabaseSync, table: string): Row => {
  const row = db.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
  if (row === undefined) throw new Error(`the database has no ${table}`);
  return row;
};

/** Opens the database of a house that is closed. Nothing is lost if this is: the house is thrown away. */
function openFile(data: string): { readonly db: DatabaseSync; readonly file: string } {
  const file = join(data, "jeton.db");
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000");
  return { db, file };
}

/** As many more subjects, copies of the first. */
function addSubjects(db: DatabaseSync, count: number): readonly Uint8Array[] {
  const subjects = Array.from({ length: count }, () => randomBytes(16));
  const addSubject = insertInto(db, "subject", firstOf(db, "subject"));
  inBatches(db, count, (at) => {
    const name = `person-${at}`;
    addSubject({ id: subjects[at]!, username: name, canonical: name, display_name: name, roles: "member" });
  });
  return subjects;
}

interface Furnished {
  readonly bytesEach: number;
  readonly megabytes: number;
}

/** Fills the house with live sessions of many subjects; answers what each of them takes on the disk. */
export function furnish(data: string, sessions: number): Furnished {
  const { db, file } = openFile(data);
  try {
    const now = Math.floor(Date.now() / 1000);
    const subjects = addSubjects(db, Math.ceil(sessions / sessionsOfOne));
    const before = settledSize(db, file);

    const addSession = insertInto(db, "session", firstOf(db, "session"));
    inBatches(db, sessions, (at) => {
      // Born one after the other in the last twenty days, refreshed at some time in the last five.
      const born = now - Math.floor(20 * day * (1 - at / sessions));
      const rotated = Math.max(born, now - Math.floor(Math.random() * 5 * day));
      addSession({
        id: bytesFromId(newId<SessionId>(millis(born * 1000 + (at % 1000)), randomBytes(idEntropy))),
        subject: subjects[Math.floor(Math.random() * subjects.length)]!,
        created_at: born,
        auth_time: born,
        seq: 1 + Math.floor(Math.random() * 2000),
        rotated_at: rotated,
        rotated_served: rotated - (now - 20 * day),
        expires_at: rotated + 30 * day,
        absolute_end: born + 90 * day,
        salt: randomBytes(16),
      });
    });
    const size = settledSize(db, file);
    return { bytesEach: (size - before) / sessions, megabytes: size / 1e6 };
  } finally {
    db.close();
  }
}

/** The same with live API tokens, copies of the first, which the server has made: each with an id and times of its own. */
export function furnishApiTokens(data: string, tokens: number): Furnished {
  const { db, file } = openFile(data);
  try {
    const now = Math.floor(Date.now() / 1000);
    const subjects = addSubjects(db, Math.ceil(tokens / sessionsOfOne));
    const before = settledSize(db, file);
    const addToken = insertInto(db, "api_token", firstOf(db, "api_token"));
    inBatches(db, tokens, (at) => {
      const born = now - Math.floor(20 * day * (1 - at / tokens));
      const isUsed = at % 2 === 0;
      addToken({
        id: bytesFromId(newId<ApiTokenId>(millis(born * 1000 + (at % 1000)), randomBytes(idEntropy))),
        subject: subjects[Math.floor(Math.random() * subjects.length)]!,
        created_at: born,
        expires_at: born + 366 * day,
        last_used_at: isUsed ? now - Math.floor(Math.random() * day) : null,
        last_used_from: isUsed ? "192.0.2.7" : null,
      });
    });
    const size = settledSize(db, file);
    return { bytesEach: (size - before) / tokens, megabytes: size / 1e6 };
  } finally {
    db.close();
  }
}
