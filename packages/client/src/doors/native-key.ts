/**
 * Authentication keys at Jeton's own API: the public halves of what `signInBySignature` signs with, one's own or those of an
 * application. A key is taken with a signature by itself over a challenge.
 */
import { NotUnderstood } from "../faults.ts";
import { members, said, text, type DoorAt, type Said } from "./door.ts";
import { problem } from "./native.ts";
import { allPages, orNull, placeOf, time, whole } from "./native-read.ts";

/** Times are seconds since 1970-01-01 UTC. */
export interface AuthKey {
  readonly id: string;
  readonly name: string;
  /** As `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  readonly type: string;
  readonly bits: number;
  readonly createdAt: number;
  /** Null: it has no end. */
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
  readonly lastUsedFrom: string | null;
  /** Messages that its client chose itself, as SeTA's do, and that opened sessions; a server takes so many. */
  readonly ownMessages: number;
}

export interface KeyChallenge {
  /** What the key has to sign, in UTF-8. */
  readonly challenge: string;
  /** Seconds. */
  readonly expiresIn: number;
  /** Of the key that was sent. */
  readonly fingerprint: string;
}

export interface AuthKeyWish {
  readonly name: string;
  readonly publicKey: string;
  readonly challenge: string;
  /** In base64url without padding, or as `ssh-keygen -Y sign -n jeton` prints it. */
  readonly signature: string;
  /** Seconds; undefined: it has no end. */
  readonly expiresIn: number | undefined;
}

/** Whatever is not found, and what is somebody else's, is refused as `not_found`. */
export interface AuthKeyDoor {
  readonly challenge: (accessToken: string, publicKey: string) => Promise<Said<KeyChallenge>>;
  readonly add: (accessToken: string, wish: AuthKeyWish) => Promise<Said<AuthKey>>;
  /** Newest first. */
  readonly list: (accessToken: string) => Promise<Said<readonly AuthKey[]>>;
  readonly rename: (accessToken: string, id: string, name: string) => Promise<Said<AuthKey>>;
  readonly revoke: (accessToken: string, id: string) => Promise<Said<null>>;
}

/** What every challenge for a key begins with: nothing else is signed, whoever asks for it. */
const ours = "jeton-key-v1:";

function readKey(body: unknown): AuthKey {
  const from = members(body);
  return {
    id: text(from, "id"),
    name: text(from, "name"),
    fingerprint: text(from, "fingerprint"),
    type: text(from, "type"),
    bits: whole(from, "bits"),
    createdAt: time(from, "created_at"),
    expiresAt: orNull(from, "expires_at", time),
    lastUsedAt: orNull(from, "last_used_at", time),
    lastUsedFrom: orNull(from, "last_used_from", text),
    ownMessages: whole(from, "own_messages"),
  };
}

function readChallenge(body: unknown): KeyChallenge {
  const from = members(body);
  const challenge = text(from, "challenge");
  if (!challenge.startsWith(ours)) throw new NotUnderstood("what it wants signed is no challenge for a key");
  return { challenge, expiresIn: whole(from, "expires_in"), fingerprint: text(from, "fingerprint") };
}

/** `application`: its id; one's own keys where it is left out. */
export function authKeyDoor({ server, transport }: DoorAt, application?: string): AuthKeyDoor {
  const place = placeOf(server, application);
  const all = new URL(`${place}/auth-keys`);
  const one = (id: string): URL => new URL(`${server}/api/v1/auth-keys/${encodeURIComponent(id)}`);
  return {
    challenge: async (token, publicKey) => {
      const url = new URL(`${place}/auth-key-challenge`);
      const answer = await transport({ method: "POST", url, token, body: { public_key: publicKey } });
      return answer.status === 200 ? said(readChallenge(answer.body)) : problem(answer);
    },
    add: async (token, { name, publicKey, challenge, signature, expiresIn }) => {
      const body = { name, public_key: publicKey, challenge, signature, expires_in: expiresIn };
      const answer = await transport({ method: "POST", url: all, token, body });
      return answer.status === 201 ? said(readKey(answer.body)) : problem(answer);
    },
    list: (token) => allPages({ transport, url: all, token, read: readKey }),
    rename: async (token, id, name) => {
      const answer = await transport({ method: "PATCH", url: one(id), token, body: { name } });
      return answer.status === 200 ? said(readKey(answer.body)) : problem(answer);
    },
    revoke: async (token, id) => {
      const answer = await transport({ method: "DELETE", url: one(id), token });
      return answer.status === 204 ? said(null) : problem(answer);
    },
  };
}
