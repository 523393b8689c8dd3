/**
 * Who may do what to whom: every operation of the published document, by every role of both organisations and by
 * nobody, against the table below. The table is the promise; an operation that is not in it fails the test.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import type { Role } from "../../src/core/scope.ts";
import { roleNames } from "../../src/core/scope.ts";
import { bobsPair } from "../keys/rsa-pairs.ts";
import { newEdPair } from "../keys/ed-pair.ts";
import { proveKey } from "../api/signing.ts";
import { answered, house, password, type House, type Somebody } from "./house.ts";

interface Asked {
  readonly path?: string;
  /** What stands second in the path. */
  readonly second?: string;
  readonly body?: unknown;
}

interface Rule {
  /** Roles that may; for whoever else it is 403. Null: no token is asked for. */
  readonly roles: readonly Role[] | null;
  /** Whom it is done to: nobody or oneself, or somebody who may be in the other organisation (404 there but for `admin`). */
  readonly to: "self" | "other";
  /** Those who may ask and have nothing get 404. */
  readonly absent?: true;
  /** Who may ask, where that is more than those who may: of others' there is nothing for them (404). */
  readonly asked?: readonly Role[];
  /** What is asked is refused for its content by whoever may ask. */
  readonly wrong?: true;
  /** 404 although the role may: the operation is for all organisations. */
  readonly request?: (house: House, organisation: "Root" | "Acme") => Promise<Asked>;
}

const everybody: readonly Role[] = roleNames;
const own: readonly Role[] = ["admin", "org_admin", "member"];
const administrators: readonly Role[] = ["admin", "org_admin"];
const lookers: readonly Role[] = ["admin", "org_admin", "auditor"];
const onVictim: Rule["request"] = async ({ victim }, organisation) => ({ path: (await victim(organisation)).id });
const onOrganisation: Rule["request"] = async ({ organisations }, organisation) => ({
  path: organisations[organisation],
});
const readers: readonly Role[] = ["admin", "org_admin", "auditor", "member"];
let names = 0;

/** A key without a signature of its own. */
const unproved = { name: "laptop", public_key: bobsPair.ssh, challenge: "jeton-key-v1:x.y", signature: "AAAA" };
/** What administrators do to an application of their organisation, which everybody may ask for. */
const ofOrganisation: Rule = { roles: administrators, asked: own, to: "other", request: applicationOf };

function withBody(body: unknown): NonNullable<Rule["request"]> {
  return async (at, organisation) => ({ ...(await applicationOf(at, organisation)), body });
}

