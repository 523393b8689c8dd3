/** Jeton's own API, version 1: JSON, and refusals as RFC 9457 problems. */
import { NotUnderstood } from "../faults.ts";
import type { Answer, Asked } from "../transport.ts";
import {
  credentials,
  members,
  refusedBy,
  said,
  text,
  type Door,
  type DoorAt,
  type Refused,
  type Said,
} from "./door.ts";

const optional = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** So many wrong values are told of one request. */
const mostErrors = 3;

/** Which values are wrong and what they would have to be, where the server says so (RFC 9457 section 3). */
function errorsText(errors: unknown): string | undefined {
  if (!Array.isArray(errors)) return undefined;
  const told = errors.slice(0, mostErrors).flatMap((error: unknown) => {
    const { field, expected } = members(error);
    const [at, wanted] = [optional(field), optional(expected)];
    return at === undefined || wanted === undefined ? [] : [`${at.slice(1) || "the request"}: ${wanted}`];
  });
  return told.length === 0 ? undefined : told.join("; ");
}

export function problem(answer: Answer): Refused {
  const { code, title, detail, errors } = members(answer.body);
  return refusedBy(answer, {
    code: optional(code),
    title: optional(title),
    detail: errorsText(errors) ?? optional(detail),
  });
}

export function nativeDoor({ server, transport }: DoorAt): Door {
  const ask = (path: string, asked: Omit<Asked, "url">): Promise<Answer> =>
    transport({ ...asked, url: new URL(`${server}/api/v1${path}`) });

  async function subjectId(accessToken: string, username: string): Promise<Said<string>> {
    const path = `/users?username=${encodeURIComponent(username)}`;
    const answer = await ask(path, { method: "GET", token: accessToken });
    if (answer.status !== 200) return problem(answer);
    const { items } = members(answer.body);
    if (!Array.isArray(items)) throw new NotUnderstood("its answer has no items");
    const [found] = items as readonly unknown[];
    return found === undefined
      ? refusedBy(
          { ...answer, status: 404 },
          { code: "not_found", title: `there is no user ${username} that you may see` },
        )
      : said(text(members(found), "id"));
  }

  return {
    name: "native",

    signIn: async ({ username, password, organisation }) => {
      const wish = { username, password, ...(organisation === undefined ? {} : { organisation }) };
      const answer = await ask("/login", { method: "POST", body: wish });
      return answer.status === 200 ? said(credentials(members(answer.body))) : problem(answer);
    },

    refresh: async (refreshToken) => {
      const answer = await ask("/refresh", { method: "POST", body: { refresh_token: refreshToken } });
      return answer.status === 200 ? said(credentials(members(answer.body))) : problem(answer);
    },

    signOut: async (refreshToken) => {
      const answer = await ask("/logout", { method: "POST", body: { refresh_token: refreshToken } });
      return answer.status === 204 ? said(null) : problem(answer);
    },

    whoAmI: async (accessToken) => {
      const answer = await ask("/me", { method: "GET", token: accessToken });
      if (answer.status !== 200) return problem(answer);
      const me = members(answer.body);
      const roles = me["roles"];
      return said({
        id: text(me, "id"),
        username: text(me, "username"),
        organisation: text(members(me["organisation"]), "name"),
        roles: Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [],
      });
    },

    revokeAll: async ({ accessToken, username, keepCurrent }) => {
      const subject = username === undefined ? undefined : await subjectId(accessToken, username);
      if (subject?.ok === false) return subject;
      const answer = await ask("/revoke-tokens", {
        method: "POST",
        token: accessToken,
        body: { ...(subject === undefined ? {} : { subject: subject.value }), keep_current: keepCurrent },
      });
      if (answer.status !== 200) return problem(answer);
      const { receipt, tokens } = members(answer.body);
      const { ended_sessions: ended, refused_everywhere_by: by } = members(receipt);
      return said({
        endedSessions: typeof ended === "number" ? ended : null,
        refusedEverywhereBy: optional(by) ?? null,
        ...(tokens === undefined ? {} : { tokens: credentials(members(tokens)) }),
      });
    },
  };
}
