/** What a command's exit code means: part of the contract with scripts, printed by `jeton help exit-codes`. */

export const exitCodes = {
  done: [0, "done; the token is valid"],
  failed: [1, "unexpected failure, or the server failed; trying again may help"],
  usage: [2, "wrong usage or configuration, or cancelled at a prompt"],
  notAllowed: [3, "signed in, but not allowed to do this"],
  signInNeeded: [4, "a sign-in is needed: none, expired or revoked; for a server: no administrator yet"],
  notFound: [5, "something that must be there is not: a user, a profile, the master key"],
  conflict: [
    6,
    "conflict, or refused by policy: a folder or file is in use, is set up already, or is of another version",
  ],
  network: [7, "the server or the address cannot be reached, or TLS failed; try again"],
  limited: [8, "too many requests; try again after the time that is told"],
  notValid: [9, "verify answered: not valid"],
  waited: [10, "waited for a person or another process, and ran out of time; try again"],
  disk: [74, "a file cannot be written, or the disk failed; a server reads what is on it at the next start"],
  notExecutable: [126, "exec: the program cannot be run"],
  noProgram: [127, "exec: there is no such program"],
  interrupted: [130, "interrupted by Ctrl-C"],
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
  TLS_UNUSABLE: "notFound",
  ALERT_KEYS_UNUSABLE: "notFound",
  COURIER_UNUSABLE: "notFound",
  FOLDER_IN_USE: "conflict",
  FOLDER_UNUSABLE: "conflict",
  SCHEMA_MISMATCH: "conflict",
  DATABASE_DAMAGED: "notFound",
  NO_DATABASE: "notFound",
  ALREADY_SET_UP: "conflict",
  PORT_IN_USE: "network",
  ADDRESS_UNUSABLE: "network",
  UNREACHABLE: "network",
  UNTRUSTED: "network",
  NOT_UNDERSTOOD: "failed",
  FILE_REFUSED: "signInNeeded",
  FILE_DAMAGED: "signInNeeded",
  FILE_UNWRITABLE: "disk",
  LOCK_HELD: "waited",
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
