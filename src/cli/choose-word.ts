/**
 * Which command is meant: one word, or nouns and a verb, between the flags that all commands take. A noun may be a command
 * of its own too, as `token` is.
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

/** The words that may follow a noun. */
export const wordsAfter = (noun: string, words: readonly Word[]): readonly string[] => [
  ...new Set(verbsOf(noun, words).map(({ name }) => name.slice(noun.length + 1).split(" ", 1)[0]!)),
];

/** The words of `program` that `argv` is looked through for. */
interface Known {
  readonly words: readonly Word[];
  readonly program: string;
}

function chooseAfter(
  noun: string,
  rest: readonly string[],
  next: string | undefined,
  known: Known,
): Chosen | Complaint {
  const { words, program } = known;
  const alone = words.find(({ name }) => name === noun);
  const verbs = verbsOf(noun, words);
  if (verbs.length === 0 && alone !== undefined) return { word: alone, rest };
  const first = [...new Set(words.map(({ name }) => name.split(" ", 1)[0]!)), "help"];
  if (verbs.length === 0) return unknownCommand(noun, first, `${program} --help`);
  const list = verbs.map(({ name }) => `${program} ${name}`).join(" | ");
  const place = findWord(rest);
  if (place === undefined)
    return alone === undefined
      ? usage(`${noun.includes(" ") ? "another" : "a second"} word is needed after ${noun}`, list)
      : { word: alone, rest };
  const after = wordsAfter(noun, words);
  const word = rest[place]!;
  if (after.includes(word)) {
    const left = afterWord(rest, place);
    return chooseAfter(`${noun} ${word}`, left, left[place], known);
  }
  // Else it may be the value of a flag, or a token, which is not repeated: the command that has no verb says so.
  if (alone !== undefined && !/^[a-z]{1,12}$/.test(next ?? "")) return { word: alone, rest };
  return unknownCommand(word, after, list);
}

/** Undefined where there is no word at all; a noun alone is a complaint that lists its verbs. */
export function chooseWord(
  argv: readonly string[],
  words: readonly Word[],
  program: string,
): Chosen | Complaint | undefined {
  const at = findWord(argv);
  if (at === undefined) return undefined;
  return chooseAfter(argv[at]!, afterWord(argv, at), argv[at + 1], { words, program });
}
