/** One's authentication key at Jeton's own API: the public half of what `signInBySignature` signs with. */
import { NotUnderstood } from "../faults.ts";
import { members, said, text, type DoorAt, type Said } from "./door.ts";
import { problem } from "./native.ts";

export interface AuthKey {
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  readonly type: string;
  readonly bits: number;
  /** Seconds since 1970-01-01 UTC. */
  readonly createdAt: number;
}

export interface AuthKeyDoor {
  readonly set: (accessToken: string, publicKey: string) => Promise<Said<AuthKey>>;
  /** Refused as `not_found` where there is none. */
  readonly show: (accessToken: string) => Promise<Said<AuthKey>>;
  readonly remove: (accessToken: string) => Promise<Said<null>>;
}

function readKey(body: unknown): AuthKey {
  const key = members(body);
  const { bits, created_at: createdAt } = key;
  if (typeof bits !== "number" || typeof createdAt !== "number") throw new NotUnderstood("its answer is no key");
  return { fingerprint: text(key, "fingerprint"), type: text(key, "type"), bits, createdAt };
}

export function authKeyDoor({ server, transport }: DoorAt): AuthKeyDoor {
  const url = new URL(`${server}/api/v1/me/auth-key`);
  return {
    set: async (token, publicKey) => {
      const answer = await transport({ method: "PUT", url, token, body: { public_key: publicKey } });
      return answer.status === 200 ? said(readKey(answer.body)) : problem(answer);
    },
    show: async (token) => {
      const answer = await transport({ method: "GET", url, token });
      return answer.status === 200 ? said(readKey(answer.body)) : problem(answer);
    },
    remove: async (token) => {
      const answer = await transport({ method: "DELETE", url, token });
      return answer.status === 204 ? said(null) : problem(answer);
    },
  };
}
