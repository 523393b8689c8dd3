/**
 * Scripts: commands as a person types them and what they print, in files that people read too. `$ ` begins a command;
 * standard output follows as it is, standard error with `! ` before each line, and `= N` where the exit code is not 0.
 */
import type { Ended } from "./program.ts";

export interface Step {
  readonly command: string;
  readonly printed: string;
}

export function readScript(text: string): readonly Step[] {
  const [, ...steps] = text.split(/^\$ /m);
  if (steps.length === 0) throw new Error("a script without a command");
  return steps.map((step) => {
    const end = step.indexOf("\n");
    // The empty lines before the next command are for the reader.
    return { command: step.slice(0, end), printed: step.slice(end + 1).trimEnd() };
  });
}

export function printed({ out, err, code }: Ended): string {
  const talk = err.replaceAll(/^(?=[^]*\n)/gm, "! ").replace(/! $/, "");
  return `${out}${talk}${code === 0 ? "" : `= ${code}`}`.trimEnd();
}
