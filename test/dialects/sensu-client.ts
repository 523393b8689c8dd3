/** What a Sensu client does, against an authority whose people can be changed by the test. */
import assert from "node:assert/strict";

import { demoPassword } from "../../src/compose/demo.ts";
import type { Role } from "../../src/core/scope.ts";
import type { ChangeSubject, StatusVerb } from "../../src/engine/directory-store.ts";
import { authority, good, type Authority } from "../authority.ts";
import { asking, basic, bearer, type Ask } from "../api/asking.ts";
import { add } from "../api/people.ts";

export interface Tokens {
  readonly access_token: string;
  readonly expires_at: number;
  readonly refresh_token: string;
}

export interface SensuClient {
  readonly jeton: Authority;
  readonly ask: Ask;
  readonly auth: (username: string, password: string) => Promise<Response>;
  /** The tokens of one of the demonstration's people, or of one that `somebody` made. */
  readonly login: (username?: string) => Promise<Tokens>;
  readonly token: (access: string, body: unknown) => Promise<Response>;
  readonly refresh: (tokens: Tokens) => Promise<Response>;
  readonly refreshed: (tokens: Tokens) => Promise<Tokens>;
  /** The name of a new person. */
  readonly somebody: () => Promise<string>;
  readonly setStatus: (username: string, verb: StatusVerb) => Promise<void>;
  readonly setRoles: (username: string, roles: readonly Role[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function sensuClient(settings: Readonly<Record<string, unknown>> = {}): Promise<SensuClient> {
  const jeton = await authority({ settings });
  const ask = asking(jeton.doors.main);
  const auth = (username: string, password: string): Promise<Response> =>
    ask("/sensu/auth", { headers: basic(username, password) });
  const token = (access_token: string, body: unknown): Promise<Response> =>
    ask("/sensu/auth/token", { method: "POST", headers: bearer({ access_token }), body });
  const refresh = ({ access_token, refresh_token }: Tokens): Promise<Response> =>
    token(access_token, { refresh_token });
  const byOperator = async (username: string): Promise<Pick<ChangeSubject, "id" | "by" | "now">> => {
    const found = await jeton.store.findCredential("root", { kind: "username", canonical: username });
    return { id: found!.holder.subject, by: { kind: "operator" }, now: jeton.clock.now() };
  };
  let people = 0;
  return {
    jeton,
    ask,
    auth,
    login: async (username = "bob") => good<Tokens>(await auth(username, demoPassword)),
    token,
    refresh,
    refreshed: async (tokens) => good<Tokens>(await refresh(tokens)),
    somebody: async () => {
      const username = `mira-${people++}`;
      await add(jeton, { username, password: demoPassword });
      return username;
    },
    setStatus: async (username, verb) => {
      const done = await jeton.store.setSubjectStatus({ ...(await byOperator(username)), verb });
      assert.equal(done.kind, "done");
    },
    setRoles: async (username, roles) => {
      const done = await jeton.store.changeSubject({ ...(await byOperator(username)), roles });
      assert.equal(done.kind, "done");
    },
    close: jeton.close,
  };
}

/** Status and text of a refusal, after a look at the headers that Go's http.Error sets. */
export async function refused(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer;
  assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.equal(response.headers.get("www-authenticate"), null);
  const text = await response.text();
  assert.ok(text.endsWith("\n"), JSON.stringify(text));
  return `${response.status} ${text.slice(0, -1)}`;
}
