/** Holds the client's lock of the file that is its argument, and says so, until it is killed or its input ends. */
import { writeSync } from "node:fs";
import { once } from "node:events";
import { withLock } from "../../../packages/client/src/lock.ts";

await withLock(process.argv[2] ?? "", {}, async () => {
  writeSync(1, "held\n");
  await once(process.stdin.resume(), "end");
});
