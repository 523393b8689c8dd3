/** docs/dialects/write-your-own.md: its example is taken out as it is printed, compiled, mounted and used. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { StoreUnavailable } from "../../src/core/faults.ts";
import { clientId } from "../../src/core/ids.ts";
import type { Dialect } from "../../src/dialects/dialect.ts";
import { asking, type Ask, type Sent } from "../api/asking.ts";
import { authority, claimsOf, good, issuer, type Authority } from "../authority.ts";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/dialects/write-your-own.md"), "utf8");
const [, example = ""] = /```ts\n([^]*?)```/.exec(page) ?? [];

interface Session {
  readonly key: string;
  readonly ticket: string;
  readonly seconds: number;
}

describe("the dialect of docs/dialects/write-your-own.md", () => {
  // In the tree, so that it finds packages where any file of the server does; with a dot, so that no tool takes it in.
  const folder = mkdtempSync(join(import.meta.dirname, ".example-"));
  const file = join(folder, "dialects/orchard.ts");
  let jeton: Authority;
  let ask: Ask;
  /** While it is true, the store does not answer. */
  let isOut = false;

  before(async () => {
    // Its imports are those of a file in src/dialects: what they name is what they find.
    mkdirSync(join(folder, "dialects"));
    for (const layer of ["core", "engine", "http"]) symlinkSync(join(root, "src", layer), join(folder, layer));
    for (const shared of ["dialect.ts", "json-error.ts"])
      symlinkSync(join(root, "src/dialects", shared), join(folder, "dialects", shared));
    writeFileSync(file, example);
    const { orchard } = (await import(pathToFileURL(file).href)) as { orchard: Dialect };

    jeton = await authority();
    await jeton.store.registerClients({ ids: [clientId(orchard.name)], now: jeton.clock.now() });
    const { policy } = orchard;
    const withOutages: Dialect = {
      ...orchard,
      routes: (door) =>
        orchard.routes({
          ...door,
          engine: {
            ...door.engine,
            refresh: async (asked) => {
              if (isOut) throw new StoreUnavailable("the disk is away");
              return door.engine.refresh(asked);
            },
          },
        }),
    };
    ask = asking(jeton.doors.mount(withOutages, { prefix: "/orchard", issuer, organisation: "Root", policy }));
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await jeton.close();
  });

  const told = async (answer: Promise<Response>): Promise<string> => {
    const response = await answer;
    assert.equal(response.headers.get("content-type"), "application/json");
    return `${response.status} ${await response.text()}`;
  };
  const login = (secret = demoPassword): Promise<Response> =>
    ask("/orchard/session", { body: { name: "bob", secret } });
  const signedIn = async (): Promise<Session> => good<Session>(await login());
  const renew = ({ ticket }: Session): Promise<Response> => ask("/orchard/session/renew", { body: { ticket } });
  const whose = (key: string): Promise<Response> => {
    const sent: Sent = { headers: { authorization: `Bearer ${key}` } };
    return ask("/orchard/session", sent);
  };

  test("the compiler accepts it as it is printed", () => {
    const config = { extends: join(root, "tsconfig.json"), include: [], files: [file] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { status, stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });

  test("a login answers in the product's names, with its lives and its claims", async () => {
    const session = await signedIn();
    assert.deepEqual(Object.keys(session), ["key", "ticket", "seconds"]);
    assert.equal(session.seconds, 600);
    const { owner, client_id } = claimsOf(session.key);
    assert.deepEqual([owner, client_id], ["bob", "orchard"]);
  });

  test("its key opens whoami there, and the native door too", async () => {
    const { key } = await signedIn();
    assert.equal(await told(whose(key)), '200 {"owner":"bob","duties":["member"]}');
    assert.equal((await jeton.me({ access_token: key })).status, 200);
  });

  test("F-20: renewing twice with one ticket gives the same session again, and a third time later ends it", async () => {
    const first = await signedIn();
    const second = await good<Session>(await renew(first));
    assert.deepEqual(await good<Session>(await renew(first)), second);
    assert.notEqual(second.ticket, first.ticket);
    await jeton.later(61);
    const usedUp = '401 {"fault":"This ticket is used up. Open a new session."}';
    assert.equal(await told(renew(first)), usedUp);
    assert.equal(await told(renew(second)), usedUp);
    assert.equal((await whose(second.key)).status, 401);
  });

  test("every refusal is in its own words, also of what reaches no route", async () => {
    assert.equal(await told(login("wrong")), '401 {"fault":"The credentials were not accepted"}');
    assert.equal(await told(whose("garbage")), '401 {"fault":"The access token is not valid"}');
    const body = { name: "bob" };
    assert.equal(
      await told(ask("/orchard/session", { body })),
      '400 {"fault":"The request has a wrong or missing value"}',
    );
    assert.equal(await told(ask("/orchard/tree")), '404 {"fault":"There is nothing here"}');
    const method = ask("/orchard/session", { method: "DELETE" });
    assert.equal(await told(method), '405 {"fault":"This path does not know the method"}');
  });

  test("an outage is 503 in its own words, says when to come back, and ends nothing", async () => {
    const session = await signedIn();
    isOut = true;
    const answer = await renew(session);
    isOut = false;
    assert.equal(answer.headers.get("retry-after"), "1");
    assert.equal(await told(Promise.resolve(answer)), '503 {"fault":"The server cannot answer right now"}');
    assert.equal((await renew(session)).status, 200);
  });
});
