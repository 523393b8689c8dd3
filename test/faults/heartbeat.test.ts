import assert from "node:assert/strict";
import { test } from "node:test";

import { millis } from "../../src/core/units.ts";
import type { GroupOutcome } from "../../src/store/executor.ts";
import { groupCommit } from "../../src/store/group-commit.ts";

test("FL-08: heartbeats do not pile up before a writer that waits for a lock, and go on when it comes back", async () => {
  const waiting: ((outcome: GroupOutcome) => void)[] = [];
  const commits = groupCommit(
    {
      run: () => assert.fail("nothing was asked"),
      tick: () => new Promise((resolve) => waiting.push(resolve)),
      close: () => Promise.resolve(),
    },
    { monotonic: () => millis(1000), onFatal: (reason) => assert.fail(reason) },
  );
  const beats = Array.from({ length: 5 }, () => commits.beat());
  assert.equal(waiting.length, 1);
  waiting[0]!({ kind: "unavailable", reason: "database is locked" });
  await Promise.all(beats);
  const next = commits.beat();
  assert.equal(waiting.length, 2);
  waiting[1]!({ kind: "committed", answers: [] });
  await next;
});
