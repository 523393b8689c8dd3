/** What counts as a test of a threat. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { coveredIds, readThreats } from "../threats/coverage.ts";
import { parseSource } from "./source.ts";

const covers: readonly (readonly [string, readonly string[]])[] = [
  ['test("J-91: is refused", () => {});', ["J-91"]],
  ['test("RFC 8725 section 3.1, J-91 and J-92: is refused", () => {});', ["J-91", "J-92"]],
  ['describe("FL-91: two servers", () => {});', ["FL-91"]],
  ["test(`J-91: ${name} is refused`, () => {});", ["J-91"]],
  ['for (const [id, what] of [["J-91", 1], ["J-92, J-93: both", 2]]) test(`${id}`, what);', ["J-91", "J-92", "J-93"]],
  ['test.skip("J-91: is refused", () => {}); test.todo("J-92");', []],
  ['// test("J-91: is refused", () => {});', []],
  ['assert.equal(answer, "see J-91");', []],
];

for (const [text, ids] of covers) {
  test(`threat coverage reads ${text.replaceAll(/(\w)-(\d)/g, "$1$2")}`, () => {
    assert.deepEqual([...coveredIds([parseSource("a.test.ts", text)])], ids);
  });
}

test("threat coverage knows what applies now, and refuses a row it cannot read", () => {
  const table = "## J: tokens\n\n| id | attack | outcome | applies |\n|---|---|---|---|\n";
  assert.deepEqual(readThreats(`${table}| J-91 | a | b | now |\n| J-92 | a | b | with DPoP |\n`), [
    { id: "J-91", family: "J: tokens", now: true },
    { id: "J-92", family: "J: tokens", now: false },
  ]);
  assert.throws(() => readThreats(`${table}| J-91 | a | b | later |\n`));
  assert.throws(() => readThreats(`${table}| J-91 | a | or | b | now |\n`));
});
