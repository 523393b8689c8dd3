/** `jeton profiles`: your sign-ins. */
import { existsSync } from "node:fs";

import { command } from "../command.ts";
import { exitCode } from "../exit-codes.ts";
import { readProfiles } from "../profiles.ts";
import { table } from "../table.ts";

export const profiles = command({
  usage: "profiles [--no-header]",
  about: "Lists your sign-ins. No server is asked.",
  operands: 0,
  flags: { "no-header": { about: "without the first line" } },
  run: async ({ flags }, client) => {
    const { active, byName } = readProfiles(client.environment.folder);
    const rows = [...byName].map(([name, { server, door, username, token_file: file }]) => ({
      name,
      server,
      door,
      username,
      active: name === active,
      stored: existsSync(file),
      token_file: file,
    }));
    client.voice.answer({
      json: { active: active ?? null, profiles: rows },
      text: table(
        ["PROFILE", "SERVER", "USER", "ACTIVE", "TOKENS"],
        rows.map(({ name, server, username, active: isActive, stored }) => [
          name,
          server,
          username,
          isActive ? "yes" : "no",
          stored ? "stored" : "none",
        ]),
        { columns: client.io.columns(), header: flags["no-header"] !== true },
      ),
    });
    if (rows.length === 0) client.voice.note("No sign-ins yet. Do: jeton login");
    return exitCode("done");
  },
});
