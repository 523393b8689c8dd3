/**
 * What could be written next on a command line, for the shells' completion: commands, flags, names of profiles. Nothing is
 * asked of a server, and no file of tokens is opened.
 */
import { chooseWord, wordsAfter, type Chosen } from "./choose-word.ts";
import { Complaint } from "./complaint.ts";
import type { Command, FlagTable } from "./command.ts";
import type { Environment } from "./environment.ts";
import { globalFlags } from "./global-flags.ts";
import { flagsOf } from "./parse.ts";
import { readProfiles } from "./profiles.ts";
import { wordsOf, type Word } from "./words.ts";

const profileNames = ({ folder }: Environment): readonly string[] => [...readProfiles(folder).byName.keys()];

/** Other spellings are known, and not offered. */
const written = (flags: FlagTable): readonly string[] =>
  Object.entries(flags).flatMap(([name, { alias }]) => (alias === undefined ? [`--${name}`] : []));

/** The words that some commands take, by the names of the commands. */
async function operands(name: string, environment: Environment): Promise<readonly string[]> {
  switch (name) {
    case "switch":
      return profileNames(environment);
    case "completion":
      return (await import("./completion-scripts.ts")).shells;
    default:
      return [];
  }
}

/** Undefined: the shell's own, a file most likely. */
function ofValue(
  before: string | undefined,
  flags: FlagTable,
  environment: Environment,
): readonly string[] | undefined {
  const flag = before?.startsWith("--") === true ? flags[before.slice(2)] : undefined;
  if (flag?.takes === undefined) return undefined;
  return before === "--profile" ? profileNames(environment) : [];
}

async function ofServer({ word: { name }, rest }: Chosen, current: string): Promise<readonly string[]> {
  const { serverWords } = await import("./server-words.ts");
  const verb = rest.find((word) => !word.startsWith("-"));
  const { verbs, flags } = serverWords(name, verb);
  if (current.startsWith("-")) return flags;
  return verb === undefined ? verbs : [];
}

/** The noun that the words end with, whatever flags stand before it. */
const nounOf = (before: readonly string[], words: readonly Word[]): string =>
  before.map((_, at) => before.slice(at).join(" ")).find((noun) => wordsAfter(noun, words).length > 0) ?? "";

async function all(before: readonly string[], current: string, environment: Environment): Promise<readonly string[]> {
  const words = wordsOf(environment.calledAs);
  const chosen = chooseWord(before, words, environment.calledAs);
  const command: Command | null =
    chosen === undefined || chosen instanceof Complaint ? null : ((await chosen.word.load?.()) ?? null);
  const flags = command === null ? globalFlags : flagsOf(command);
  const values = ofValue(before.at(-1), flags, environment);
  if (values !== undefined) return values;
  if (chosen === undefined) {
    if (current.startsWith("-")) return written(globalFlags);
    return [...new Set(words.map(({ name }) => name.split(" ", 1)[0]!)), "help"];
  }
  if (chosen instanceof Complaint) return wordsAfter(nounOf(before, words), words);
  if (chosen.word.load === null) return ofServer(chosen, current);
  if (current.startsWith("-")) return written(flags);
  return [...wordsAfter(chosen.word.name, words), ...(await operands(chosen.word.name, environment))];
}

/** `typed`: all words after the program's name; the last of them is not finished. */
export async function candidates(typed: readonly string[], environment: Environment): Promise<readonly string[]> {
  const current = typed.at(-1) ?? "";
  const found = await all(typed.slice(0, -1), current, environment);
  return found.filter((candidate) => candidate.startsWith(current));
}
