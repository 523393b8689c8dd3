/** A command of the client: its flags as a table, from which the parser, the help and the completion read; and its deed. */
import type { Client } from "./client.ts";
import type { GlobalFlags } from "./global-flags.ts";

export interface Flag {
  /** What stands after it, in capitals; none for a switch. */
  readonly takes?: string;
  readonly about: string;
  /** One letter. */
  readonly short?: string;
  /** Another spelling of the flag of this name. */
  readonly alias?: string;
}

export type FlagTable = Readonly<Record<string, Flag>>;

/** What was given: a text for each flag that takes one, true for each switch. */
export type Given<Flags extends FlagTable> = {
  readonly [Name in keyof Flags]?: Flags[Name] extends { takes: string } ? string : true;
};

export interface Asked<Flags extends FlagTable = FlagTable> {
  readonly flags: Given<Flags>;
  readonly operands: readonly string[];
}

export interface Command<Flags extends FlagTable = FlagTable> {
  /** How it is written, after `jeton`. */
  readonly usage: string;
  readonly about: string;
  readonly flags: Flags;
  /** Of the flags of all commands those that its own page tells of. */
  readonly telling?: readonly (keyof GlobalFlags)[];
  /** At most so many words without a dash; "rest": the first one ends the flags, and all of them belong to it. */
  readonly operands: number | "rest";
  readonly examples?: readonly (readonly [command: string, what: string])[];
  /** The exit code. What goes wrong is thrown. As a method: the table of all commands forgets which flags there are. */
  run(asked: Asked<Flags>, client: Client): Promise<number>;
}

/** Lets the compiler see the flags in `run`. */
export const command = <const Flags extends FlagTable>(declared: Command<Flags>): Command => declared;
