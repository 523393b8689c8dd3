/**
 * The tokens of the floor: a refresh token that is only a MAC over (session, sequence), and a signed access token.
 * They have the size and the cost of Jeton's, so that what Jeton adds on top (validation, routing, policy) is what the comparison shows.
 */
import { createHmac, generateKeyPairSync, randomBytes, randomUUID, sign, timingSafeEqual } from "node:crypto";

const refreshHeader = encode({ alg: "HS256", typ: "rt+jwt", kid: "floor" });
const accessHeader = encode({ alg: "EdDSA", typ: "at+jwt", kid: "floor" });
const macKey = randomBytes(32);
const signingKey = generateKeyPairSync("ed25519").privateKey;

export const ACCESS_SECONDS = 300;
export const REFRESH_SECONDS = 2_592_000;

export interface Presented {
  readonly sid: string;
  readonly seq: number;
}

function encode(claims: object): string {
  return Buffer.from(JSON.stringify(claims)).toString("base64url");
}

function mac(text: string): string {
  return createHmac("sha256", macKey).update(text).digest("base64url");
}

export function mintRefreshToken(issuer: string, sid: string, seq: number, at: number): string {
  const text = `${refreshHeader}.${encode({ iss: issuer, aud: issuer, sid, seq, epoch: "floor", iat: at, exp: at + REFRESH_SECONDS })}`;
  return `${text}.${mac(text)}`;
}

/** The one MAC check. */
export function readRefreshToken(token: string): Presented | undefined {
  const cut = token.lastIndexOf(".");
  if (cut < 0 || !token.startsWith(`${refreshHeader}.`)) return undefined;
  const expected = Buffer.from(mac(token.slice(0, cut)));
  const given = Buffer.from(token.slice(cut + 1));
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
  return JSON.parse(Buffer.from(token.slice(refreshHeader.length + 1, cut), "base64url").toString()) as Presented;
}

/** The one Ed25519 signature. */
export function mintAccessToken(issuer: string, sid: string, at: number): string {
  const claims = {
    iss: issuer,
    sub: "bob",
    aud: issuer,
    client_id: "native",
    iat: at,
    exp: at + ACCESS_SECONDS,
    jti: randomUUID(),
    sid,
    scope: "profile:read tokens:read",
    roles: ["member"],
  };
  const text = `${accessHeader}.${encode(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), signingKey).toString("base64url")}`;
}
