/**
 * One session in a world that goes wrong: a store on a disk that is killed, suspended, set back and restored, an honest
 * client that loses replies, and a thief with copies. Every token is remembered, so that a test can ask what each of
 * them is worth.
 */
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { clientId, idEntropy, newId, type OrganisationId, type SessionId, type SubjectId } from "../../src/core/ids.ts";
import { nativePolicy } from "../../src/core/policy.ts";
import type { Rotated, Store } from "../../src/engine/ports.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { testClock, type TestClock } from "../authority.ts";

const door = clientId("native");
const files = ["world.db", "world.db-wal"] as const;

const from = { address: "192.0.2.1", requestId: "r-1" };

export class World {
  readonly clock: TestClock = testClock();
  readonly folder: string = mkdtempSync(join(tmpdir(), "jeton-world-"));
  store: Store;
  session!: SessionId;
  /** Number of the running copy; a crash leaves the old one behind. */
  #copy = 0;
  #copies = 0;

  private constructor() {
    mkdirSync(join(this.folder, "0"));
    this.store = this.#open();
  }

  static async begin(): Promise<World> {
    const world = new World();
    await world.#populate();
    return world;
  }

  #open(): Store {
    return openSqlite({
      file: join(this.folder, String(this.#copy), files[0]),
      monotonic: this.clock.monotonic,
      chance: randomBytes,
      writer: "here",
      now: this.clock.now(),
      onFatal: (reason) => {
        throw new Error(reason);
      },
    });
  }

  async #populate(): Promise<void> {
    const now = this.clock.now();
    const id = <T extends string>(): T => newId<SessionId>(this.clock.millis(), randomBytes(idEntropy)) as string as T;
    const organisation = id<OrganisationId>();
    const subject = id<SubjectId>();
    this.session = id<SessionId>();
    await this.store.registerClients({ ids: [door, clientId("other")], now });
    await this.store.createOrganisation({
      id: organisation,
      name: "Root",
      canonical: "root",
      by: { kind: "operator" },
      now,
    });
    const person = {
      id: subject,
      organisation,
      kind: "user",
      username: "bob",
      canonical: "bob",
      displayName: "Bob",
    } as const;
    await this.store.createSubject({
      ...person,
      emails: [],
      roles: [],
      status: "active",
      passwordHash: null,
      owner: null,
      by: { kind: "operator" },
      now,
    });
    const { instance } = (await this.store.findCredential("root", { kind: "username", canonical: "bob" }))!;
    await this.store.openSession({
      id: this.session,
      subject,
      client: door,
      policy: nativePolicy,
      salt: randomBytes(16),
      kid: 1,
      born: instance.counter,
      epoch: instance.epoch,
      authTime: now,
      amr: "pwd",
      from,
      now,
    });
  }

  present(seq: number, at: "home" | "elsewhere" = "home"): Promise<Rotated> {
    const there = at === "home" ? door : clientId("other");
    return this.store.rotate({ id: this.session, presented: seq, door: there, from, now: this.clock.now() });
  }

  /** The server runs for so many seconds. */
  async run(span: number): Promise<void> {
    for (let passed = 0; passed < span; passed++) {
      this.clock.pass(1);
      await this.store.beat();
    }
  }

  /** The process stands still, then goes on. */
  async suspend(span: number): Promise<void> {
    this.clock.pass(span);
    await this.store.beat();
  }

  /** What a kill -9 now would leave on the disk, as a new copy. */
  #snapshot(): number {
    const source = join(this.folder, String(this.#copy));
    const number = ++this.#copies;
    mkdirSync(join(this.folder, String(number)));
    for (const file of files) {
      if (existsSync(join(source, file))) copyFileSync(join(source, file), join(this.folder, String(number), file));
    }
    return number;
  }

  /** kill -9, down for so long, and up again on what was committed. */
  async crash(downtime: number): Promise<void> {
    const next = this.#snapshot();
    await this.store.close();
    this.#copy = next;
    this.clock.pass(downtime);
    this.store = this.#open();
  }

  /** A backup of now; `restore` brings it back the proper way, `rollBack` behind Jeton's back. */
  backup(): number {
    return this.#snapshot();
  }

  async rollBack(copy: number): Promise<void> {
    await this.store.close();
    this.#copy = copy;
    this.store = this.#open();
  }

  async restore(copy: number): Promise<void> {
    await this.rollBack(copy);
    await this.store.beginEpoch({ epoch: randomBytes(16), now: this.clock.now() });
  }

  async end(): Promise<void> {
    await this.store.close();
    rmSync(this.folder, { recursive: true });
  }
}
