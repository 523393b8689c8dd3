/** What a command's exit code means: part of the contract with scripts, printed by `jeton help exit-codes`. */

export const exitCodes = {
  done: [0, "done"],
  failed: [1, "unexpected failure"],
  usage: [2, "wrong usage or configuration"],
  signInNeeded: [4, "no administrator yet, or a sign-in is needed"],
  notFound: [5, "something that must be there is not: the master key, for one"],
  conflict: [6, "conflict: another Jeton works on the folder, it is set up already, or its data is of another version"],
  network: [7, "the address is taken or cannot be reached"],
  tampered: [8, "the journal is not whole: an event was changed, or is missing"],
  disk: [74, "the disk failed while writing; what is on it is read at the next start"],
} as const satisfies Record<string, readonly [number, string]>;

export type ExitName = keyof typeof exitCodes;

export const exitCode = (name: ExitName): number => exitCodes[name][0];

/** By the `code` of a thrown error. Everything else is a failure that nobody foresaw. */
const byErrorCode: Readonly<Record<string, ExitName>> = {
  CONFIG_INVALID: "usage",
  BAD_PROXY_RANGE: "usage",
  USAGE: "usage",
  NO_ADMINISTRATOR: "signInNeeded",
  MASTER_KEY_UNUSABLE: "notFound",
  FOLDER_IN_USE: "conflict",
  FOLDER_UNUSABLE: "conflict",
  SCHEMA_MISMATCH: "conflict",
  DATABASE_DAMAGED: "notFound",
  NO_DATABASE: "notFound",
  ALREADY_SET_UP: "conflict",
  PORT_IN_USE: "network",
  ADDRESS_UNUSABLE: "network",
};

/** The exit for an error that has been foreseen, and undefined for a bug. */
export function exitFor(fault: unknown): ExitName | undefined {
  const code = fault instanceof Error && "code" in fault ? fault.code : undefined;
  return typeof code === "string" ? byErrorCode[code] : undefined;
}

/** A command that was written wrongly. */
export class UsageError extends Error {
  readonly code = "USAGE";
}
