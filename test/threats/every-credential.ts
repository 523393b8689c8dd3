/**
 * Somebody who holds one of each kind of credential, and a look at each of them through the doors: whether it is good
 * now, and whether what it opens still has the rights that it had.
 */
import assert from "node:assert/strict";

import type { SubjectId } from "../../src/core/ids.ts";
import { bearer } from "../api/asking.ts";
import { add } from "../api/people.ts";
import { answerChallenge, challengeFor, proveKey } from "../api/signing.ts";
import { answered } from "../admin/house.ts";
import { authority, claimsOf, type Authority, type WirePair } from "../authority.ts";

/** The columns of the table, in its order. */
export const columns = [
  "this session",
  "other sessions",
  "session by key",
  "the key",
  "API token, JWT",
  "API token, opaque",
  "password",
  "reset token",
  "application's session",
  "application's secret",
  "application's API token",
] as const;

export type Column = (typeof columns)[number];

/** `less`: good, and what it opens may do less than before. */
export type Look = "good" | "less" | "dead";

export interface MadeSecret {
  readonly id: string;
  readonly client_id: string;
  readonly client_secret: string;
}

export interface Minted {
  readonly id: string;
  readonly token: string;
}

export interface World {
  readonly jeton: Authority;
  /** An administrator of the instance, who is of another organisation than those whom it happens to. */
  readonly admin: WirePair;
}

export async function openWorld(settings: Readonly<Record<string, unknown>> = {}): Promise<World> {
  const jeton = await authority({ settings });
  const admin = await jeton.login("ada");
  // A key that nobody has any more is taken from nobody; making one for each event would take a while.
  await answered(await proveKey(jeton, admin), 201);
  return { jeton, admin };
}

export const password = "a cellar door in the rain";
export const newPassword = "three lanterns on the harbour wall";

/** For a look: a reset token whose password is refused is not spent, and is refused itself first when it is dead. */
const tooWeak = "short";

interface Me {
  readonly scopes: readonly string[];
}

