/** Applications at Jeton's own API, and the client secrets that they sign in with. A secret is told once. */
import { members, said, text, token as wordOf, type DoorAt, type Said } from "./door.ts";
import { problem } from "./native.ts";
import { allPages, itemsOf, orNull, texts, time } from "./native-read.ts";

/** Times are seconds since 1970-01-01 UTC. */
export interface Application {
  /** Its client id, too. */
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  /** Null: its organisation's own. */
  readonly ownerId: string | null;
  readonly roles: readonly string[];
  readonly status: string;
  readonly createdAt: number;
}

export type ApplicationOwner = "me" | "organisation";

export interface ApplicationWish {
  readonly name: string;
  /** What is undefined is the server's own choice. */
  readonly displayName: string | undefined;
  readonly roles: readonly string[] | undefined;
  readonly owner: ApplicationOwner;
}

export interface ClientSecret {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  /** Null: it has no end. */
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly lastUsedFrom: string | null;
}

export interface MadeClientSecret extends ClientSecret {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface ClientSecretWish {
  readonly name: string;
  /** Seconds; undefined: it has no end. */
  readonly expiresIn: number | undefined;
}

export type StatusVerb = "disable" | "enable" | "delete";

/** Whatever is not found, and what is somebody else's, is refused as `not_found`. */
export interface ApplicationDoor {
  /** Oldest first. */
  readonly list: (accessToken: string, owner: ApplicationOwner) => Promise<Said<readonly Application[]>>;
  readonly create: (accessToken: string, wish: ApplicationWish) => Promise<Said<Application>>;
  readonly show: (accessToken: string, id: string) => Promise<Said<Application>>;
  readonly change: (
    accessToken: string,
    id: string,
    to: Partial<Pick<ApplicationWish, "displayName" | "roles">>,
  ) => Promise<Said<Application>>;
  /** The application as it is after it. */
  readonly setStatus: (accessToken: string, id: string, verb: StatusVerb) => Promise<Said<Application>>;
  readonly createSecret: (accessToken: string, id: string, wish: ClientSecretWish) => Promise<Said<MadeClientSecret>>;
  /** Newest first. */
  readonly listSecrets: (accessToken: string, id: string) => Promise<Said<readonly ClientSecret[]>>;
  readonly revokeSecret: (accessToken: string, id: string, secret: string) => Promise<Said<null>>;
}

function readApplication(body: unknown): Application {
  const from = members(body);
  return {
    id: text(from, "id"),
    name: text(from, "name"),
    displayName: text(from, "display_name"),
    ownerId: orNull(from, "owner_id", text),
    roles: texts(from, "roles"),
    status: text(from, "status"),
    createdAt: time(from, "created_at"),
  };
}

function readSecret(body: unknown): ClientSecret {
  const from = members(body);
  return {
    id: text(from, "id"),
    name: text(from, "name"),
    createdAt: time(from, "created_at"),
    expiresAt: orNull(from, "expires_at", time),
    lastUsedAt: orNull(from, "last_used_at", time),
    lastUsedFrom: orNull(from, "last_used_from", text),
  };
}

const readMade = (body: unknown): MadeClientSecret => ({
  ...readSecret(body),
  clientId: text(members(body), "client_id"),
  clientSecret: wordOf(members(body), "client_secret"),
});

export function applicationDoor({ server, transport }: DoorAt): ApplicationDoor {
  const all = `${server}/api/v1/applications`;
  const one = (id: string, more = ""): URL => new URL(`${all}/${encodeURIComponent(id)}${more}`);
  return {
    list: (token, owner) =>
      allPages({ transport, url: new URL(`${all}?owner=${owner}`), token, read: readApplication }),
    create: async (token, { name, displayName, roles, owner }) => {
      const body = { name, display_name: displayName, roles, owner };
      const answer = await transport({ method: "POST", url: new URL(all), token, body });
      return answer.status === 201 ? said(readApplication(answer.body)) : problem(answer);
    },
    show: async (token, id) => {
      const answer = await transport({ method: "GET", url: one(id), token });
      return answer.status === 200 ? said(readApplication(answer.body)) : problem(answer);
    },
    change: async (token, id, { displayName, roles }) => {
      const body = { display_name: displayName, roles };
      const answer = await transport({ method: "PATCH", url: one(id), token, body });
      return answer.status === 200 ? said(readApplication(answer.body)) : problem(answer);
    },
    setStatus: async (token, id, verb) => {
      const answer =
        verb === "delete"
          ? await transport({ method: "DELETE", url: one(id), token })
          : await transport({ method: "POST", url: one(id, `/${verb}`), token });
      return answer.status === 200 ? said(readApplication(members(answer.body)["application"])) : problem(answer);
    },
    createSecret: async (token, id, { name, expiresIn }) => {
      const body = { name, expires_in: expiresIn };
      const answer = await transport({ method: "POST", url: one(id, "/secrets"), token, body });
      return answer.status === 201 ? said(readMade(answer.body)) : problem(answer);
    },
    listSecrets: async (token, id) => {
      const answer = await transport({ method: "GET", url: one(id, "/secrets"), token });
      return answer.status === 200 ? said(itemsOf(answer.body).map(readSecret)) : problem(answer);
    },
    revokeSecret: async (token, id, secret) => {
      const url = one(id, `/secrets/${encodeURIComponent(secret)}`);
      const answer = await transport({ method: "DELETE", url, token });
      return answer.status === 204 ? said(null) : problem(answer);
    },
  };
}
