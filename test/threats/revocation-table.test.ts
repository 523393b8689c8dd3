/** docs/revocation.md says what ends what. Here each event is performed and each credential tried, before and after. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";

import { answered } from "../admin/house.ts";
import { claimsOf, refusal, type WirePair } from "../authority.ts";
import { newEdPair } from "../keys/ed-pair.ts";
import { proveKey } from "../api/signing.ts";
import {
  columns,
  everyCredential,
  newPassword,
  openWorld,
  password,
  sessionId,
  type Everything,
  type Look,
  type World,
} from "./every-credential.ts";

type Effect = "ends" | "stays" | "pauses" | "fewer rights";

interface Event {
  /** Where it needs a world of its own. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly happen: (of: Everything) => Promise<unknown>;
  /** What undoes it, where anything does; or what tries to, in vain. */
  readonly undo?: (of: Everything) => Promise<unknown>;
}

const organisationOf = ({ pairs }: Everything): string => String(claimsOf(pairs["this session"].access_token)["org"]);

const byAdmin =
  (verb: string, what: "users" | "organisations" = "users") =>
  async (of: Everything): Promise<unknown> => {
    const which = what === "users" ? of.id : organisationOf(of);
    return answered(await of.as(of.admin, "POST", `/${what}/${which}/${verb}`));
  };

const roles =
  (names: readonly string[]) =>
  async ({ as, admin, id }: Everything): Promise<unknown> =>
    answered(await as(admin, "PATCH", `/users/${id}`, { roles: names }));

const mine =
  (method: string, path: string, body?: unknown, status = 200) =>
  async ({ as, pairs }: Everything): Promise<unknown> =>
    answered(await as(pairs["this session"], method, path, body), status);

/** New tokens come with the answer, and they are good. */
const goesOn =
  (method: string, path: string, body: unknown) =>
  async (of: Everything): Promise<void> => {
    const answer = (await mine(method, path, body)(of)) as WirePair | { readonly tokens: WirePair };
    const fresh = "tokens" in answer ? answer.tokens : answer;
    assert.equal((await of.jeton.me(await of.jeton.refreshed(fresh))).status, 200);
  };

const oldKeyIsNotTakenAgain = async ({ jeton, pairs }: Everything): Promise<void> =>
  assert.equal(await refusal(proveKey(jeton, pairs["this session"])), "400 invalid_request");

const ofApplication =
  (method: string, path: string, status = 200) =>
  async (of: Everything): Promise<unknown> => {
    const response = await of.as(of.pairs["this session"], method, `/applications/${of.application}${path}`);
    assert.equal(response.status, status, await response.clone().text());
    return response;
  };

/** Somebody found a text of it, and says so. */
const leaked =
  (text: (of: Everything) => string): Event["happen"] =>
  async (of) =>
    assert.equal((await of.jeton.ask("/api/v1/leaked", { body: { token: text(of) } })).status, 204);

const revoke =
  (format: "jwt" | "opaque") =>
  async (of: Everything): Promise<unknown> =>
    mine("DELETE", `/api-tokens/${of.apiTokens[format].id}`)(of);

const rotate =
  (format: "jwt" | "opaque") =>
  async (of: Everything): Promise<unknown> =>
    mine("POST", `/api-tokens/${of.apiTokens[format].id}/rotate`, { keep_old: 0 }, 201)(of);

const guess = (address: string): Event => ({
  settings: { "throttle.free": 2 },
  happen: async ({ login }) => {
    for (let at = 0; at < 3; at++)
      assert.equal(await refusal(login(`wrong ${at}`, address)), "401 invalid_credentials");
    assert.equal(await refusal(login("wrong again", address)), "429 too_many_attempts");
  },
  undo: async ({ jeton }) => jeton.later(2),
});

