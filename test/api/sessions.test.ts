import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { authority, claimsOf, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { bearer } from "./asking.ts";
import { add } from "./people.ts";

interface Session {
  readonly id: string;
  readonly client: string;
  readonly created_at: string;
  readonly last_refreshed_at: string | null;
  readonly expires_at: string;
  readonly ends_at: string;
  readonly current: boolean;
}

interface Page {
  readonly items: readonly Session[];
  readonly next_cursor: string | null;
}

const idOf = (pair: WirePair): string => String(claimsOf(pair.access_token)["sid"]);

describe("GET /api/v1/sessions", () => {
  let jeton: Authority;
  /** Somebody with so many sessions, a second apart. */
  let number = 0;
  async function somebody(sessions: number): Promise<readonly WirePair[]> {
    const username = `person-${number++}`;
    await add(jeton, { username, password: "something to sign in with" });
    const pairs: WirePair[] = [];
    for (let opened = 0; opened < sessions; opened++) {
      pairs.push(await jeton.login(username, "something to sign in with"));
      jeton.clock.pass(1);
    }
    return pairs;
  }
  const list = (pair: WirePair, query = ""): Promise<Response> =>
    jeton.ask(`/api/v1/sessions${query}`, { headers: bearer(pair) });

  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  test("Sessions: each session has its door, its times and its end, and the caller's own is marked", async () => {
    const [first, second] = await somebody(2);
    const start = jeton.clock.now() - 2;
    const refreshed = await jeton.refreshed(first!);
    const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
    const days = (count: number): number => count * 86_400;
    assert.deepEqual(await good<Page>(await list(refreshed)), {
      items: [
        {
          id: idOf(second!),
          client: "native",
          created_at: iso(start + 1),
          last_refreshed_at: null,
          expires_at: iso(start + 1 + days(30)),
          ends_at: iso(start + 1 + days(90)),
          current: false,
        },
        {
          id: idOf(first!),
          client: "native",
          created_at: iso(start),
          last_refreshed_at: iso(start + 2),
          expires_at: iso(start + 2 + days(30)),
          ends_at: iso(start + days(90)),
          current: true,
        },
      ],
      next_cursor: null,
    });
  });

  test("H-09: pages follow each other newest first, without gap and without repeat", async () => {
    const pairs = await somebody(7);
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const query: string = cursor === null ? "?limit=3" : `?limit=3&cursor=${encodeURIComponent(cursor)}`;
      const page: Page = await good<Page>(await list(pairs[0]!, query));
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
      pages += 1;
    } while (cursor !== null);
    assert.deepEqual(seen, pairs.map(idOf).toReversed());
    assert.equal(pages, 3);
  });

  test("H-09: the last page says so, also when it is full", async () => {
    const [pair] = await somebody(4);
    const first = await good<Page>(await list(pair!, "?limit=2"));
    assert.notEqual(first.next_cursor, null);
    assert.equal((await good<Page>(await list(pair!, `?limit=2&cursor=${first.next_cursor}`))).next_cursor, null);
  });

  const wrongQueries = [
    ...["0", "-1", "1e9", "NaN", "201", "1000", "1.5", "+1", " 1", "01", "0x1", "", "１"].map(
      (limit) => `?limit=${encodeURIComponent(limit)}`,
    ),
    "?limit=1&limit=2",
    "?limit=1&limit=1",
    "?limit[]=1",
    "?sort=password_hash",
    "?filter=",
    "?offset=1000000",
    "?LIMIT=1",
    "?__proto__=1",
    "?limit=1&__proto__[limit]=2",
  ];
  for (const query of wrongQueries) {
    test(`H-09: a list asked for with ${query} is refused`, async () => {
      const pair = await jeton.login("ada");
      assert.equal(await refusal(list(pair, query)), "400 invalid_request");
    });
  }

  test("H-09: the refusal of an unknown parameter does not repeat its name, which may be a secret", async () => {
    const response = await list(await jeton.login("ada"), "?canary-in-a-name=1");
    assert.doesNotMatch(await response.text(), /canary/);
  });

  test("H-09: a cursor that was forged, cut, lengthened or given to somebody else is refused", async () => {
    const [pair] = await somebody(3);
    const [stranger] = await somebody(1);
    const { next_cursor } = await good<Page>(await list(pair!, "?limit=1"));
    const cursor = next_cursor!;
    const [id = "", mac = ""] = cursor.split(".");
    const other = idOf(stranger!);
    const forged = [
      id,
      `${id}.`,
      `${id}.AAAAAAAAAAAAAAAAAAAAAA`,
      `${other}.${mac}`,
      `${cursor}A`,
      cursor.slice(0, -1),
      cursor.toUpperCase(),
      `${cursor}.${mac}`,
      ".",
      "' OR 1=1 --",
      "x".repeat(300),
    ];
    for (const wrong of forged) {
      const answer = await refusal(list(pair!, `?cursor=${encodeURIComponent(wrong)}`));
      assert.equal(answer, "400 invalid_request", wrong);
    }
    assert.equal(await refusal(list(stranger!, `?cursor=${cursor}`)), "400 invalid_request");
    assert.equal(await refusal(list(pair!, `?cursor=${cursor}&cursor=${cursor}`)), "400 invalid_request");
    assert.equal((await list(pair!, `?cursor=${cursor}`)).status, 200);
  });

  test("F-13: what has ended or expired is no longer listed", async () => {
    const [first, second, third] = await somebody(3);
    await jeton.ask("/api/v1/logout", { body: { refresh_token: second!.refresh_token } });
    jeton.clock.pass(30 * 86_400 - 2);
    const fresh = await jeton.refreshed(third!);
    assert.deepEqual(
      (await good<Page>(await list(fresh))).items.map(({ id }) => id),
      [idOf(third!)],
    );
    assert.equal(await refusal(jeton.refresh(first!)), "401 invalid_grant");
  });
});
