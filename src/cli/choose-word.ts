/**
 * Which command is meant: one word, or a noun and its verb, between the flags that all commands take. A noun may be a
 * command of its own too, as `token` is.
 */
import type { Complaint } from "./complaint.ts";
import { afterWord, findWord } from "./parse.ts";
import { unknownCommand, usage } from "./usage.ts";
import type { Word } from "./words.ts";

export interface Chosen {
  readonly word: Word;
  /** What was written beside it. */
  readonly rest: readonly string[];
}

/** The commands that begin with a noun. */
export const verbsOf = (noun: string, words: readonly Word[]): readonly Word[] =>
  words.filter(({ name }) => name.startsWith(`${noun} `));

const second = ({ name }: Word): string => name.slice(name.indexOf(" ") + 1);

/** Undefined where there is no word at all; a noun alone is a complaint that lists its verbs. */
export function chooseWord(
  argv: readonly string[],
  words: readonly Word[],
  program: string,
): Chosen | Complaint | undefined {
  const at = findWord(argv);
  if (at === undefined) return undefined;
  const noun = argv[at]!;
  const rest = afterWord(argv, at);
  const alone = words.find(({ name }) => name === noun);
  const verbs = verbsOf(noun, words);
  if (verbs.length === 0 && alone !== undefined) return { word: alone, rest };
  const first = [...new Set(words.map(({ name }) => name.split(" ", 1)[0]!)), "help"];
  if (verbs.length === 0) return unknownCommand(noun, first, `${program} --help`);
  const list = verbs.map(({ name }) => `${program} ${name}`).join(" | ");
  const place = findWord(rest);
  if (place === undefined)
    return alone === undefined ? usage(`a second word is needed after ${noun}`, list) : { word: alone, rest };
  const verb = verbs.find((known) => second(known) === rest[place]);
  if (verb !== undefined) return { word: verb, rest: afterWord(rest, place) };
  // Else it may be the value of a flag, or a token, which is not repeated: the command that has no verb says so.
  if (alone !== undefined && !/^[a-z]{1,12}$/.test(argv[at + 1] ?? "")) return { word: alone, rest };
  return unknownCommand(rest[place]!, verbs.map(second), list);
}
