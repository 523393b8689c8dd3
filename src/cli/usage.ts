/** Complaints about how a command was written. What was typed may be a secret in the wrong place, so little is repeated. */
import { editDistance } from "../core/edit-distance.ts";
import { Complaint } from "./complaint.ts";

export const usage = (what: string, remedy?: string): Complaint =>
  new Complaint("usage", what, { code: "usage", remedy });

/** The known word that was meant, if one is near. */
function nearest(wrong: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((word) => ({ word, apart: editDistance(wrong, word) }))
    .toSorted((a, b) => a.apart - b.apart);
  return best !== undefined && best.apart <= 2 && best.apart < wrong.length ? best.word : undefined;
}

const hint = (near: string | undefined): string => (near === undefined ? "" : `. Did you mean ${near}?`);

export const unknownCommand = (word: string, known: readonly string[], help: string): Complaint =>
  usage(`unknown command ${word}${hint(nearest(word, known))}`, help);

/** `written`: without its value. */
export function unknownFlag(written: string, known: readonly string[], help: string): Complaint {
  const near = nearest(written.replace(/^-+/, ""), known);
  return usage(`unknown flag ${written}${hint(near === undefined ? undefined : `--${near}`)}`, help);
}

/** CWE-214. */
export function refusePasswordWord(argv: readonly string[]): void {
  const end = argv.indexOf("--");
  const words = end === -1 ? argv : argv.slice(0, end);
  if (words.some((word) => /^--?password(?:=|$)/.test(word))) {
    throw usage(
      "there is no flag --password: passwords on the command line end up in shell history and in ps",
      "pipe it: ... | jeton login --password-stdin",
    );
  }
}
