/**
 * One step of a commit group: what an intent may know beside its arguments, and how it is declared. An intent runs
 * inside a transaction that the group opened; what it returns is answered only after the group has committed.
 */
import type { Seconds } from "../core/units.ts";

export interface Step {
  /** Served time that this group's commit writes. */
  readonly served: Seconds;
  /** A refresh token advanced now and may be asked again for `window`: time must be counted that long. */
  readonly rotated: (window: Seconds) => void;
  /** Several rows at once or none of them, in an intent that usually touches one. */
  readonly together: (work: () => void) => void;
}

/** A declared intent. Its arguments and result are plain data, so that the writer may live in another thread. */
export interface Intent<Arguments, Result> {
  /** `many`: touches several rows, so it runs in a savepoint of its own and fails alone. */
  readonly rows: "one" | "many";
  readonly run: (intent: Arguments, step: Step) => Result;
}

/** Touches one row at most, but for what it does in `together`: there is nothing to undo if it throws. */
export const oneRow = <Arguments, Result>(run: Intent<Arguments, Result>["run"]): Intent<Arguments, Result> => ({
  rows: "one",
  run,
});

export const manyRows = <Arguments, Result>(run: Intent<Arguments, Result>["run"]): Intent<Arguments, Result> => ({
  rows: "many",
  run,
});
