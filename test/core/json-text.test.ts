/** JSON as strict as a token authority needs it: RFC 8259, RFC 7493, RFC 8725 section 3.7. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseJson, parseJsonText, type JsonParse } from "../../src/core/json-text.ts";
import { quickest } from "../quickest.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function reasonOf(parsed: JsonParse): string {
  return parsed.ok ? "none" : parsed.reason;
}

/** Both doors give the same answer to text that is Unicode. */
function reason(text: string): string {
  const found = reasonOf(parseJson(bytesOf(text)));
  assert.equal(reasonOf(parseJsonText(text)), found);
  return found;
}

test("RFC 8259 section 2: one value of any kind, with white space around it", () => {
  for (const text of [
    "{}",
    "[]",
    "null",
    "true",
    "0",
    "-1.5e-3",
    '""',
    ' \t\r\n{"a" : [1, {"b":null}]} ',
    '"\\"\\\\"',
  ]) {
    assert.deepEqual(parseJson(bytesOf(text)), { ok: true, value: JSON.parse(text) as unknown });
  }
});

test("H-02: trailing junk, NaN, comments, open strings and an empty body are a syntax error", () => {
  // oxfmt-ignore
  const notJson = [
    "", " ", "{", "}", "[1,]", "{}{}", '{"a":1}x', "NaN", "Infinity", "-", "01", "1e", "'a'", '"a', '"\\', '"\\x41"',
    '"\n"', "// a", "{a:1}", '{"a" 1}', '{"a"::1}', "[1:2]", "\u0000", '{"a":1}\u0000', "undefined", '\\"', "tru",
    '"\\u12"',
  ];
  for (const text of notJson) assert.equal(reason(text), "syntax", JSON.stringify(text));
});

test("RFC 8259 section 8.1: the bytes are UTF-8 without a byte order mark", () => {
  assert.equal(reason('\ufeff{"a":1}'), "syntax");
  const malformed = [
    [0x22, 0xff, 0x22],
    [0x22, 0xc0, 0x80, 0x22], // NUL in two bytes
    [0x22, 0xed, 0xa0, 0x80, 0x22], // a surrogate in three
    [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], // beyond U+10FFFF
    [0x22, 0xe2, 0x82, 0x22],
    [0xfe, 0xff, 0x00, 0x7b, 0x00, 0x7d], // UTF-16
    [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00],
  ];
  for (const bytes of malformed) assert.equal(reasonOf(parseJson(Uint8Array.from(bytes))), "utf8");
  // The decoder is not spoilt by what it refused.
  assert.deepEqual(parseJson(bytesOf('"\u20ac"')), { ok: true, value: "\u20ac" });
});

test("J-22: lone surrogates are refused, escaped or not, in names and in values; pairs are not", () => {
  for (const text of ['"\\ud800"', '"\\uDFFF"', '{"\\ud800":1}', '["\\ude00\\ud83d"]', '{"a":["b\\ud83dc"]}']) {
    assert.equal(reason(text), "utf8", text);
  }
  assert.equal(reasonOf(parseJsonText('"\ud800"')), "utf8");
  assert.deepEqual(parseJsonText('"\\ud83d\\ude00"'), { ok: true, value: "\u{1f600}" });
  assert.deepEqual(parseJsonText('"\\\\ud800"'), { ok: true, value: "\\ud800" });
});

test("H-02: 32 levels are enough, and 100,000 are refused before the parser sees them", () => {
  assert.equal(reason(nested(32)), "none");
  assert.equal(reason(nested(33)), "depth");
  assert.equal(reason(nested(100_000)), "depth");
  assert.equal(reason('{"a":'.repeat(100_000)), "depth");
  assert.equal(reason(`["${"[".repeat(100)}", "\\"${"{".repeat(100)}"]`), "none");
  assert.deepEqual(parseJsonText("[[0]]", { depth: 1 }), { ok: false, reason: "depth", at: 1 });
  assert.deepEqual(parseJson(bytesOf("[0]"), { depth: 1 }), { ok: true, value: [0] });
});

