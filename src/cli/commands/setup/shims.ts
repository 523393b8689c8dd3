/** `jeton setup shims DIR`: links with the products' names, through which their words are taken. */
import { lstatSync, mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { command } from "../../command.ts";
import { Complaint } from "../../complaint.ts";
import { programs } from "../../environment.ts";
import { exitCode } from "../../exit-codes.ts";
import { usage } from "../../usage.ts";

const launcher = fileURLToPath(new URL("../../../../bin/jeton", import.meta.url));

/** What stands at the place of a link: nothing, our own link, or something that is not ours to change. */
function found(path: string): "nothing" | "ours" | "other" {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return "nothing";
  return stat.isSymbolicLink() && readlinkSync(path) === launcher ? "ours" : "other";
}

function make(folder: string, links: readonly string[]): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const path of links) symlinkSync(launcher, path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Complaint("disk", `the links cannot be made in ${folder}`, { code: "file_unwritable", why }, { cause });
  }
}

export const setupShims = command({
  usage: "setup shims DIR",
  about:
    "Makes links named weka, featurebase and sensuctl in DIR. Called by such a name, this program takes that product's words. Nothing that is there is overwritten.",
  operands: 1,
  flags: {},
  examples: [["jeton setup shims ~/bin", "then: weka user login, featurebase auth-token, sensuctl configure"]],
  run: async ({ operands: [folder] }, client) => {
    if (folder === undefined) throw usage("setup shims needs a folder", "jeton setup shims ~/bin");
    const { voice } = client;
    const links = programs
      .filter((name) => name !== "jeton")
      .map((name) => resolve(folder, name))
      .map((path) => ({ path, before: found(path) }));
    const foreign = links.filter(({ before }) => before === "other").map(({ path }) => path);
    if (foreign.length > 0)
      throw new Complaint("conflict", `${foreign.join(" and ")} would be overwritten, so no link was made`, {
        code: "not_ours",
        remedy: "choose another folder, or move them away",
      });
    const missing = links.filter(({ before }) => before === "nothing").map(({ path }) => path);
    make(folder, missing);
    for (const path of missing) voice.done(`${path} -> ${launcher}`);
    if (missing.length === 0) voice.note("The links are there already");
    voice.note(`They are found where ${resolve(folder)} comes first in PATH`);
    voice.answer({ json: { launcher, made: missing, kept: links.length - missing.length } });
    return exitCode("done");
  },
});
