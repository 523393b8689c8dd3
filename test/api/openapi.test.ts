/** /openapi.json against the OpenAPI Specification 3.1, and against what the server really answers. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { shedOrder } from "../../src/http/route.ts";
import { authority, claimsOf, good, issuer, type Authority } from "../authority.ts";
import { bearer, type Sent } from "./asking.ts";

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly summary: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Json;
  }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Json }>>;
  };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Json }>>;
  readonly "x-jeton": {
    readonly tenant: string;
    readonly rate: string;
    readonly shed: string;
    readonly journal: string | null;
  };
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json };
}

/** Every route of the native API; a route that is added must be added here. */
const routes = [
  "post /api/v1/login",
  "post /api/v1/login/challenge",
  "post /api/v1/login/signature",
  "post /api/v1/login/secret",
  "post /api/v1/auth-key-challenge",
  "post /api/v1/auth-keys",
  "get /api/v1/auth-keys",
  "post /api/v1/applications/{id}/auth-key-challenge",
  "post /api/v1/applications/{id}/auth-keys",
  "get /api/v1/applications/{id}/auth-keys",
  "get /api/v1/auth-keys/{id}",
  "patch /api/v1/auth-keys/{id}",
  "delete /api/v1/auth-keys/{id}",
  "get /api/v1/applications",
  "post /api/v1/applications",
  "get /api/v1/applications/{id}",
  "patch /api/v1/applications/{id}",
  "delete /api/v1/applications/{id}",
  "post /api/v1/applications/{id}/disable",
  "post /api/v1/applications/{id}/enable",
  "post /api/v1/applications/{id}/secrets",
  "get /api/v1/applications/{id}/secrets",
  "delete /api/v1/applications/{id}/secrets/{secret}",
  "post /api/v1/applications/{id}/api-tokens",
  "get /api/v1/applications/{id}/api-tokens",
  "post /api/v1/api-tokens",
  "get /api/v1/api-tokens",
  "get /api/v1/api-tokens/{id}",
  "patch /api/v1/api-tokens/{id}",
  "post /api/v1/api-tokens/{id}/rotate",
  "delete /api/v1/api-tokens/{id}",
  "get /api/v1/users/{id}/api-tokens",
  "post /api/v1/leaked",
  "post /api/v1/refresh",
  "post /api/v1/logout",
  "get /api/v1/me",
  "put /api/v1/me/password",
  "post /api/v1/password-reset",
  "post /api/v1/revoke-tokens",
  "get /api/v1/users",
  "post /api/v1/users",
  "get /api/v1/users/{id}",
  "patch /api/v1/users/{id}",
  "delete /api/v1/users/{id}",
  "post /api/v1/users/{id}/disable",
  "post /api/v1/users/{id}/enable",
  "post /api/v1/users/{id}/lock",
  "post /api/v1/users/{id}/unlock",
  "post /api/v1/users/{id}/password-reset",
  "get /api/v1/users/{id}/sessions",
  "get /api/v1/roles",
  "get /api/v1/organisations",
  "post /api/v1/organisations",
  "get /api/v1/organisations/{id}",
  "patch /api/v1/organisations/{id}",
  "delete /api/v1/organisations/{id}",
  "post /api/v1/organisations/{id}/disable",
  "post /api/v1/organisations/{id}/enable",
  "get /api/v1/journal",
  "get /api/v1/refusals",
  "get /api/v1/sessions",
  "delete /api/v1/sessions/{id}",
  "get /.well-known/jwks.json",
  "get /healthz",
  "get /readyz",
  "get /metrics",
  "get /openapi.json",
  "get /problems/{code}",
];

const refsIn = (value: unknown): string[] => {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === "$ref" ? [String(inner)] : refsIn(inner)));
};

