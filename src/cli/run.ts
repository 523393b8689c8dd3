/**
 * The command line: argv in, exit code out. A command parses here and does its work in a module of its own, loaded when
 * it is called. What went wrong is one line that says what to do.
 */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";

import type { ConfigCheckFlags } from "./commands/config/check.ts";
import type { JournalVerifyFlags } from "./commands/journal/verify.ts";
import type { InitFlags } from "./commands/init.ts";
import type { ServeFlags } from "./commands/serve.ts";
import { exitCode, exitCodes, exitFor, UsageError } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { withServerFlags } from "./server-flags.ts";

const version = (): string => {
  const { version: text } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return text;
};

function commands(io: Io, done: (code: number) => void): Command {
  const program = new Command("jeton");
  program
    .description("A self-hosted token authority.")
    .version(version(), "--version", "print the version")
    .helpOption("-h, --help", "print this")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: () => undefined });

  withServerFlags(program.command("serve"))
    .description("run the server")
    .option("--demo", "throw-away data with three people, on loopback, all dialects open")
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

  program
    .command("help")
    .description("print help on a command, or `help exit-codes`")
    .argument("[topic]")
    .action((topic?: string) => {
      if (topic === "exit-codes") {
        io.out(
          Object.values(exitCodes)
            .map(([code, meaning]) => `${String(code).padStart(3)}  ${meaning}\n`)
            .join(""),
        );
        return;
      }
      const about = topic === undefined ? program : program.commands.find((command) => command.name() === topic);
      if (about === undefined) throw new UsageError(`there is no command "${topic}". Do: jeton --help`);
      io.out(about.helpInformation());
    });
  return program;
}

/** Commander's own words, as one line of ours. */
const usageLine = ({ message }: CommanderError): string =>
  `jeton: ${message
    .replace(/^error: /, "")
    .replaceAll(/\s*\n\s*/g, " ")
    .replace(/\.$/, "")}. Do: jeton --help\n`;

export async function run(argv: readonly string[], io: Io): Promise<number> {
  let code = exitCode("done");
  try {
    await commands(io, (value) => (code = value)).parseAsync(argv, { from: "user" });
    return code;
  } catch (fault) {
    if (fault instanceof CommanderError) {
      if (fault.exitCode === 0) return exitCode("done");
      // No command at all: the help is what was wanted.
      if (fault.code === "commander.help") io.talk("jeton: a command is needed. Do: jeton --help\n");
      else io.talk(usageLine(fault));
      return exitCode("usage");
    }
    const foreseen = exitFor(fault);
    if (foreseen !== undefined && fault instanceof Error) {
      io.talk(`jeton: ${fault.message}\n`);
      return exitCode(foreseen);
    }
    // A bug: whoever reports it needs the place.
    io.talk(`jeton: failed unexpectedly: ${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}\n`);
    return exitCode("failed");
  }
}
