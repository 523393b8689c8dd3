/** Somebody who is signed in at a real server, on a machine of their own: a home folder, and the command line in it. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf } from "../authority.ts";
import { jeton, scratch, serve, type Ended, type Scratch, type Server, type Surroundings } from "./program.ts";

interface Stored {
  readonly access_token: string;
  readonly refresh_token: string;
}

export interface Desk extends Disposable {
  readonly home: Scratch;
  readonly file: string;
  readonly surroundings: (more?: Partial<Surroundings>) => Surroundings;
  readonly run: (words: readonly string[], more?: Partial<Surroundings>) => Promise<Ended>;
  readonly login: () => Promise<void>;
  readonly tokens: () => Stored;
  /** The number of the refresh token that is stored. */
  readonly seq: () => unknown;
  /** The stored access token has expired; a day of waiting in a moment. */
  readonly age: () => void;
}

/** A demonstration for all tests of the file that calls this; its address is known once they run. */
export function demoServer(): Pick<Server, "url"> {
  const house = scratch();
  let server: Server | undefined;
  before(async () => {
    server = await serve(["--demo"], { cwd: house.path() });
  });
  after(async () => {
    await server?.stop("SIGKILL");
    house[Symbol.dispose]();
  });
  return {
    get url(): string {
      assert.ok(server !== undefined, "it is asked for before the tests run");
      return server.url;
    },
  };
}

export function desk(server: string): Desk {
  const home = scratch();
  const file = home.path(".config", "jeton", "auth-token.json");
  const tokens = (): Stored => JSON.parse(readFileSync(file, "utf8")) as Stored;
  const surroundings: Desk["surroundings"] = (more = {}) => ({
    cwd: home.path(),
    ...more,
    environment: { HOME: home.path(), JETON_SERVER: server, ...more.environment },
  });
  const run: Desk["run"] = (words, more) => jeton(words, surroundings(more));
  return {
    home,
    file,
    surroundings,
    run,
    tokens,
    login: async () => {
      const ended = await run(["login", "--username", "bob", "--password-stdin"], { input: `${demoPassword}\n` });
      assert.equal(ended.code, 0, ended.err);
    },
    seq: () => claimsOf(tokens().refresh_token)["seq"],
    age: () => {
      const now = tokens();
      const [head, , signature] = now.access_token.split(".");
      const claims = Buffer.from(JSON.stringify({ ...claimsOf(now.access_token), exp: 1 })).toString("base64url");
      writeFileSync(file, JSON.stringify({ ...now, access_token: `${head}.${claims}.${signature}` }), { mode: 0o600 });
    },
    [Symbol.dispose]: () => home[Symbol.dispose](),
  };
}
