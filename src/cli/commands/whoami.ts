/** `jeton whoami`: asks the server whose token this is. */
import { command } from "../command.ts";
import { tellWhoIAm } from "../who-am-i.ts";

export const whoami = command({
  usage: "whoami",
  about: "Asks the server who you are there.",
  operands: 0,
  flags: {},
  run: (_asked, client) => tellWhoIAm(client, client.target),
});
