/** A store for a test, with the writer in this thread unless told otherwise; a fatal outcome fails the test. */
import { randomBytes } from "node:crypto";

import type { StoreUnderTest } from "../../src/store/conformance/world.ts";
import { openSqlite, type SqliteOptions, type SqliteStore } from "../../src/store/sqlite.ts";
import { testClock, type TestClock } from "../authority.ts";

interface Wish {
  readonly clock?: TestClock;
  readonly writer?: SqliteOptions["writer"];
}

/** `file`: a path, or `:memory:`. */
export function openStore(
  file: string,
  { clock = testClock(), writer = "here" }: Wish = {},
): StoreUnderTest & { readonly store: SqliteStore } {
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
