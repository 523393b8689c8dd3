/** Where a password may come from: never from an argument or a variable, where others can read it (CWE-214). */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";

import type { Client } from "./client.ts";
import { Complaint } from "./complaint.ts";
import { ask } from "./prompt.ts";
import { usage } from "./usage.ts";

export const passwordFlags = {
  "password-stdin": { about: "read the password from standard input" },
  "password-file": { takes: "FILE", about: "read it from a file" },
  "password-command": { takes: "CMD", about: "read it from what a shell command prints" },
} as const;

export interface PasswordFlags {
  readonly "password-stdin"?: true;
  readonly "password-file"?: string;
  readonly "password-command"?: string;
}

/** Whether a person can be asked. */
export const mayAsk = ({ io, flags }: Client): boolean =>
  flags["no-input"] !== true && io.isTerminal("input") && io.isTerminal("talk");

export const waysToSignIn = ({ environment }: Client, why: string): Complaint =>
  usage(
    `${why}, and nobody can be asked here`,
    // Products' programs take no notice of the variable.
    `give --username U and one of --password-stdin, --password-file FILE, --password-command CMD${environment.calledAs === "jeton" ? "; or set JETON_TOKEN and sign in nowhere" : ""}`,
  );

const firstLine = (text: string): string => /^[^\r\n]*/.exec(text)![0];

function fromFile(client: Client, path: string): string {
  try {
    if ((statSync(path).mode & 0o077) !== 0) client.voice.warn(`${path} can be read by others. Do: chmod 600 ${path}`);
    return firstLine(readFileSync(path, "utf8"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Complaint("usage", `the password file ${path} cannot be read`, { code: "usage", why }, { cause });
  }
}

function fromCommand(line: string): string {
  const { status, signal, stdout, error } = spawnSync("sh", ["-c", line], {
    stdio: ["inherit", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw usage(`the password command ended with ${status ?? signal}, and no password was tried`);
  return firstLine(stdout);
}

async function given(client: Client, flags: PasswordFlags, question: string): Promise<string> {
  const { "password-file": file, "password-command": line, "password-stdin": stdin } = flags;
  if (file !== undefined) return fromFile(client, file);
  if (line !== undefined) return fromCommand(line);
  // At a terminal, standard input is the person.
  if (stdin === true && !client.io.isTerminal("input")) return firstLine(client.io.readInput());
  if (!mayAsk(client)) throw waysToSignIn(client, "a password is needed");
  return ask(client.io, { text: question, hidden: true });
}

export async function readPassword(client: Client, flags: PasswordFlags, question: string): Promise<string> {
  const ways = Object.keys(passwordFlags).filter((name) => flags[name as keyof PasswordFlags] !== undefined);
  if (ways.length > 1) throw usage(`--${ways.join(" and --")} are two ways for one password`, "give one of them");
  const password = await given(client, flags, question);
  if (password === "") throw usage("the password is empty");
  return password;
}
