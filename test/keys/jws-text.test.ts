/** A token has one text, and its payload is one JSON object: RFC 7515 section 7.1, RFC 8725 sections 2.4 and 3.7. */
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";

import { headerText, longestToken, signJws, verifyJws } from "../../src/keys/jws.ts";
import { craft, headerFor, segment, signatureOf, verdict } from "./craft.ts";
import { allKeys, fixedKeys } from "./fixed-keys.ts";

const { EdDSA } = fixedKeys;
const header = headerFor(EdDSA);
const payload = { sub: "bob" };
const token = craft(EdDSA, header, payload);
const [headerSegment, payloadSegment, signatureSegment] = token.split(".") as [string, string, string];

/** The verdict, and how often a key was asked for. */
function judged(text: string): string {
  let asked = 0;
  const verified = verifyJws(text, { types: ["at+jwt"], key: () => (asked++, EdDSA) });
  return `${verified.ok ? "ok" : verified.reason}, ${asked} keys`;
}

test("J-19: five segments and every other number but three are refused before a key is looked for", () => {
  assert.equal(judged(token), "ok, 1 keys");
  const bomb = { alg: "PBES2-HS256+A128KW", enc: "A128GCM", zip: "DEF", p2c: 2 ** 31, p2s: "AAAA" };
  for (const text of [
    "",
    ".",
    "..",
    "...",
    "....",
    headerSegment,
    `${headerSegment}.${payloadSegment}`,
    `${token}.`,
    `.${token}`,
    `${token}.${signatureSegment}`,
    `${token}.${payloadSegment}.${signatureSegment}`,
    `${segment(bomb)}.AAAA.AAAA.AAAA.AAAA`,
    `${segment({ alg: "RSA1_5", enc: "A128CBC-HS256" })}.AAAA.AAAA.AAAA.AAAA`,
    `${segment({ ...header, cty: "JWT" })}.${segment(token)}.AAAA.AAAA.AAAA`,
    `.${payloadSegment}.${signatureSegment}`,
    `${headerSegment}..${signatureSegment}`,
    `${headerSegment}.${payloadSegment}.`,
    ".".repeat(longestToken),
  ])
    assert.equal(judged(text), "malformed, 0 keys", text.slice(0, 80));
  // A nested token has three segments; its payload is no JSON object.
  assert.equal(verdict(craft(EdDSA, header, token)), "malformed");
});

test("J-21: the JSON serialisations of RFC 7515 section 7.2 are refused", () => {
  const flat = { protected: headerSegment, payload: payloadSegment, signature: signatureSegment };
  const general = { payload: payloadSegment, signatures: [{ protected: headerSegment, signature: signatureSegment }] };
  for (const form of [flat, general, [flat], { ...flat, header: { kid: "EdDSA-key" } }])
    assert.equal(judged(JSON.stringify(form)), "malformed, 0 keys");
});

test("J-21: white space, padding and foreign characters anywhere are refused", () => {
  const strays = [" ", "\n", "\r\n", "\t", "\0", "=", "==", "%3D", "+", "/", "~", "\ufeff", "\u00a0", "é", "А", "😀"];
  const places = [0, 1, headerSegment.length, headerSegment.length + 1, token.lastIndexOf("."), token.length - 1];
  for (const stray of strays) {
    for (const at of [...places, token.length])
      assert.notEqual(verdict(token.slice(0, at) + stray + token.slice(at)), "ok", `${stray} at ${at}`);
    // Signed as it stands, where the text that the signature covers is itself another spelling.
    for (const input of [
      `${headerSegment}${stray}.${payloadSegment}`,
      `${stray}${headerSegment}.${payloadSegment}`,
      `${headerSegment}.${stray}${payloadSegment}`,
      `${headerSegment}.${payloadSegment}${stray}`,
    ])
      assert.equal(verdict(`${input}.${signatureOf(EdDSA, input).toString("base64url")}`), "malformed", stray);
  }
});

