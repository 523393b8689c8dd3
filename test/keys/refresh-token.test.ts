/** The refresh token as a function of its session's row: RFC 7515, RFC 9700 section 4.14. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";

import { clientId, type SessionId, type SubjectId } from "../../src/core/ids.ts";
import type { SessionRow } from "../../src/core/session.ts";
import { days, minutes, seconds } from "../../src/core/units.ts";
import { mintRefresh, provesRefresh, readRefresh, type RefreshKeys } from "../../src/keys/refresh-token.ts";
import { segment } from "./craft.ts";

const issuer = "http://127.0.0.1:8420";
const keys: RefreshKeys = new Map([
  [1, randomBytes(32)],
  [2, randomBytes(32)],
]);

const row: SessionRow = {
  id: "01959f3c-0000-7000-8000-000000000001" as SessionId,
  subject: "01959f3c-0000-7000-8000-000000000002" as SubjectId,
  client: clientId("native"),
  signIn: null,
  createdAt: seconds(1_772_323_200),
  seq: 7,
  rotatedAt: seconds(1_772_323_300),
  rotatedServed: seconds(100),
  expiresAt: seconds(1_774_915_300),
  absoluteEnd: seconds(1_780_099_200),
  endedAt: null,
  born: 1,
  epoch: randomBytes(16),
  kid: 1,
  salt: randomBytes(16),
  accessLifetime: minutes(5),
  idleLifetime: days(30),
  onRefresh: "rotate",
  retryWindow: minutes(1),
  authTime: seconds(1_772_323_200),
  amr: "pwd",
};

const token = mintRefresh(keys, row, issuer);
const [header, claims, mac] = token.split(".") as [string, string, string];
function read(text: string, of = row, under = keys): number | undefined {
  const claimed = readRefresh(text);
  return claimed !== undefined && provesRefresh(under, claimed, of) ? claimed.seq : undefined;
}
const refreshSubject = (text: string): SessionId | undefined => readRefresh(text)?.sid;

/** As mintRefresh does it, with a header and claims of our own. */
function macFor(input: string, { salt, kid } = row): string {
  const key = createHmac("sha256", keys.get(kid)!).update("refresh-token").update(salt).digest();
  return createHmac("sha256", key).update(input).digest("base64url");
}
const remade = (head: unknown, body: unknown = Buffer.from(claims, "base64url")): string => {
  const input = `${segment(head)}.${segment(body)}`;
  return `${input}.${macFor(input)}`;
};

test("F-20: the same row makes the same bytes, and they are read back as its number", () => {
  assert.equal(mintRefresh(keys, { ...row }, issuer), token);
  assert.equal(mintRefresh(new Map(keys), structuredClone(row), issuer), token);
  assert.equal(read(token), 7);
  assert.equal(refreshSubject(token), row.id);
  assert.equal(remade({ alg: "HS256", typ: "rt+jwt", kid: "1" }), token);
});

test("F-20: a token says the same whether it was minted here just now, long ago or elsewhere", () => {
  const claimed = (text: string): unknown => {
    const { text: same, ...said } = readRefresh(text)!;
    assert.equal(same, text);
    return said;
  };
  const said = { sid: row.id, seq: 7, epoch: Buffer.from(row.epoch).toString("base64url") };
  assert.deepEqual(claimed(mintRefresh(keys, { ...row, salt: randomBytes(16) }, issuer)), said);
  for (let seq = 1; seq <= 5000; seq++) mintRefresh(keys, { ...row, seq, salt: randomBytes(16) }, issuer);
  assert.deepEqual(claimed(token), said);
  assert.deepEqual(claimed(remade({ alg: "HS256", typ: "rt+jwt", kid: "1" })), said);
});

test("F-01: each number of a session has a text of its own", () => {
  const texts = Array.from({ length: 200 }, (_, at) => mintRefresh(keys, { ...row, seq: at + 1 }, issuer));
  assert.equal(new Set(texts).size, 200);
  for (const [at, text] of texts.entries()) assert.equal(read(text), at + 1);
});

