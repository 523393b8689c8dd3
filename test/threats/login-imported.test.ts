/** Accounts whose password hash another product made: signing in, and what becomes of the hash. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import type { SubjectId } from "../../src/core/ids.ts";
import type { Passwords, Store } from "../../src/engine/ports.ts";
import { passwords } from "../../src/identity/passwords.ts";
import { reopened, seen, type Ask } from "../api/asking.ts";
import { add } from "../api/people.ts";
import { authority, good, refusal, type Authority, type WirePair } from "../authority.ts";

const imported = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
const password = "U*U";

describe("imported password hashes", () => {
  let jeton: Authority;
  let people = 0;

  const hashOf = async (username: string): Promise<string | null | undefined> =>
    (await jeton.store.findCredential("root", { kind: "username", canonical: username }))?.passwordHash;
  /** Somebody with an imported hash. */
  const person = async (stored = imported): Promise<{ username: string; id: SubjectId }> => {
    const username = `imported-${people++}`;
    const id = await add(jeton, { username, password: "a password of before" });
    const from = (await hashOf(username))!;
    assert.equal(await jeton.store.rehashPassword({ subject: id, from, to: stored }), true);
    return { username, id };
  };
  const login = (username: string, typed: string, ask: Ask = jeton.ask): Promise<Response> =>
    ask("/api/v1/login", { body: { username, password: typed } });
  const until = async (done: () => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + 10_000;
    while (!(await done())) {
      assert.ok(performance.now() < deadline, "it did not happen");
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  test("ASVS 11.4.2: the first good sign-in makes an imported hash anew, and ends no session", async () => {
    const { username } = await person();
    assert.equal(await refusal(login(username, "U*V")), "401 invalid_credentials");
    assert.equal(await hashOf(username), imported);
    const pair = await good<WirePair>(await login(username, password));
    await until(async () => (await hashOf(username)) !== imported);
    assert.match(String(await hashOf(username)), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    assert.equal((await jeton.me(pair)).status, 200);
    assert.equal((await login(username, password)).status, 200);
    assert.equal(await refusal(login(username, "U*V")), "401 invalid_credentials");
  });

  test("ASVS 11.4.2: a hash of today is left as it is", async () => {
    let hashed = 0;
    const real = passwords(randomBytes);
    const counting: Passwords = { ...real, hash: (secret) => (hashed++, real.hash(secret)) };
    const { ask } = await reopened(jeton, { passwords: counting });
    await add(jeton, { username: "modern", password });
    const stored = await hashOf("modern");
    assert.equal((await login("modern", password, ask)).status, 200);
    assert.equal(hashed, 0);
    assert.equal(await hashOf("modern"), stored);
  });

  test("ASVS 11.4.2: a password that was changed meanwhile is not overwritten with the old one", async () => {
    const { username, id } = await person();
    const real = passwords(randomBytes);
    const changed = "$2b$05$abcdefghijklmnopqrstuu5XVDIzqbNdcYOfTYqgyjkRdSrXyBNh6";
    let tried: Promise<boolean> | undefined;
    const store: Store = { ...jeton.store, rehashPassword: (intent) => (tried = jeton.store.rehashPassword(intent)) };
    const slow: Passwords = {
      ...real,
      hash: async (secret) => {
        await jeton.store.rehashPassword({ subject: id, from: imported, to: changed });
        return real.hash(secret);
      },
    };
    const { ask } = await reopened(jeton, { passwords: slow, store });
    assert.equal((await login(username, password, ask)).status, 200);
    await until(async () => tried !== undefined);
    assert.equal(await tried, false);
    assert.equal(await hashOf(username), changed);
  });

  test("FL-06: a new hash that cannot be stored fails no sign-in, and is tried again by the next", async () => {
    const { username } = await person();
    const store: Store = {
      ...jeton.store,
      rehashPassword: () => Promise.reject(new Error("the disk is full, on purpose")),
    };
    const { ask, logged } = await reopened(jeton, { store });
    const pair = await good<WirePair>(await login(username, password, ask));
    assert.equal((await jeton.me(pair)).status, 200);
    await until(async () => logged().includes("could not be made anew"));
    assert.equal(await hashOf(username), imported);
    assert.equal((await login(username, password)).status, 200);
    await until(async () => (await hashOf(username)) !== imported);
  });

  test("L-09: a password that bcrypt would cut off does not sign in", async () => {
    const { username } = await person();
    for (const typed of ["U*U\0", `U*U${"x".repeat(100)}`, "U*U "])
      assert.equal(await refusal(login(username, typed)), "401 invalid_credentials");
  });

  test("L-12: a hash beyond the bounds that is in the store all the same is answered like a wrong password", async () => {
    const { username } = await person("$argon2id$v=19$m=4194304,t=1000,p=255$c29tZXNhbHQ$AAECAwQFBgcICQoLDA0ODw");
    assert.equal(await seen(await login(username, password)), await seen(await login("nobody", password)));
  });

  test("L-01: a wrong password for an imported hash is answered like every other", async () => {
    const { username } = await person();
    assert.equal(await seen(await login(username, "wrong")), await seen(await login("nobody", "wrong")));
  });

  test("L-02: a failure at an imported hash costs a hash of today as well, so it is never the quickest", async () => {
    const { username } = await person();
    const { ask } = await reopened(jeton, {});
    const time = async (name: string): Promise<number> => {
      const began = performance.now();
      await (await login(name, "wrong", ask)).text();
      return performance.now() - began;
    };
    await time("nobody");
    const rounds = 15;
    const [unknown, foreign]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      unknown.push(await time("nobody"));
      foreign.push(await time(username));
    }
    // The quickest of each: what else the machine does can only add to it.
    const [least, other] = [Math.min(...foreign), Math.min(...unknown)];
    assert.ok(least > 0.8 * other, `${least} and ${other} ms`);
  });
});