/** By what the document calls them, in its order. */
const events: Readonly<Record<string, Event>> = {
  logout: {
    happen: async ({ jeton, pairs }) => {
      const { refresh_token: token } = pairs["this session"];
      assert.equal((await jeton.ask("/api/v1/logout", { body: { refresh_token: token } })).status, 204);
    },
  },
  "session ended by its id": {
    happen: async ({ as, pairs }) =>
      answered(await as(pairs["other sessions"], "DELETE", `/sessions/${sessionId(pairs["this session"])}`)),
  },
  "session cap": { settings: { "sessions.cap": 3 }, happen: async ({ login }) => answered(await login(password)) },
  "refresh token reused": {
    happen: async ({ jeton, pairs }) => {
      const first = pairs["this session"];
      pairs["this session"] = await jeton.refreshed(await jeton.refreshed(first));
      assert.equal(await refusal(jeton.refresh(first)), "401 invalid_grant");
    },
  },
  "`revoke-tokens`": { happen: mine("POST", "/revoke-tokens", {}) },
  "`revoke-tokens` by an administrator": {
    happen: async ({ as, admin, id }) => {
      await answered(await as(admin, "POST", "/revoke-tokens", { subject: id }));
      assert.equal((await as(admin, "GET", "/me")).status, 200);
    },
  },
  "`revoke-tokens` with `keep_current`": { happen: goesOn("POST", "/revoke-tokens", { keep_current: true }) },
  "new password, by the old one": {
    happen: goesOn("PUT", "/me/password", { current_password: password, new_password: newPassword }),
  },
  "new password, by a reset token": {
    happen: async ({ reset }) => assert.equal((await reset(newPassword)).status, 204),
  },
  "lock, then unlock": { happen: byAdmin("lock"), undo: byAdmin("unlock") },
  "disable, then enable": { happen: byAdmin("disable"), undo: byAdmin("enable") },
  delete: { happen: async ({ as, admin, id }) => answered(await as(admin, "DELETE", `/users/${id}`)) },
  "role taken away, then given back": { happen: roles(["member"]), undo: roles(["auditor", "member"]) },
  "organisation disabled, then enabled": {
    happen: byAdmin("disable", "organisations"),
    undo: byAdmin("enable", "organisations"),
  },
  "organisation deleted": {
    happen: async (of) => answered(await of.as(of.admin, "DELETE", `/organisations/${organisationOf(of)}`)),
  },
  "key removed": {
    happen: async ({ as, pairs, key }) =>
      assert.equal((await as(pairs["this session"], "DELETE", `/auth-keys/${key}`)).status, 204),
    undo: oldKeyIsNotTakenAgain,
  },
  "another key added, then removed": {
    happen: async ({ jeton, as, pairs }) => {
      const { id } = await answered<{ id: string }>(
        await proveKey(jeton, pairs["this session"], { pair: newEdPair() }),
        201,
      );
      assert.equal((await as(pairs["this session"], "DELETE", `/auth-keys/${id}`)).status, 204);
    },
  },
  "API token revoked: the JWT": { happen: revoke("jwt") },
  "API token revoked: the opaque one": { happen: revoke("opaque") },
  "API token rotated: the JWT": { happen: rotate("jwt") },
  "API token rotated: the opaque one": { happen: rotate("opaque") },
  "application disabled, then enabled": {
    happen: ofApplication("POST", "/disable"),
    undo: ofApplication("POST", "/enable"),
  },
  "application deleted": { happen: ofApplication("DELETE", "") },
  "`revoke-tokens` for the application": {
    happen: async (of) => mine("POST", "/revoke-tokens", { subject: of.application })(of),
  },
  "client secret ended": {
    happen: async (of) => ofApplication("DELETE", `/secrets/${of.secret.id}`, 204)(of),
  },
  "leaked: an access token": { happen: leaked(({ pairs }) => pairs["this session"].access_token) },
  "leaked: a refresh token": { happen: leaked(({ pairs }) => pairs["this session"].refresh_token) },
  "leaked: the API token, JWT": { happen: leaked(({ apiTokens }) => apiTokens.jwt.token) },
  "leaked: the API token, opaque": { happen: leaked(({ apiTokens }) => apiTokens.opaque.token) },
  "leaked: the client secret": { happen: leaked(({ secret }) => secret.client_secret) },
  "wrong passwords from the owner's network, then a wait": guess("127.0.0.1"),
  "wrong passwords from elsewhere, then a wait": guess("203.0.113.9"),
  "restore (a new epoch)": {
    settings: {},
    happen: ({ jeton }) => jeton.store.beginEpoch({ epoch: randomBytes(16), now: jeton.clock.now() }),
  },
};

function effectOf(now: Look, undone: Look): Effect {
  if (now === "dead") return undone === "dead" ? "ends" : "pauses";
  assert.equal(undone, "good", "what was good while it lasted is good after it");
  return now === "good" ? "stays" : "fewer rights";
}

/** Performs the event, looks, undoes it, looks again, and spends the reset token in the end. */
async function effectsOf({ happen, undo }: Event, world: World): Promise<Effect[]> {
  const of = await everyCredential(world);
  await happen(of);
  const now = await of.look();
  await undo?.(of);
  const undone = undo === undefined ? now : await of.look();
  assert.equal((await of.reset(newPassword)).status, undone["reset token"] === "dead" ? 401 : 204);
  return columns.map((column) => effectOf(now[column], undone[column]));
}

const written = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const [untilTable = ""] = readFileSync(new URL("../../docs/revocation.md", import.meta.url), "utf8").split("\n## ", 1);
const [head, , ...rows] = untilTable.split("\n").filter((line) => line.startsWith("|"));

describe("docs/revocation.md", () => {
  let common: World;
  before(async () => {
    common = await openWorld();
  });
  after(() => common.jeton.close());

  test("has a column for every credential and a row for every event, and no others", () => {
    assert.equal(head, written(["what happens", ...columns]));
    assert.deepEqual(
      rows.map((row) => row.split(" | ")[0]?.slice(2)),
      Object.keys(events),
    );
  });

  for (const [name, event] of Object.entries(events)) {
    test(`INV-5, F-10, F-11, ASVS 7.4.3: tells the truth: ${name}`, async () => {
      const world = event.settings === undefined ? common : await openWorld(event.settings);
      try {
        const row = written([name, ...(await effectsOf(event, world))]);
        assert.ok(rows.includes(row), `this is what happened:\n${row}`);
      } finally {
        if (world !== common) await world.jeton.close();
      }
    });
  }

  test("L-17: of a locked user: a reset token made before the lock is dead, one made during it waits for the unlocking", async () => {
    const of = await everyCredential(common);
    await byAdmin("lock")(of);
    const made = await of.as(of.admin, "POST", `/users/${of.id}/password-reset`);
    const { reset_token: token } = await answered<{ reset_token: string }>(made, 201);
    const use = (): Promise<Response> =>
      of.jeton.ask("/api/v1/password-reset", { body: { reset_token: token, new_password: newPassword } });
    assert.equal(await refusal(use()), "401 invalid_grant");
    await byAdmin("unlock")(of);
    assert.equal(await refusal(of.reset(newPassword)), "401 invalid_grant");
    assert.equal((await use()).status, 204);
    assert.equal(await refusal(of.login(password)), "401 invalid_credentials");
  });
});