test("J-27: neither the row alone nor the server key alone makes a token: another salt and another key refuse it", () => {
  assert.equal(read(token, { ...row, salt: randomBytes(16) }), undefined);
  assert.equal(read(token, { ...row, salt: Buffer.alloc(16) }), undefined);
  assert.equal(read(token, row, new Map([[1, randomBytes(32)]])), undefined);
  assert.equal(read(token, row, new Map([[2, keys.get(1)!]])), undefined);
  assert.equal(read(token, row, new Map()), undefined);
  // Every single bit of either goes into the MAC.
  for (let bit = 0; bit < 128; bit++) {
    const salt = Buffer.from(row.salt);
    salt[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(read(token, { ...row, salt }), undefined);
  }
  for (let bit = 0; bit < 256; bit++) {
    const key = Buffer.from(keys.get(1)!);
    key[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(read(token, row, new Map([[1, key]])), undefined);
  }
});

test("F-18: a token of one session is none of another, whatever of it is taken over", () => {
  const other = { ...row, id: "01959f3c-0000-7000-8000-000000000003" as SessionId, salt: randomBytes(16) };
  const theirs = mintRefresh(keys, other, issuer);
  assert.equal(read(theirs), undefined);
  assert.equal(read(token, other), undefined);
  const [, theirClaims, theirMac] = theirs.split(".");
  assert.equal(read(`${header}.${theirClaims}.${mac}`, other), undefined);
  assert.equal(read(`${header}.${claims}.${theirMac}`), undefined);
  // Even with the same salt: the id in the claims must be that of the row.
  assert.equal(read(token, { ...row, id: other.id }), undefined);
});

test("J-09: a token of another epoch of the data is refused, though its MAC is good", () => {
  assert.equal(read(token, { ...row, epoch: randomBytes(16) }), undefined);
  assert.equal(read(token, { ...row, epoch: Buffer.alloc(0) }), undefined);
});

test("F-18: the key's number is that of the row: another server key, a missing one and another header are refused", () => {
  assert.equal(read(token, { ...row, kid: 2 }), undefined);
  assert.equal(read(mintRefresh(keys, { ...row, kid: 2 }, issuer)), undefined);
  assert.equal(read(mintRefresh(keys, { ...row, kid: 2 }, issuer), { ...row, kid: 2 }), 7);
  assert.throws(() => mintRefresh(keys, { ...row, kid: 3 }, issuer), /no refresh key 3/);
});

test("F-18, J-08: a header with other members, another order or another spelling is refused under a good MAC", () => {
  const { alg, typ, kid } = { alg: "HS256", typ: "rt+jwt", kid: "1" };
  assert.equal(read(remade({ alg, typ, kid })), 7);
  for (const head of [
    { typ, alg, kid },
    { kid, typ, alg },
    { alg, kid, typ },
    { alg, typ },
    { alg, typ, kid: 1 },
    { alg, typ, kid: "01" },
    { alg, typ, kid: "2" },
    { alg: "HS512", typ, kid },
    { alg: "none", typ, kid },
    { alg: "hs256", typ, kid },
    { alg, typ: "at+jwt", kid },
    { alg, typ: "JWT", kid },
    { alg, typ: "RT+JWT", kid },
    { alg, typ: "application/rt+jwt", kid },
    { alg, typ, kid, crit: [] },
    { alg, typ, kid, zip: "DEF" },
    { jtn: "api", alg, typ, kid },
    '{"alg":"HS256", "typ":"rt+jwt","kid":"1"}',
    '{"alg":"HS256","typ":"rt+jwt","kid":"1"} ',
    '\ufeff{"alg":"HS256","typ":"rt+jwt","kid":"1"}',
    String.raw`{"alg":"HS256","typ":"rt\u002bjwt","kid":"1"}`,
    '{"alg":"none","alg":"HS256","typ":"rt+jwt","kid":"1"}',
    "",
  ])
    assert.equal(read(remade(head)), undefined, JSON.stringify(head));
});

test("J-21: the MAC has one text: padding, spare bits, the other alphabet, other case and white space are refused", () => {
  const bytes = Buffer.from(mac, "base64url");
  const twins = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    .map((last) => mac.slice(0, -1) + last)
    .filter((twin) => twin !== mac && Buffer.from(twin, "base64url").equals(bytes));
  assert.equal(twins.length, 3);
  // oxfmt-ignore
  const spellings = [
    ...twins, `${mac}=`, `${mac}==`, `${mac}A`, `${mac}AA`, ` ${mac}`, `${mac} `, `${mac}\n`, `${mac}\0`, mac.slice(1),
    mac.slice(0, -1), "", bytes.toHex(), `${mac}.`, mac.toUpperCase(), mac.toLowerCase(), [...mac].toReversed().join(""),
    `${mac.slice(0, 20)} ${mac.slice(20)}`, mac + mac, `${mac}é`, mac.replace(/^./, "Ａ"), "=".repeat(43),
    ...(/[-_]/.test(mac) ? [bytes.toString("base64"), bytes.toString("base64").replace("=", "")] : []),
  ];
  for (const text of spellings) assert.equal(read(`${header}.${claims}.${text}`), undefined, text);
});

test("J-21: one character changed anywhere, one left out and one put in are refused", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= é";
  for (let at = 0; at < token.length; at++) {
    assert.equal(read(token.slice(0, at) + token.slice(at + 1)), undefined);
    assert.equal(read(`${token.slice(0, at)}A${token.slice(at)}`), undefined);
  }
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom(...alphabet), (at, to) => {
      fc.pre(token[at] !== to);
      assert.equal(read(token.slice(0, at) + to + token.slice(at + 1)), undefined);
    }),
    { numRuns: 3000 },
  );
});

