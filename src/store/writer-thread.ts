/**
 * The thread that owns the writing connection: groups come in, outcomes go out, one at a time. It runs only where
 * `threaded-writer.ts` starts it.
 */
import { parentPort, workerData } from "node:worker_threads";

import { millis } from "../core/units.ts";
import { openDatabase } from "./connection.ts";
import { openExecutor } from "./executor.ts";
import type { Order } from "./threaded-writer.ts";

const port = parentPort;
if (port === null) throw new Error("this file is a thread and no program");

const db = openDatabase(String(workerData));
const executor = openExecutor(db, () => millis(performance.now()));

port.on("message", (order: Order) => {
  switch (order.kind) {
    case "run":
      port.postMessage(executor.run(order.group));
      break;
    case "tick":
      port.postMessage(executor.tick());
      break;
    case "close":
      db.close();
      port.close();
      break;
  }
});
