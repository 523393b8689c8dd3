/**
 * WEKA's wire, below a base URL that ends in /api/v2. Answers are wrapped in `data`; a refusal has a text there, or in
 * `message`. It has no call that ends one session.
 */
import type { Answer, Asked } from "../transport.ts";
import { credentials, members, refusedBy, said, text, type Door, type DoorAt, type Refused } from "./door.ts";

const data = ({ body }: Answer): Readonly<Record<string, unknown>> => members(members(body)["data"]);

function problem(answer: Answer, code?: string): Refused {
  const { data: words, message } = members(answer.body);
  const detail = [message, words].find((value) => typeof value === "string");
  // Somebody in between answers 401 too; only the wire's own refusal may cost a sign-in.
  return refusedBy(answer, { code: detail !== undefined && answer.status === 401 ? code : undefined, detail });
}

export function wekaDoor({ server, transport }: DoorAt): Door {
  const ask = (path: string, asked: Omit<Asked, "url">): Promise<Answer> =>
    transport({ ...asked, url: new URL(`${server}${path}`) });

  const whoAmI: Door["whoAmI"] = async (accessToken) => {
    const answer = await ask("/users/whoami", { method: "GET", token: accessToken });
    if (answer.status !== 200) return problem(answer, "invalid_token");
    const me = data(answer);
    return said({
      id: text(me, "uid"),
      username: text(me, "username"),
      organisation: text(me, "org_name"),
      roles: [text(me, "role")],
    });
  };

  return {
    name: "weka",

    signIn: async ({ username, password, organisation }) => {
      const wish = { username, password, ...(organisation === undefined ? {} : { org: organisation }) };
      const answer = await ask("/login", { method: "POST", body: wish });
      return answer.status === 200 ? said(credentials(data(answer))) : problem(answer, "invalid_credentials");
    },

    refresh: async (refreshToken) => {
      const answer = await ask("/login/refresh", { method: "POST", body: { refresh_token: refreshToken } });
      if (answer.status !== 200) return problem(answer, "invalid_grant");
      // A server that does not rotate may leave it out.
      return said(credentials({ refresh_token: refreshToken, ...data(answer) }));
    },

    signOut: null,

    whoAmI,

    revokeAll: async ({ accessToken, username, keepCurrent }) => {
      const me = await whoAmI(accessToken);
      if (!me.ok) return me;
      if (keepCurrent || (username !== undefined && username !== me.value.username)) {
        const title = "this wire ends all of one's own sessions, and nothing less or more";
        return refusedBy(
          { status: 400, body: undefined, requestId: undefined, retryAfter: undefined },
          { code: "unsupported", title },
        );
      }
      const path = `/users/${encodeURIComponent(me.value.id)}/revoke`;
      const answer = await ask(path, { method: "DELETE", token: accessToken });
      if (answer.status !== 200) return problem(answer);
      return said({ endedSessions: null, refusedEverywhereBy: null });
    },
  };
}
