/** Guessing passwords through the doors: what it costs the guesser, and what it must not cost the owner. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import type { Passwords } from "../../src/engine/ports.ts";
import { passwords } from "../../src/identity/passwords.ts";
import { basic, reopened, seen, type Ask } from "../api/asking.ts";
import { add } from "../api/people.ts";
import { authority, good, refusal, type Authority, type WirePair } from "../authority.ts";

const elsewhere = "203.0.113.9";
const home = "198.51.100.7";

/** Compares at once, so that many attempts can be made; the comparison itself has its own tests. */
const quick: Passwords = {
  ...passwords(randomBytes),
  verify: async (hash, password) => hash !== null && password.reveal() === demoPassword,
};

describe("guessing passwords", () => {
  let jeton: Authority;
  let ask: Ask;
  let logged: () => string;

  const login = (username: string, password: string, address = elsewhere): Promise<Response> =>
    ask("/api/v1/login", { body: { username, password }, address });
  const sensu = (username: string, password: string, address = elsewhere): Promise<Response> =>
    ask("/sensu/auth", { headers: basic(username, password), address });
  /** The status, and how long to wait where there is something to wait for. */
  const short = async (response: Response): Promise<string> => {
    await response.text();
    return [response.status, response.headers.get("retry-after")].filter(Boolean).join(" ");
  };
  const fail = async (username: string, times: number, address = elsewhere): Promise<string[]> => {
    const answers: string[] = [];
    for (let at = 0; at < times; at++) answers.push(await short(await login(username, `wrong ${at}`, address)));
    return answers;
  };
  /** Doors whose throttle knows nothing yet, as the defaults have it. */
  const open = async (more: { passwords?: Passwords } = {}): Promise<void> => {
    ({ ask, logged } = await reopened(jeton, { passwords: quick, ...more }));
  };

  before(async () => {
    jeton = await authority({
      settings: { "throttle.free": 5, "throttle.longest": "15m", "throttle.network_burst": 100 },
    });
    await add(jeton, { username: "lou", password: demoPassword, status: "locked" });
  });
  after(() => jeton.close());

  test("L-04: thirty sign-ins together with the right password all get in; thirty wrong ones are cut off as if in turn", async () => {
    await open();
    const together = async (password: string): Promise<Record<string, number>> => {
      const answers = await Promise.all(Array.from({ length: 30 }, async () => short(await login("bob", password))));
      return Object.fromEntries(
        Map.groupBy(answers, (answer) => answer)
          .entries()
          .map(([answer, all]) => [answer, all.length]),
      );
    };
    assert.deepEqual(await together(demoPassword), { "200": 30 });
    assert.deepEqual(await together("wrong"), { "401": 6, "429 1": 24 });
    await jeton.later(1);
    assert.deepEqual(await together(demoPassword), { "200": 30 });
  });

  test("L-05: five wrong passwords are free, the next cost 1 s, 2 s, 4 s, and in the meantime the right one does not count", async () => {
    await open();
    assert.deepEqual(await fail("bob", 8), ["401", "401", "401", "401", "401", "401", "429 1", "429 1"]);
    assert.equal(await refusal(login("bob", demoPassword)), "429 too_many_attempts");
    for (const wait of [1, 2, 4, 8]) {
      await jeton.later(wait);
      assert.deepEqual(await fail("bob", 2), ["401", `429 ${wait * 2}`]);
    }
    await jeton.later(16);
    assert.equal(await short(await login("bob", demoPassword)), "200");
    assert.deepEqual(await fail("bob", 6, "203.0.113.10"), Array(6).fill("401"));
  });

  test("L-01: a name that waits is answered the same whether there is such an account or not, and whatever its state", async () => {
    await open();
    const names = ["bob", "nobody", "eve", "lou", "harvester", "nobody@example.com"];
    const answers = new Map<string, string>();
    for (const [at, name] of names.entries()) {
      const address = `203.0.113.${at + 20}`;
      const all: string[] = [];
      for (let tried = 0; tried < 9; tried++) all.push(await seen(await login(name, demoPassword.slice(1), address)));
      all.push(await seen(await login(name, name === "bob" ? "wrong" : demoPassword, address)));
      all.push(await seen(await sensu(name, "wrong", address)));
      answers.set(name, all.join("\n\n"));
    }
    assert.equal(new Set(answers.values()).size, 1, [...answers.values()].join("\n=====\n"));
    assert.match([...answers.values()][0]!, /^429\n[^]*retry-after: 1\n[^]*too_many_attempts[^]*Too Many Requests\n$/m);
  });

  test("L-06, H-11: every spelling of a name, both doors and all of an account's addresses share one budget", async () => {
    await open();
    const spellings = ["Bob", " bob ", "BOB", "ｂｏｂ", "bob@example.com", "BOB@Example.com"];
    for (const [at, name] of spellings.entries()) {
      const answer = at % 2 === 0 ? await login(name, "wrong") : await sensu(name, "wrong");
      assert.equal(answer.status, 401, name);
    }
    for (const name of spellings) {
      assert.equal(await short(await login(name, demoPassword)), "429 1");
      assert.equal(await short(await sensu(name, demoPassword)), "429 1");
    }
    const unknown = ["Zed", "zed", " ZED", "ｚｅｄ", "zED", "Zed "];
    for (const name of unknown) assert.equal((await login(name, "wrong")).status, 401, name);
    for (const name of unknown) assert.equal(await short(await sensu(name, "wrong")), "429 1");
    assert.equal((await login("zoe", "wrong")).status, 401);
  });

  test("Sensu: a throttled login is 429 in one line of plain text, with Retry-After", async () => {
    await open();
    await fail("bob", 6);
    const response = await sensu("bob", demoPassword);
    assert.equal(response.status, 429);
    assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(response.headers.get("retry-after"), "1");
    assert.equal(await response.text(), "Too Many Requests\n");
  });

  test("L-05: ten thousand wrong passwords from elsewhere end no session and keep the owner out nowhere where she was before", async () => {
    await open();
    let pair = await good<WirePair>(await login("ada", demoPassword, home));
    const counts = new Map<string, number>();
    for (let tried = 0; tried < 10_000; tried++) {
      const status = (await login("ada", `guess ${tried}`, `203.0.${tried % 250}.${tried % 199}`)).status;
      counts.set(String(status), (counts.get(String(status)) ?? 0) + 1);
      if (tried % 10 === 0) await jeton.later(1);
      if (tried % 2500 === 0) {
        assert.equal((await jeton.me(pair)).status, 200);
        pair = await jeton.refreshed(pair);
      }
    }
    // A thousand seconds: five for nothing, then 1 s, 2 s and so on to 512 s.
    assert.deepEqual([...counts.keys()].toSorted(), ["401", "429"]);
    assert.ok(counts.get("401")! <= 16, String(counts.get("401")));
    assert.equal(await short(await login("ada", demoPassword, home)), "200");
    assert.equal((await jeton.me(await jeton.refreshed(pair))).status, 200);
    // From a new place she waits, for as long as the answer says and no longer than the setting.
    const wait = Number((await login("ada", demoPassword, "192.0.2.77")).headers.get("retry-after"));
    assert.ok(wait > 0 && wait <= 900, String(wait));
    await jeton.later(wait);
    assert.equal(await short(await login("ada", demoPassword, "192.0.2.77")), "200");
    // What happened at home did not help the guesser.
    assert.ok(logged().includes('"event":"lock_out"'));
  });

  test("L-05: the owner's own failures at home are limited there, and the guesser's budget is not hers", async () => {
    await open();
    assert.equal(await short(await login("ada", demoPassword, home)), "200");
    assert.deepEqual(await fail("ada", 7, elsewhere), [...Array<string>(6).fill("401"), "429 1"]);
    assert.deepEqual(await fail("ada", 7, home), [...Array<string>(6).fill("401"), "429 1"]);
    await jeton.later(2);
    assert.equal(await short(await login("ada", demoPassword, home)), "200");
    assert.deepEqual(await fail("ada", 2, elsewhere), ["401", "429 2"]);
  });

  test("L-04: one password tried on many names from one address stops at the address's budget", async () => {
    await open();
    const answers: string[] = [];
    for (let at = 0; at < 150; at++) answers.push(await short(await login(`name-${at}`, "Spring2026!")));
    assert.deepEqual(answers, [...Array<string>(100).fill("401"), ...Array<string>(50).fill("429 6")]);
    assert.equal(await short(await login("bob", demoPassword)), "429 6");
    assert.equal(await short(await login("bob", demoPassword, home)), "200");
    await jeton.later(6);
    assert.equal(await short(await login("bob", demoPassword)), "200");
    assert.equal(await short(await login("name-1", "Spring2026!")), "401");
    assert.equal(await short(await login("name-2", "Spring2026!")), "429 6");
  });

  test("L-04, H-11: all addresses of one IPv6 network, in any spelling, have one budget", async () => {
    await open();
    const spelled = (at: number): string =>
      [`2001:db8:1:2::${at.toString(16)}`, `2001:0DB8:0001:0002:${at.toString(16)}::9`][at % 2]!;
    for (let at = 0; at < 100; at++) assert.equal((await login(`name-${at}`, "wrong", spelled(at))).status, 401);
    assert.equal(await short(await login("name-0", "wrong", "2001:db8:1:2:ffff:ffff:ffff:ffff")), "429 6");
    assert.equal(await short(await login("name-0", "wrong", "2001:db8:1:3::1")), "401");
  });

  test("N-01: an address that a header claims has no budget of its own", async () => {
    await open();
    const claims = [
      "x-forwarded-for",
      "forwarded",
      "x-real-ip",
      "true-client-ip",
      "x_forwarded_for",
      "cf-connecting-ip",
    ];
    for (let at = 0; at < 100; at++) {
      const claimed = `192.0.2.${at}`;
      const header = claims[at % claims.length]!;
      const response = await ask("/api/v1/login", {
        body: { username: `name-${at}`, password: "wrong" },
        headers: { [header]: header === "forwarded" ? `for=${claimed}` : claimed },
        address: elsewhere,
      });
      assert.equal(response.status, 401);
    }
    for (const header of claims) {
      const response = await ask("/api/v1/login", {
        body: { username: "somebody", password: "wrong" },
        headers: { [header]: home },
        address: elsewhere,
      });
      assert.equal(await short(response), "429 6", header);
    }
    // And nobody can spend the budget of the address that was claimed.
    assert.equal(await short(await login("bob", demoPassword, home)), "200");
  });

  test("L-08: the guesser's own good sign-ins in between give nothing back", async () => {
    await open();
    let guessed = 0;
    for (let at = 0; at < 200; at++) {
      if ((await login(`name-${at}`, "wrong")).status === 401) guessed += 1;
      await login("bob", demoPassword);
    }
    assert.equal(guessed, 100);
    await open();
    const answers: string[] = [];
    for (let at = 0; at < 8; at++) {
      answers.push(...(await fail("ada", 1)));
      assert.equal((await login("bob", demoPassword)).status, 200);
    }
    assert.deepEqual(answers, [...Array<string>(6).fill("401"), "429 1", "429 1"]);
  });

  test("L-08: good sign-ins never count: three hundred from one address", async () => {
    await open();
    for (let at = 0; at < 300; at++) assert.equal((await login("bob", demoPassword)).status, 200);
    assert.equal((await login("bob", "wrong")).status, 401);
  });

  test("L-04, L-11: of two hundred wrong passwords at once for one name, six are looked at", async () => {
    let compared = 0;
    const slow: Passwords = {
      ...quick,
      verify: async () => {
        compared += 1;
        await new Promise((resolve) => setImmediate(resolve));
        return false;
      },
    };
    await open({ passwords: slow });
    const answers = await Promise.all(Array.from({ length: 200 }, (_, at) => login("bob", `guess ${at}`)));
    assert.equal(compared, 6);
    assert.equal(answers.filter(({ status }) => status === 401).length, 6);
    assert.equal(answers.filter(({ status }) => status === 429).length, 194);
  });

  test("L-11: what found no place at the hash, what could not be read and what broke off is no failure", async () => {
    let mode: "busy" | "broken" | "good" = "busy";
    const unsteady: Passwords = {
      ...quick,
      verify: async (...asked) => {
        if (mode === "broken") throw new Error("broken on purpose");
        return mode === "busy" ? undefined : quick.verify(...asked);
      },
    };
    await open({ passwords: unsteady });
    for (let at = 0; at < 30; at++) assert.equal((await login("bob", demoPassword)).status, 503);
    mode = "broken";
    for (let at = 0; at < 30; at++) assert.equal((await login("bob", demoPassword)).status, 500);
    for (let at = 0; at < 30; at++) {
      assert.equal((await ask("/api/v1/login", { body: { username: "bob" }, address: elsewhere })).status, 400);
      assert.equal((await ask("/api/v1/login", { body: "{", address: elsewhere })).status, 400);
    }
    mode = "good";
    assert.deepEqual(await fail("bob", 6), Array(6).fill("401"));
  });

  test("L-04: a guess whose caller hung up while it was compared is a failure all the same", async () => {
    const gone = new AbortController();
    const abandoned: Passwords = {
      ...quick,
      verify: async () => {
        gone.abort();
        return false;
      },
    };
    await open({ passwords: abandoned });
    for (let at = 0; at < 6; at++) assert.equal((await login("bob", "wrong")).status, 401);
    assert.equal((await login("bob", "wrong")).status, 429);
  });

  test("L-05: a lock-out is logged with the account's id and never with what was typed", async () => {
    await open();
    await fail("bob", 6);
    await fail("a-password-in-the-name", 6, "192.0.2.5");
    const lines = logged()
      .split("\n")
      .filter((line) => line.includes('"event":"lock_out"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(lines.length, 2);
    assert.deepEqual(
      lines.map(({ level, seconds, address }) => [level, seconds, address]),
      [
        ["warn", 1, elsewhere],
        ["warn", 1, "192.0.2.5"],
      ],
    );
    assert.match(String(lines[0]!["subject"]), /^[0-9a-f-]{36}$/);
    assert.equal("subject" in lines[1]!, false);
    assert.doesNotMatch(logged(), /a-password|wrong \d/);
  });
});
