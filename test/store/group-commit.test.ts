/** Group commit when the writer fails, hangs or stands still. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { StoreUnavailable } from "../../src/core/faults.ts";
import type { Millis } from "../../src/core/units.ts";
import type { GroupOutcome } from "../../src/store/executor.ts";
import { groupCommit, type Writer } from "../../src/store/group-commit.ts";

const asked = { name: "rotate", intent: {} } as const;
const committed = (length: number): GroupOutcome => ({
  kind: "committed",
  answers: Array.from({ length }, () => ({ ok: true, result: "done" })),
});

function world(run: Writer["run"]) {
  let now = 1000;
  let ticks = 0;
  const fatal: string[] = [];
  const commits = groupCommit(
    { run, tick: () => (ticks++, committed(0)), close: () => Promise.resolve() },
    {
      monotonic: () => now as Millis,
      onFatal: (reason) => {
        fatal.push(reason);
      },
    },
  );
  return { commits, fatal, pass: (span: number) => (now += span), ticks: () => ticks };
}

/** A writer that answers when it is told to. */
function held() {
  const answers: (() => void)[] = [];
  const run: Writer["run"] = (group) => new Promise((resolve) => answers.push(() => resolve(committed(group.length))));
  return { run, answer: () => answers.shift()!(), isAsked: () => answers.length > 0 };
}

async function turns(until: () => boolean): Promise<void> {
  while (!until()) await new Promise((resolve) => setImmediate(resolve));
}

test("nothing is decided for an asker who has gone, and who is here is served", async () => {
  const { commits } = world((group) => committed(group.length));
  const here = new AbortController();
  await assert.rejects(commits.submit(asked, { asker: () => AbortSignal.abort() }), /the caller has gone/);
  assert.equal(await commits.submit(asked, { asker: () => here.signal }), "done");
});

test("who asks for what can be repeated is looked for only after a tenth of a second", async () => {
  const writer = held();
  const { commits, pass } = world(writer.run);
  const repeatable = { asker: () => AbortSignal.abort(), repeatable: true };
  const unseen = commits.submit(asked, {
    ...repeatable,
    asker: () => {
      throw new Error("nobody was to look");
    },
  });
  await turns(writer.isAsked);
  const soon = commits.submit(asked, repeatable);
  pass(100);
  writer.answer();
  assert.equal(await unseen, "done");
  await turns(writer.isAsked);
  const late = assert.rejects(commits.submit(asked, repeatable), /the caller has gone/);
  pass(101);
  writer.answer();
  assert.equal(await soon, "done");
  await late;
});

test("FL-05: a fatal outcome is told to every caller of its group, and the next one is not left hanging", async () => {
  const { commits, fatal } = world(() => ({ kind: "fatal", reason: "I/O error" }));
  await Promise.all(
    [commits.submit(asked), commits.submit(asked)].map((caller) => assert.rejects(caller, StoreUnavailable)),
  );
  await assert.rejects(commits.submit(asked), StoreUnavailable);
  assert.deepEqual(fatal, ["I/O error", "I/O error"]);
});

test("an intent that waits behind a writer that hangs is told so by the heartbeat, once its deadline is past", async () => {
  const writer = held();
  const { commits, pass } = world(writer.run);
  const first = commits.submit(asked);
  await turns(writer.isAsked);
  const second = assert.rejects(commits.submit(asked), /waited too long/);
  for (let beat = 0; beat < 11; beat++) {
    pass(1000);
    await commits.beat();
  }
  await second;
  writer.answer();
  assert.equal(await first, "done");
});

test("a standstill is remembered, also when the heartbeat comes before the writer's answer", async () => {
  const writer = held();
  const { commits, pass } = world(writer.run);
  const first = commits.submit(asked);
  await turns(writer.isAsked);
  const before = assert.rejects(commits.submit(asked), /before the process stood still/);
  pass(8000);
  await commits.beat();
  const after = commits.submit(asked);
  writer.answer();
  assert.equal(await first, "done");
  await before;
  await turns(writer.isAsked);
  writer.answer();
  assert.equal(await after, "done");
});

test("F-01: the heart counts time also while groups are under way, so that nobody can hold the retry window open", async () => {
  const writer = held();
  const { commits, ticks } = world(writer.run);
  const busy = commits.submit(asked);
  await turns(writer.isAsked);
  await commits.beat();
  assert.equal(ticks(), 1);
  writer.answer();
  await busy;
});
