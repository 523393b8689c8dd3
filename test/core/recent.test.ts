/** The map of bounded size. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { recent } from "../../src/core/recent.ts";

test("of more than it has places for, the first that came goes first; what changes keeps its place and costs nobody theirs", () => {
  const map = recent<string, number>(3);
  for (const [at, key] of ["a", "b", "c"].entries()) map.keep(key, at);
  for (let at = 0; at < 10; at++) map.keep("a", at);
  assert.deepEqual(["a", "b", "c"].map(map.get), [9, 1, 2]);
  map.keep("d", 3);
  assert.deepEqual(["a", "b", "c", "d"].map(map.get), [undefined, 1, 2, 3]);
  map.drop("c");
  map.keep("e", 4);
  assert.deepEqual(["b", "c", "d", "e"].map(map.get), [1, undefined, 3, 4]);
  map.forget();
  assert.deepEqual(["b", "d", "e"].map(map.get), [undefined, undefined, undefined]);
});
