/** Colour and symbols. Colour is never the only signal, and neither needs to be there. */
import type { Environment } from "./environment.ts";

export interface Style {
  readonly good: string;
  readonly warning: string;
  readonly bad: string;
  readonly arrow: string;
  /** Stands between two facts of a line. */
  readonly between: string;
  readonly faint: (text: string) => string;
  readonly strong: (text: string) => string;
}

export interface Wish {
  readonly isTerminal: boolean;
  /** `--no-color` */
  readonly plain: boolean;
}

export function styleFor(
  { unicode, color }: Pick<Environment, "unicode" | "color">,
  { isTerminal, plain }: Wish,
): Style {
  const colored = !plain && (color === "always" || (color === "on-terminals" && isTerminal));
  const paint =
    (sgr: number) =>
    (text: string): string =>
      colored ? `\u001b[${sgr}m${text}\u001b[0m` : text;
  const symbol = (sign: string, word: string, sgr: number): string => paint(sgr)(unicode ? sign : word);
  return {
    good: symbol("✓", "ok:", 32),
    warning: symbol("!", "warning:", 33),
    bad: symbol("✗", "error:", 31),
    arrow: unicode ? "→" : "->",
    between: unicode ? " · " : ", ",
    faint: paint(2),
    strong: paint(1),
  };
}
