import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { test } from "node:test";

import { initialised, oneLine, scratch } from "../cli/program.ts";
import { launch } from "./server.ts";

/** Root reads every file, unless it has given the right up. */
const likeEverybody =
  process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] : [];
const canBe =
  likeEverybody.length === 0 || spawnSync(likeEverybody[0]!, [...likeEverybody.slice(1), "true"]).status === 0;
const skip = canBe ? false : "setpriv is missing. Do: apt-get install util-linux";

test("FL-23: a master key of mode 0000 stops the start with one line", { skip }, async () => {
  using folder = scratch();
  await initialised(folder);
  chmodSync(folder.path("data", "master.key"), 0);
  const child = launch(folder, { through: likeEverybody });
  const { code } = await child.ended;
  oneLine({ code, signal: null, out: "", err: child.output() }, 5, /master\.key cannot be read: .+\. Do: /);
});
