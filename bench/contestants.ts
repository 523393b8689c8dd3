/**
 * The servers that are compared. Each is started fresh for each run, pinned to the server's core, with a file of starting
 * refresh tokens, each of a session of its own.
 */
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { script, start, type Running } from "./harness/server.ts";
import { root, SERVER_CORE, type Runtime } from "./harness/tools.ts";

/** Below Jeton's cap of 200 sessions for one user, and enough for the connections of two runs, each of which loses the tokens in flight. */
const TOKENS = 150;
export const MOST_CONNECTIONS = 70;

export interface Contestant {
  readonly name: string;
  readonly runtime: Runtime;
  readonly path: string;
  readonly body: "json" | "form";
  /** Starts it in an empty folder. */
  readonly open: (folder: string) => Promise<Opened>;
}

export interface Opened extends Running {
  readonly pool: string;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

export async function login(url: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "bob", password: "correct horse battery staple" }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`login answered ${response.status}: ${text.slice(0, 300)}`);
  return (JSON.parse(text) as { refresh_token: string }).refresh_token;
}

export async function startJeton(runtime: Runtime, args: readonly string[], core?: number): Promise<Running> {
  const listen = `127.0.0.1:${await freePort()}`;
  return start({ runtime, command: [`${root}bin/jeton`, "serve", ...args, "--listen", listen], core });
}

export function jeton(runtime: Runtime): Contestant {
  return {
    name: "jeton",
    runtime,
    path: "/api/v1/refresh",
    body: "json",
    open: async (folder) => {
      const server = await startJeton(runtime, ["--demo"], SERVER_CORE);
      try {
        const tokens: string[] = [];
        while (tokens.length < TOKENS) tokens.push(await login(server.url));
        const pool = join(folder, "pool");
        writeFileSync(pool, `${tokens.join("\n")}\n`);
        return { ...server, pool };
      } catch (fault) {
        await server.stop();
        throw fault;
      }
    },
  };
}

export function floor(runtime: Runtime, writer: string): Contestant {
  return {
    name: "floor",
    runtime,
    path: "/api/v1/refresh",
    body: "json",
    open: async (folder) => {
      const pool = join(folder, "pool");
      const count = String(TOKENS);
      const args = ["--folder", folder, "--pool", pool, "--writer", writer, "--tokens", count, "--sessions", count];
      const command = script(new URL("floor/server.ts", import.meta.url), ...args);
      const server = await start({ runtime, command, core: SERVER_CORE });
      return { ...server, pool };
    },
  };
}

/** Always on Node, the runtime that it is made for. */
export const oidcProvider: Contestant = {
  name: "oidc-provider",
  runtime: "node",
  path: "/token",
  body: "form",
  open: async (folder) => {
    const pool = join(folder, "pool");
    const count = String(TOKENS);
    const command = script(new URL("oidc/server.ts", import.meta.url), "--pool", pool, "--tokens", count);
    const environment = { NODE_ENV: "production" };
    const server = await start({ runtime: "node", command, core: SERVER_CORE, environment });
    return { ...server, pool };
  },
};

/** The floor's server asked for an answer that costs it nothing: what the load generator itself can do on this layout. */
export const trivial: Contestant = { ...floor("bun", "inline"), name: "trivial answer", path: "/trivial" };
