/** SQLite passes the suite that every store passes, in memory and on a disk (and there watched, in standing.test.ts). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import { storeConformance } from "../../src/store/conformance/suite.ts";
import { openStore } from "./open.ts";

const folder = mkdtempSync(join(tmpdir(), "jeton-store-"));
after(() => rmSync(folder, { recursive: true }));

let number = 0;

storeConformance("SQLite in memory", async () => openStore(":memory:"));
storeConformance("SQLite on a disk, the writer in a thread", async () =>
  openStore(join(folder, `${number++}.db`), { writer: "thread" }),
);
