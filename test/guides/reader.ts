/**
 * A reader of the guides: a home folder of his own, a terminal with the products' command names in its path, and a
 * server that was started for the guides.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, resolve } from "node:path";

import { guideListeners } from "../../src/compose/guides.ts";
import { demoPassword } from "../../src/compose/demo.ts";
import { scratch, serve, shell, type Scratch, type Server } from "../cli/program.ts";
import { corpus, modulesIn, runProgram, type Ran } from "../dialects/seta-program.ts";

export interface Reader extends AsyncDisposable {
  /** Of the server's own API. */
  readonly url: string;
  /** PEM file of the authority that signed the https addresses. */
  readonly ca: string;
  /** Of the people of the demonstration. */
  readonly password: string;
  readonly home: (file: string) => string;
  /** Runs a line in a shell; gives its standard output if it ends with 0. */
  readonly good: (line: string, input?: string, environment?: Readonly<Record<string, string>>) => Promise<string>;
  readonly fetch: (url: string, of?: { readonly token?: string; readonly body?: unknown }) => Promise<Response>;
  /** What SeTA's program prints, run once with the reader's key; the second service is an hour ahead. */
  readonly searched: () => Promise<Ran>;
  readonly serve: (words: readonly string[], environment: Readonly<Record<string, string>>) => Promise<Server>;
}

const repository = resolve(import.meta.dirname, "../..");

async function equipped(folder: Scratch, server: Server): Promise<Reader> {
  const home = folder.path("home");
  const shims = folder.path("shims");
  for (const path of [home, shims]) mkdirSync(path);
  const [, ca = ""] = await server.program.said(/REQUESTS_CA_BUNDLE=(\S+)/);
  const surroundings = {
    cwd: home,
    environment: { HOME: home, PATH: [`${repository}/bin`, shims, process.env["PATH"]].join(delimiter) },
  };
  const good: Reader["good"] = async (line, input = "", environment = {}) => {
    const { code, out, err } = await shell(line, {
      ...surroundings,
      input,
      environment: { ...surroundings.environment, ...environment },
    });
    assert.equal(code, 0, `${line}: ${err}`);
    return out;
  };
  await good(`jeton setup shims ${shims}`);

  async function search(): Promise<Ran> {
    await using now = await corpus(server.url);
    await using later = await corpus(server.url, ["--clock-offset", "3600"]);
    // Awaited here: the services are gone with this block.
    return await runProgram({
      authUrl: "https://127.0.0.1:8443/authentication/v1/token",
      apiUrls: [now.url, later.url],
      username: "bob",
      key: folder.path("home", "rsa-key.private"),
      modules: modulesIn(folder),
      environment: { REQUESTS_CA_BUNDLE: ca },
    });
  }
  let searched: Promise<Ran> | undefined;
  return {
    url: server.url,
    ca,
    password: demoPassword,
    home: (file) => folder.path("home", file),
    good,
    fetch: (url, { token, body } = {}) =>
      fetch(url, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    searched: () => (searched ??= search()),
    serve: (words, environment) => serve(words, { cwd: home, environment }),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}

/** Why the guides cannot be followed here, if another program has one of their addresses; else false. */
export async function portTaken(): Promise<string | false> {
  for (const { address } of Object.values(guideListeners)) {
    const server = createServer();
    const isFree = await new Promise<boolean>((settle) => {
      server
        .once("error", () => settle(false))
        .listen({ host: address.hostname, port: address.port }, () => settle(true));
    });
    if (!isFree) return `another program has ${address.hostname}:${address.port}, which a guide names. Do: stop it`;
    await new Promise((settle) => server.close(settle));
  }
  return false;
}

export async function reader(): Promise<Reader> {
  const folder = scratch();
  try {
    const server = await serve(["--demo", "--guides"], { cwd: folder.path() });
    try {
      return await equipped(folder, server);
    } catch (fault) {
      await server.stop("SIGKILL");
      throw fault;
    }
  } catch (fault) {
    folder[Symbol.dispose]();
    throw fault;
  }
}
