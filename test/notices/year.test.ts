/**
 * A year of API tokens in a minute: lives from an hour to 366 days, rotations, revocations, people who are disabled, the
 * relay and the webhook down for a day each and for a third one both, and a restart in between. What has to be told, and
 * when, comes from a model of its own.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";

import {
  clientId,
  idEntropy,
  newId,
  type ApiTokenId,
  type OrganisationId,
  type SessionId,
} from "../../src/core/ids.ts";
import type { SubjectId } from "../../src/core/ids.ts";
import { noticeChannels, type Notice, type NoticeChannel } from "../../src/core/notice.ts";
import { nativePolicy } from "../../src/core/policy.ts";
import { seconds } from "../../src/core/units.ts";
import type { Courier } from "../../src/engine/courier.ts";
import { notices, type Notices } from "../../src/engine/notices.ts";
import type { Store } from "../../src/engine/ports.ts";
import { byItself, from, native, operator } from "../../src/store/conformance/world.ts";
import { testClock } from "../authority.ts";
import { openStore } from "../store/open.ts";

const hour = 3600;
const day = 24 * hour;
const year = 366 * day;
/** Between two rounds. A token is warned of by the first round after its time. */
const apart = hour / 2;

const people = 12;
const tokens = 250;

type Fate = "none" | "ended" | "rotated";

interface Plan {
  /** All times are seconds since the beginning. */
  readonly tokens: readonly {
    readonly owner: number;
    readonly born: number;
    readonly life: number;
    readonly fate: Fate;
    /** When that happens, in thousandths of its life. */
    readonly when: number;
  }[];
  /** When each person is disabled; null: never. */
  readonly disabled: readonly (number | null)[];
  readonly restart: number;
  /** The first day on which neither, only mail, only the webhook works. */
  readonly down: readonly [mail: number, webhook: number, both: number];
}

const minute = (most: number) => fc.integer({ min: 0, max: most / 60 }).map((time) => time * 60);
const plans: fc.Arbitrary<Plan> = fc.record({
  tokens: fc.array(
    fc.record({
      owner: fc.nat(people - 1),
      born: minute(year - day),
      life: fc.oneof(
        fc.integer({ min: 60, max: 366 * 24 * 60 }).map((minutes) => minutes * 60),
        fc.constantFrom(1, 24, 25, 7 * 24, 8 * 24, 14 * 24, 15 * 24, 30 * 24, 366 * 24).map((hours) => hours * hour),
      ),
      fate: fc.constantFrom<Fate>("none", "none", "none", "ended", "rotated"),
      when: fc.integer({ min: 1, max: 999 }),
    }),
    { minLength: tokens, maxLength: tokens },
  ),
  disabled: fc.array(fc.option(minute(year), { freq: 2 }), {
    minLength: people,
    maxLength: people,
  }),
  restart: minute(year),
  down: fc.tuple(
    fc.integer({ min: 30, max: 100 }),
    fc.integer({ min: 130, max: 200 }),
    fc.integer({ min: 230, max: 360 }),
  ),
});

/** Of the person with this number. */
const addresses = (person: number): readonly string[] =>
  Array.from({ length: person % 3 }, (_, at) => `p${person}-${at}@example.org`);

const isDown = ({ down: [mail, webhook, both] }: Plan, channel: NoticeChannel, at: number): boolean =>
  [channel === "mail" ? mail : webhook, both].some((first) => at >= first * day && at < (first + 1) * day);

const folder = mkdtempSync(join(tmpdir(), "jeton-year-"));
after(() => rmSync(folder, { recursive: true }));

interface Heard {
  readonly at: number;
  readonly what: string;
}