describe("GET /openapi.json", () => {
  let jeton: Authority;
  let document: Document;
  let operations: readonly (readonly [name: string, operation: Operation])[];
  before(async () => {
    jeton = await authority();
    document = await good<Document>(await jeton.ask("/openapi.json"));
    operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [`${method} ${path}`, operation] as const),
    );
  });
  after(() => jeton.close());

  test("OpenAPI 3.1.0 section 4.8.1: the document has its version, its title and the issuer as its server", () => {
    assert.equal(document.openapi, "3.1.0");
    assert.deepEqual([document.info.title, document.info.version], ["Jeton", "0.0.0"]);
    assert.deepEqual(document.servers, [{ url: issuer }]);
  });

  test("OpenAPI 3.1.0 section 4.8.8: every route of the native API is there, and nothing else", () => {
    assert.deepEqual(operations.map(([name]) => name).toSorted(), routes.toSorted());
  });

  test("OpenAPI 3.1.0 section 4.8.10: each operation has a summary, answers, and its parameters with schemas", () => {
    for (const [name, { summary, responses, parameters = [], requestBody }] of operations) {
      assert.ok(summary.length > 0, name);
      assert.ok(Object.keys(responses).length > 0, name);
      for (const [status, { description }] of Object.entries(responses)) {
        assert.match(status, /^[1-5]\d\d$/, name);
        assert.ok(description.length > 0, `${name} ${status}`);
      }
      const inPath = parameters.filter((parameter) => parameter.in === "path");
      assert.deepEqual(
        inPath.map((parameter) => [parameter.name, parameter.required]),
        [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => [parameter, true]),
      );
      for (const parameter of parameters) assert.equal(typeof parameter.schema["type"], "string", name);
      if (requestBody !== undefined) {
        assert.equal(requestBody.required, true, name);
        assert.deepEqual(Object.keys(requestBody.content), ["application/json"], name);
      }
      if (/^(?:get|delete) /.test(name)) assert.equal(requestBody, undefined, name);
    }
  });

  test("OpenAPI 3.1.0 section 4.8.23: every reference leads to a component", () => {
    for (const ref of refsIn(document)) {
      const [, , , name = ""] = ref.split("/");
      assert.ok(ref.startsWith("#/components/schemas/") && name in document.components.schemas, ref);
    }
  });

  test("OpenAPI 3.1.0 section 4.8.30: a route that takes a token names the scheme and its scope", () => {
    assert.deepEqual(Object.keys(document.components.securitySchemes), ["accessToken"]);
    for (const [name, { security, responses }] of operations) {
      if (security.length === 0) continue;
      assert.match(String(security[0]?.["accessToken"]?.[0]), /^(?:[a-z-]+:(?:read|write)|tokens:mint)$/, name);
      for (const status of ["401", "403"]) assert.ok(status in responses, `${name} ${status}`);
    }
    assert.deepEqual(
      operations.filter(([, { security }]) => security.length === 0).map(([name]) => name),
      [
        "post /api/v1/login",
        "post /api/v1/login/challenge",
        "post /api/v1/login/signature",
        "post /api/v1/login/secret",
        "post /api/v1/refresh",
        "post /api/v1/logout",
        "post /api/v1/password-reset",
        "post /api/v1/leaked",
        "get /.well-known/jwks.json",
        "get /healthz",
        "get /readyz",
        "get /openapi.json",
        "get /problems/{code}",
      ],
    );
  });

  test("OpenAPI: each operation declares its tenant rule, rate class, shed class and journal event", () => {
    for (const [name, { "x-jeton": declared }] of operations) {
      assert.deepEqual(Object.keys(declared), ["tenant", "rate", "shed", "journal"], name);
      assert.ok(["none", "own", "organisation", "instance"].includes(declared.tenant), name);
      assert.ok(["login", "token", "read", "write", "public"].includes(declared.rate), name);
      assert.ok(
        shedOrder.some((shed) => shed === declared.shed),
        name,
      );
    }
    const journalled = operations.filter(
      ([
        ,
        {
          "x-jeton": { journal },
        },
      ]) => journal !== null,
    );
    assert.deepEqual(
      journalled.map(
        ([
          name,
          {
            "x-jeton": { journal },
          },
        ]) => `${name} ${journal}`,
      ),
      [
        "post /api/v1/login sign_in",
        "post /api/v1/login/signature sign_in",
        "post /api/v1/login/secret sign_in",
        "post /api/v1/logout session_ended",
        "put /api/v1/me/password password_changed",
        "post /api/v1/password-reset password_reset",
        "post /api/v1/auth-keys auth_key_set",
        "post /api/v1/applications/{id}/auth-keys auth_key_set",
        "patch /api/v1/auth-keys/{id} auth_key_changed",
        "delete /api/v1/auth-keys/{id} auth_key_deleted",
        "post /api/v1/applications subject_created",
        "patch /api/v1/applications/{id} subject_changed",
        "delete /api/v1/applications/{id} subject_deleted",
        "post /api/v1/applications/{id}/disable subject_disabled",
        "post /api/v1/applications/{id}/enable subject_enabled",
        "post /api/v1/applications/{id}/secrets client_secret_made",
        "delete /api/v1/applications/{id}/secrets/{secret} client_secret_ended",
        "post /api/v1/api-tokens api_token_minted",
        "post /api/v1/applications/{id}/api-tokens api_token_minted",
        "patch /api/v1/api-tokens/{id} api_token_changed",
        "delete /api/v1/api-tokens/{id} api_token_ended",
        "post /api/v1/api-tokens/{id}/rotate api_token_rotated",
        "post /api/v1/leaked api_token_leaked",
        "delete /api/v1/sessions/{id} session_ended",
        "post /api/v1/revoke-tokens tokens_revoked",
        "post /api/v1/users subject_created",
        "patch /api/v1/users/{id} subject_changed",
        "delete /api/v1/users/{id} subject_deleted",
        "post /api/v1/users/{id}/disable subject_disabled",
        "post /api/v1/users/{id}/enable subject_enabled",
        "post /api/v1/users/{id}/lock subject_locked",
        "post /api/v1/users/{id}/unlock subject_unlocked",
        "post /api/v1/users/{id}/password-reset password_reset_issued",
        "post /api/v1/organisations organisation_created",
        "patch /api/v1/organisations/{id} organisation_changed",
        "delete /api/v1/organisations/{id} organisation_deleted",
        "post /api/v1/organisations/{id}/disable organisation_disabled",
        "post /api/v1/organisations/{id}/enable organisation_enabled",
      ],
    );
  });

  test("RFC 9457 section 3: every error is declared as a problem document", () => {
    for (const [name, { responses }] of operations) {
      for (const [status, { content }] of Object.entries(responses)) {
        if (status >= "400")
          assert.deepEqual(Object.keys(content ?? {}), ["application/problem+json"], `${name} ${status}`);
      }
    }
  });

  test("OpenAPI: what the server answers, it has declared, status and content type", async () => {
    const [pair, leaving] = [await jeton.login(), await jeton.login()];
    const headers = bearer(pair);
    const stranger = "01a2036c-21cb-7c3c-a61e-584c60070697";
    const id = String(claimsOf((await jeton.login()).access_token)["sid"]);
    const login = { username: "bob", password: "correct horse battery staple" };
    const big = { body: JSON.stringify({ username: "x".repeat(70_000) }) };
    const gzip = { "content-encoding": "gzip" };
    const asked: readonly (readonly [name: string, path: string, sent?: Sent])[] = [
      ...["login", "refresh", "logout"].flatMap((name) => {
        const operation = `post /api/v1/${name}`;
        const path = `/api/v1/${name}`;
        return [
          [operation, path, { body: "{" }],
          [operation, path, { body: {} }],
          [operation, path, big],
          [operation, path, { body: {}, headers: { "content-type": "text/plain" } }],
          [operation, path, { body: {}, headers: gzip }],
          [operation, path, { body: { ...login, password: "wrong", refresh_token: "wrong" } }],
          [operation, path, { body: { ...login, refresh_token: leaving.refresh_token } }],
        ] as const;
      }),
      ...routes
        .filter((name) => name.startsWith("get "))
        .flatMap((name) => {
          const path = name.slice(4).replace("{code}", "not_found").replace("{id}", stranger);
          return [
            [name, path],
            [name, path, { headers }],
            [name, `${path}?x=1`, { headers }],
            [name, path, { headers: { ...headers, "content-encoding": "gzip" } }],
            [name, path, { headers: { ...headers, "if-none-match": "*" } }],
            [name, path, { headers: { ...headers, host: "a b" } }],
          ] as const;
        }),
      ["get /problems/{code}", "/problems/none"],
      ["delete /api/v1/sessions/{id}", `/api/v1/sessions/${id}`, { method: "DELETE" }],
      ["delete /api/v1/sessions/{id}", `/api/v1/sessions/${stranger}`, { method: "DELETE", headers }],
      ["delete /api/v1/sessions/{id}", `/api/v1/sessions/${id}?x=1`, { method: "DELETE", headers }],
      ["delete /api/v1/sessions/{id}", `/api/v1/sessions/${id}`, { method: "DELETE", headers }],
    ];
    const declared = new Map(operations);
    const statuses = new Set<string>();
    for (const [name, path, sent] of asked) {
      const response = await jeton.ask(path, sent);
      const answer = declared.get(name)?.responses[String(response.status)];
      assert.ok(answer, `${name} answered ${response.status}: ${await response.text()}`);
      const contentType = response.headers.get("content-type");
      assert.deepEqual(Object.keys(answer.content ?? {}), contentType === null ? [] : [contentType], name);
      statuses.add(`${name} ${response.status}`);
    }
    assert.ok(statuses.size >= 40, `only ${statuses.size} answers were compared`);
  });
});
