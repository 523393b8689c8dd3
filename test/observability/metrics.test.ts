/** GET /metrics: who may read it, what it tells, and that nobody can make it grow. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { beatEvery } from "../../src/compose/heart.ts";
import { openLog } from "../../src/compose/log.ts";
import { countBy, counters, exposition, histogram } from "../../src/http/metrics.ts";
import { authority, claimsOf, refusal, type Authority } from "../authority.ts";
import { bearer, reopened } from "../api/asking.ts";

/** The samples of a document, which must be one by the rules of the text format 0.0.4. */
function parsed(text: string): Map<string, number> {
  assert.ok(text.endsWith("\n"));
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  let helped = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const help = /^# HELP ([a-z_:][a-z0-9_:]*) \S.*$/.exec(line);
    if (help !== null) {
      helped = help[1]!;
      continue;
    }
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (type !== null) {
      assert.equal(type[1], helped, line);
      assert.ok(!types.has(helped), `${helped} comes twice`);
      types.set(helped, type[2]!);
      continue;
    }
    const sample =
      /^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line);
    assert.ok(sample, line);
    const [, name = "", labels = "", value] = sample;
    const family = types.get(helped) === "histogram" ? name.replace(/_(?:bucket|sum|count)$/, "") : name;
    assert.equal(family, helped, line);
    if (types.get(helped) === "counter") assert.match(name, /_total$/);
    assert.ok(!samples.has(name + labels), `${line} comes twice`);
    samples.set(name + labels, Number(value));
  }
  for (const [name, type] of types) if (type === "histogram") checkHistogram(name, samples);
  return samples;
}

function checkHistogram(name: string, samples: ReadonlyMap<string, number>): void {
  const rising = new Map<string, number>();
  for (const [sample, value] of samples) {
    const bucket = /^(.*)_bucket\{(?:(.*),)?le="([^"]+)"\}$/.exec(sample);
    if (bucket?.[1] !== name) continue;
    const own = bucket[2] ?? "";
    assert.ok(value >= (rising.get(own) ?? 0), `${sample} falls`);
    rising.set(own, value);
    const whole = own === "" ? "" : `{${own}}`;
    if (bucket[3] === "+Inf") assert.equal(value, samples.get(`${name}_count${whole}`), sample);
  }
}

test("G-03: text of a label is escaped, and a value that a label cannot have is not counted", () => {
  const odd = counters("odd_total", "Odd.");
  odd.with({ what: 'a "b" \\ c\nd' }).value += 2;
  assert.equal(odd.with({ what: 'a "b" \\ c\nd' }).value, 2);
  assert.equal(exposition([odd]).split("\n")[2], String.raw`odd_total{what="a \"b\" \\ c\nd"} 2`);
  const known = countBy("known_total", "Known.", "what", ["this"]);
  known.add("that" as "this");
  known.add("this");
  assert.deepEqual([...parsed(exposition([known]))], [['known_total{what="this"}', 1]]);
});

test("Prometheus text format 0.0.4: a histogram's buckets add up, and a value on a bound is below it", () => {
  const family = histogram("h_seconds", "H.", [1, 2]);
  const one = family.with({ of: "a" });
  for (const value of [0.5, 1, 1.5, 2, 3]) one.observe(value);
  assert.deepEqual(
    [...parsed(exposition([family]))],
    [
      ['h_seconds_bucket{of="a",le="1"}', 2],
      ['h_seconds_bucket{of="a",le="2"}', 4],
      ['h_seconds_bucket{of="a",le="+Inf"}', 5],
      ['h_seconds_sum{of="a"}', 8],
      ['h_seconds_count{of="a"}', 5],
    ],
  );
});

test("FL-06: lines that a log could not write are counted, and the count is not taken back when they are told", () => {
  let isFull = true;
  const log = openLog({
    level: "info",
    format: "text",
    access: true,
    now: () => 0,
    write: () => {
      if (isFull) throw new Error("ENOSPC");
    },
  });
  log.info("one");
  log.info("two");
  isFull = false;
  log.info("three");
  assert.equal(log.lost(), 2);
});

