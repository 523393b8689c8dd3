/**
 * Prepared statements that refuse what SQLite would bind silently: too few parameters, `undefined`, objects taken for
 * named parameters. The two runtimes differ there, and both differ from what the caller meant.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** A value as our statements take it; a boolean is stored as 0 or 1. */
export type Bindable = number | bigint | string | boolean | null | Uint8Array;

function bind(parameters: readonly Bindable[], expected: number): readonly SQLInputValue[] {
  if (parameters.length !== expected) {
    throw new TypeError(`the statement has ${expected} parameters and was given ${parameters.length}`);
  }
  return parameters.every(isBound) ? parameters : parameters.map(bindOne);
}

/** Whether it is taken as it is, as nearly all are; then nothing has to be copied. */
const isBound = (value: Bindable): value is Exclude<Bindable, boolean> =>
  typeof value === "string" || Number.isSafeInteger(value) || value === null || value instanceof Uint8Array;

function bindOne(value: Bindable): SQLInputValue {
  switch (typeof value) {
    case "string":
    case "bigint":
      return value;
    case "number":
      if (!Number.isSafeInteger(value)) throw new TypeError(`not a whole number: ${value}`);
      return value;
    case "boolean":
      return value ? 1 : 0;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      throw new TypeError(`cannot bind a value of type ${typeof value}`);
  }
}

export interface Prepared<Row> {
  readonly get: (...parameters: readonly Bindable[]) => Row | undefined;
  readonly all: (...parameters: readonly Bindable[]) => readonly Row[];
  /** The number of rows changed. */
  readonly run: (...parameters: readonly Bindable[]) => number;
}

/** Parameters are written `?`, and no statement of ours has a question mark elsewhere. */
const countParameters = (sql: string): number => sql.split("?").length - 1;

/** Prepares `sql` once; `Row` names the columns that it lists. */
export function prepare<Row = never>(db: DatabaseSync, sql: string): Prepared<Row> {
  const statement: StatementSync = db.prepare(sql);
  const expected = countParameters(sql);
  return {
    get: (...parameters) => statement.get(...bind(parameters, expected)) as Row | undefined,
    all: (...parameters) => statement.all(...bind(parameters, expected)) as unknown as readonly Row[],
    run: (...parameters) => Number(statement.run(...bind(parameters, expected)).changes),
  };
}