test("J-21: changed spare bits at the end of a segment are refused, though they decode to the same bytes", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  let twins = 0;
  for (const key of allKeys) {
    for (const filler of ["", "a", "aa"]) {
      const segments = craft(key, { ...headerFor(key), jtn: filler }, { filler }).split(".");
      for (const [which, original] of segments.entries()) {
        const bytes = Buffer.from(original, "base64url");
        for (const last of alphabet) {
          const twin = original.slice(0, -1) + last;
          if (twin === original || !Buffer.from(twin, "base64url").equals(bytes)) continue;
          twins++;
          const [first, second, signature] = segments.with(which, twin) as [string, string, string];
          assert.notEqual(verdict(`${first}.${second}.${signature}`), "ok");
          const again = which === 2 ? signature : signatureOf(key, `${first}.${second}`).toString("base64url");
          assert.equal(verdict(`${first}.${second}.${again}`), "malformed");
        }
      }
    }
  }
  assert.ok(twins > 50, `${twins} spellings tried`);
});

test("J-21: one character changed anywhere makes a token that verifies under none of the keys", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (const key of allKeys) {
    const good = craft(key, headerFor(key), payload);
    assert.equal(verdict(good), "ok");
    const change = fc.record({ at: fc.nat(good.length - 1), to: fc.constantFrom(...alphabet, ".", "=", "Ａ") });
    fc.assert(
      fc.property(change, ({ at, to }) => {
        fc.pre(good[at] !== to);
        assert.notEqual(verdict(good.slice(0, at) + to + good.slice(at + 1)), "ok");
      }),
      { numRuns: 700 },
    );
  }
});

test("RFC 8725 section 2.4: 8,192 characters are read, one more is not", () => {
  const long = (kid: string, filler: number): string =>
    craft({ ...EdDSA, kid }, { ...header, kid }, { filler: "f".repeat(filler) });
  const key = (): typeof EdDSA => EdDSA;
  const lengths = new Set<number>();
  for (const kid of ["k", "kk", "kkk"]) {
    for (let filler = 5990; filler < 6030; filler++) {
      const text = long(kid, filler);
      lengths.add(text.length);
      assert.equal(verifyJws(text, { types: ["at+jwt"], key }).ok, text.length <= 8192, `${text.length} characters`);
    }
  }
  assert.ok(lengths.has(8192) && lengths.has(8193), "both sides of the limit were tried");
});

const surrogate = Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]);
const brokenTexts: readonly (readonly [string, Uint8Array | string])[] = [
  ["malformed UTF-8", Buffer.from([...Buffer.from('{"sub":"'), 0xff, ...Buffer.from('"}')])],
  ["an overlong NUL", Buffer.from([...Buffer.from('{"sub":"'), 0xc0, 0x80, ...Buffer.from('"}')])],
  ["a surrogate in UTF-8", Buffer.concat([Buffer.from('{"sub":'), surrogate, Buffer.from("}")])],
  ["cut short", Buffer.from('{"sub":"€').subarray(0, -1)],
  ["a byte order mark", '\ufeff{"sub":"bob"}'],
  ["UTF-16", Buffer.from('{"sub":"bob"}', "utf16le")],
  ["UTF-16 with a byte order mark", Buffer.from('\ufeff{"sub":"bob"}', "utf16le")],
  ["an escaped lone surrogate", String.raw`{"sub":"\ud800"}`],
  ["an escaped lone surrogate in a name", String.raw`{"\udc00":1}`],
  ["a raw NUL", '{"sub":"bob\0"}'],
  ["an escaped NUL", String.raw`{"sub":"bob\u0000"}`],
  ["an escaped NUL in a name", String.raw`{"sub":"bob","a\u0000":1}`],
  ["an escaped NUL inside a list", String.raw`{"sub":"bob","roles":["admin\u0000"]}`],
];

test("J-22: claims with broken UTF-8, a byte order mark, a lone surrogate or NUL are refused under a good signature", () => {
  for (const [what, text] of brokenTexts) assert.equal(verdict(craft(EdDSA, header, text)), "malformed", what);
  assert.equal(verdict(craft(EdDSA, header, '{"sub":"\ud83d\ude00 é \\ud83d\\ude00 u0000"}')), "ok");
});