export interface Everything extends World {
  readonly id: SubjectId;
  /** The pairs as of the last look. */
  readonly pairs: Record<"this session" | "other sessions" | "session by key" | "application's session", WirePair>;
  readonly apiTokens: Readonly<Record<"jwt" | "opaque" | "application", Minted>>;
  /** Of the key. */
  readonly key: string;
  readonly application: string;
  readonly secret: MadeSecret;
  /** With the access token of `pair`. */
  readonly as: (
    pair: Pick<WirePair, "access_token">,
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<Response>;
  readonly login: (typed: string, address?: string) => Promise<Response>;
  readonly reset: (to: string) => Promise<Response>;
  readonly look: () => Promise<Readonly<Record<Column, Look>>>;
}

export const sessionId = ({ access_token: token }: Pick<WirePair, "access_token">): string =>
  String(claimsOf(token)["sid"]);

/** The answer of something that is good; undefined when it is refused, which has to be as credentials are refused. */
async function ifGood<T>(asked: Promise<Response>): Promise<T | undefined> {
  const response = await asked;
  const text = await response.text();
  if (response.status === 200) return JSON.parse(text) as T;
  assert.ok([401, 429].includes(response.status), `${response.status} ${text}`);
  return undefined;
}

let organisations = 0;

/** Of somebody new, who is alone in an organisation. */
export async function everyCredential({ jeton, admin }: World): Promise<Everything> {
  const [username, organisation] = ["sam", `Acme ${organisations++}`];
  const id = await add(jeton, { username, password, organisation, roles: ["auditor", "member"] });
  const as: Everything["as"] = ({ access_token: token }, method, path, body) =>
    jeton.ask(`/api/v1${path}`, {
      method,
      headers: bearer({ access_token: token }),
      ...(body === undefined ? {} : { body }),
    });
  const login: Everything["login"] = (typed, address = "127.0.0.1") =>
    jeton.ask("/api/v1/login", { body: { username, password: typed, organisation }, address });
  const byKey = async (): Promise<Response> =>
    answerChallenge(jeton, await challengeFor(jeton, { username, organisation }));

  const mine = await answered<WirePair>(await login(password));
  const { id: key } = await answered<{ id: string }>(await proveKey(jeton, mine), 201);
  const mint = async (format: "jwt" | "opaque"): Promise<Minted> =>
    answered(await as(mine, "POST", "/api-tokens", { name: format, format, scopes: ["me:read", "stats:read"] }), 201);
  const { id: application } = await answered<{ id: string }>(
    await as(mine, "POST", "/applications", { name: "harvester", roles: ["auditor", "member"] }),
    201,
  );
  const ofApplication = async <T>(path: string, body: unknown): Promise<T> =>
    answered<T>(await as(mine, "POST", `/applications/${application}${path}`, body), 201);
  const secret = await ofApplication<MadeSecret>("/secrets", { name: "prod" });
  const apiTokens = {
    jwt: await mint("jwt"),
    opaque: await mint("opaque"),
    application: await ofApplication<Minted>("/api-tokens", { name: "ci", scopes: ["me:read", "stats:read"] }),
  };
  const bySecret = (): Promise<Response> => {
    const { client_id, client_secret } = secret;
    return jeton.ask("/api/v1/login/secret", { body: { client_id, client_secret } });
  };
  // The session of above is the least used one.
  jeton.clock.pass(1);
  const pairs = {
    "this session": mine,
    "other sessions": await answered<WirePair>(await login(password)),
    "session by key": await answered<WirePair>(await byKey()),
    "application's session": await answered<WirePair>(await bySecret()),
  };
  const issued = await as(admin, "POST", `/users/${id}/password-reset`);
  const { reset_token: resetToken } = await answered<{ reset_token: string }>(issued, 201);
  const reset: Everything["reset"] = (to) =>
    jeton.ask("/api/v1/password-reset", { body: { reset_token: resetToken, new_password: to } });

  const scopesOf = async (accessToken: string): Promise<readonly string[] | undefined> =>
    (await ifGood<Me>(as({ access_token: accessToken }, "GET", "/me")))?.scopes;
  const full = (await scopesOf(mine.access_token))!;
  assert.ok(full.includes("stats:read"));
  const worth = (scopes: readonly string[] | undefined, before = full): Look => {
    if (scopes === undefined) return "dead";
    assert.ok(scopes.every((scope) => before.includes(scope)));
    return scopes.length < before.length ? "less" : "good";
  };
  const opens = async (asked: Promise<Response>): Promise<Look> => {
    const opened = await ifGood<WirePair>(asked);
    return worth(opened && (await scopesOf(opened.access_token)));
  };
  /** Both tokens of it, which have one fate. */
  const ofSession = async (which: keyof typeof pairs): Promise<Look> => {
    const access = worth(await scopesOf(pairs[which].access_token));
    const next = await ifGood<WirePair>(jeton.refresh(pairs[which]));
    if (next !== undefined) pairs[which] = next;
    assert.equal(worth(next && (await scopesOf(next.access_token))), access, `${which}: the refresh token`);
    return access;
  };
  const ofApiToken = async (which: keyof typeof apiTokens): Promise<Look> =>
    worth(await scopesOf(apiTokens[which].token), ["me:read", "stats:read"]);
  const ofReset = async (): Promise<Look> => {
    const { status } = await reset(tooWeak);
    assert.ok(status === 400 || status === 401, String(status));
    return status === 400 ? "good" : "dead";
  };

  // Sessions first: a sign-in adds one to them.
  const look: Everything["look"] = async () => ({
    "this session": await ofSession("this session"),
    "other sessions": await ofSession("other sessions"),
    "session by key": await ofSession("session by key"),
    "application's session": await ofSession("application's session"),
    "API token, JWT": await ofApiToken("jwt"),
    "API token, opaque": await ofApiToken("opaque"),
    "the key": await opens(byKey()),
    password: await opens(login(password)),
    "reset token": await ofReset(),
    "application's secret": await opens(bySecret()),
    "application's API token": await ofApiToken("application"),
  });

  return { jeton, id, admin, pairs, apiTokens, key, application, secret, as, login, reset, look };
}