const table: Readonly<Record<string, Rule>> = {
  "post /api/v1/login": { roles: null, to: "self" },
  "post /api/v1/refresh": { roles: null, to: "self" },
  "post /api/v1/leaked": { roles: null, to: "self" },
  "post /api/v1/logout": { roles: null, to: "self" },
  "post /api/v1/password-reset": { roles: null, to: "self" },
  "get /.well-known/jwks.json": { roles: null, to: "self" },
  "get /healthz": { roles: null, to: "self" },
  "get /readyz": { roles: null, to: "self" },
  "get /openapi.json": { roles: null, to: "self" },
  "get /problems/{code}": { roles: null, to: "self" },
  "get /metrics": { roles: ["admin", "auditor"], to: "self" },
  "get /api/v1/me": { roles: everybody, to: "self" },
  "put /api/v1/me/password": {
    roles: own,
    to: "self",
    // A wrong one, so that nobody's session ends on the way: 403 by its own code.
    request: async () => ({ body: { current_password: "not this one, ever", new_password: "another cellar door" } }),
  },
  "post /api/v1/login/challenge": { roles: null, to: "self" },
  "post /api/v1/login/signature": { roles: null, to: "self" },
  "post /api/v1/login/secret": { roles: null, to: "self" },
  "post /api/v1/auth-key-challenge": {
    roles: own,
    to: "self",
    request: async () => ({ body: { public_key: bobsPair.ssh } }),
  },
  // Without a proof it is refused, by whoever may ask.
  "post /api/v1/auth-keys": { roles: own, to: "self", wrong: true, request: async () => ({ body: unproved }) },
  "get /api/v1/auth-keys": { roles: readers, to: "self" },
  // Those of somebody else are not there for anybody.
  "get /api/v1/auth-keys/{id}": { roles: readers, to: "self", absent: true, request: keyOfVictim },
  "patch /api/v1/auth-keys/{id}": {
    roles: own,
    to: "self",
    absent: true,
    request: async (at, organisation) => ({ ...(await keyOfVictim(at, organisation)), body: { name: "renamed" } }),
  },
  "delete /api/v1/auth-keys/{id}": { roles: own, to: "self", absent: true, request: keyOfVictim },
  "get /api/v1/applications": { roles: readers, to: "self" },
  "post /api/v1/applications": {
    roles: own,
    to: "self",
    request: async () => ({ body: { name: `application-${names++}` } }),
  },
  // An organisation's own are looked after by those who administer it, and are not there for anybody else.
  "get /api/v1/applications/{id}": { ...ofOrganisation, roles: lookers, asked: readers },
  "patch /api/v1/applications/{id}": { ...ofOrganisation, request: withBody({ display_name: "Renamed" }) },
  "delete /api/v1/applications/{id}": ofOrganisation,
  "post /api/v1/applications/{id}/disable": ofOrganisation,
  "post /api/v1/applications/{id}/enable": ofOrganisation,
  "post /api/v1/applications/{id}/secrets": { ...ofOrganisation, request: withBody({ name: "prod" }) },
  "get /api/v1/applications/{id}/secrets": { ...ofOrganisation, roles: lookers, asked: readers },
  "delete /api/v1/applications/{id}/secrets/{secret}": {
    ...ofOrganisation,
    request: async (at, organisation) => {
      const { path } = await applicationOf(at, organisation);
      const who = at.of(organisation, "org_admin");
      const made = await at.as(who, "post", `/api/v1/applications/${path}/secrets`, { name: "prod" });
      return { path, second: (await answered<{ id: string }>(made, 201)).id };
    },
  },
  "post /api/v1/applications/{id}/auth-key-challenge": {
    ...ofOrganisation,
    request: withBody({ public_key: bobsPair.ssh }),
  },
  "post /api/v1/applications/{id}/auth-keys": { ...ofOrganisation, wrong: true, request: withBody(unproved) },
  "get /api/v1/applications/{id}/auth-keys": { ...ofOrganisation, roles: lookers, asked: readers },
  "post /api/v1/applications/{id}/api-tokens": { ...ofOrganisation, request: withBody({ name: "ci" }) },
  "get /api/v1/applications/{id}/api-tokens": { ...ofOrganisation, roles: lookers, asked: readers },
  "get /api/v1/api-tokens": { roles: ["admin", "org_admin", "auditor", "member"], to: "self" },
  "post /api/v1/api-tokens": { roles: own, to: "self", request: async () => ({ body: { name: "ci" } }) },
  // That of somebody else is not there for anybody.
  "get /api/v1/api-tokens/{id}": {
    roles: ["admin", "org_admin", "auditor", "member"],
    to: "self",
    absent: true,
    request: tokenOfVictim,
  },
  "post /api/v1/api-tokens/{id}/rotate": {
    roles: own,
    to: "self",
    absent: true,
    request: async (at, organisation) => ({ ...(await tokenOfVictim(at, organisation)), body: {} }),
  },
  "patch /api/v1/api-tokens/{id}": {
    roles: administrators,
    asked: own,
    to: "other",
    request: async (at, organisation) => ({ ...(await tokenOfVictim(at, organisation)), body: { name: "renamed" } }),
  },
  "delete /api/v1/api-tokens/{id}": { roles: administrators, asked: own, to: "other", request: tokenOfVictim },
  "get /api/v1/users/{id}/api-tokens": { roles: lookers, to: "other", request: onVictim },
  "get /api/v1/sessions": { roles: ["admin", "org_admin", "auditor", "member"], to: "self" },
  "delete /api/v1/sessions/{id}": {
    roles: administrators,
    asked: own,
    to: "other",
    request: async ({ victim, jeton }, organisation) => {
      const { tokens } = await victim(organisation);
      return { path: jeton.keys.readRefresh(tokens.refresh_token)!.sid };
    },
  },
  "post /api/v1/revoke-tokens": {
    roles: administrators,
    asked: own,
    to: "other",
    request: async ({ victim }, organisation) => ({ body: { subject: (await victim(organisation)).id } }),
  },
  "get /api/v1/users": { roles: lookers, to: "self" },
  "post /api/v1/users": {
    roles: administrators,
    to: "other",
    request: async ({ organisations }, organisation) => ({
      body: { username: `made-${names++}`, organisation: organisations[organisation] },
    }),
  },
  "get /api/v1/users/{id}": { roles: lookers, to: "other", request: onVictim },
  "patch /api/v1/users/{id}": {
    roles: administrators,
    to: "other",
    request: async (at, organisation) => ({ ...(await onVictim(at, organisation)), body: { display_name: "Renamed" } }),
  },
  "delete /api/v1/users/{id}": { roles: administrators, to: "other", request: onVictim },
  "post /api/v1/users/{id}/disable": { roles: administrators, to: "other", request: onVictim },
  "post /api/v1/users/{id}/enable": { roles: administrators, to: "other", request: onVictim },
  "post /api/v1/users/{id}/lock": { roles: administrators, to: "other", request: onVictim },
  "post /api/v1/users/{id}/unlock": { roles: administrators, to: "other", request: onVictim },
  "post /api/v1/users/{id}/password-reset": { roles: administrators, to: "other", request: onVictim },
  "get /api/v1/users/{id}/sessions": { roles: lookers, to: "other", request: onVictim },
  "get /api/v1/roles": { roles: lookers, to: "self" },
  "get /api/v1/organisations": { roles: lookers, to: "self" },
  "post /api/v1/organisations": {
    roles: ["admin"],
    to: "self",
    request: async () => ({ body: { name: `Organisation ${names++}` } }),
  },
  "get /api/v1/organisations/{id}": { roles: lookers, to: "other", request: onOrganisation },
  "patch /api/v1/organisations/{id}": {
    roles: ["admin"],
    to: "other",
    request: async (at, organisation) => ({
      ...(await onOrganisation(at, organisation)),
      body: { name: organisation },
    }),
  },
  // Done to an organisation that nobody lives in.
  "delete /api/v1/organisations/{id}": { roles: ["admin"], to: "other", request: emptyOrganisation },
  "post /api/v1/organisations/{id}/disable": { roles: ["admin"], to: "other", request: emptyOrganisation },
  "post /api/v1/organisations/{id}/enable": { roles: ["admin"], to: "other", request: emptyOrganisation },
  "get /api/v1/journal": { roles: lookers, to: "self" },
  // Of the instance, so for those who reach all of it.
  "get /api/v1/refusals": { roles: ["admin"], to: "self" },
};

