/** The commands that run and look after a server: they share its settings, and are declared together. */
import { Command, CommanderError } from "commander";

import type { ConfigCheckFlags } from "./commands/config/check.ts";
import type { JournalVerifyFlags } from "./commands/journal/verify.ts";
import type { InitFlags } from "./commands/init.ts";
import type { ServeFlags } from "./commands/serve.ts";
import { Complaint } from "./complaint.ts";
import { exitCode } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { withServerFlags } from "./server-flags.ts";

function declared(io: Io, version: () => string, done: (code: number) => void): Command {
  const program = new Command("jeton");
  program
    .helpOption("-h, --help", "print this")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: () => undefined });

  withServerFlags(program.command("serve"))
    .description("run the server")
    .option("--demo", "throw-away data with three people, on loopback, all dialects open")
    .option("--guides", "with --demo: also at the addresses and with the accounts of the products' own guides")
    .action(async (flags: ServeFlags) => {
      const { serve } = await import("./commands/serve.ts");
      done(await serve(flags, io, version()));
    });

  withServerFlags(program.command("init"))
    .description("make the first administrator of a new instance")
    .requiredOption("--admin <name>", "user name of the administrator")
    .option("--password-stdin", "read the password from standard input")
    .action(async (flags: InitFlags) => {
      const { init } = await import("./commands/init.ts");
      done(await init(flags, io));
    });

  const config = program.command("config").description("look at the configuration").helpCommand(false);
  withServerFlags(config.command("check"))
    .description("print every setting and where its value comes from")
    .option("--json", "as one JSON object")
    .action(async (flags: ConfigCheckFlags) => {
      const { configCheck } = await import("./commands/config/check.ts");
      done(await configCheck(flags, io));
    });

  const journal = program.command("journal").description("look at what happened").helpCommand(false);
  journal
    .command("verify")
    .description("check that no event of the journal was changed or removed; a server may be at work")
    .option("--data <folder>", "where everything is kept (default: ./data)")
    .option("--config <file>", "a configuration file: JSON with comments")
    .option("--expect <number:hash>", "an event that you noted: without one, a journal that was made anew looks whole")
    .option("--json", "as one JSON object")
    .action(async (flags: JournalVerifyFlags) => {
      const { journalVerify } = await import("./commands/journal/verify.ts");
      done(await journalVerify(flags, io));
    });
  return program;
}

/** What can follow a command of the server's: its verbs, and its flags. */
export function serverWords(
  name: string,
  verb: string | undefined,
): { verbs: readonly string[]; flags: readonly string[] } {
  const silent = { out: () => undefined, talk: () => undefined };
  const noun = declared(
    { ...silent, readInput: () => "", isTerminal: () => false, columns: () => undefined },
    () => "",
    () => undefined,
  ).commands.find((known) => known.name() === name);
  const command = noun?.commands.find((known) => known.name() === verb) ?? noun;
  return {
    verbs: noun?.commands.map((known) => known.name()) ?? [],
    flags: [...(command?.options.flatMap(({ long }) => long ?? []) ?? []), "--help"],
  };
}

/** Commander's own words, as one sentence; a value that was typed beside a flag is not repeated. */
const sentence = ({ message }: CommanderError): string =>
  message
    .replace(/^error: /, "")
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/^(unknown option '--?[^'=]*)=[^']*'/, "$1'")
    .replace(/ ?\(Did you mean (.*)\?\)$/, ". Did you mean $1?")
    .replace(/\.$/, "");

/** `argv` begins with a command of the server's. */
export async function runServerWord(argv: readonly string[], io: Io, version: () => string): Promise<number> {
  let code = exitCode("done");
  try {
    await declared(io, version, (value) => (code = value)).parseAsync(argv, { from: "user" });
    return code;
  } catch (fault) {
    if (!(fault instanceof CommanderError)) throw fault;
    if (fault.exitCode === 0) return exitCode("done");
    const remedy = `jeton ${argv[0]} --help`;
    // A noun without its verb: the help is what was wanted.
    const what = fault.code === "commander.help" ? `a second word is needed after ${argv[0]}` : sentence(fault);
    throw new Complaint("usage", what, { code: "usage", remedy });
  }
}
