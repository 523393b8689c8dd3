/** Holds the lock of the folder that is its argument, and says so, until it is killed or its input ends. */
import { writeSync } from "node:fs";
import { lockFolder } from "../../../src/store/folder.ts";

const lock = lockFolder(process.argv[2] ?? "");
writeSync(1, "held\n");
process.stdin.on("end", () => lock.release()).resume();
