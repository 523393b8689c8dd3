/**
 * The refresh token as a function of its session's row: a JWT (`typ: rt+jwt`, HS256) whose MAC key is made of a server
 * key and of random bytes in the row. Nothing about the token is on the disk, and neither the database nor the server key
 * alone can forge one. RFC 7515, RFC 8725 section 3.11.
 */
import { createHmac } from "node:crypto";

import { decodeBase64url, encodeBase64url } from "../core/base64url.ts";
import { parseId, type SessionId } from "../core/ids.ts";
import { parseJson } from "../core/json-text.ts";
import { recent } from "../core/recent.ts";
import type { SessionBasis, SessionRow } from "../core/session.ts";
import type { ClaimedRefresh } from "../engine/ports.ts";
import { longestToken } from "./jws.ts";
import { base64urlOf, isSameText } from "./text-bytes.ts";

/** Server keys by number; 32 bytes each. */
export type RefreshKeys = ReadonlyMap<number, Uint8Array>;

const headers = new Map<number, string>();

/** The one header that tokens under server key `kid` have. */
function headerOf(kid: number): string {
  const known = headers.get(kid);
  if (known !== undefined) return known;
  const text = base64urlOf(JSON.stringify({ alg: "HS256", typ: "rt+jwt", kid: String(kid) }));
  headers.set(kid, text);
  return text;
}

const epochs = new WeakMap<Uint8Array, string>();

/** As the claims have it. The bytes are those of the session in memory, each time. */
function textOfEpoch(epoch: Uint8Array): string {
  let text = epochs.get(epoch);
  if (text === undefined) epochs.set(epoch, (text = encodeBase64url(epoch)));
  return text;
}

interface Known {
  /** The server key that it is of. */
  readonly of: Uint8Array;
  /** The session's MAC key. */
  readonly key: Uint8Array;
  /** The token that was minted last, which most often is the next to come. It never leaves this file but as what it is. */
  minted: string | undefined;
}

/** What was worked out for a session, for as long as the salt of its row is in memory. */
const knownBySalt = new WeakMap<Uint8Array, Known>();

function knownOf(serverKey: Uint8Array, salt: Uint8Array): Known {
  const kept = knownBySalt.get(salt);
  if (kept?.of === serverKey) return kept;
  const key = createHmac("sha256", serverKey).update("refresh-token").update(salt).digest();
  const known = { of: serverKey, key, minted: undefined };
  knownBySalt.set(salt, known);
  return known;
}

type Claimed = Omit<ClaimedRefresh, "text">;

/**
 * What the tokens that were minted last say, so that they need not be read again: it is what reading them would give, and
 * it proves nothing. By the whole text, MAC included: whoever has less than the token must not see by the time that it
 * takes which number is the newest.
 */
const claimedByText = recent<string, Claimed>(4096);

function remember(known: Known, minted: string, claimed: Claimed): void {
  if (known.minted !== undefined) claimedByText.drop(known.minted);
  claimedByText.keep(minted, claimed);
  known.minted = minted;
}

const macOf = (key: Uint8Array, input: string): string => createHmac("sha256", key).update(input).digest("base64url");

/** The refresh token that is good for `row` now. The same row gives the same bytes. */
export function mintRefresh(keys: RefreshKeys, row: SessionRow, issuer: string): string {
  const serverKey = keys.get(row.kid);
  if (serverKey === undefined) throw new Error(`no refresh key ${row.kid}`);
  const claims = {
    iss: issuer,
    aud: issuer,
    sid: row.id,
    seq: row.seq,
    epoch: textOfEpoch(row.epoch),
    iat: row.rotatedAt,
    exp: row.expiresAt,
  };
  const input = `${headerOf(row.kid)}.${base64urlOf(JSON.stringify(claims))}`;
  const known = knownOf(serverKey, row.salt);
  const text = `${input}.${macOf(known.key, input)}`;
  remember(known, text, { sid: claims.sid, seq: claims.seq, epoch: claims.epoch });
  return text;
}

/** What a text says of itself; undefined when it does not look like a refresh token. */
export function readRefresh(text: string): ClaimedRefresh | undefined {
  if (text.length > longestToken) return undefined;
  const known = claimedByText.get(text);
  if (known !== undefined) return { ...known, text };
  const start = text.indexOf(".") + 1;
  const bytes = start === 0 ? undefined : decodeBase64url(text.slice(start, text.indexOf(".", start)));
  const parsed = bytes === undefined ? undefined : parseJson(bytes);
  if (parsed?.ok !== true || typeof parsed.value !== "object" || parsed.value === null) return undefined;
  const { sid, seq, epoch } = parsed.value as Partial<Record<string, unknown>>;
  const id = typeof sid === "string" ? parseId<SessionId>(sid) : undefined;
  if (id === undefined || !Number.isSafeInteger(seq) || typeof epoch !== "string") return undefined;
  return { text, sid: id, seq: seq as number, epoch };
}

/**
 * Whether a text is a refresh token of the session `row`: its header is byte for byte ours, its MAC is good and its epoch
 * is the session's. The MAC is compared as base64url text, so that no second spelling passes. `iss`, `aud`, `iat` and
 * `exp` decide nothing: the row does.
 */
export function provesRefresh(keys: RefreshKeys, { text, sid, epoch }: ClaimedRefresh, row: SessionBasis): boolean {
  const serverKey = keys.get(row.kid);
  if (serverKey === undefined || sid !== row.id || !text.startsWith(`${headerOf(row.kid)}.`)) return false;
  const { key, minted } = knownOf(serverKey, row.salt);
  const end = text.lastIndexOf(".");
  // What is ours to the last byte needs no MAC.
  const isKnown = minted !== undefined && isSameText(text, minted);
  if (!isKnown && !isSameText(text.slice(end + 1), macOf(key, text.slice(0, end)))) return false;
  return epoch === textOfEpoch(row.epoch);
}
