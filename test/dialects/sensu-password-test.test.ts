/** The compatibility checklist of Sensu Go's authentication API: GET /auth/test. RFC 7617. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { good } from "../authority.ts";
import { basic, bearer, seen } from "../api/asking.ts";
import { add } from "../api/people.ts";
import { refused, sensuClient, type SensuClient } from "./sensu-client.ts";

describe("GET /auth/test", () => {
  let sensu: SensuClient;
  before(async () => {
    sensu = await sensuClient();
  });
  after(() => sensu.close());

  const path = "/sensu/auth/test";
  const no = "401 Request unauthorized";
  const tested = (
    username: string,
    password: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> => sensu.ask(path, { headers: { ...basic(username, password), ...headers } });

  test("Sensu 11: without credentials it is 401, and with a bearer, too", async () => {
    assert.equal(await refused(sensu.ask(path)), no);
    assert.equal(await refused(sensu.ask(path, { headers: bearer(await sensu.login()) })), no);
  });

  test("Sensu 12: whatever is wrong is 401 Request unauthorized, and all answers are alike", async () => {
    await add(sensu.jeton, { username: "no-password" });
    const answers = [
      await tested("bob", "wrong"),
      await tested("nobody", demoPassword),
      await tested("eve", demoPassword),
      await tested("no-password", demoPassword),
      await tested("bob", ""),
      await tested("", demoPassword),
    ];
    const texts = new Set(await Promise.all(answers.map(seen)));
    assert.equal(texts.size, 1);
    assert.match([...texts][0]!, /^401\n[^]*\n\nRequest unauthorized\n$/);
  });

  test("Sensu 13: good credentials are 200 and an empty body, and neither a token nor a session comes of it", async () => {
    const username = await sensu.somebody();
    const tokens = await sensu.login(username);
    const sessions = async (): Promise<number> =>
      (await good<{ items: readonly unknown[] }>(await sensu.ask("/api/v1/sessions", { headers: bearer(tokens) })))
        .items.length;
    const held = await sessions();
    const response = await tested(username, demoPassword);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), null);
    assert.deepEqual(response.headers.getSetCookie(), []);
    assert.equal(await response.text(), "");
    assert.equal(await sessions(), held);
  });

  for (const [status, verb] of [
    ["disabled", "disable"],
    ["locked", "lock"],
    ["deleted", "delete"],
  ] as const) {
    test(`Sensu 12: the right password of somebody who is ${status} is 401`, async () => {
      const username = await sensu.somebody();
      assert.equal((await tested(username, demoPassword)).status, 200);
      await sensu.setStatus(username, verb);
      assert.equal(await refused(tested(username, demoPassword)), no);
    });
  }

  test("L-21: Basic is read as at GET /auth: the first colon, the scheme in any case, and nothing that can be read twice", async () => {
    await add(sensu.jeton, { username: "colin", password: "a:b::c:d:" });
    const encoded = (text: string): string => Buffer.from(text).toString("base64");
    for (const scheme of ["Basic ", "bAsIc ", "BASIC   "])
      assert.equal(
        (await sensu.ask(path, { headers: { authorization: scheme + encoded("colin:a:b::c:d:") } })).status,
        200,
        scheme,
      );
    const right = `Basic ${encoded(`bob:${demoPassword}`)}`;
    for (const authorization of [
      `Basic ${encoded("bob")}`,
      `${right}!`,
      right.replaceAll("=", ""),
      "Basic",
      `Basic${right.slice(6)}`,
      `Digest ${right.slice(6)}`,
    ])
      assert.equal(await refused(sensu.ask(path, { headers: { authorization } })), no, authorization);
    for (const authorization of [`${right}, ${right}`, `${right}, Bearer x`, `Bearer x, ${right}`])
      assert.match(await refused(sensu.ask(path, { headers: { authorization } })), /^400 /, authorization);
  });

  test("L-22: a page of another site and a navigating browser learn nothing, and no answer is for a cache", async () => {
    for (const headers of [
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" },
      { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate" },
    ] as const)
      for (const password of [demoPassword, "wrong"])
        assert.equal(await refused(tested("bob", password, headers)), "403 Request unauthorized");
    for (const password of [demoPassword, "wrong"]) {
      const { headers } = await tested("bob", password);
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get("vary"), "Authorization, Sec-Fetch-Site, Sec-Fetch-Mode");
      assert.equal(headers.get("www-authenticate"), null);
    }
  });

  test("RFC 9110 section 9.3.2: it has no HEAD, which would tell the same", async () => {
    const response = await sensu.ask(path, { method: "HEAD", headers: basic("bob", demoPassword) });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET");
  });

  test("L-06, L-04: guesses here and at the other doors are of one budget, and a right one here clears it as there", async () => {
    const strict = await sensuClient({ "throttle.free": 3 });
    const username = await strict.somebody();
    const guess = (password: string): Promise<Response> =>
      strict.ask(path, { headers: basic(username, password), address: "192.0.2.7" });
    const signIn = (password: string): Promise<Response> =>
      strict.ask("/api/v1/login", { body: { username, password }, address: "192.0.2.7" });
    assert.deepEqual(
      [(await guess("1")).status, (await signIn("2")).status, (await guess("3")).status],
      [401, 401, 401],
    );
    assert.equal((await signIn("4")).status, 401);
    const held = await guess(demoPassword);
    assert.equal(held.headers.get("retry-after"), "1");
    assert.equal(await refused(held), "429 Too Many Requests");
    strict.jeton.clock.pass(1);
    assert.equal((await guess(demoPassword)).status, 200);
    for (const wrong of ["5", "6", "7"]) assert.equal((await signIn(wrong)).status, 401);
    assert.equal((await signIn(demoPassword)).status, 200);
    const metrics = await (await strict.ask("/metrics", { headers: bearer(await strict.jeton.login("ada")) })).text();
    assert.match(metrics, /jeton_sign_ins_total\{result="refused"\} 7\b/);
    assert.match(metrics, /jeton_sign_ins_total\{result="throttled"\} 1\b/);
    await strict.close();
  });
});
