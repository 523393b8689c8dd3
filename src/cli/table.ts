/** Rows for a terminal, as wide as it is; for a program, separated by tabs and complete. */

export interface Room {
  /** Undefined: no terminal. */
  readonly columns: number | undefined;
  readonly header: boolean;
}

const gap = 2;

export function table(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, header }: Room,
): string {
  const all = header ? [names, ...rows] : rows;
  if (columns === undefined) return all.map((row) => `${row.join("\t")}\n`).join("");
  const widths = names.map((_, at) => Math.max(...all.map((row) => (row[at] ?? "").length), 0));
  // The columns come in the order of their weight; what does not fit is left out from the right, never cut.
  let used = 0;
  const shown = widths.findIndex((width) => (used += width + gap) > columns + gap);
  const fitting = shown === -1 ? widths.length : Math.max(shown, 1);
  return all
    .map((row) =>
      row
        .slice(0, fitting)
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join(" ".repeat(gap))
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}
