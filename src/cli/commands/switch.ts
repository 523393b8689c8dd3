/** `jeton switch PROFILE`: which sign-in the other commands use. */
import { command } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { exitCode } from "../exit-codes.ts";
import { changeProfiles, readProfiles } from "../profiles.ts";
import { usage } from "../usage.ts";

export const switchProfile = command({
  usage: "switch PROFILE",
  about: "Chooses the sign-in that is used where nothing else is said.",
  operands: 1,
  flags: {},
  run: async ({ operands: [name] }, client) => {
    const { folder } = client.environment;
    const known = [...readProfiles(folder).byName.keys()];
    if (name === undefined)
      throw usage(
        "switch needs the name of a profile",
        known.length === 0 ? "jeton login" : `jeton switch ${known.join(" | ")}`,
      );
    await changeProfiles(folder, ({ byName }) => {
      if (byName.has(name)) return { active: name, byName };
      throw new Complaint("notFound", `there is no profile ${name}`, {
        code: "profile_not_found",
        remedy: "jeton profiles",
      });
    });
    client.voice.done(`${name} is used from now on`);
    client.voice.answer({ json: { active: name } });
    return exitCode("done");
  },
});