async function tokenOfVictim({ victim, as }: House, organisation: "Root" | "Acme"): Promise<{ path: string }> {
  const minted = await as(await victim(organisation), "post", "/api/v1/api-tokens", { name: "ci" });
  return { path: (await answered<{ id: string }>(minted, 201)).id };
}

/** Nobody reaches it, so one of each organisation is there for all. */
const keys = new Map<string, Promise<Asked>>();

function keyOfVictim(at: House, organisation: "Root" | "Acme"): Promise<Asked> {
  const known = keys.get(organisation) ?? newKeyOfVictim(at, organisation);
  keys.set(organisation, known);
  return known;
}

async function newKeyOfVictim({ victim, jeton }: House, organisation: "Root" | "Acme"): Promise<Asked> {
  const { tokens } = await victim(organisation);
  return { path: (await answered<{ id: string }>(await proveKey(jeton, tokens, { pair: newEdPair() }), 201)).id };
}

async function applicationOf({ as, of }: House, organisation: "Root" | "Acme"): Promise<{ path: string }> {
  const body = { name: `application-${names++}`, owner: "organisation" };
  const made = await as(of(organisation, "org_admin"), "post", "/api/v1/applications", body);
  return { path: (await answered<{ id: string }>(made, 201)).id };
}

async function emptyOrganisation({ as, of }: House): Promise<{ path: string }> {
  const body = { name: `Empty ${names++}` };
  return {
    path: (await answered<{ id: string }>(await as(of("Root", "admin"), "post", "/api/v1/organisations", body), 201))
      .id,
  };
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

describe("the matrix of roles, operations and organisations", () => {
  let at: House;
  let operations: readonly Operation[];

  before(async () => {
    at = await house();
    const document = await answered<{ paths: Record<string, Record<string, Pick<Operation, "security">>> }>(
      await at.jeton.ask("/openapi.json"),
    );
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({ method, path, security })),
    );
  });
  after(() => at.jeton.close());

  /** What a caller sees, without what is particular to the operation. */
  async function outcome(
    who: Somebody | null,
    { method, path }: Operation,
    rule: Rule,
    organisation: "Root" | "Acme",
  ): Promise<"yes" | "401" | "403" | "404"> {
    const { path: id = "", second = "", body } = (await rule.request?.(at, organisation)) ?? {};
    const response = await at.as(who, method, path.replace("{id}", id).replace("{secret}", second), body);
    const text = await response.text();
    if (response.status < 400) return "yes";
    const { code } = JSON.parse(text) as { code: string };
    if (rule.absent === true && code === "not_found") return "yes";
    if (rule.wrong === true && code === "invalid_request") return "yes";
    // What is refused for its content was allowed to be asked.
    if (["wrong_password", "wrong_state"].includes(code)) return "yes";
    assert.ok([401, 403, 404].includes(response.status), `${method} ${path}: ${text}`);
    return String(response.status) as "401";
  }

  test("A-01: every operation of the document is in the table, and nothing else", () => {
    const published = operations.map(({ method, path }) => `${method} ${path}`).toSorted();
    assert.deepEqual(published, Object.keys(table).toSorted());
  });

  test("A-01: what the document says of tokens is what the table says", () => {
    for (const { method, path, security } of operations)
      assert.equal(security.length === 0, table[`${method} ${path}`]!.roles === null, `${method} ${path}`);
  });

  test("A-01: nobody gets anywhere without a token", async () => {
    for (const operation of operations) {
      const rule = table[`${operation.method} ${operation.path}`]!;
      // This machine itself may read the metrics.
      if (rule.roles === null || operation.path === "/metrics") continue;
      assert.equal(await outcome(null, operation, rule, "Root"), "401", `${operation.method} ${operation.path}`);
    }
  });

  for (const home of ["Root", "Acme"] as const) {
    for (const role of roleNames) {
      test(`A-01, A-04: ${role} of ${home} does what the table says, here and in the other organisation`, async () => {
        const who = at.of(home, role);
        for (const operation of operations) {
          const title = `${operation.method} ${operation.path}`;
          const { roles, to, asked } = table[title]!;
          if (roles === null) continue;
          const may = roles.includes(role);
          for (const target of to === "other" ? (["Root", "Acme"] as const) : [home]) {
            // What is of others is not there for who may do it to their own alone.
            const scoped = may || asked?.includes(role) === true;
            const reached = may && (role === "admin" || target === home);
            const expected = !scoped ? "403" : reached ? "yes" : "404";
            assert.equal(await outcome(who, operation, table[title]!, target), expected, `${title} in ${target}`);
          }
        }
      });
    }
  }

  test("A-02: a user cannot make itself more by the members of any body", async () => {
    const me = await at.victim("Root");
    const members = {
      roles: ["admin"],
      status: "active",
      organisation_id: at.organisations.Acme,
      id: me.id,
      is_admin: true,
    };
    for (const [method, path] of [
      ["patch", `/api/v1/users/${me.id}`],
      ["put", "/api/v1/me/password"],
      ["post", "/api/v1/users"],
    ] as const) {
      const response = await at.as(me, method, path, {
        ...members,
        current_password: "x",
        new_password: "y",
        username: "z",
      });
      assert.equal(response.status, 403, path);
    }
    const seen = await answered<{ roles: string[] }>(await at.as(me, "get", "/api/v1/me"));
    assert.deepEqual(seen.roles, ["member"]);
  });

  test("A-02: what a change of a user does not name is refused and not ignored", async () => {
    const { id } = await at.victim("Root");
    for (const member of ["status", "id", "password_hash", "organisation", "username", "created_at"]) {
      const response = await at.as(at.of("Root", "admin"), "patch", `/api/v1/users/${id}`, { [member]: "x" });
      assert.equal(response.status, 400, member);
    }
  });

  test("A-03: an administrator of an organisation gives no role above its own, nor to itself", async () => {
    const orgAdmin = at.of("Acme", "org_admin");
    const { id } = await at.victim("Acme");
    for (const roles of [["admin"], ["member", "admin"], ["auditor"]]) {
      assert.equal((await at.as(orgAdmin, "patch", `/api/v1/users/${id}`, { roles })).status, 403, roles.join(" "));
      assert.equal((await at.as(orgAdmin, "patch", `/api/v1/users/${orgAdmin.id}`, { roles })).status, 403);
      const made = await at.as(orgAdmin, "post", "/api/v1/users", { username: "riser", roles });
      assert.equal(made.status, 403);
    }
    for (const role of ["Admin", "admin ", "*", "root"])
      assert.equal((await at.as(orgAdmin, "patch", `/api/v1/users/${id}`, { roles: [role] })).status, 400, role);
    assert.equal((await at.as(orgAdmin, "patch", `/api/v1/users/${id}`, { roles: ["org_admin"] })).status, 200);
  });

  test("A-03: nobody touches somebody with more rights, in the same organisation either", async () => {
    const above = await at.victim("Acme", ["admin"]);
    const orgAdmin = at.of("Acme", "org_admin");
    const seen = await answered<{ roles: string[] }>(await at.as(orgAdmin, "get", `/api/v1/users/${above.id}`));
    assert.deepEqual(seen.roles, ["admin"]);
    for (const [method, path, body] of [
      ["post", "disable"],
      ["post", "lock"],
      ["post", "password-reset"],
      ["patch", "", { roles: ["member"] }],
      ["delete", ""],
    ] as const) {
      const response = await at.as(orgAdmin, method, `/api/v1/users/${above.id}${path && `/${path}`}`, body);
      assert.equal(response.status, 403, `${method} ${path}`);
    }
    assert.equal((await at.as(orgAdmin, "post", "/api/v1/revoke-tokens", { subject: above.id })).status, 403);
    assert.equal((await at.jeton.me(above.tokens)).status, 200);
  });

  test("A-04: an id of another organisation is answered like one that does not exist", async () => {
    const there = await at.victim("Root");
    const absent = "01920000-0000-7000-8000-000000000000";
    const orgAdmin = at.of("Acme", "org_admin");
    const [other, none] = await Promise.all(
      [there.id, absent].map(async (id) => (await at.as(orgAdmin, "get", `/api/v1/users/${id}`)).text()),
    );
    const shape = (text: string): unknown => ({ ...(JSON.parse(text) as object), request_id: "" });
    assert.deepEqual(shape(other!), shape(none!));
  });

  test("A-04: a list is of one's own organisation, whatever its filter names", async () => {
    const orgAdmin = at.of("Acme", "org_admin");
    const there = `/api/v1/users?organisation=${at.organisations.Root}`;
    assert.equal((await at.as(orgAdmin, "get", there)).status, 404);
    const { items } = await answered<{ items: { organisation_id: string }[] }>(
      await at.as(orgAdmin, "get", "/api/v1/users?limit=200"),
    );
    assert.deepEqual([...new Set(items.map((item) => item.organisation_id))], [at.organisations.Acme]);
    assert.equal((await at.as(at.of("Acme", "admin"), "get", there)).status, 200);
  });

  test("A-07: an administrator who was demoted a moment ago does nothing with the token of before", async () => {
    const demoted = await at.victim("Root", ["admin"]);
    const target = await at.victim("Root");
    const path = `/api/v1/users/${demoted.id}`;
    assert.equal((await at.as(demoted, "get", "/api/v1/users")).status, 200);
    assert.equal((await at.as(at.of("Root", "admin"), "patch", path, { roles: ["member"] })).status, 200);
    assert.equal((await at.as(demoted, "get", "/api/v1/users")).status, 403);
    assert.equal((await at.as(demoted, "post", `/api/v1/users/${target.id}/disable`)).status, 403);
    assert.equal((await at.as(demoted, "get", "/api/v1/me")).status, 200);
  });

  test("A-07: a demotion that commits first stops a change that had passed the door already", async () => {
    for (let round = 0; round < 20; round++) {
      const demoted = await at.victim("Root", ["admin"]);
      const target = await at.victim("Root");
      // Both are past authentication before either is decided: the store looks again.
      const [changed, done] = await Promise.all([
        at.as(at.of("Root", "admin"), "patch", `/api/v1/users/${demoted.id}`, { roles: ["member"] }),
        at.as(demoted, "post", `/api/v1/users/${target.id}/disable`),
      ]);
      assert.equal(changed.status, 200);
      const left = await answered<{ status: string }>(
        await at.as(at.of("Root", "admin"), "get", `/api/v1/users/${target.id}`),
      );
      assert.equal(left.status, done.status === 200 ? "disabled" : "active");
    }
  });

  test("A-09: an administrator never learns a password: the reset token is the user's, once", async () => {
    const user = await at.victim("Root");
    const issued = await answered<{ reset_token: string }>(
      await at.as(at.of("Root", "admin"), "post", `/api/v1/users/${user.id}/password-reset`),
      201,
    );
    const body = { reset_token: issued.reset_token, new_password: "an entirely new cellar door" };
    assert.equal((await at.jeton.ask("/api/v1/password-reset", { body })).status, 204);
    assert.equal((await at.jeton.ask("/api/v1/password-reset", { body })).status, 401);
    assert.equal((await at.jeton.me(user.tokens)).status, 401);
    const login = (secret: string) =>
      at.jeton.ask("/api/v1/login", { body: { username: user.username, password: secret } });
    assert.equal((await login(password)).status, 401);
    assert.equal((await login(body.new_password)).status, 200);
  });
});
