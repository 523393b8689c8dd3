/**
 * A door: the words in which a server takes a sign-in, and what it can do for a client. A server's refusal is a value;
 * an answer that nobody can read is a fault. A new door is a file beside this one, and its name in `doors.ts`.
 */
import { NotUnderstood } from "../faults.ts";
import type { Answer, Transport } from "../transport.ts";

/** The tokens as they are kept, and as most wires name them (RFC 6749 section 5.1). */
export interface Credentials {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
}

export interface Refused {
  readonly ok: false;
  /** Of the server's catalogue, or `http_` and the status where it gives none. */
  readonly code: string;
  readonly status: number;
  /** What happened, and what the server says about it. */
  readonly title: string;
  readonly detail: string | undefined;
  readonly requestId: string | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

export type Said<T> = { readonly ok: true; readonly value: T } | Refused;

export const said = <T>(value: T): Said<T> => ({ ok: true, value });

export interface Person {
  readonly id: string;
  readonly username: string;
  readonly organisation: string;
  readonly roles: readonly string[];
}

export interface Revoked {
  /** Null where the wire does not count them. */
  readonly endedSessions: number | null;
  /** When the last access token ends that others may still accept (ISO 8601); null where the wire does not tell. */
  readonly refusedEverywhereBy: string | null;
  /** For the session that goes on. */
  readonly tokens?: Credentials;
}

export interface SignIn {
  readonly username: string;
  readonly password: string;
  readonly organisation?: string | undefined;
}

export interface RevokeAll {
  readonly accessToken: string;
  /** Whose, by name; one's own where it is left out. */
  readonly username?: string | undefined;
  readonly keepCurrent: boolean;
}

export interface Door {
  readonly name: string;
  readonly signIn: (asked: SignIn) => Promise<Said<Credentials>>;
  /** A refresh token that is not good is refused with the code `invalid_grant`, on every wire. */
  readonly refresh: (refreshToken: string) => Promise<Said<Credentials>>;
  /** Null where the wire has no such call. */
  readonly signOut: ((refreshToken: string) => Promise<Said<null>>) | null;
  readonly whoAmI: (accessToken: string) => Promise<Said<Person>>;
  readonly revokeAll: (asked: RevokeAll) => Promise<Said<Revoked>>;
}

export interface DoorAt {
  /** Without a slash at its end. */
  readonly server: string;
  readonly transport: Transport;
}

type Members = Readonly<Record<string, unknown>>;

export const members = (value: unknown): Members =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};

/** A text that the answer must have. */
export function text(from: Members, name: string): string {
  const value = from[name];
  if (typeof value !== "string") throw new NotUnderstood(`its answer has no ${name}`);
  return value;
}

/** RFC 6750 section 2.1: nothing else can stand in a header, or in a shell's quotes. */
const tokenForm = /^[A-Za-z0-9\-._~+/]{1,8192}={0,2}$/;

export const isToken = (value: unknown): value is string => typeof value === "string" && tokenForm.test(value);

export function token(from: Members, name: string): string {
  const value = from[name];
  if (!isToken(value)) throw new NotUnderstood(`its answer has no ${name} that can be used`);
  return value;
}

/** `token_type` is Bearer where a wire leaves it out. */
export const credentials = (from: Members): Credentials => ({
  access_token: token(from, "access_token"),
  refresh_token: token(from, "refresh_token"),
  token_type: typeof from["token_type"] === "string" ? from["token_type"] : "Bearer",
});

/** A refusal in the words of a wire, or in plain ones. */
export const refusedBy = (
  { status, requestId, retryAfter }: Answer,
  words: {
    readonly code?: string | undefined;
    readonly title?: string | undefined;
    readonly detail?: string | undefined;
  },
): Refused => ({
  ok: false,
  code: words.code ?? `http_${status}`,
  status,
  title: words.title ?? `the server answered ${status}`,
  detail: words.detail,
  requestId,
  retryAfter,
});
