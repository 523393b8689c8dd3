/** `jeton init`: the first administrator of a new instance, made offline. */
import { AlreadySetUp, makeFirstAdministrator } from "../../compose/first-administrator.ts";
import { openInstance } from "../../compose/instance.ts";
import { systemChance, systemClock } from "../../compose/system.ts";
import { Secret } from "../../core/secret.ts";
import { exitCode, UsageError } from "../exit-codes.ts";
import type { Io } from "../io.ts";
import { configFromFlags, type ServerFlags } from "../server-flags.ts";

export interface InitFlags extends ServerFlags {
  readonly admin: string;
  readonly passwordStdin?: boolean;
}

export async function init(flags: InitFlags, io: Io): Promise<number> {
  if (flags.passwordStdin !== true) {
    throw new UsageError(
      `the password is read from standard input only. Do: put it into a file that only you can read, then: cat FILE | jeton init ${flags.data === undefined ? "" : `--data ${flags.data} `}--admin ${flags.admin} --password-stdin`,
    );
  }
  const { config } = configFromFlags(flags);
  const password = new Secret(io.readInput().replace(/\r?\n$/, ""));
  const instance = await openInstance({
    folder: config.data,
    masterKeyFile: config.master_key_file,
    clock: systemClock,
    chance: systemChance,
    writer: "here",
    onFatal: (reason) => {
      try {
        io.talk(`jeton: the disk failed: ${reason}\n`);
      } finally {
        // Also when the message could not be written: standard error may be on the same disk.
        process.exit(exitCode("disk"));
      }
    },
  });
  try {
    const made = await makeFirstAdministrator(instance, flags.admin, password);
    if (!made.ok) throw new UsageError(`${made.detail ?? made.code} Do: choose another, and run this again`);
    io.talk(
      `jeton: ${flags.admin} is the first administrator of ${config.data}. Next: jeton serve --data ${config.data}\n`,
    );
    return exitCode("done");
  } catch (fault) {
    if (!(fault instanceof AlreadySetUp)) throw fault;
    throw new AlreadySetUp(`${config.data} is already set up. Do: jeton serve --data ${config.data}`, { cause: fault });
  } finally {
    await instance.close();
  }
}
