/** argv -> a command's flags and operands. Flags that all commands take may stand before the command's name too. */
import { parseArgs } from "node:util";

import type { Asked, Command, FlagTable } from "./command.ts";
import { globalFlags, type GlobalFlags } from "./global-flags.ts";
import { unknownFlag, usage } from "./usage.ts";

const allGlobal: FlagTable = globalFlags;

/** The place of the command's name: the first word that is no flag, and no flag's value. */
export function findWord(argv: readonly string[]): number | undefined {
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at]!;
    if (word === "--") return undefined;
    if (!word.startsWith("-")) return at;
    if (word.startsWith("--") && allGlobal[word.slice(2)]?.takes !== undefined) at += 1;
  }
  return undefined;
}

/** What follows the command's name, with the flags of before it. */
export const afterWord = (argv: readonly string[], at: number): readonly string[] => [
  ...argv.slice(0, at),
  ...argv.slice(at + 1),
];

/** Everything that `command` may be given, by name. */
export const flagsOf = (command: Command): FlagTable => ({ ...globalFlags, ...command.flags });

function tokensOf(words: readonly string[], flags: FlagTable) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { takes, short }]) => [
      name,
      {
        type: takes === undefined ? ("boolean" as const) : ("string" as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  return parseArgs({ args: [...words], options, strict: false, tokens: true }).tokens;
}

/** A flag whose value was forgotten would take the next one; `-` and PEM text begin like one and are none. */
const looksLikeFlag = (value: string): boolean => /^-(?!$|----BEGIN )/.test(value);

export interface Parsed extends Asked {
  readonly flags: GlobalFlags & Asked["flags"];
  /** How often --verbose was given. */
  readonly verbosity: number;
}

/** `called`: the program and the command, as they were written. */
export function parse(called: string, command: Command, words: readonly string[]): Parsed {
  const flags = flagsOf(command);
  const help = `${called} --help`;
  const given: Record<string, string | true> = {};
  const operands: string[] = [];
  let verbosity = 0;
  for (const token of tokensOf(words, flags)) {
    if (token.kind === "positional") {
      if (command.operands === "rest")
        return { flags: given as Parsed["flags"], operands: words.slice(token.index), verbosity };
      operands.push(token.value);
    }
    if (token.kind !== "option") continue;
    const flag = flags[token.name];
    if (flag === undefined) throw unknownFlag(token.rawName, Object.keys(flags), help);
    if (flag.takes === undefined) {
      if (token.value !== undefined) throw usage(`${token.rawName} takes no value`, help);
      if (token.name === "verbose") verbosity += 1;
    } else if (token.value === undefined || token.value === "" || (!token.inlineValue && looksLikeFlag(token.value))) {
      throw usage(`${token.rawName} needs a value: ${flag.takes}`, help);
    }
    given[flag.alias ?? token.name] = token.value ?? true;
  }
  if (operands.length > Number(command.operands))
    throw usage(`${called} takes ${command.operands === 0 ? "no word" : "fewer words"} here`, help);
  return { flags: given as Parsed["flags"], operands, verbosity };
}
