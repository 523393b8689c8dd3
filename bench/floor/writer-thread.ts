/** The thread that owns the writing connection: a message is a group, its answer is sent after the commit. */
import { parentPort, workerData } from "node:worker_threads";
import { commitGroup, openWriter, prepareGroup, type Advance } from "./database.ts";

const group = prepareGroup(openWriter(String(workerData)));

parentPort?.on("message", (intents: Advance[]) => {
  parentPort?.postMessage(commitGroup(group, intents));
});
