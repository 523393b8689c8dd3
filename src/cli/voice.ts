/** How a command of the client speaks: the answer to standard output, as text or JSON, and all talk to standard error. */
import type { Environment } from "./environment.ts";
import type { Io } from "./io.ts";
import { styleFor, type Style } from "./style.ts";

export interface Voice {
  readonly json: boolean;
  /** For standard output. */
  readonly style: Style;
  readonly done: (text: string) => void;
  readonly note: (text: string) => void;
  readonly warn: (text: string) => void;
  /** With --verbose. */
  readonly detail: (text: string) => void;
  /** The answer: an object for --json, and lines for people; none where what was done is told by `done`. */
  readonly answer: (answer: { readonly json: unknown; readonly text?: string }) => void;
}

export interface Manner {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbosity: number;
  readonly plain: boolean;
}

export function openVoice(io: Io, environment: Environment, { json, quiet, verbosity, plain }: Manner): Voice {
  const style = styleFor(environment, { isTerminal: io.isTerminal("talk"), plain });
  const say = (text: string): void => {
    // For a program, an object says it all: on standard output, or on standard error when it failed.
    if (!quiet && !json) io.talk(`${text}\n`);
  };
  return {
    json,
    style: styleFor(environment, { isTerminal: io.isTerminal("output"), plain }),
    done: (text) => say(`${style.good} ${text}`),
    note: say,
    warn: (text) => say(`${style.warning} ${text}`),
    detail: (text) => {
      if (verbosity > 0) io.talk(`${style.faint(text)}\n`);
    },
    answer: (answer) => {
      if (json) io.out(`${JSON.stringify(answer.json)}\n`);
      else if (answer.text !== undefined) io.out(answer.text);
    },
  };
}
