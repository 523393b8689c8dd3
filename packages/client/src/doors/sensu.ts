/**
 * Sensu Go's authentication API as sensuctl speaks it: a password by Basic credentials, and both tokens for everything
 * that is about a session. Refusals are plain texts. It is no `Door`, since a refresh takes both tokens.
 */
import { NotUnderstood } from "../faults.ts";
import type { Answer } from "../transport.ts";
import { members, refusedBy, said, token, type DoorAt, type Refused, type Said } from "./door.ts";

export interface SensuTokens {
  readonly access_token: string;
  /** Seconds since 1970-01-01 UTC. */
  readonly expires_at: number;
  readonly refresh_token: string;
}

export interface Basic {
  readonly username: string;
  readonly password: string;
}

export interface SensuDoor {
  readonly signIn: (basic: Basic) => Promise<Said<SensuTokens>>;
  /** Opens nothing. */
  readonly test: (basic: Basic) => Promise<Said<null>>;
  readonly refresh: (tokens: SensuTokens) => Promise<Said<SensuTokens>>;
  readonly signOut: (tokens: SensuTokens) => Promise<Said<null>>;
}

function readTokens(body: unknown): SensuTokens {
  const found = members(body);
  const { expires_at: expiresAt } = found;
  if (typeof expiresAt !== "number" || expiresAt === 0) throw new NotUnderstood("its answer has no expires_at");
  return {
    access_token: token(found, "access_token"),
    expires_at: expiresAt,
    refresh_token: token(found, "refresh_token"),
  };
}

const refused = (answer: Answer, code: string, title: string): Refused =>
  refusedBy(answer, answer.status === 400 || answer.status === 401 ? { code, title } : {});

const wrongPassword = (answer: Answer): Refused =>
  refused(answer, "invalid_credentials", "the credentials were not accepted");

const over = (answer: Answer): Refused => refused(answer, "invalid_grant", "the session is over");

export function sensuDoor({ server, transport }: DoorAt): SensuDoor {
  const url = (path: string): URL => new URL(`${server}${path}`);
  const aboutSession = (path: string, tokens: SensuTokens): Promise<Answer> =>
    transport({
      method: "POST",
      url: url(path),
      // Expired or not; it says which session is meant.
      token: tokens.access_token,
      body: { refresh_token: tokens.refresh_token },
    });
  return {
    signIn: async (basic) => {
      const answer = await transport({ method: "GET", url: url("/auth"), basic });
      return answer.status === 200 ? said(readTokens(answer.body)) : wrongPassword(answer);
    },
    test: async (basic) => {
      const answer = await transport({ method: "GET", url: url("/auth/test"), basic });
      return answer.status === 200 ? said(null) : wrongPassword(answer);
    },
    refresh: async (tokens) => {
      const answer = await aboutSession("/auth/token", tokens);
      return answer.status === 200 ? said(readTokens(answer.body)) : over(answer);
    },
    signOut: async (tokens) => {
      const answer = await aboutSession("/auth/logout", tokens);
      return answer.status === 200 ? said(null) : over(answer);
    },
  };
}
