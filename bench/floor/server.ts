/**
 * The floor: what a durable refresh costs with nothing around it. One MAC check, one point read, one UPDATE in a grouped
 * durable commit, one Ed25519 signature, a JSON answer. Jeton can come near to its rate, never above it.
 *
 *   sh scripts/run bench/floor/server.ts --folder DIR --pool FILE [--writer inline|worker] [--tokens 128] [--sessions 128]
 *
 * It writes the starting refresh tokens to FILE, one a line, and then says `floor: ready on URL` on stderr.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openReader, seed } from "./database.ts";
import { listen, type Answer } from "./listen.ts";
import { ACCESS_SECONDS, mintAccessToken, mintRefreshToken, readRefreshToken, REFRESH_SECONDS } from "./token.ts";
import { inlineWriter, workerWriter } from "./writers.ts";

const { values } = parseArgs({
  options: {
    folder: { type: "string" },
    pool: { type: "string" },
    writer: { type: "string", default: "inline" },
    tokens: { type: "string", default: "128" },
    sessions: { type: "string", default: "128" },
  },
});
if (values.folder === undefined || values.pool === undefined) throw new Error("--folder and --pool are needed");

const issuer = "http://127.0.0.1";
const path = join(values.folder, "floor.db");
const refused: Answer = { status: 401, body: '{"error":"invalid_grant"}' };
// The trivial answer is as long as a real one: it shows what the load generator can do when the server does nothing.
const trivial: Answer = { status: 200, body: JSON.stringify(pair("A".repeat(22), 1, now())) };

function now(): number {
  return Math.floor(Date.now() / 1000);
}

function pair(sid: string, seq: number, at: number): object {
  return {
    access_token: mintAccessToken(issuer, sid, at),
    refresh_token: mintRefreshToken(issuer, sid, seq, at),
    token_type: "Bearer",
    expires_in: ACCESS_SECONDS,
    refresh_expires_in: REFRESH_SECONDS,
  };
}

const ids = seed(path, Number(values.sessions), now());
const read = openReader(path);
const writer = values.writer === "worker" ? workerWriter(path) : inlineWriter(path);

async function refresh(body: string): Promise<Answer> {
  const { refresh_token: token } = JSON.parse(body) as { refresh_token: string };
  const presented = readRefreshToken(token);
  if (presented === undefined) return refused;
  const { sid, seq } = presented;
  const at = now();
  const row = read(sid);
  if (row === undefined || row.seq !== seq || row.expires_at <= at) return refused;
  if (!(await writer.advance({ sid, seq, at }))) return refused;
  return { status: 200, body: JSON.stringify(pair(sid, seq + 1, at)) };
}

const url = await listen((method, route, body) => {
  if (method === "POST" && route === "/api/v1/refresh") return refresh(body);
  if (method === "POST" && route === "/trivial") return trivial;
  if (route === "/ping") return { status: 200, body: '"pong"' };
  if (route === "/counts") return { status: 200, body: JSON.stringify(writer.counts) };
  return { status: 404, body: '"not found"' };
});
const pool = ids.slice(0, Number(values.tokens)).map((sid) => mintRefreshToken(issuer, sid, 1, now()));
writeFileSync(values.pool, `${pool.join("\n")}\n`);
console.error(`floor: ready on ${url}`);
