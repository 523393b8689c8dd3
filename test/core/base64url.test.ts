/** One spelling per value: RFC 4648 sections 3.3, 3.5, 4 and 5, RFC 7515 section 2, RFC 7617 section 2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  decodeBase64Strict,
  decodeBase64url,
  encodeBase64url,
  isCanonicalBase64url,
} from "../../src/core/base64url.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".split("");

test("RFC 4648 section 10: the test vectors, without padding for tokens and with it for Basic", () => {
  const vectors: readonly (readonly [string, string])[] = [
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ];
  for (const [plain, padded] of vectors) {
    const bare = padded.replaceAll("=", "");
    assert.equal(encodeBase64url(bytesOf(plain)), bare);
    assert.deepEqual(decodeBase64url(bare), bytesOf(plain));
    assert.deepEqual(decodeBase64Strict(padded), bytesOf(plain));
    if (bare !== padded) {
      assert.equal(decodeBase64url(padded), undefined, `padded ${padded}`);
      assert.equal(decodeBase64Strict(bare), undefined, `bare ${bare}`);
    }
  }
});

test("RFC 4648 section 5: minus and underscore belong to the URL alphabet, plus and slash to the other", () => {
  const bytes = Uint8Array.of(251, 255, 191);
  assert.deepEqual(decodeBase64url("-_-_"), bytes);
  assert.deepEqual(decodeBase64Strict("+/+/"), bytes);
  assert.equal(decodeBase64url("+/+/"), undefined);
  assert.equal(decodeBase64Strict("-_-_"), undefined);
});

test("J-21: changed trailing bits, padding, white space and junk are refused", () => {
  // oxfmt-ignore
  const notCanonical = [
    "QR", "QUJ", "Q", "QQ==", "QQ=", "QUI=", "QUJD=", "=", "====", "QUJD\n", "QUJD\n\n", " QUJD", "QU JD", "QU\tJD",
    "QUJD\r\n", "    ", "QUJDQ", "QUJ!", "QUJ\u00e9", "\uff21UJD", "QUJ\u0000", "QUJ.", "QQ\f\f",
  ];
  for (const text of notCanonical) {
    assert.equal(isCanonicalBase64url(text), false, JSON.stringify(text));
    assert.equal(decodeBase64url(text), undefined, JSON.stringify(text));
  }
});

test("L-21: Basic credentials in strict base64 have one encoding; junk, spaces and stray bits are refused", () => {
  const credentials = "QWRtaW46cHc="; // Admin:pw
  assert.deepEqual(decodeBase64Strict(credentials), bytesOf("Admin:pw"));
  // oxfmt-ignore
  const others = [
    "QWRtaW46cHc", "QWRtaW46cHd=", "QWRt aW46cHc=", "QWRtaW46cHc=\n", "QWRtaW46cHc= ", "    QWRtaW46cHc=",
    "QWRtaW46cHc==", "QWRtaW46cHc====", "QWRtaW46cHc!", "QWRtaW46c=Hc", "=QWRtaW46cHc", "Q===", "====", "QQ    ==",
    "QUJD    ", "QUJDQQ=\n",
  ];
  for (const text of others) assert.equal(decodeBase64Strict(text), undefined, JSON.stringify(text));
});

test("RFC 4648: any bytes survive the round trip and their text is canonical", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = encodeBase64url(bytes);
      assert.ok(isCanonicalBase64url(text));
      assert.deepEqual(decodeBase64url(text), new Uint8Array(bytes));
      assert.deepEqual(decodeBase64Strict(bytes.toBase64()), new Uint8Array(bytes));
    }),
  );
});

test("RFC 4648 section 3.5: what decodes is the encoding of what it decodes to", () => {
  const letters = fc.constantFrom(...alphabet, "=", " ", "\n", "+", "/", "\u00e9");
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 12 }), (text) => {
      const url = decodeBase64url(text);
      if (url !== undefined) assert.equal(encodeBase64url(url), text);
      const standard = decodeBase64Strict(text);
      if (standard !== undefined) assert.equal(standard.toBase64(), text);
    }),
    { numRuns: 2000 },
  );
});

test("J-21: every change of one character decodes to other bytes or is refused", () => {
  for (const length of [1, 2, 3, 64]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 151 + 7) % 256);
    const text = encodeBase64url(bytes);
    for (let at = 0; at < text.length; at++) {
      for (const other of [...alphabet, "=", " ", "\n", "+", "/", "\u0000"]) {
        if (other === text[at]) continue;
        const decoded = decodeBase64url(text.slice(0, at) + other + text.slice(at + 1));
        if (decoded !== undefined) assert.notDeepEqual(decoded, bytes);
      }
    }
  }
});