test("J-22: the header is held to the same rules as the claims", () => {
  const open = '{"alg":"EdDSA","typ":"at+jwt","kid":"EdDSA-key"';
  assert.equal(verdict(craft(EdDSA, `${open}}`, payload)), "ok");
  assert.equal(verdict(craft(EdDSA, `${open},"jtn":"\ufffd"}`, payload)), "ok");
  for (const rest of [String.raw`,"jtn":"\ud800"}`, String.raw`,"jtn":"\u0000"}`, ',"jtn":1e400}', "}{}", "},", ""])
    assert.equal(verdict(craft(EdDSA, open + rest, payload)), "malformed", rest);
  assert.equal(
    verdict(craft(EdDSA, Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(`${open}}`)]), payload)),
    "malformed",
  );
});

test("RFC 7515 section 4 and RFC 7519 section 4: a member that stands twice is refused, in header and claims", () => {
  for (const twice of [
    '{"alg":"EdDSA","typ":"at+jwt","kid":"EdDSA-key","alg":"EdDSA"}',
    '{"alg":"none","typ":"at+jwt","kid":"EdDSA-key","alg":"EdDSA"}',
    String.raw`{"alg":"EdDSA","typ":"at+jwt","kid":"EdDSA-key","\u0061lg":"EdDSA"}`,
  ])
    assert.equal(verdict(craft(EdDSA, twice, payload)), "malformed", twice);
  for (const twice of [
    '{"sub":"bob","sub":"ada"}',
    '{"sub":"bob","sub":"bob"}',
    String.raw`{"sub":"bob","s\u0075b":"ada"}`,
    '{"sub":"bob","a":{"b":1,"b":2}}',
  ])
    assert.equal(verdict(craft(EdDSA, header, twice)), "malformed", twice);
});

test("RFC 7519 section 7.2: the claims are one JSON object with finite numbers, not too deep, without __proto__", () => {
  assert.equal(verdict(craft(EdDSA, header, "{}")), "ok");
  for (const text of [
    "[]",
    '[{"sub":"bob"}]',
    '"bob"',
    "1",
    "true",
    "null",
    "",
    " ",
    "{",
    '{"sub":"bob"}{}',
    '{"sub":"bob"},',
    "{sub:1}",
    '{"exp":1e400}',
    '{"exp":-1e400}',
    '{"exp":NaN}',
    '{"__proto__":{"admin":true}}',
    '{"a":{"__proto__":null}}',
    `{"a":${"[".repeat(40)}${"]".repeat(40)}}`,
  ])
    assert.equal(verdict(craft(EdDSA, header, text)), "malformed", text);
});

test("Runtime S1: a private key in a verifying place is our fault and throws, as DER gives one on Bun", () => {
  const der = EdDSA.privateKey.export({ format: "der", type: "pkcs8" });
  // The types know that this is no way to a public key; the runtimes do not.
  const loaded = createPublicKey({ key: der, format: "der", type: "pkcs8" as "spki" });
  for (const publicKey of [EdDSA.privateKey, ...(loaded.type === "private" ? [loaded] : [])])
    assert.throws(() => verdict(token, [{ ...EdDSA, publicKey }]), TypeError);
});

test("RFC 7515 section 5.1: the header is alg, typ, kid in this order, so that one key makes one prefix", () => {
  assert.equal(
    Buffer.from(headerText(EdDSA, "at+jwt"), "base64url").toString(),
    '{"alg":"EdDSA","typ":"at+jwt","kid":"EdDSA-key"}',
  );
  const made = signJws(headerText(EdDSA, "at+jwt"), JSON.stringify(payload), EdDSA);
  assert.equal(made, token);
  assert.equal(signatureSegment, signatureOf(EdDSA, `${headerSegment}.${payloadSegment}`).toString("base64url"));
});
