/** `weka user whoami`: whose tokens are in WEKA's file. */
import { command } from "../../command.ts";
import { wekaFlags, wekaTarget } from "../../weka-target.ts";
import { tellWhoIAm } from "../../who-am-i.ts";

export const userWhoami = command({
  usage: "user whoami [-p FILE]",
  about: "Asks the server who you are there.",
  operands: 0,
  flags: wekaFlags,
  run: ({ flags }, client) => tellWhoIAm(client, wekaTarget(client, flags.path, { signingIn: false })),
});