test("J-22: claims that are no JSON object with our members are refused, also under a good MAC", () => {
  const head = { alg: "HS256", typ: "rt+jwt", kid: "1" };
  const good = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
  assert.equal(read(remade(head, good)), 7);
  // oxfmt-ignore
  const bodies = [
    { ...good, seq: "7" }, { ...good, seq: 7.5 }, { ...good, seq: null }, { ...good, seq: 2 ** 53 }, { ...good, seq: [7] },
    { ...good, sid: row.id.toUpperCase() }, { ...good, sid: [row.id] }, { ...good, sid: null }, { ...good, sid: "" },
    { ...good, epoch: `${String(good["epoch"])}=` }, { ...good, epoch: null }, { ...good, epoch: [good["epoch"]] },
    [good], [], "", "null", "7", '"text"', "{}", `${JSON.stringify(good)}{}`, JSON.stringify(good).replace("{", '{"seq":8,'),
    JSON.stringify(good).replace("{", '{"__proto__":{"seq":8},'), `\ufeff${JSON.stringify(good)}`, Buffer.from([0xff, 0xfe]),
    JSON.stringify(good).replace('"seq":7', '"seq":1e400'),
  ];
  for (const body of bodies) assert.equal(read(remade(head, body)), undefined, JSON.stringify(body));
});

test("J-19: what is longer than any token, has other segments or is no token at all names no session", () => {
  for (const text of [
    "",
    ".",
    "..",
    "...",
    "a.b.c",
    claims,
    `.${claims}.`,
    `${header}.`,
    "é",
    "\0",
    "a".repeat(1 << 20),
  ]) {
    if (!text.includes(claims)) assert.equal(refreshSubject(text), undefined, text.slice(0, 20));
    assert.equal(read(text), undefined);
  }
  // An id is read in the one form that we write.
  for (const sid of [
    row.id.toUpperCase(),
    row.id.replaceAll("-", ""),
    ` ${row.id}`,
    `${row.id}\n`,
    "",
    "__proto__",
    1,
    null,
  ])
    assert.equal(refreshSubject(`${header}.${segment({ sid, seq: 1, epoch: "" })}.${mac}`), undefined, String(sid));
  assert.equal(refreshSubject(`${header}.${segment({ sid: row.id, seq: 1, epoch: "" })}.`), row.id);
  const long = `${header}.${segment({ sid: row.id, seq: 1, epoch: "", filler: "f".repeat(6000) })}.${mac}`;
  assert.ok(long.length > 8192);
  assert.equal(refreshSubject(long), undefined);
});
