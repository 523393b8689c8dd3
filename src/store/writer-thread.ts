/**
 * The thread that owns the writing connection: groups come in, outcomes go out, one at a time. It runs only where
 * `threaded-writer.ts` starts it.
 */
import { parentPort } from "node:worker_threads";

import { millis } from "../core/units.ts";
import { openDatabase } from "./connection.ts";
import { openExecutor, type Asked } from "./executor.ts";
import type { Order } from "./threaded-writer.ts";

const port = parentPort;
if (port === null) throw new Error("this file is a thread and no program");

function serveOrders(file: string): (order: Order) => void {
  const db = openDatabase(file);
  const executor = openExecutor(db, () => millis(performance.now()));
  return (order) => {
    switch (order.kind) {
      case "open":
        throw new Error("the database is open");
      case "run":
        port!.postMessage(executor.run(order.group));
        break;
      case "run-text":
        port!.postMessage(JSON.stringify(executor.run(JSON.parse(order.group) as readonly Asked[])));
        break;
      case "tick":
        port!.postMessage(executor.tick());
        break;
      case "close":
        db.close();
        port!.close();
        break;
    }
  };
}

port.once("message", (order: Order) => {
  if (order.kind !== "open") throw new Error("the first order opens the database");
  port.on("message", serveOrders(order.file));
});
