/** Whether the answer to a failed sign-in tells anything of the account. The long form of it measures time as well. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import type { Passwords } from "../../src/engine/ports.ts";
import { passwords } from "../../src/identity/passwords.ts";
import { basic, reopened, seen } from "../api/asking.ts";
import { add } from "../api/people.ts";
import { authority, type Authority } from "../authority.ts";

describe("enumeration of accounts", () => {
  let jeton: Authority;

  before(async () => {
    jeton = await authority({ realHashes: true });
    await add(jeton, { username: "lou", password: demoPassword, status: "locked" });
    const id = await add(jeton, { username: "imported", password: demoPassword });
    const found = await jeton.store.findCredential("root", { kind: "username", canonical: "imported" });
    const to = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    assert.equal(await jeton.store.rehashPassword({ subject: id, from: found!.passwordHash!, to }), true);
  });
  after(() => jeton.close());

  const reasons: readonly (readonly [reason: string, username: string, password: string])[] = [
    ["unknown", "nobody", demoPassword],
    ["unknown address", "nobody@example.com", demoPassword],
    ["no possible name", "no body", demoPassword],
    ["wrong", "bob", "wrong"],
    ["disabled", "eve", demoPassword],
    ["disabled and wrong", "eve", "wrong"],
    ["locked", "lou", demoPassword],
    ["without a password", "harvester", demoPassword],
    ["imported and wrong", "imported", demoPassword],
  ];

  test("L-01, L-02: whatever is wrong, a sign-in asks for one comparison, and status, headers and body are the same", async () => {
    const real = passwords(randomBytes);
    let compared = 0;
    const counting: Passwords = { ...real, verify: (...asked) => (compared++, real.verify(...asked)) };
    const { ask } = await reopened(jeton, { passwords: counting });
    for (const door of ["native", "sensu"]) {
      const answers = new Map<string, string>();
      for (const [reason, username, password] of reasons) {
        const soFar = compared;
        const response =
          door === "native"
            ? await ask("/api/v1/login", { body: { username, password } })
            : await ask("/sensu/auth", { headers: basic(username, password) });
        answers.set(reason, await seen(response));
        assert.equal(compared, soFar + 1, reason);
      }
      assert.equal(new Set(answers.values()).size, 1, [...answers].flat().join("\n\n"));
    }
  });
});
