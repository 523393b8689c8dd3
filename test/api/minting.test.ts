/** Who may make API tokens at all, by the policy of the source of their identity. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { mayMintBy, mintPolicies, type MintPolicy } from "../../src/core/minting.ts";
import { roleNames } from "../../src/core/scope.ts";
import { demoPassword } from "../../src/compose/demo.ts";
import { authority, refusal, type Authority } from "../authority.ts";
import { bearer } from "./asking.ts";
import { add } from "./people.ts";

const path = "/api/v1/api-tokens";

interface Minted {
  readonly id: string;
  readonly token: string;
}

async function withPolicy(policy: MintPolicy | undefined, work: (jeton: Authority) => Promise<void>): Promise<void> {
  const jeton = await authority(policy === undefined ? {} : { settings: { "sources.local.mint": policy } });
  try {
    for (const role of ["admin", "org_admin", "member"] as const)
      await add(jeton, { username: `the-${role}`, password: demoPassword, roles: [role] });
    for (const role of ["admin", "member"] as const) {
      const username = `app-${role}`;
      await add(jeton, { username, kind: "application", password: demoPassword, roles: [role] });
    }
    await work(jeton);
  } finally {
    await jeton.close();
  }
}

const minting = (jeton: Authority, headers: Readonly<Record<string, string>>): Promise<Response> =>
  jeton.ask(path, { body: { name: "ci" }, headers });

describe("who may make API tokens", () => {
  const everybody = ["the-admin", "the-org_admin", "the-member", "app-admin", "app-member"];
  const table: readonly (readonly [policy: MintPolicy | undefined, may: readonly string[]])[] = [
    [undefined, everybody],
    ["everybody", everybody],
    ["administrators", ["the-admin", "the-org_admin", "app-admin"]],
    ["nobody", []],
  ];
  for (const [policy, may] of table) {
    test(`sources.local.mint ${policy ?? "left out"}: ${may.join(", ") || "none"}, by minting and by rotation`, async () => {
      await withPolicy(policy, async (jeton) => {
        for (const username of everybody) {
          const headers = bearer(await jeton.login(username));
          const answer = await minting(jeton, headers);
          if (may.includes(username)) {
            assert.equal(answer.status, 201, username);
            const { id } = (await answer.json()) as Minted;
            const rotated = await jeton.ask(`${path}/${id}/rotate`, { body: {}, headers });
            assert.equal(rotated.status, 201, username);
          } else {
            assert.match(await answer.clone().text(), /sources\.local\.mint/);
            assert.equal(await refusal(answer), "403 minting_not_allowed", username);
            const nothing = `${path}/01a2036c-21cb-7c3c-a61e-584c60070697/rotate`;
            assert.equal(await refusal(jeton.ask(nothing, { body: {}, headers })), "403 minting_not_allowed", username);
          }
        }
      });
    });
  }

  test("whoever may not is told so before being asked for the password again", async () => {
    await withPolicy("administrators", async (jeton) => {
      const [member, admin] = [await jeton.login("the-member"), await jeton.login("the-admin")];
      jeton.clock.pass(900);
      assert.equal(await refusal(minting(jeton, bearer(await jeton.refreshed(member)))), "403 minting_not_allowed");
      assert.equal(await refusal(minting(jeton, bearer(await jeton.refreshed(admin)))), "401 reauthentication_needed");
    });
  });

  test("A-01: a token is held to what its owner is now: without the role it makes no more tokens, and stays good", async () => {
    await withPolicy("administrators", async (jeton) => {
      const id = await add(jeton, { username: "olga", password: demoPassword, roles: ["org_admin", "member"] });
      const body = { name: "maker", scopes: ["me:read", "tokens:mint"] };
      const made = await jeton.ask(path, { body, headers: bearer(await jeton.login("olga")) });
      const by = { authorization: `Bearer ${((await made.json()) as Minted).token}` };
      assert.equal((await minting(jeton, by)).status, 201);
      const change = { method: "PATCH", body: { roles: ["member"] }, headers: bearer(await jeton.login("the-admin")) };
      assert.equal((await jeton.ask(`/api/v1/users/${id}`, change)).status, 200);
      assert.equal(await refusal(minting(jeton, by)), "403 minting_not_allowed");
      assert.equal((await jeton.ask("/api/v1/me", { headers: by })).status, 200);
    });
  });

  test("administrators are who has the role admin or org_admin, and nobody else", () => {
    for (const policy of mintPolicies)
      for (const role of roleNames) {
        const may = policy === "everybody" || (policy === "administrators" && /^(?:admin|org_admin)$/.test(role));
        assert.equal(mayMintBy(policy, [role]), may, `${policy} ${role}`);
      }
    assert.equal(mayMintBy("administrators", []), false);
    assert.equal(mayMintBy("administrators", ["member", "org_admin"]), true);
  });
});
