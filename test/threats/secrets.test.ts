/** What comes out when it should not: secrets in logs, errors and the database; the inside of a fault. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { StoreUnavailable } from "../../src/core/faults.ts";
import type { Store } from "../../src/engine/ports.ts";
import { authority, claimsOf, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { asking, basic, bearer, reopened, type Ask, type Sent } from "../api/asking.ts";
import { add } from "../api/people.ts";

describe("G-01: marked secrets", () => {
  const folder = mkdtempSync(join(tmpdir(), "jeton-secrets-"));
  after(() => rmSync(folder, { recursive: true }));

  test("G-01: no password and no token, right or wrong, is in a log, in a refusal or in the database", async () => {
    const jeton = await authority({ file: join(folder, "jeton.db") });
    const canaries: string[] = [];
    const canary = (): string => {
      const made = `canary-${canaries.length}-${"z".repeat(20)}`;
      canaries.push(made);
      return made;
    };
    let refusals = 0;
    let told = "";
    const watched =
      (ask: Ask): Ask =>
      async (path, sent) => {
        const response = await ask(path, sent);
        if (response.status < 400) return response;
        refusals += 1;
        told += `${[...response.headers].join("\n")}\n${await response.clone().text()}\n`;
        return response;
      };
    const ask = watched(asking(jeton.doors.main));
    const keep = async (response: Response): Promise<WirePair> => {
      const pair = await good<WirePair>(response);
      canaries.push(pair.access_token, pair.refresh_token, pair.refresh_token.split(".")[2]!);
      return pair;
    };

    const password = canary();
    await add(jeton, { username: "carla", password });
    const first = await keep(await ask("/api/v1/login", { body: { username: "carla", password } }));
    const second = await keep(await ask("/api/v1/refresh", { body: { refresh_token: first.refresh_token } }));
    const sensu = await keep(await ask("/sensu/auth", { headers: basic("carla", password) }));
    const rotated = await keep(
      await ask("/sensu/auth/token", { headers: bearer(sensu), body: { refresh_token: sensu.refresh_token } }),
    );
    await ask("/api/v1/me", { headers: bearer(second) });

    const routes = [
      "/api/v1/login",
      "/api/v1/refresh",
      "/api/v1/logout",
      "/api/v1/me",
      "/sensu/auth",
      "/sensu/auth/token",
    ];
    for (const path of [...routes, "/api/v1/sessions", "/openapi.json", "/problems/x", "/nowhere"]) {
      const method = /login|refresh|logout|token/.test(path) ? "POST" : "GET";
      const sent: readonly Sent[] = [
        { headers: { authorization: `Bearer ${canary()}` } },
        { headers: { authorization: `Basic ${canary()}` } },
        { headers: basic(canary(), canary()) },
        { headers: { cookie: `session=${canary()}`, "x-api-key": canary(), dpop: canary(), "user-agent": canary() } },
        { headers: { "content-type": canary() }, ...(method === "POST" ? { body: canary() } : {}) },
        { headers: { host: canary() } },
        { headers: { "x-forwarded-for": canary(), "x-request-id": canary() } },
        ...(method === "GET"
          ? []
          : [
              { body: { username: "carla", password: canary(), organisation: canary(), refresh_token: canary() } },
              { body: { username: canary(), password: [canary()], refresh_token: { [canary()]: canary() } } },
              { body: `{"refresh_token":"${canary()}` },
              { body: `{"${canary()}":1,"${canaries.at(-1)}":2}` },
              { body: canary(), headers: bearer(rotated) },
            ]),
      ];
      for (const one of sent) {
        await ask(path, { method, ...one });
        await ask(`${path}?token=${canary()}&${canary()}=1`, { method, ...one });
        await ask(`${path}/${canary()}`, { method, ...one });
      }
    }
    for (const pair of [first, rotated]) await ask("/api/v1/refresh", { body: { refresh_token: pair.refresh_token } });
    await jeton.later(90);
    assert.equal(
      await refusal(ask("/api/v1/refresh", { body: { refresh_token: first.refresh_token } })),
      "401 invalid_grant",
    );

    let isBroken = false;
    const onFire = (): Promise<never> => Promise.reject(new Error("the disk is on fire"));
    const broken = await reopened(jeton, { store: failing(jeton.store, () => isBroken, onFire) });
    isBroken = true;
    const askBroken = watched(broken.ask);
    await askBroken("/api/v1/login", { body: { username: "carla", password } });
    await askBroken("/sensu/auth", { headers: basic("carla", password) });
    await askBroken("/api/v1/refresh", { body: { refresh_token: second.refresh_token } });
    await askBroken("/api/v1/me", { headers: bearer(second) });

    const logs = jeton.logged() + broken.logged();
    assert.ok(refusals > 150 && logs.split("\n").length > refusals, `${refusals} refusals`);
    await jeton.close();
    const stored = readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), "latin1"))
      .join("");
    assert.ok(stored.includes("carla"));
    for (const secret of canaries) {
      assert.equal(logs.includes(secret), false, `logged: ${secret}`);
      assert.equal(told.includes(secret), false, `told: ${secret}`);
      assert.equal(stored.includes(secret), false, `stored: ${secret}`);
      // As Basic carries it.
      const encoded = Buffer.from(secret).toString("base64").slice(0, 24);
      assert.equal((logs + told + stored).includes(encoded), false, `in base64: ${secret}`);
    }
  });
});

describe("G-04: faults", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  const inside = "SELECT password FROM subject; SQLITE_IOERR at /srv/jeton/src/store/sqlite.ts:12";
  const faults: readonly (readonly [what: string, make: () => unknown, isOutage: boolean])[] = [
    ["an error", () => new Error(inside, { cause: new TypeError(inside) }), false],
    ["a store that cannot answer", () => new StoreUnavailable(inside), true],
    ["something that is no error", () => inside, false],
    ["nothing", () => undefined, false],
  ];
  const requests: Readonly<Record<string, (pair: WirePair) => readonly [path: string, sent: Sent]>> = {
    "a login": () => ["/api/v1/login", { body: { username: "bob", password: demoPassword } }],
    "a refresh": ({ refresh_token }) => ["/api/v1/refresh", { body: { refresh_token } }],
    "a logout": ({ refresh_token }) => ["/api/v1/logout", { body: { refresh_token } }],
    "a question who I am": (held) => ["/api/v1/me", { headers: bearer(held) }],
    "a list": (held) => ["/api/v1/sessions", { headers: bearer(held) }],
    "an ending": (held) => [
      `/api/v1/sessions/${String(claimsOf(held.access_token)["sid"])}`,
      { method: "DELETE", headers: bearer(held) },
    ],
    "a login at Sensu's door": () => ["/sensu/auth", { headers: basic("bob", demoPassword) }],
  };

  for (const [what, make, isOutage] of faults) {
    for (const [request, use] of Object.entries(requests)) {
      test(`G-04: ${what} thrown at any step of ${request} is told in general words with the request's id`, async () => {
        const pair = await jeton.login();
        // The steps are the calls of the store: one after the other fails, until the request gets through.
        for (let broken = 1; ; broken++) {
          // Opening the doors asks the store too, which is no step.
          let step = Number.NEGATIVE_INFINITY;
          const fault = (): Promise<never> => {
            if (broken % 2 === 0) throw make();
            return Promise.reject(make());
          };
          const store = failing(jeton.store, () => ++step === broken, fault);
          const { ask, logged } = await reopened(jeton, { store });
          step = 0;
          const response = await ask(...use(pair));
          if (response.status < 400) {
            assert.ok(broken > 1, "no call of the store was made to fail");
            // None of the failures rotated anything.
            if (request === "a refresh")
              assert.equal(claimsOf((await good<WirePair>(response)).refresh_token)["seq"], 2);
            return;
          }
          const text = await response.clone().text();
          if (request.includes("Sensu")) {
            assert.deepEqual([response.status, text], [500, "Internal Server Error\n"]);
            assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
          } else {
            assert.equal(await refusal(response), isOutage ? "503 temporarily_unavailable" : "500 internal_error");
            assert.ok(text.includes(`"request_id":"${response.headers.get("x-request-id")}"`));
          }
          assert.equal(response.headers.get("retry-after"), isOutage ? "1" : null);
          assert.doesNotMatch(
            `${text}${[...response.headers].join("\n")}`,
            /SELECT|SQLITE|\.ts|stack|StoreUnavailable|TypeError|bob/,
          );
          // The operator finds it by that id: the fault, and the request.
          const id = `"request_id":"${response.headers.get("x-request-id")}"`;
          const lines = logged()
            .split("\n")
            .filter((line) => line.includes(id));
          assert.deepEqual(
            lines.map((line) => (JSON.parse(line) as { level: string }).level),
            [isOutage ? "warn" : "error", "info"],
          );
        }
      });
    }
  }
});

/** The store, but a call that `breaks` picks ends as `fault` does: by a throw, or by a promise that rejects. */
function failing(store: Store, breaks: () => boolean, fault: () => Promise<never>): Store {
  return new Proxy(store, {
    get: (target, name: keyof Store) => {
      const call = target[name] as (...given: unknown[]) => unknown;
      return (...given: unknown[]): unknown => (breaks() ? fault() : call(...given));
    },
  });
}
