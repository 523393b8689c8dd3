/** What a stranger may try on sign-in, at the native door and by Basic at Sensu's. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { Secret } from "../../src/core/secret.ts";
import { passwords } from "../../src/identity/passwords.ts";
import { authority, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { asking, basic, reopened, seen, type Ask } from "../api/asking.ts";
import { add } from "../api/people.ts";

describe("hostile sign-ins", () => {
  let jeton: Authority;
  let ask: Ask;
  const login = (body: unknown): Promise<Response> => ask("/api/v1/login", { body });
  const sensu = (authorization?: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    ask("/sensu/auth", { headers: { ...(authorization === undefined ? {} : { authorization }), ...headers } });
  const statusAndText = async (response: Response): Promise<string> => `${response.status} ${await response.text()}`;

  before(async () => {
    jeton = await authority({ realHashes: true });
    ask = asking(jeton.doors.main);
  });
  after(() => jeton.close());

  test("L-01: at Sensu's door too, a wrong password, an unknown name and every account that may not enter are alike", async () => {
    await add(jeton, { username: "lou", password: demoPassword, status: "locked" });
    const refused = [
      ["bob", "wrong"],
      ["nobody", demoPassword],
      ["nobody@example.com", demoPassword],
      ["eve", demoPassword],
      ["eve@example.com", demoPassword],
      ["lou", demoPassword],
      ["harvester", demoPassword],
      ["a name", demoPassword],
      ["bob", "x".repeat(2000)],
    ] as const;
    const answers = new Set(
      await Promise.all(
        refused.map(async ([name, password]) => seen(await sensu(basic(name, password)["authorization"]))),
      ),
    );
    assert.equal(answers.size, 1, [...answers].join("\n\n"));
    assert.match([...answers][0]!, /^401\n[^]*\n\nUnauthorized\n$/);
  });

  test("L-01: every reason to refuse costs one hash", async () => {
    const real = passwords(randomBytes);
    let hashes = 0;
    const counted = await reopened(jeton, {
      passwords: { ...real, verify: (hash, password) => (hashes++, real.verify(hash, password)) },
    });
    const bodies = [
      { username: "bob", password: "wrong" },
      { username: "nobody", password: demoPassword },
      { username: "eve", password: demoPassword },
      { username: "harvester", password: demoPassword },
      { username: "bob", password: demoPassword, organisation: "Nowhere" },
      { username: "bob\0", password: demoPassword },
    ];
    for (const [at, body] of bodies.entries()) {
      assert.equal(await refusal(counted.ask("/api/v1/login", { body })), "401 invalid_credentials");
      assert.equal(hashes, at + 1, JSON.stringify(body));
    }
  });

  test("L-06, L-13: all spellings of one name are one account at every door", async () => {
    const subjects = new Set<unknown>();
    for (const username of ["bob", "Bob", "BOB", "ｂｏｂ", " bob\t", "bob@example.com", "BOB@EXAMPLE.COM"]) {
      const pairs = [
        await good<WirePair>(await login({ username, password: demoPassword })),
        await good<WirePair>(await sensu(basic(username, demoPassword)["authorization"])),
      ];
      for (const pair of pairs) subjects.add((await good<{ id: string }>(await jeton.me(pair))).id);
    }
    assert.equal(subjects.size, 1);
  });

  const strangers = [
    "b\u043eb",
    "bob\0",
    "bob\u0000bob",
    "b\nob",
    "bo\u200bb",
    "\u202ebob",
    "bo\u00adb",
    "bo b",
    "bob:",
    "ADM\u0130N",
    "@bob",
    "bob@",
    "bob@example.com\0",
    "bob@example\u3002com",
    '"bob"@example.com',
    "bob+x@example.com",
    "\u{1F468}\u200d\u{1F469}",
    "%62ob",
    "' OR '1'='1",
    "bob'--",
  ];
  for (const username of strangers) {
    test(`L-13: ${JSON.stringify(username)} is nobody, at either door`, async () => {
      assert.equal(await refusal(login({ username, password: demoPassword })), "401 invalid_credentials");
      assert.equal(
        await statusAndText(await sensu(basic(username, demoPassword)["authorization"])),
        "401 Unauthorized\n",
      );
    });
  }

  test("L-13: a name of 10 KB is refused before anybody looks for it", async () => {
    assert.equal(await refusal(login({ username: "b".repeat(10_000), password: demoPassword })), "400 invalid_request");
    assert.equal((await sensu(basic("b".repeat(10_000), demoPassword)["authorization"])).status, 401);
  });

  test("L-10: a password over the limit is refused without a hash, one at the limit is hashed", async () => {
    let hashes = 0;
    const real = passwords(randomBytes);
    const counted = await reopened(jeton, {
      passwords: { ...real, verify: (hash, password) => (hashes++, real.verify(hash, password)) },
    });
    const refusals = [
      ["x".repeat(1025), "401 invalid_credentials"],
      ["😀".repeat(1025), "401 invalid_credentials"],
      ["x".repeat(4097), "400 invalid_request"],
      [`a${"\u0301".repeat(1000)}`, "401 invalid_credentials"],
      ["", "400 invalid_request"],
      ["x".repeat(1_000_000), "413 body_too_large"],
      ["\u0301".repeat(1_000_000), "413 body_too_large"],
    ] as const;
    for (const [password, expected] of refusals) {
      assert.equal(await refusal(counted.ask("/api/v1/login", { body: { username: "bob", password } })), expected);
    }
    const surrogate = String.raw`{"username":"bob","password":"\ud83d"}`;
    assert.equal(await refusal(counted.ask("/api/v1/login", { body: surrogate })), "400 malformed_json");
    assert.equal(hashes, 0);
    assert.equal(
      await refusal(counted.ask("/api/v1/login", { body: { username: "bob", password: "😀".repeat(1024) } })),
      "401 invalid_credentials",
    );
    assert.equal(hashes, 1);
  });

  const lasting = [
    "x".repeat(1024),
    "😀".repeat(1024),
    "    ",
    " leading and trailing ",
    "אבגד שלום עליכם",
    "\u202eright to left",
    "tab\tand\u0007bell",
    "ﬀ is not ff",
  ];
  for (const [at, password] of lasting.entries()) {
    test(`L-10: every character of a password counts, example ${at + 1}`, async () => {
      const username = `typist-${at}`;
      await add(jeton, { username, password });
      assert.equal((await login({ username, password })).status, 200);
      const points = Array.from(password);
      const nearly = [points.slice(1), points.slice(0, -1), [...points.slice(0, -1), "y"]].map((wrong) =>
        wrong.join(""),
      );
      for (const wrong of [...nearly, password.trim(), password.normalize("NFKC")].filter(
        (text) => text !== password && text !== "",
      )) {
        assert.equal(
          await refusal(login({ username, password: wrong })),
          "401 invalid_credentials",
          JSON.stringify(wrong),
        );
      }
    });
  }

  test("L-11: of 200 passwords at once as many are hashed as there are cores to spare, 64 wait, the rest is turned away", async () => {
    const { verify } = passwords(randomBytes);
    const answers = await Promise.all(Array.from({ length: 200 }, () => verify(null, new Secret("wrong"))));
    const places = Math.max(1, availableParallelism() - 1) + 64;
    assert.equal(answers.filter((answer) => answer === false).length, places);
    assert.equal(answers.filter((answer) => answer === undefined).length, 200 - places);
  });

  test("L-11: of 200 logins at once those that have no place are told to come back, and nobody else notices", async () => {
    const pair = await jeton.login();
    let settled = 0;
    const logins = Array.from({ length: 200 }, async () => {
      const response = await login({ username: "ada", password: demoPassword });
      settled += 1;
      return response;
    });
    assert.equal((await jeton.me(pair)).status, 200);
    assert.equal((await jeton.me(await jeton.refreshed(pair))).status, 200);
    assert.ok(settled < 200);
    const answers = await Promise.all(logins);
    const turnedAway = answers.filter(({ status }) => status !== 200);
    assert.ok(turnedAway.length > 0 && turnedAway.length <= 135, `${turnedAway.length} were turned away`);
    for (const answer of turnedAway) {
      assert.equal(answer.headers.get("retry-after"), "1");
      assert.equal(await refusal(answer), "503 temporarily_unavailable");
    }
    assert.equal((await login({ username: "ada", password: demoPassword })).status, 200);
  });

  test("L-11: with one place and none to wait, a second login is 503 here and 500 at Sensu's door, with Retry-After", async () => {
    const narrow = passwords(randomBytes, { concurrent: 1, waiting: 1 });
    const small = await reopened(jeton, { passwords: narrow });
    const busy = ["one at work", "one waits"].map((text) => narrow.verify(null, new Secret(text)));
    const [native, dialect] = await Promise.all([
      small.ask("/api/v1/login", { body: { username: "bob", password: demoPassword } }),
      small.ask("/sensu/auth", { headers: basic("bob", demoPassword) }),
    ]);
    assert.equal(await refusal(native), "503 temporarily_unavailable");
    assert.equal(dialect.headers.get("retry-after"), "1");
    assert.equal(await statusAndText(dialect), "500 Internal Server Error\n");
    await Promise.all(busy);
    assert.equal((await small.ask("/api/v1/login", { body: { username: "bob", password: demoPassword } })).status, 200);
  });

  test("L-23: a user name and password in the query or in the authority of the URL are refused and not logged", async () => {
    const canary = "canary-in-the-url";
    const query = `username=bob&password=${canary}`;
    assert.equal(
      await refusal(ask(`/api/v1/login?${query}`, { body: { username: "bob", password: demoPassword } })),
      "400 invalid_request",
    );
    assert.equal(await refusal(ask(`/api/v1/login?${query}`, { body: {} })), "400 invalid_request");
    assert.equal(await refusal(ask(`/api/v1/login?${query}`)), "405 method_not_allowed");
    assert.equal((await ask(`/sensu/auth?${query}`, { headers: basic("bob", demoPassword) })).status, 400);
    assert.equal((await ask(`/sensu/auth?${query}`)).status, 400);
    // What a client that was given such a URL makes of it: a Host with a user in it.
    assert.equal(
      await refusal(ask("/api/v1/me", { headers: { host: `bob:${canary}@127.0.0.1:8420` } })),
      "400 malformed_request",
    );
    assert.equal(jeton.logged().includes(canary), false);
  });
});

test("L-11: a caller who has gone is not hashed for, and the others do not wait for it", async () => {
  const own = passwords(randomBytes, { concurrent: 1, waiting: 64 });
  const stored = (await own.hash(new Secret("some password")))!;
  const gone = (): AbortSignal => AbortSignal.abort();
  const working = own.verify(stored, new Secret("some password"));
  const left = Array.from({ length: 50 }, () => own.verify(stored, new Secret("some password"), gone));
  const honest = own.verify(stored, new Secret("some password"));
  const began = performance.now();
  assert.equal(await working, true);
  const started = performance.now();
  assert.deepEqual(new Set(await Promise.all(left)), new Set([undefined]));
  assert.equal(await honest, true);
  // The one that is honest takes about as long as the one before; fifty would take fifty times as long.
  assert.ok(performance.now() - started < 20 * (started - began));
});