test("L-20: RFC 8259 section 4: a name that comes twice is refused, also when escapes hide it", () => {
  const twice = [
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"a":1,"b":2,"a":3}',
    '[{"x":{"a":1,"a":2}}]',
    '{"":1,"":2}',
    '{"1":1,"1":2}',
    '{"a":{},"a":{}}',
    '{"a\\/b":1,"a/b":2}',
    '{"constructor":1,"constructor":2}',
  ];
  for (const text of twice) assert.equal(reason(text), "duplicate", text);
  const once = ['{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '{"a":1,"A":2}', '{"a":":","b":"\\":"}', '{"toString":1}'];
  for (const text of once) assert.equal(reason(text), "none", text);
});

test("H-02: a number that is not finite is refused; the largest double is not", () => {
  for (const text of ["1e400", "-1e400", '{"exp":1e400}', "[1E+309]", "1".repeat(310), `1${"0".repeat(400)}.5`]) {
    assert.equal(reason(text), "number", text.slice(0, 20));
  }
  for (const text of ["1.7976931348623157e308", "1e-400", "-0", `0.${"0".repeat(400)}1`, '"1e400"']) {
    assert.equal(reason(text), "none", text.slice(0, 20));
  }
});

test("H-02: __proto__ is refused wherever it stands, and nothing is polluted", () => {
  for (const text of [
    '{"__proto__":{"admin":true}}',
    '{"a":[{"__proto__":null}]}',
    '{"\\u005f_proto__":{"admin":true}}',
  ]) {
    assert.equal(reason(text), "name", text);
  }
  const constructor = parseJsonText('{"constructor":{"prototype":{"admin":true}}}');
  assert.ok(constructor.ok);
  Object.assign({}, constructor.value);
  assert.equal("admin" in {}, false);
  assert.equal(reason('["__proto__"]'), "none");
});

test("RFC 8259: what is accepted is what JSON.parse makes of it", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const parsed = parseJson(bytesOf(text));
      if (parsed.ok) assert.deepEqual(parsed.value, JSON.parse(text));
      else assert.ok(text.includes("__proto__"), `${parsed.reason}: ${text}`);
    }),
  );
});

test("RFC 8259: pieces of JSON in any order never throw, and never pass when JSON.parse refuses", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    '"',
    "\\",
    ":",
    ",",
    "a",
    '"a"',
    '"a":',
    "1",
    "1e400",
    "\\u0061",
    "\\ud800",
    " ",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      const text = parts.join("");
      const parsed = parseJsonText(text);
      if (parsed.ok) assert.deepEqual(parsed.value, JSON.parse(text));
    }),
    { numRuns: 5000 },
  );
});

test("H-02: a name written twice anywhere in an object is found", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 30 }), fc.nat(), (names, pick) => {
      const usable = names.filter((name) => name !== "__proto__");
      const members = usable.map((name) => `${JSON.stringify(name)}:0`);
      assert.equal(reason(`{${members.join()}}`), "none");
      const again = members[pick % Math.max(members.length, 1)];
      if (again !== undefined) assert.equal(reason(`{${[...members, again].join()}}`), "duplicate");
    }),
  );
});

test("H-08: a hostile megabyte is judged in linear time", () => {
  const size = 2 ** 20;
  // oxfmt-ignore
  const hostile = [
    '"'.repeat(size), "\\".repeat(size), `"${'\\"'.repeat(size / 2)}`, `"${"\\\\".repeat(size / 2)}`,
    `["\\n${'","'.repeat(size / 4)}`, "[".repeat(size), "]".repeat(size), "1".repeat(size), `1e${"9".repeat(size)}`,
    `""${" ".repeat(size)}:`,
  ];
  for (const text of hostile) {
    // A time that grows with the square of the length would be minutes.
    const best = quickest(300, () => assert.equal(parseJsonText(text).ok, false));
    assert.ok(best < 300, `${text.slice(0, 8)}... took ${best} ms`);
  }
});
