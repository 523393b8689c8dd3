/** Forms that can be read in one way only: URL Standard section 5.1, RFC 6749 section 3.1. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";

import { parseForm } from "../../src/core/form-text.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const parsed = (text: string): unknown => {
  const form = parseForm(bytesOf(text));
  return form.ok ? { ...form.value } : form.reason;
};

test("URL Standard section 5.1: names and texts, with plus for a space and escapes for everything else", () => {
  assert.deepEqual(parsed("username=bob&password=a+b%20c%2Bd%26e%3Df"), { username: "bob", password: "a b c+d&e=f" });
  assert.deepEqual(parsed("p=gr%C3%B6%c3%9fe&q=größe"), { p: "größe", q: "größe" });
  assert.deepEqual(parsed("a=b=c"), { a: "b=c" });
});

test("URL Standard section 5.1: empty pairs are nothing, a name without a text has the empty one", () => {
  assert.deepEqual(parsed(""), {});
  assert.deepEqual(parsed("&&a=1&&"), { a: "1" });
  assert.deepEqual(parsed("a&b="), { a: "", b: "" });
  assert.deepEqual(parsed("=x"), { "": "x" });
});

test("RFC 6749 section 3.1: a name that comes twice makes the form unreadable, however it is escaped", () => {
  for (const text of ["a=1&a=1", "a=1&%61=2", "a&a", "=1&=2", "a+b=1&a%20b=2"]) assert.equal(parsed(text), "duplicate");
});

test("L-10: bytes that are not UTF-8 are refused and not replaced, so that no two passwords are one", () => {
  for (const text of ["p=%FF", "p=gr%F6%DFe", "p=%ED%A0%80", "p=%C0%AF", "%80=1"]) assert.equal(parsed(text), "utf8");
  const latin1 = parseForm(Uint8Array.from([0x70, 0x3d, 0xf6]));
  assert.deepEqual(latin1, { ok: false, reason: "utf8" });
});

test("URL Standard section 5.1, stricter: a percent sign that escapes nothing is refused", () => {
  for (const text of ["p=100%", "p=%", "p=%4", "p=%zz", "%=1", "p=%%41"]) assert.equal(parsed(text), "escape");
});

test("H-02: a member named like those that all objects have is a text like any other", () => {
  const form = parseForm(bytesOf("__proto__=x&constructor=y&toString=z"));
  assert.ok(form.ok);
  assert.deepEqual(Object.entries(form.value), [
    ["__proto__", "x"],
    ["constructor", "y"],
    ["toString", "z"],
  ]);
  assert.equal(({} as { x?: unknown }).x, undefined);
});

test("URL Standard section 5.2: what URLSearchParams writes is read back, whatever it is", () => {
  const names = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1 }), { maxLength: 5 });
  fc.assert(
    fc.property(names, fc.array(fc.string({ unit: "grapheme" }), { minLength: 5, maxLength: 5 }), (keys, values) => {
      const members = keys.map((key, at): [string, string] => [key, values[at]!]);
      const form = parseForm(bytesOf(new URLSearchParams(members).toString()));
      assert.ok(form.ok);
      assert.deepEqual(new Map(Object.entries(form.value)), new Map(members));
    }),
  );
});

test("H-02: bytes of chance never make it throw", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof parseForm(bytes).ok === "boolean"));
});