describe("GET /metrics", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  const here = { host: "127.0.0.1:8420" };
  const scrape = async (): Promise<Map<string, number>> => {
    const response = await jeton.ask("/metrics", { headers: here });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    return parsed(await response.text());
  };
  /** By how much each of these samples grew. */
  const growth = async (names: readonly string[], work: () => Promise<unknown>): Promise<number[]> => {
    const one = await scrape();
    await work();
    const other = await scrape();
    return names.map((name) => other.get(name)! - (one.get(name) ?? 0));
  };

  for (const address of ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
    test(`H-12: this machine itself needs no token: ${address}`, async () => {
      for (const host of ["127.0.0.1:8420", "localhost", "LOCALHOST:1", "[::1]:8420"])
        assert.equal((await jeton.ask("/metrics", { address, headers: { host } })).status, 200, host);
    });

  for (const address of [
    "0.0.0.0",
    "10.0.0.1",
    "128.0.0.1",
    "192.0.2.7",
    "::2",
    "::ffff:10.0.0.1",
    "fe80::1",
    "127.0.0.1.evil",
  ])
    test(`H-12: everybody else does: ${address}`, async () => {
      assert.equal(await refusal(jeton.ask("/metrics", { address, headers: here })), "401 missing_token");
    });

  for (const header of ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto"])
    test(`H-12: what comes through a proxy does not come from here, whatever the connection says: ${header}`, async () => {
      const headers = { ...here, [header]: "127.0.0.1" };
      assert.equal(await refusal(jeton.ask("/metrics", { headers })), "401 missing_token");
    });

  for (const host of ["evil.test", "127.evil.test", "localhost.evil.test", "10.0.0.1:8420", "[::2]:8420"])
    test(`H-12: a name that is not this machine's own is not believed, since a page may have it: ${host}`, async () => {
      assert.equal(await refusal(jeton.ask("/metrics", { headers: { host } })), "401 missing_token");
    });

  test("H-12: no name at all is none", async () => {
    assert.equal(await refusal(jeton.ask("/metrics")), "401 missing_token");
  });

  test("H-12: with a token from anywhere, if it has the scope; and a bad token helps nobody, here neither", async () => {
    const [ada, bob] = [await jeton.login("ada"), await jeton.login("bob")];
    const from = { address: "192.0.2.7" };
    assert.equal((await jeton.ask("/metrics", { ...from, headers: bearer(ada) })).status, 200);
    for (const asked of [from, { headers: here }]) {
      const headers = { ...asked, headers: { ...here, ...bearer(bob) } };
      assert.equal(await refusal(jeton.ask("/metrics", headers)), "403 insufficient_scope");
      const bad = { ...asked, headers: { ...here, authorization: "Bearer x" } };
      assert.equal(await refusal(jeton.ask("/metrics", bad)), "401 invalid_token");
    }
  });

  test("H-12: where proxies are trusted, everybody may come from this machine's address, and nobody goes by it", async () => {
    const proxied = await authority({ settings: { trusted_proxies: "10.0.0.0/8" } });
    try {
      assert.equal(await refusal(proxied.ask("/metrics", { headers: here })), "401 missing_token");
      const ada = await proxied.login("ada");
      assert.equal((await proxied.ask("/metrics", { headers: bearer(ada) })).status, 200);
    } finally {
      await proxied.close();
    }
  });

  test("H-12: an issuer with TLS tells of a proxy too", async () => {
    const { ask } = await reopened(jeton, { issuer: "https://tokens.example.test" });
    assert.equal(await refusal(await ask("/metrics", { headers: here })), "401 missing_token");
  });

  test("sign-ins and refreshes are counted by what became of them", async () => {
    const results = ["granted", "refused"].map((result) => `jeton_sign_ins_total{result="${result}"}`);
    const logins = await growth(results, async () => {
      await jeton.login();
      await jeton.ask("/api/v1/login", { body: { username: "bob", password: "wrong" } });
    });
    assert.deepEqual(logins, [1, 1]);

    const kinds = ["advance", "repeat", "unproven", "reuse", "expired", "over"];
    const counted = await growth(
      [
        ...kinds.map((kind) => `jeton_refreshes_total{result="${kind}"}`),
        'jeton_sessions_ended_total{by="refresh_reuse"}',
        'jeton_sessions_ended_total{by="request"}',
      ],
      async () => {
        const first = await jeton.login();
        await jeton.refreshed(first);
        await jeton.refreshed(first);
        await jeton.refresh({ refresh_token: "nonsense" });
        await jeton.later(70);
        await jeton.refresh(first);
        await jeton.refresh(first);
        const second = await jeton.login();
        await jeton.ask("/api/v1/logout", { body: { refresh_token: second.refresh_token } });
        // Ended already: that is not counted twice.
        await jeton.ask("/api/v1/logout", { body: { refresh_token: second.refresh_token } });
        const third = await jeton.login();
        jeton.clock.pass(31 * 86_400);
        await jeton.refresh(third);
      },
    );
    assert.deepEqual(counted, [1, 1, 1, 1, 1, 1, 1, 1]);
  });

  test("a refresh that keeps its token is counted as such, and a sign-in that finds no turn as busy", async () => {
    const stable = await authority({ settings: { "dialects.sensu.on_refresh": "stable" } });
    try {
      const busy = await reopened(stable, {
        passwords: {
          verify: () => Promise.resolve(undefined),
          hash: () => Promise.reject(new Error("not asked")),
          isStale: () => false,
        },
      });
      const wrong = { body: { username: "bob", password: "correct horse battery staple" } };
      assert.equal((await busy.ask("/api/v1/login", wrong)).status, 503);
      const basic = `Basic ${Buffer.from("bob:correct horse battery staple").toString("base64")}`;
      const answer = await stable.ask("/sensu/auth", { headers: { authorization: basic } });
      const pair = (await answer.json()) as { access_token: string; refresh_token: string };
      await stable.ask("/sensu/auth/token", { headers: bearer(pair), body: { refresh_token: pair.refresh_token } });
      const samples = parsed(stable.vitals.metrics());
      assert.equal(samples.get('jeton_sign_ins_total{result="busy"}'), 1);
      assert.equal(samples.get('jeton_refreshes_total{result="keep"}'), 1);
    } finally {
      await stable.close();
    }
  });

  test("requests are counted by their declared route and timed by their class", async () => {
    const names = [
      'jeton_requests_total{route="/api/v1/refresh",method="POST",status="4xx"}',
      'jeton_requests_total{route="/sensu/auth",method="GET",status="4xx"}',
      'jeton_requests_total{route="(none)",method="GET",status="4xx"}',
      'jeton_requests_total{route="(none)",method="other",status="4xx"}',
      'jeton_requests_total{route="/api/v1/refresh",method="PUT",status="4xx"}',
      'jeton_request_duration_seconds_count{class="token"}',
      'jeton_request_duration_seconds_count{class="login"}',
    ];
    const counted = await growth(names, async () => {
      await jeton.refresh({ refresh_token: "nonsense" });
      await jeton.ask("/sensu/auth");
      await jeton.ask("/nowhere");
      await jeton.ask("/nowhere", { method: "PROPFIND" });
      await jeton.ask("/api/v1/refresh", { method: "PUT" });
    });
    assert.deepEqual(counted, [1, 1, 1, 1, 1, 1, 1]);
  });

  test("the store, the keys, the process and the build are told", async () => {
    const samples = await scrape();
    const value = (name: string): number => samples.get(name) ?? Number.NaN;
    assert.ok(value('jeton_store_groups_total{outcome="committed"}') > 0);
    assert.equal(value("jeton_store_group_size_count"), value('jeton_store_groups_total{outcome="committed"}'));
    assert.equal(value("jeton_store_intents_waiting"), 0);
    assert.equal(value('jeton_signing_keys{state="active"}'), 1);
    assert.ok(value('jeton_signing_keys{state="published"}') + value('jeton_signing_keys{state="gone"}') >= 1);
    assert.ok(value("process_resident_memory_bytes") > 1e6);
    assert.equal(value("process_start_time_seconds"), 1_772_323_200);
    assert.ok(
      [...samples.keys()].some((name) => /^jeton_build_info\{version="0\.0\.0",runtime="(?:bun|node)",/.test(name)),
    );
    // The one that asks.
    assert.equal(value("jeton_requests_at_work"), 1);
    assert.equal(value('jeton_password_checks{state="waiting"}'), 0);
  });

  test("the latest beat is told once: the next scrape has its own", async () => {
    const beat = (late = 0): void => {
      jeton.clock.pass(beatEvery / 1000 + late);
      jeton.vitals.heart.beat();
    };
    const late = async (): Promise<number | undefined> => (await scrape()).get("jeton_event_loop_lag_max_seconds");
    for (let i = 0; i < 20; i++) beat();
    await late();
    beat(0.5);
    beat();
    assert.equal(await late(), 0.5);
    assert.equal(await late(), 0);
    for (let i = 0; i < 20; i++) beat();
  });

  test("G-03: whatever is asked by whomever, the number of series stays, and no word of a client is in one", async () => {
    const marks: string[] = [];
    const word = (): string => {
      const mark = `q${randomBytes(5).toString("hex")}`;
      marks.push(mark);
      return mark;
    };
    const flood = async (): Promise<void> => {
      const pair = await jeton.login();
      marks.push(String(claimsOf(pair.access_token)["sid"]));
      await jeton.ask(`/${word()}/${word()}`);
      await jeton.ask(`/${word()}`, { method: "POST", body: word() });
      await jeton.ask(`/${word()}`, { method: `X${word().toUpperCase()}` });
      await jeton.ask(`/api/v1/sessions/${word()}`, { method: "DELETE", headers: bearer(pair) });
      await jeton.ask(`/api/v1/sessions/${marks[0]!}`, { method: "DELETE", headers: bearer(pair) });
      await jeton.ask(`/problems/${word()}`);
      await jeton.ask(`/sensu/${word()}`);
      await jeton.ask("/api/v1/me", { headers: { authorization: `Bearer ${word()}` } });
      await jeton.ask("/api/v1/refresh", { body: { refresh_token: word() } });
      await jeton.ask("/api/v1/login", { address: "192.0.2.1", body: { username: word(), password: word() } });
      await jeton.ask("/metrics", { headers: { host: word() } });
    };
    await flood();
    const series = [...(await scrape()).keys()];
    for (let i = 0; i < 20; i++) await flood();
    const text = jeton.vitals.metrics();
    assert.deepEqual([...parsed(text).keys()].toSorted(), series.toSorted());
    for (const mark of [...marks, "bob", "ada", "192.0.2.1", "native", "Root"])
      assert.ok(!text.toLowerCase().includes(mark.toLowerCase()), mark);
  });
});
