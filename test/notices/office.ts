/** Notices in one process: the real store and rounds, a clock that only the test moves, and couriers of the test's choice. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import type { ApiTokenId, SubjectId } from "../../src/core/ids.ts";
import type { NoticeChannel } from "../../src/core/notice.ts";
import { after, days, type Seconds } from "../../src/core/units.ts";
import type { Courier } from "../../src/engine/courier.ts";
import { notices, type Notices, type NoticeTrouble } from "../../src/engine/notices.ts";
import { byItself, storeWorld, type StoreWorld } from "../../src/store/conformance/world.ts";
import { openStore } from "../store/open.ts";

export const issuer = "https://tokens.example.test";

export interface Desk extends Notices {
  /** How often each `channel result` was counted. */
  readonly counted: () => Readonly<Record<string, number>>;
  readonly troubles: readonly NoticeTrouble[];
}

export interface Office extends StoreWorld {
  readonly open: (couriers: Partial<Record<NoticeChannel, Courier>>) => Promise<Desk>;
  readonly person: (username: string, ...addresses: readonly string[]) => Promise<SubjectId>;
  readonly mint: (
    subject: SubjectId,
    wish?: { readonly name?: string; readonly life?: Seconds },
  ) => Promise<ApiTokenId>;
}

/** To be called inside a `describe`. */
export function office(): Office {
  const world = storeWorld(async () => openStore(":memory:"));
  return {
    ...world,
    open: async (given) => {
      const { store, now } = world.under();
      const couriers = new Map(Object.entries(given) as [NoticeChannel, Courier][]);
      const counts: Record<string, number> = {};
      const troubles: NoticeTrouble[] = [];
      await store.openNoticeChannels({ channels: [...couriers.keys()] });
      const desk = notices({
        store,
        clock: { now },
        chance: randomBytes,
        couriers,
        meter: {
          noticed: (channel, result, count) => {
            counts[`${channel} ${result}`] = (counts[`${channel} ${result}`] ?? 0) + count;
          },
          warned: () => undefined,
        },
        onTrouble: (trouble) => troubles.push(trouble),
      });
      return { ...desk, troubles, counted: () => counts };
    },
    person: (username, ...addresses) =>
      world.subject(username, { emails: addresses.map((address) => ({ address, canonical: address })) }),
    mint: async (subject, { name = "ci", life = days(30) } = {}) => {
      const { store, now } = world.under();
      const done = await store.mintApiToken({
        subject: "own",
        id: world.id<ApiTokenId>(),
        name,
        expiresAt: after(now(), life),
        scopes: null,
        audiences: null,
        networks: null,
        requestsPerMinute: null,
        secretHash: null,
        cap: 1000,
        by: byItself((await world.session(subject))!.id),
        now: now(),
      });
      assert.ok(done.kind === "done", done.kind);
      return done.minted.token.id;
    },
  };
}
