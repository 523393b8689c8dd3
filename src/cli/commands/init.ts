/** `jeton init`: the first administrator of a new instance, made offline. */
import { openInstance } from "../../compose/instance.ts";
import { systemChance, systemClock } from "../../compose/system.ts";
import { Secret } from "../../core/secret.ts";
import { rootOrganisation } from "../../engine/demo.ts";
import { createSubject, ensureOrganisation } from "../../engine/subjects.ts";
import { passwords } from "../../identity/passwords.ts";
import { exitCode, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { configFromFlags, type ServerFlags } from "../server-flags.ts";

export interface InitFlags extends ServerFlags {
  readonly admin: string;
  readonly passwordStdin?: boolean;
}

class AlreadySetUp extends Error {
  readonly code = "ALREADY_SET_UP";
}

export async function init(flags: InitFlags, io: Io): Promise<number> {
  if (flags.passwordStdin !== true) {
    throw new UsageError(
      `a password on the command line would end in the shell's history. Do: echo PASSWORD | jeton init --admin ${flags.admin} --password-stdin`,
    );
  }
  const { config } = configFromFlags(flags);
  const password = new Secret(io.readInput().replace(/\r?\n$/, ""));
  const instance = await openInstance({
    folder: config.data,
    masterKeyFile: config.master_key_file,
    clock: systemClock,
    chance: systemChance,
    onFatal: (reason) => {
      io.talk(`jeton: the disk failed: ${reason}\n`);
      process.exit(exitCode("disk"));
    },
  });
  try {
    if (await instance.store.hasAdministrator()) throw new AlreadySetUp(`${config.data} is already set up`);
    const deps = {
      store: instance.store,
      passwords: passwords(systemChance),
      clock: systemClock,
      chance: systemChance,
    };
    const organisation = await ensureOrganisation(deps, rootOrganisation);
    if (!organisation.ok) throw new Error(organisation.code);
    const made = await createSubject(deps, {
      organisation: organisation.value,
      kind: "user",
      username: flags.admin,
      displayName: flags.admin,
      roles: ["admin"],
      password,
    });
    if (!made.ok) throw new UsageError(made.detail ?? made.code);
    io.talk(
      `jeton: ${flags.admin} is the first administrator of ${config.data}. Next: jeton serve --data ${config.data}\n`,
    );
    return exitCode("done");
  } finally {
    await instance.close();
  }
}
