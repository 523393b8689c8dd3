/** What the suites of the stores play with: a store, an organisation and Bob, made anew for each test. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach } from "node:test";

import { clientId, idEntropy, newId, type OrganisationId, type SessionId, type SubjectId } from "../../core/ids.ts";
import { nativePolicy, type SessionPolicy } from "../../core/policy.ts";
import type { Instance, SessionRow } from "../../core/session.ts";
import { millis, type Seconds } from "../../core/units.ts";
import type { NewSubject } from "../../engine/directory-store.ts";
import type { By, OpenSession, Rotated, Store } from "../../engine/ports.ts";

/** A store and the clocks that it was opened with. */
export interface StoreUnderTest {
  readonly store: Store;
  readonly now: () => Seconds;
  /** Moves wall and monotonic time. */
  readonly pass: (span: Seconds) => void;
}

export const native = clientId("native");
export const other = clientId("other");

export const from = { address: "192.0.2.1", requestId: "r-1" };
export const operator = { kind: "operator" } as const;
export const byItself = (session: SessionId): Extract<By, { kind: "session" }> => ({ kind: "session", session, from });
export const kindOf = async (done: Promise<{ readonly kind: string }>): Promise<string> => (await done).kind;

type SignedIn = [of: SubjectId, policy?: Partial<SessionPolicy>, born?: Pick<Instance, "counter" | "epoch">];

export interface StoreWorld {
  readonly under: () => StoreUnderTest;
  readonly bob: () => SubjectId;
  readonly organisation: () => OrganisationId;
  readonly id: <T extends string>() => T;
  readonly subject: (username: string, wish?: Partial<NewSubject>) => Promise<SubjectId>;
  readonly session: (...of: SignedIn) => Promise<SessionRow | undefined>;
  /** What opens such a session. */
  readonly opening: (...of: SignedIn) => Promise<OpenSession>;
  readonly rotate: (of: SessionId, presented: number, door?: typeof native) => Promise<Rotated>;
}

/** To be called inside a `describe`: it sets each test of it up, and down. */
export function storeWorld(open: () => Promise<StoreUnderTest>): StoreWorld {
  let under: StoreUnderTest;
  let bob: SubjectId;
  let organisation: OrganisationId;

  const id = <T extends string>(): T =>
    newId<SessionId>(millis(under.now() * 1000), randomBytes(idEntropy)) as string as T;

  const subject = async (username: string, wish: Partial<NewSubject> = {}): Promise<SubjectId> => {
    const fresh = id<SubjectId>();
    const made = await under.store.createSubject({
      id: fresh,
      organisation,
      kind: "user",
      username,
      canonical: username,
      displayName: username,
      emails: [],
      roles: ["member"],
      status: "active",
      passwordHash: null,
      owner: null,
      by: operator,
      now: under.now(),
      ...wish,
    });
    assert.equal(made.kind, "done");
    return fresh;
  };

  const opening: StoreWorld["opening"] = async (of, policy, born) => {
    const { instance } = (await under.store.findCredential("root", { kind: "username", canonical: "bob" }))!;
    return {
      id: id<SessionId>(),
      subject: of,
      client: native,
      policy: { ...nativePolicy, ...policy },
      salt: randomBytes(16),
      kid: 1,
      born: born?.counter ?? instance.counter,
      epoch: born?.epoch ?? instance.epoch,
      authTime: under.now(),
      amr: "pwd",
      from,
      now: under.now(),
    };
  };

  const session: StoreWorld["session"] = async (...of) =>
    (await under.store.openSession(await opening(...of)))?.session;

  const rotate = (of: SessionId, presented: number, door = native): Promise<Rotated> =>
    under.store.rotate({ id: of, presented, door, from, now: under.now() });

  beforeEach(async () => {
    under = await open();
    organisation = id<OrganisationId>();
    await under.store.registerClients({ ids: [native, other], now: under.now() });
    await under.store.createOrganisation({
      id: organisation,
      name: "Root",
      canonical: "root",
      by: operator,
      now: under.now(),
    });
    bob = await subject("bob");
  });
  afterEach(() => under.store.close());

  return {
    under: () => under,
    bob: () => bob,
    organisation: () => organisation,
    id,
    subject,
    session,
    opening,
    rotate,
  };
}
