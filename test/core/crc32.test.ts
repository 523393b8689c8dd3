/** The checksum of opaque tokens, beside the one that everybody has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 as zlibs } from "node:zlib";
import fc from "fast-check";

import { crc32 } from "../../src/core/crc32.ts";

test("RFC 1952 section 8: the checksum is that of zlib, for any ASCII text", () => {
  assert.equal(crc32("123456789"), 0xcbf43926);
  assert.equal(crc32(""), 0);
  const ascii = fc.string({
    unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)),
    maxLength: 200,
  });
  fc.assert(fc.property(ascii, (text) => assert.equal(crc32(text), zlibs(text))));
});
