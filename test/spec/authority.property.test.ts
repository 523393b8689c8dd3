/**
 * The whole authority under any order of what can happen to it: sign-ins, refreshes, retries, replays, endings,
 * revocations, disabled accounts, new keys, restarts and time. After each step, every token that was ever given out is
 * worth what a model of thirty lines says.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";

import { demoPassword } from "../../src/compose/demo.ts";
import { add } from "../api/people.ts";
import { authority, good, testClock, type Authority, type WirePair } from "../authority.ts";

const people = ["ann", "ben"] as const;
type Person = (typeof people)[number];

interface Held {
  readonly person: Person;
  /** Every pair that the session gave, the newest last. */
  readonly pairs: WirePair[];
  alive: boolean;
  /** Served time of the last rotation. */
  rotated: number;
}

const retryWindow = 60;

class World {
  readonly folder = mkdtempSync(join(tmpdir(), "jeton-model-"));
  readonly clock = testClock();
  readonly master = randomBytes(32);
  readonly held: Held[] = [];
  readonly active = new Map<Person, boolean>(people.map((person) => [person, true]));
  readonly ids = new Map<Person, string>();
  served = 0;
  jeton!: Authority;
  admin!: WirePair;
  #log = "";

  async open(first: boolean): Promise<void> {
    const { clock, master } = this;
    this.jeton = await authority({
      file: join(this.folder, "jeton.db"),
      clock,
      master,
      unfurnished: !first,
      settings: { "sessions.idle": "300d", "sessions.absolute": "360d" },
    });
    if (first)
      for (const person of people)
        this.ids.set(person, await add(this.jeton, { username: person, password: demoPassword }));
    this.admin = await this.jeton.login("ada");
  }

  async close(): Promise<void> {
    this.#log += this.jeton.logged();
    await this.jeton.close();
  }

  ask(path: string, body: unknown): Promise<Response> {
    return this.jeton.ask(path, { method: "POST", body });
  }

  async asAdmin(path: string, body?: unknown): Promise<void> {
    this.admin = await this.jeton.refreshed(this.admin);
    const headers = { authorization: `Bearer ${this.admin.access_token}` };
    await good(await this.jeton.ask(path, { method: "POST", headers, ...(body === undefined ? {} : { body }) }));
  }

  endAll(person: Person): void {
    for (const session of this.held) if (session.person === person) session.alive = false;
  }

  /** Each token is worth what the model says; nothing of it was logged. */
  async check(): Promise<void> {
    for (const { pairs, alive } of this.held) {
      const newest = pairs.at(-1)!;
      const { exp } = JSON.parse(Buffer.from(newest.access_token.split(".")[1]!, "base64url").toString()) as {
        exp: number;
      };
      const expected = alive && this.clock.now() < exp ? 200 : 401;
      assert.equal((await this.jeton.me(newest)).status, expected, "INV-3: the newest access token");
      // INV-2: of what is dead nothing is good, the refresh token neither. Asking does not change what is dead.
      if (!alive) assert.equal((await this.jeton.refresh(newest)).status, 401, "INV-2");
    }
    const log = this.#log + this.jeton.logged();
    for (const { pairs } of this.held)
      for (const { access_token, refresh_token } of pairs)
        for (const token of [access_token, refresh_token])
          assert.ok(!log.includes(token.split(".")[2]!), "INV-6: a token in the log");
  }
}

type Step = (world: World, session: Held | undefined, person: Person) => Promise<void>;

