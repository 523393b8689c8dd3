/** The writer's thread dies: whoever waits is told, nobody waits for ever, and the process is told to end. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { exitCodes } from "../../src/cli/exit-codes.ts";
import { StoreUnavailable } from "../../src/core/faults.ts";
import { clientId } from "../../src/core/ids.ts";
import { millis, seconds } from "../../src/core/units.ts";
import { groupCommit } from "../../src/store/group-commit.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { threadedWriter, writerThread } from "../../src/store/threaded-writer.ts";

const folder = mkdtempSync(join(tmpdir(), "jeton-writer-"));
after(() => rmSync(folder, { recursive: true }));

const monotonic = () => millis(performance.now());
const asked = { name: "registerClients", intent: { ids: [clientId("native")], now: seconds(1) } } as const;

async function world(name: string) {
  const file = join(folder, name);
  const fatal: string[] = [];
  const store = openSqlite({
    file,
    monotonic,
    chance: randomBytes,
    now: seconds(1),
    onFatal: () => undefined,
    writer: "here",
  });
  await store.close();
  const thread = writerThread();
  const commits = groupCommit(threadedWriter(thread, file), { monotonic, onFatal: (reason) => fatal.push(reason) });
  return { thread, commits, fatal };
}

test("FL-43: a writer that is killed ends the process: those in its hands and those that come later are told 503", async () => {
  const { thread, commits, fatal } = await world("busy.db");
  await commits.submit(asked);
  assert.equal(commits.pulse.isFailing(), false);
  const under = Array.from({ length: 20 }, () => commits.submit(asked));
  const answers = Promise.allSettled(under);
  await thread.terminate();
  for (const answer of await answers)
    if (answer.status === "rejected") assert.ok(answer.reason instanceof StoreUnavailable, String(answer.reason));
  await assert.rejects(commits.submit(asked), StoreUnavailable);
  assert.ok(fatal.includes("the writer ended"), fatal.join());
  assert.equal(commits.pulse.isFailing(), true);
  await commits.close();
});

test("FL-43: with nobody asking, the next heartbeat notices that the writer is gone, and closing does not wait for it", async () => {
  const { thread, commits, fatal } = await world("idle.db");
  await commits.submit(asked);
  await thread.terminate();
  await commits.beat();
  assert.deepEqual(fatal, ["the writer ended"]);
  await commits.close();
});

test("FL-43: a writer that is killed while it is being closed holds nobody up", async () => {
  const { thread, commits } = await world("closing.db");
  await commits.submit(asked);
  await Promise.all([commits.close(), thread.terminate()]);
});

test("FL-43: the exit code of a process whose disk or writer failed is one that scripts can tell from others", () => {
  const [code, meaning] = exitCodes.disk;
  assert.equal(code, 74);
  assert.match(meaning, /the next start/);
  assert.equal(new Set(Object.values(exitCodes).map(([number]) => number)).size, Object.keys(exitCodes).length);
});
