/** What is set for everybody in an organisation: shown, changed, and kept to. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { refusal } from "../authority.ts";
import { answered, house, type House, type Somebody } from "./house.ts";

interface Organisation {
  readonly id: string;
  readonly name: string;
  readonly longest_api_token: number | null;
  readonly signed_login: string;
}

interface Minted {
  readonly id: string;
  readonly token: string;
  readonly created_at: string;
  readonly expires_at: string | null;
}

interface Event {
  readonly kind: string;
  readonly organisation_id: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

const day = 86_400;
const tokens = "/api/v1/api-tokens";

describe("what is set for an organisation", () => {
  let at: House;
  let acme: string;
  let admin: Somebody;
  before(async () => {
    at = await house({ "api_tokens.endless": true, "limits.changes": 10_000 });
    acme = `/api/v1/organisations/${at.organisations.Acme}`;
    admin = at.of("Root", "admin");
  });
  after(() => at.jeton.close());

  const change = async (body: object): Promise<Organisation> =>
    answered<Organisation>(await at.as(admin, "patch", acme, body));
  const shown = async (path = acme): Promise<Organisation> => answered<Organisation>(await at.as(admin, "get", path));
  const mint = (who: Pick<Somebody, "tokens">, wish: object = {}): Promise<Response> =>
    at.as(who, "post", tokens, { name: "ci", ...wish });
  const minted = async (answer: Response | Promise<Response>): Promise<Minted> => answered<Minted>(await answer, 201);
  const lifeOf = ({ created_at: made, expires_at: end }: Minted): number =>
    (Date.parse(end!) - Date.parse(made)) / 1000;

  beforeEach(() => change({ name: "Acme", longest_api_token: null, signed_login: "any" }));

  test("it is shown with the organisation, and a change touches only what it names", async () => {
    assert.deepEqual([(await shown()).longest_api_token, (await shown()).signed_login], [null, "any"]);
    const settings = ({ name, longest_api_token: longest, signed_login: signed }: Organisation): unknown[] => [
      name,
      longest,
      signed,
    ];
    assert.deepEqual(settings(await change({ longest_api_token: day })), ["Acme", day, "any"]);
    assert.deepEqual(settings(await change({ signed_login: "challenge" })), ["Acme", day, "challenge"]);
    assert.deepEqual(settings(await change({ name: "ACME" })), ["ACME", day, "challenge"]);
    assert.deepEqual(settings(await change({})), ["ACME", day, "challenge"]);
    assert.deepEqual(settings(await shown()), ["ACME", day, "challenge"]);
    const { items } = await answered<{ items: readonly Organisation[] }>(
      await at.as(admin, "get", "/api/v1/organisations"),
    );
    assert.deepEqual(new Set(items.map(({ longest_api_token: longest }) => longest)), new Set([null, day]));
    assert.deepEqual(settings(await change({ longest_api_token: null })), ["ACME", null, "challenge"]);
    assert.equal((await at.as(admin, "patch", acme, { name: "Root", longest_api_token: day })).status, 409);
    assert.equal((await shown()).longest_api_token, null);
  });

  test("Root keeps its name and takes settings like any other", async () => {
    const root = `/api/v1/organisations/${at.organisations.Root}`;
    assert.equal((await at.as(admin, "patch", root, { signed_login: "challenge" })).status, 200);
    assert.equal((await shown(root)).signed_login, "challenge");
    assert.equal((await at.as(admin, "patch", root, { signed_login: "any" })).status, 200);
  });

  test("the journal tells what was changed to what, and of no change nothing", async () => {
    const events = async (): Promise<readonly Event[]> =>
      (
        await answered<{ items: readonly Event[] }>(
          await at.as(admin, "get", "/api/v1/journal?kind=organisation_changed&limit=200"),
        )
      ).items;
    const had = (await events()).length;
    await change({ longest_api_token: 2 * day, signed_login: "challenge" });
    await change({ longest_api_token: 2 * day });
    await change({});
    await change({ name: "Acme Ltd", longest_api_token: null });
    const [last, first, ...rest] = await events();
    assert.equal(rest.length, had);
    assert.deepEqual(first!.detail, { longest_api_token: 2 * day, signed_login: "challenge" });
    assert.deepEqual(last!.detail, { from: "Acme", to: "Acme Ltd", longest_api_token: null });
    assert.equal(last!.organisation_id, at.organisations.Acme);
  });

  test("what is no such setting is refused and named, and changes nothing", async () => {
    const wrong: readonly (readonly [member: string, values: readonly unknown[]])[] = [
      ["longest_api_token", [0, 59, -1, 1.5, "1d", 366 * day + 1, true, [], {}]],
      ["signed_login", ["none", "", null, true, "Any"]],
      ["name", ["", null, 7]],
      ["status", ["disabled"]],
    ];
    const had = await shown();
    for (const [member, values] of wrong) {
      for (const value of values) {
        const answer = await at.as(admin, "patch", acme, { [member]: value });
        assert.match(await answer.clone().text(), new RegExp(member), JSON.stringify(value));
        assert.equal(await refusal(answer), "400 invalid_request");
      }
    }
    assert.deepEqual(await shown(), had);
  });

  test("only who administers the instance changes it, an administrator of the organisation sees it", async () => {
    const own = at.of("Acme", "org_admin");
    assert.equal((await at.as(own, "get", acme)).status, 200);
    assert.equal(await refusal(at.as(own, "patch", acme, { longest_api_token: day })), "403 insufficient_scope");
  });

  test("ASVS 7.3.2: no token of the organisation is made for longer; the usual life is cut to it, and others' are not", async () => {
    const carl = await at.victim("Acme");
    assert.equal(lifeOf(await minted(mint(carl))), 30 * day);
    await change({ longest_api_token: 2 * day });
    assert.equal(lifeOf(await minted(mint(carl))), 2 * day);
    assert.equal(lifeOf(await minted(mint(carl, { format: "opaque" }))), 2 * day);
    assert.equal(lifeOf(await minted(mint(carl, { expires_in: 2 * day }))), 2 * day);
    for (const wish of [{ expires_in: 2 * day + 1 }, { expires_in: 2 * day + 1, format: "opaque" }]) {
      const answer = await mint(carl, wish);
      assert.match(await answer.clone().text(), /expires_in: 172800 seconds at most/);
      assert.equal(await refusal(answer), "400 invalid_request");
    }
    const endless = await mint(carl, { expires_in: null, format: "opaque" });
    assert.match(await endless.clone().text(), /expires_in: /);
    assert.equal(await refusal(endless), "400 invalid_request");
    const bob = await at.victim("Root");
    assert.equal(lifeOf(await minted(mint(bob))), 30 * day);
    assert.equal((await minted(mint(bob, { expires_in: null, format: "opaque" }))).expires_at, null);
  });

  test("a rotation is cut to it too, a token that makes tokens is bound by it, and what lives on lives on", async () => {
    const carl = await at.victim("Acme");
    const scopes = ["me:read", "tokens:mint"];
    const long = await minted(mint(carl, { scopes, expires_in: 100 * day }));
    const endless = await minted(mint(carl, { expires_in: null, format: "opaque" }));
    await change({ longest_api_token: day });
    const by = { tokens: { ...carl.tokens, access_token: long.token } };
    assert.equal(lifeOf(await minted(mint(by))), day);
    assert.equal(await refusal(mint(by, { expires_in: day + 1 })), "400 invalid_request");
    assert.equal((await at.as(by, "get", "/api/v1/me")).status, 200);
    assert.equal(lifeOf(await minted(at.as(carl, "post", `${tokens}/${long.id}/rotate`, {}))), day);
    const rotated = at.as(carl, "post", `${tokens}/${endless.id}/rotate`, {});
    assert.equal(await refusal(rotated), "400 invalid_request");
  });

  test("longer than the operator has set is as the operator has set", async () => {
    const strict = await house({ "api_tokens.longest": "1d" });
    try {
      const root = `/api/v1/organisations/${strict.organisations.Root}`;
      const who = strict.of("Root", "admin");
      await answered(await strict.as(who, "patch", root, { longest_api_token: 9 * day }));
      const made = await strict.as(who, "post", tokens, { name: "ci" });
      assert.equal(lifeOf(await answered<Minted>(made, 201)), day);
      assert.equal(
        await refusal(strict.as(who, "post", tokens, { name: "ci", expires_in: day + 1 })),
        "400 invalid_request",
      );
    } finally {
      await strict.jeton.close();
    }
  });
});
