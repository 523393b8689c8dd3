/** What a client of FeatureBase's bearer check does, with its tokens in headers or in cookies. */
import assert from "node:assert/strict";

import { demoPassword } from "../../src/compose/demo.ts";
import { authority, good, type Authority, type AuthorityOptions } from "../authority.ts";
import { asking, type Ask } from "../api/asking.ts";

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

export interface UserInfo {
  readonly userid: string;
  readonly username: string;
  readonly groups: readonly { readonly id: string; readonly displayName: string }[];
  readonly expiry: string;
  readonly token: string;
  readonly refreshtoken: string;
}

export interface FeatureBaseClient {
  readonly jeton: Authority;
  readonly ask: Ask;
  readonly login: (username?: string) => Promise<Tokens>;
  readonly get: (
    path: "/auth" | "/userinfo" | "/logout",
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>;
}

export async function featurebaseClient(options: AuthorityOptions = {}): Promise<FeatureBaseClient> {
  const jeton = await authority(options);
  const ask = asking(jeton.doors.main);
  return {
    jeton,
    ask,
    login: async (username = "bob") =>
      good<Tokens>(await ask("/featurebase/login", { body: { username, password: demoPassword } })),
    get: (path, headers = {}) => ask(`/featurebase${path}`, { headers }),
  };
}

export const byHeader = ({ access_token, refresh_token }: Partial<Tokens>): Readonly<Record<string, string>> => ({
  ...(access_token === undefined ? {} : { authorization: `Bearer ${access_token}` }),
  ...(refresh_token === undefined ? {} : { "x-molecula-refresh-token": refresh_token }),
});

export const byCookie = ({ access_token, refresh_token }: Partial<Tokens>): Readonly<Record<string, string>> => ({
  cookie: [
    "theme=dark",
    ...(access_token === undefined ? [] : [`molecula-chip=${access_token}`]),
    ...(refresh_token === undefined ? [] : [`refresh-molecula-chip=${refresh_token}`]),
  ].join("; "),
});

/** Status and reason, after a look at the headers that Go's http.Error sets. */
export async function reason(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer;
  assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.equal(response.headers.get("cache-control"), "no-store");
  const text = await response.text();
  assert.match(text, /^[^\n]+\n$/);
  return `${response.status} ${text.slice(0, -1)}`;
}

/** The tokens of a pair of cookies, after a look at their order and at every attribute. */
export function setCookies(response: Response): Tokens {
  const [refresh = "", access = "", ...more] = response.headers.getSetCookie();
  assert.deepEqual(more, []);
  const read = (name: string, text: string): string => {
    const [, value] =
      new RegExp(`^${name}=([\\w-]+\\.[\\w-]+\\.[\\w-]+); Path=/; HttpOnly; Secure; SameSite=Strict$`).exec(text) ?? [];
    assert.ok(value !== undefined, text);
    return value;
  };
  return { access_token: read("molecula-chip", access), refresh_token: read("refresh-molecula-chip", refresh) };
}

export const expired = "token is expired: refreshing token: 400 Bad Request";
export const foreign = "getting groups: getting group membership info: 401 Unauthorized";
