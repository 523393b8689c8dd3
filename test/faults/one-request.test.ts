import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import { scratch } from "../cli/program.ts";
import { authority, refusal } from "../authority.ts";

test("FL-42: a fault inside of a request is a generic 500 for that request only, and nothing of it is told", async () => {
  using folder = scratch();
  const jeton = await authority({ file: folder.path("db") });
  try {
    const pair = await jeton.login();
    const foreign = new DatabaseSync(folder.path("db"), { timeout: 5000 });
    // Somebody works on the database by hand; only the profile reads this table.
    foreign.exec("ALTER TABLE subject_email RENAME TO elsewhere");
    const failed = await jeton.me(pair);
    const text = await failed.clone().text();
    assert.equal(await refusal(failed), "500 internal_error");
    for (const trace of ["subject_email", "SQLITE", "sqlite", ".ts", pair.access_token]) {
      assert.ok(!text.includes(trace), text);
    }
    assert.ok(jeton.logged().includes("subject_email"));
    const next = await jeton.refreshed(pair);
    foreign.exec("ALTER TABLE elsewhere RENAME TO subject_email");
    foreign.close();
    assert.equal((await jeton.me(next)).status, 200);
  } finally {
    await jeton.close();
  }
});