/** What a person does to a token at a time. */
interface Event {
  readonly at: number;
  readonly does: () => Promise<void>;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lives through the year; what was taken from each channel, and when. */
async function live(plan: Plan): Promise<Record<NoticeChannel, Heard[]>> {
  const clock = testClock();
  const start = clock.now();
  const elapsed = (): number => clock.now() - start;
  const moveTo = (time: number): void => clock.pass(time - elapsed());
  const file = join(folder, `${randomBytes(6).toString("hex")}.db`);
  const openAgain = (): Store => openStore(file, { clock }).store;
  const id = <T extends string>(): T => newId<SessionId>(clock.millis(), randomBytes(idEntropy)) as string as T;
  const heard: Record<NoticeChannel, Heard[]> = { mail: [], webhook: [] };
  const courier =
    (channel: NoticeChannel): Courier =>
    async ({ kind, told: { detail }, recipient }: Notice) => {
      if (isDown(plan, channel, elapsed())) return { kind: "failed", of: "channel", reason: "down" };
      const what = [kind, detail["name"], detail["days"] ?? "", recipient ?? ""].join(" ");
      heard[channel].push({ at: elapsed(), what });
      return { kind: "delivered" };
    };

  let store = openAgain();
  let desk: Notices;
  const openDesk = async (): Promise<void> => {
    await store.openNoticeChannels({ channels: noticeChannels });
    desk = notices({
      store,
      clock,
      chance: randomBytes,
      couriers: new Map(noticeChannels.map((channel) => [channel, courier(channel)])),
      meter: { noticed: () => undefined, warned: () => undefined },
      onTrouble: ({ kind }) => assert.equal(kind, "failing"),
    });
  };
  await openDesk();

  const organisation = id<OrganisationId>();
  await store.registerClients({ ids: [native, clientId("other")], now: clock.now() });
  await store.createOrganisation({ id: organisation, name: "Root", canonical: "root", by: operator, now: clock.now() });
  const subjects: SubjectId[] = [];
  for (let person = 0; person < people; person++) {
    const subject = id<SubjectId>();
    const emails = addresses(person).map((address) => ({ address, canonical: address }));
    const username = `p${person}`;
    await store.createSubject({
      id: subject,
      organisation,
      kind: "user",
      username,
      canonical: username,
      displayName: username,
      emails,
      roles: ["member"],
      status: "active",
      passwordHash: null,
      owner: null,
      by: operator,
      now: clock.now(),
    });
    subjects.push(subject);
  }

  const session = async (subject: SubjectId) => {
    const { instance } = (await store.findCredentialOf(subject))!;
    const opened = await store.openSession({
      id: id<SessionId>(),
      subject,
      client: native,
      policy: nativePolicy,
      salt: randomBytes(16),
      kid: 1,
      born: instance.counter,
      epoch: instance.epoch,
      authTime: clock.now(),
      amr: "pwd",
      from,
      now: clock.now(),
    });
    return opened && byItself(opened.session.id);
  };
  const wish = (name: string, life: number, by: ReturnType<typeof byItself>) => ({
    subject: "own" as const,
    id: id<ApiTokenId>(),
    name,
    expiresAt: seconds(clock.now() + life),
    scopes: null,
    audiences: null,
    networks: null,
    requestsPerMinute: null,
    secretHash: null,
    cap: 1000,
    by,
    now: clock.now(),
  });

  const events: Event[] = plan.tokens.flatMap(({ owner, born, life, fate, when }, number): Event[] => {
    const subject = subjects[owner]!;
    let token: ApiTokenId | undefined;
    const mint = async (): Promise<void> => {
      const by = await session(subject);
      const done = by && (await store.mintApiToken(wish(`t${number}`, life, by)));
      if (done?.kind === "done") token = done.minted.token.id;
    };
    const end = async (): Promise<void> => {
      const by = token && (await session(subject));
      if (by === undefined || token === undefined) return;
      if (fate === "ended") await store.endApiToken({ id: token, by, now: clock.now() });
      // Its heir has an hour, and so no warning of its own; what is left of the old one is a day and a half.
      else
        await store.rotateApiToken({
          ...wish(`h${number}`, hour, by),
          old: token,
          oldEnds: seconds(clock.now() + 1.5 * day),
        });
    };
    return [{ at: born, does: mint }, ...(fate === "none" ? [] : [{ at: fateOf({ born, life, when }), does: end }])];
  });
  for (const [person, at] of plan.disabled.entries())
    if (at !== null)
      events.push({
        at,
        does: async () => {
          const now = clock.now();
          await store.setSubjectStatus({ id: subjects[person]!, verb: "disable", by: operator, now });
        },
      });
  events.push({
    at: plan.restart,
    does: async () => {
      await desk.stop();
      await store.close();
      store = openAgain();
      await openDesk();
    },
  });
  events.sort((a, b) => a.at - b.at);

  let next = 0;
  for (let round = 0; round <= year; round += apart) {
    for (; next < events.length && events[next]!.at <= round; next++) {
      moveTo(events[next]!.at);
      await events[next]!.does();
    }
    moveTo(round);
    await desk!.round();
    if (round % day === 0) await turn();
  }
  await desk!.stop();
  await store.close();
  return heard;
}

const fateOf = ({ born, life, when }: Pick<Plan["tokens"][number], "born" | "life" | "when">): number =>
  born + Math.floor((life * when) / 1000);

const roundAfter = (time: number): number => Math.ceil(time / apart) * apart;

/** What must be heard, each with the round that it is due in. Nothing in here is the program's. */
function expected(plan: Plan): ReadonlyMap<NoticeChannel, ReadonlyMap<string, number>> {
  const wanted = new Map(noticeChannels.map((channel) => [channel, new Map<string, number>()]));
  const tell = (owner: number, what: string, at: number): void => {
    wanted.get("webhook")!.set(`${what} `, at);
    for (const address of addresses(owner)) wanted.get("mail")!.set(`${what} ${address}`, at);
  };
  for (const [number, { owner, born, life, fate, when }] of plan.tokens.entries()) {
    const disabled = plan.disabled[owner] ?? Infinity;
    if (disabled <= born) continue;
    tell(owner, `api_token_minted t${number} `, roundAfter(born));
    const over = Math.min(disabled, fate === "none" ? Infinity : fateOf({ born, life, when }));
    for (const days of [14, 7, 1]) {
      if (days * day >= life) continue;
      const at = roundAfter(born + life - days * day);
      if (at <= year && at < over) tell(owner, `api_token_ends t${number} ${days}`, at);
    }
  }
  return wanted;
}

test("a year: each warning is told once on each channel, in time or soon after an outage, and none else", async () => {
  await fc.assert(
    fc.asyncProperty(fc.noBias(plans), async (plan) => {
      const heard = await live(plan);
      for (const [channel, wanted] of expected(plan)) {
        const told = heard[channel];
        assert.deepEqual(told.map(({ what }) => what).toSorted(), [...wanted.keys()].toSorted(), channel);
        for (const { at, what } of told) {
          const due = wanted.get(what)!;
          // In the round that it is due in; or after an outage, when the channel has rested for the last time.
          let since = due;
          while (isDown(plan, channel, since) || isDown(plan, channel, since - hour)) since += apart;
          assert.ok(at >= due && at <= since, `${channel}: ${what}: due at ${due / hour} h, heard at ${at / hour} h`);
        }
      }
    }),
    // One year is long enough, and each run of the tests has another one.
    { numRuns: 1, endOnFailure: true },
  );
});
