/** A whole authority under a load that the test makes up: the event loop is as late as it says. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { beatEvery } from "../../src/compose/heart.ts";
import { demoPassword } from "../../src/compose/demo.ts";
import { shedOrder, type ShedClass } from "../../src/http/route.ts";
import { authority, good, refusal, type Authority, type WirePair } from "../authority.ts";
import { basic } from "../api/asking.ts";

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly "x-jeton": { readonly shed: ShedClass } }>>>
  >;
}

describe("overload", () => {
  let jeton: Authority;
  let pair: WirePair;
  before(async () => {
    jeton = await authority();
    pair = await jeton.login();
  });
  after(() => jeton.close());

  const beat = (by: number): void => {
    jeton.clock.pass((beatEvery + by) / 1000);
    jeton.vitals.heart.beat();
  };
  /** Two beats that come so late, since one may be a hiccup; milliseconds. */
  const late = (by: number): void => {
    beat(by);
    beat(by);
  };
  const calm = (): void => {
    for (let i = 0; i < 20; i++) late(0);
  };
  const count = (sample: string): number => {
    const line = jeton.vitals
      .metrics()
      .split("\n")
      .find((text) => text.startsWith(`${sample} `));
    assert.ok(line !== undefined, sample);
    return Number(line.slice(sample.length + 1));
  };

  test("FL-33: a single hiccup sends nobody away", async () => {
    calm();
    beat(1900);
    assert.equal((await jeton.ask("/api/v1/login", { body: { username: "bob", password: demoPassword } })).status, 200);
    calm();
  });

  test("FL-33, H-10: routes are refused by their class, the least important first, whoever asks; verification never", async () => {
    const { paths } = await good<Document>(await jeton.ask("/openapi.json"));
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{[^}]+\}/g, "01a2036c-21cb-7c3c-a61e-584c60070697"),
        shed: operation["x-jeton"].shed,
      })),
    );
    assert.ok(shedOrder.every((shed) => shed === "admin" || routes.some((route) => route.shed === shed)));
    for (const [by, steps] of [
      [900, 0],
      [1000, 1],
      [1250, 2],
      [1500, 3],
      [1750, 4],
      [2000, 5],
    ] as const) {
      calm();
      late(by);
      const refused = shedOrder.slice(shedOrder.length - steps);
      for (const { method, path, shed } of routes) {
        const response = await jeton.ask(path, method === "POST" ? { method, body: "{" } : { method });
        const { code } = response.status >= 400 ? ((await response.json()) as { code: string }) : { code: "none" };
        assert.equal(code === "overloaded", refused.includes(shed), `${by} ms late: ${method} ${path} ${code}`);
      }
    }
    calm();
  });

  test("FL-33: nothing of a refused request is looked at: not its body, not its token", async () => {
    let isRead = false;
    const body = new ReadableStream(
      {
        pull: (controller) => {
          isRead = true;
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const init = { method: "POST", body, duplex: "half", headers: { "content-type": "application/json" } };
    late(2000);
    const request = new Request("http://127.0.0.1:8420/api/v1/login", init as RequestInit);
    assert.equal(await refusal(jeton.doors.main(request, { address: "127.0.0.1" })), "503 overloaded");
    assert.equal(isRead, false);
    const forged = { headers: { authorization: "Bearer x" } };
    assert.equal(await refusal(jeton.ask("/api/v1/me", forged)), "503 overloaded");
    calm();
    assert.equal(await refusal(jeton.ask("/api/v1/me", forged)), "401 invalid_token");
  });

  test("FL-33: a refresh that was refused ends nothing, and works when it is sent again", async () => {
    late(1600);
    for (let i = 0; i < 50; i++) {
      const response = await jeton.refresh(pair);
      const wait = Number(response.headers.get("retry-after"));
      assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 5, String(wait));
      assert.equal(await refusal(response), "503 overloaded");
    }
    assert.equal((await jeton.me(pair)).status, 200, "who holds a token goes on");
    calm();
    const reuse = count('jeton_refreshes_total{result="reuse"}');
    const next = await jeton.refreshed(pair);
    assert.equal((await jeton.me(next)).status, 200);
    assert.deepEqual(await jeton.refreshed(pair), next);
    assert.equal(count('jeton_refreshes_total{result="reuse"}'), reuse);
    pair = next;
  });

  test("FL-33: clients are not sent away for the same time, so that they do not come back together", async () => {
    late(2000);
    const waits = new Set<string | null>();
    for (let i = 0; i < 200; i++) waits.add((await jeton.refresh(pair)).headers.get("retry-after"));
    calm();
    assert.equal(waits.size, 5);
  });

  test("FL-33: a sign-in that was refused is no failed attempt, however many there are", async () => {
    const [refused, shed] = ['jeton_sign_ins_total{result="refused"}', 'jeton_shed_requests_total{class="login"}'];
    const had = [count(refused), count(shed)];
    late(2000);
    for (let i = 0; i < 200; i++) {
      const body = { username: "ada", password: "wrong" };
      assert.equal(await refusal(jeton.ask("/api/v1/login", { body })), "503 overloaded");
    }
    calm();
    await jeton.login("ada");
    assert.deepEqual([count(refused), count(shed)], [had[0], had[1]! + 200]);
  });

  test("FL-33: a dialect says it in its product's words, and when to come back", async () => {
    late(2000);
    const response = await jeton.ask("/sensu/auth", { headers: basic("bob", demoPassword) });
    assert.equal(response.status, 500);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain/);
    assert.match(response.headers.get("retry-after") ?? "", /^[1-5]$/);
    assert.equal(await response.text(), "Internal Server Error\n");
    assert.equal((await jeton.ask("/sensu/.well-known/jwks.json")).status, 200);
    calm();
  });

  test("FL-33: when the load goes, the classes come back in their order, all of them within ten seconds", async () => {
    late(2000);
    const probe = {
      introspect: () => jeton.me(pair),
      refresh: () => jeton.refresh({ refresh_token: "x" }),
      login: () => jeton.ask("/api/v1/login", { body: {} }),
    };
    const back: string[] = [];
    for (let beats = 0; beats < 40 && back.length < 3; beats++) {
      for (const [name, ask] of Object.entries(probe)) {
        const isBack = (await ask()).status !== 503;
        if (isBack && !back.includes(name)) back.push(name);
        assert.equal(isBack, back.includes(name), `${name} came back and went again`);
      }
      late(0);
    }
    assert.deepEqual(back, ["introspect", "refresh", "login"]);
    calm();
  });

  test("FL-33: the log says what is refused, and not for every request; metrics, health and keys stay to be seen", async () => {
    const told = (): number => jeton.logged().split('"event":"overload"').length - 1;
    calm();
    calm();
    calm();
    const had = told();
    late(2000);
    for (let i = 0; i < 100; i++) await jeton.refresh(pair);
    for (const path of ["/healthz", "/.well-known/jwks.json", "/metrics"])
      assert.equal((await jeton.ask(path, { headers: { host: "localhost" } })).status, 200, path);
    calm();
    assert.equal(told(), had + 1);
    assert.match(jeton.logged(), /"classes":\["introspect","revoke","refresh","login","admin"\]/);
  });

  test("H-10: a limit of zero for the delay is none", async () => {
    const patient = await authority({ settings: { "overload.delay": "0s" } });
    try {
      const held = await patient.login();
      patient.clock.pass(2);
      patient.vitals.heart.beat();
      assert.equal((await patient.me(held)).status, 200);
      await patient.refreshed(held);
    } finally {
      await patient.close();
    }
  });

  test("H-04: requests whose bodies dawdle are not at work, so that idlers do not shut others out", async () => {
    const small = await authority({ settings: { "overload.requests": 8 } });
    try {
      const held = await small.login();
      const senders: ReadableStreamDefaultController[] = [];
      const idlers = Array.from({ length: 50 }, () => {
        const body = new ReadableStream({ start: (controller) => void senders.push(controller) });
        const init = { method: "POST", body, duplex: "half", headers: { "content-type": "application/json" } };
        const request = new Request("http://127.0.0.1:8420/api/v1/login", init as RequestInit);
        return Promise.resolve(small.doors.main(request, { address: "192.0.2.1" }));
      });
      assert.equal(small.vitals.gate.atWork(), 0);
      assert.equal((await small.me(await small.refreshed(held))).status, 200);
      for (const sender of senders) sender.close();
      for (const answer of await Promise.all(idlers)) assert.equal(await refusal(answer), "400 malformed_json");
    } finally {
      await small.close();
    }
  });

  test("FL-33: a flood of requests in one turn is answered, each with what it asked for or with when to come back", async () => {
    const small = await authority({ settings: { "overload.requests": 8 } });
    try {
      const people = await Promise.all(Array.from({ length: 10 }, () => small.login()));
      let current = people;
      let refused = 0;
      for (let wave = 0; wave < 20; wave++) {
        const answers = current.map((held) => small.refresh(held));
        // The second half comes when the first is at work.
        await new Promise((resolve) => setImmediate(resolve));
        const more = current.map((held) => small.refresh(held));
        const all = await Promise.all([...answers, ...more]);
        const next: WirePair[] = [];
        for (const [at, response] of all.slice(0, current.length).entries()) {
          if (response.status === 200) next.push((await response.json()) as WirePair);
          else {
            assert.equal(await refusal(response), "503 overloaded");
            next.push(current[at]!);
          }
        }
        refused += all.filter(({ status }) => status === 503).length;
        assert.ok(all.every(({ status }) => status === 200 || status === 503));
        current = next;
        small.clock.pass(0.1);
      }
      small.clock.pass(2);
      for (const held of current) assert.equal((await small.me(await small.refreshed(held))).status, 200);
      assert.ok(refused > 0 && refused < 400, `${refused} of 400`);
      assert.equal(small.vitals.gate.atWork(), 0);
    } finally {
      await small.close();
    }
  });
});