/** What a presented refresh token is worth by the model. */
async function present(world: World, session: Held, back: number): Promise<void> {
  const { pairs, person } = session;
  const pair = pairs.at(-1 - back);
  if (pair === undefined) return;
  const response = await world.jeton.refresh(pair);
  const usable = session.alive && world.active.get(person) === true;
  const fresh = back === 0;
  const lost = back === 1 && world.served - session.rotated <= retryWindow;
  if (!usable || !(fresh || lost)) {
    assert.equal(response.status, 401);
    session.alive = false;
    return;
  }
  const given = await good<WirePair>(response);
  if (fresh) {
    assert.notEqual(given.refresh_token, pair.refresh_token);
    pairs.push(given);
    session.rotated = world.served;
  } else {
    // INV-1: a retry gets the very token that the first use made.
    assert.equal(given.refresh_token, pairs.at(-1)!.refresh_token);
    pairs[pairs.length - 1] = given;
  }
}

const steps: Readonly<Record<string, Step>> = {
  signIn: async (world, _, person) => {
    const response = await world.ask("/api/v1/login", { username: person, password: demoPassword });
    if (world.active.get(person) !== true) return assert.equal(response.status, 401, "INV-5");
    const pair = await good<WirePair>(response);
    world.held.push({ person, pairs: [pair], alive: true, rotated: world.served });
  },
  refresh: async (world, session) => session && present(world, session, 0),
  retry: async (world, session) => session && present(world, session, 1),
  replay: async (world, session) => session && present(world, session, 2),
  race: async (world, session) => {
    const newest = session?.pairs.at(-1);
    if (session === undefined || newest === undefined || !session.alive) return;
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.jeton.refresh(newest)));
    const given = await Promise.all(answers.map((answer) => good<WirePair>(answer)));
    assert.equal(new Set(given.map(({ refresh_token }) => refresh_token)).size, 1, "INV-1");
    session.pairs.push(given[0]!);
    session.rotated = world.served;
  },
  logout: async (world, session) => {
    const newest = session?.pairs.at(-1);
    if (session === undefined || newest === undefined) return;
    const { status } = await world.ask("/api/v1/logout", { refresh_token: newest.refresh_token });
    assert.equal(status, 204);
    session.alive = false;
  },
  revoke: async (world, _, person) => {
    await world.asAdmin("/api/v1/revoke-tokens", { subject: world.ids.get(person) });
    world.endAll(person);
  },
  disable: async (world, _, person) => {
    await world.asAdmin(`/api/v1/users/${world.ids.get(person)}/disable`);
    world.active.set(person, false);
    world.endAll(person);
  },
  enable: async (world, _, person) => {
    await world.asAdmin(`/api/v1/users/${world.ids.get(person)}/enable`);
    world.active.set(person, true);
  },
  wait: async (world) => {
    await world.jeton.later(10);
    world.served += 10;
  },
  waitLong: async (world) => {
    await world.jeton.later(100);
    world.served += 100;
  },
  /** Nobody can ask while the machine sleeps, so no retry window runs out. */
  sleep: async (world) => {
    world.clock.pass(90);
    await world.jeton.store.beat();
  },
  newKeys: async (world) => {
    world.clock.pass(31 * 86_400);
    await world.jeton.store.beat();
    await world.jeton.doors.engine.keepHouse();
  },
  restart: async (world) => {
    await world.close();
    world.clock.pass(5);
    await world.open(false);
  },
};

test("INV-1 to INV-8: whatever happens in whatever order, each token is worth what the model says", async () => {
  const command = fc.record({
    step: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom("signIn", "refresh", "retry", "race") },
      { weight: 2, arbitrary: fc.constantFrom(...Object.keys(steps)) },
    ),
    session: fc.nat(7),
    person: fc.constantFrom(...people),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 8, maxLength: 30 }), async (commands) => {
      const world = new World();
      try {
        await world.open(true);
        let years = 0;
        for (const { step, session, person } of commands) {
          // The sessions' own absolute end is another test's.
          if (step === "newKeys" && ++years > 5) continue;
          await steps[step]!(world, world.held[session % Math.max(1, world.held.length)], person);
          await world.check();
        }
        await world.close();
      } finally {
        rmSync(world.folder, { recursive: true });
      }
    }),
    { numRuns: 25, endOnFailure: true },
  );
});
