/** SQLite passes the suite that every store passes, in memory and on a disk (and there watched, in standing.test.ts). */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { storeConformance } from "../../src/store/conformance/suite.ts";
import type { StoreUnderTest } from "../../src/store/conformance/world.ts";
import { openSqlite } from "../../src/store/sqlite.ts";
import { testClock } from "../authority.ts";

const folder = mkdtempSync(join(tmpdir(), "jeton-store-"));
after(() => rmSync(folder, { recursive: true }));

async function open(file: string, writer: "here" | "thread" = "here"): Promise<StoreUnderTest> {
  const clock = testClock();
  const store = openSqlite({
    file,
    monotonic: clock.monotonic,
    chance: randomBytes,
    writer,
    now: clock.now(),
    onFatal: (reason) => {
      throw new Error(reason);
    },
  });
  return { store, now: clock.now, pass: clock.pass };
}

let number = 0;

storeConformance("SQLite in memory", () => open(":memory:"));
storeConformance("SQLite on a disk, the writer in a thread", () => open(join(folder, `${number++}.db`), "thread"));
