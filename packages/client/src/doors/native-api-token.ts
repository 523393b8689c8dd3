/** API tokens at Jeton's own API: made, listed, renamed, rotated and revoked. The token itself is told once. */
import { members, said, text, token as tokenOf, type DoorAt, type Said } from "./door.ts";
import { problem } from "./native.ts";
import { allPages, orNull, placeOf, texts, time, whole } from "./native-read.ts";

/** Times are seconds since 1970-01-01 UTC. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  /** `jwt` is checked anywhere, `opaque` by its server only. */
  readonly format: string;
  readonly createdAt: number;
  /** Null: it lives until it is revoked. */
  readonly expiresAt: number | null;
  /** Null: what belongs to its owner. */
  readonly scopes: readonly string[] | null;
  /** Null: its server, and all that trust it. */
  readonly audiences: readonly string[] | null;
  /** Null: from anywhere. */
  readonly networks: readonly string[] | null;
  /** Null: as many as its server allows each token. */
  readonly requestsPerMinute: number | null;
  readonly lastUsedAt: number | null;
  readonly lastUsedFrom: string | null;
  /** The token that took its place; this one ends soon. */
  readonly replacedBy: string | null;
  /** Whether it is the one that asked. */
  readonly current: boolean;
}

export interface MintedApiToken extends ApiToken {
  readonly token: string;
}

export interface ApiTokenWish {
  readonly name: string;
  /** Seconds; null: until it is revoked; undefined: as long as the server likes. */
  readonly expiresIn: number | null | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly audiences: readonly string[] | undefined;
  readonly networks: readonly string[] | undefined;
  readonly requestsPerMinute: number | undefined;
  readonly format: "jwt" | "opaque";
}

export interface EndedApiToken {
  readonly id: string;
  /** Until when somebody who asks nobody may accept it. */
  readonly refusedEverywhereBy: number;
}

/** Whatever is not found, and what is somebody else's, is refused as `not_found`. */
export interface ApiTokenDoor {
  /** For oneself, or for an application by its id. */
  readonly create: (accessToken: string, wish: ApiTokenWish, application?: string) => Promise<Said<MintedApiToken>>;
  /** All that are alive, newest first: one's own, or an application's. */
  readonly list: (accessToken: string, application?: string) => Promise<Said<readonly ApiToken[]>>;
  readonly show: (accessToken: string, id: string) => Promise<Said<ApiToken>>;
  readonly rename: (accessToken: string, id: string, name: string) => Promise<Said<ApiToken>>;
  /** `keepOld`: seconds for which the old one stays good. */
  readonly rotate: (accessToken: string, id: string, keepOld: number) => Promise<Said<MintedApiToken>>;
  readonly revoke: (accessToken: string, id: string) => Promise<Said<EndedApiToken>>;
}

function readApiToken(body: unknown): ApiToken {
  const from = members(body);
  return {
    id: text(from, "id"),
    name: text(from, "name"),
    format: text(from, "format"),
    createdAt: time(from, "created_at"),
    expiresAt: orNull(from, "expires_at", time),
    scopes: orNull(from, "scopes", texts),
    audiences: orNull(from, "audiences", texts),
    networks: orNull(from, "networks", texts),
    requestsPerMinute: orNull(from, "requests_per_minute", whole),
    lastUsedAt: orNull(from, "last_used_at", time),
    lastUsedFrom: orNull(from, "last_used_from", text),
    replacedBy: orNull(from, "replaced_by", text),
    current: from["current"] === true,
  };
}

const readMinted = (body: unknown): MintedApiToken => ({
  ...readApiToken(body),
  token: tokenOf(members(body), "token"),
});

export function apiTokenDoor({ server, transport }: DoorAt): ApiTokenDoor {
  const allOf = (application?: string): string => `${placeOf(server, application)}/api-tokens`;
  const one = (id: string, more = ""): URL => new URL(`${allOf()}/${encodeURIComponent(id)}${more}`);
  return {
    create: async (token, { name, expiresIn, scopes, audiences, networks, requestsPerMinute, format }, application) => {
      // What is undefined is left out, and the server's own choice.
      const limits = { audiences, networks, requests_per_minute: requestsPerMinute };
      const body = { name, expires_in: expiresIn, scopes, ...limits, format };
      const answer = await transport({ method: "POST", url: new URL(allOf(application)), token, body });
      return answer.status === 201 ? said(readMinted(answer.body)) : problem(answer);
    },
    list: (token, application) => allPages({ transport, url: new URL(allOf(application)), token, read: readApiToken }),
    show: async (token, id) => {
      const answer = await transport({ method: "GET", url: one(id), token });
      return answer.status === 200 ? said(readApiToken(answer.body)) : problem(answer);
    },
    rename: async (token, id, name) => {
      const answer = await transport({ method: "PATCH", url: one(id), token, body: { name } });
      return answer.status === 200 ? said(readApiToken(answer.body)) : problem(answer);
    },
    rotate: async (token, id, keepOld) => {
      const answer = await transport({ method: "POST", url: one(id, "/rotate"), token, body: { keep_old: keepOld } });
      return answer.status === 201 ? said(readMinted(answer.body)) : problem(answer);
    },
    revoke: async (token, id) => {
      const answer = await transport({ method: "DELETE", url: one(id), token });
      if (answer.status !== 200) return problem(answer);
      const receipt = members(answer.body);
      return said({ id: text(receipt, "api_token_id"), refusedEverywhereBy: time(receipt, "refused_everywhere_by") });
    },
  };
}
