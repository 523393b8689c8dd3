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

/** The same three ways for what an application has instead. */
export const clientSecretFlags = {
  "client-secret-stdin": { about: "read the client secret from standard input" },
  "client-secret-file": { takes: "FILE", about: "read it from a file" },
  "client-secret-command": { takes: "CMD", about: "read it from what a shell command prints" },
} as const;

export interface ClientSecretFlags {
  readonly "client-secret-stdin"?: true;
  readonly "client-secret-file"?: string;
  readonly "client-secret-command"?: string;
}

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

function fromFile(client: Client, what: string, path: string): string {
  try {
    if ((statSync(path).mode & 0o077) !== 0) client.voice.warn(`${path} can be read by others. Do: chmod 600 ${path}`);
    return firstLine(readFileSync(path, "utf8"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Complaint("usage", `the ${what} file ${path} cannot be read`, { code: "usage", why }, { cause });
  }
}

function fromCommand(what: string, line: string): string {
  const { status, signal, stdout, error } = spawnSync("sh", ["-c", line], {
    stdio: ["inherit", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw usage(`the ${what} command ended with ${status ?? signal}, and no ${what} was tried`);
  return firstLine(stdout);
}

interface Sought {
  /** How it is called, and its flags begin. */
  readonly what: "password" | "client secret";
  readonly question: string;
  /** Where nobody can be asked. */
  readonly otherwise: () => Complaint;
}

async function read(
  client: Client,
  flags: Readonly<Record<string, string | true | undefined>>,
  { what, question, otherwise }: Sought,
): Promise<string> {
  const flag = (way: string): string => `${what.replace(" ", "-")}-${way}`;
  const [stdin, file, line] = [flags[flag("stdin")], flags[flag("file")], flags[flag("command")]];
  const ways = ["stdin", "file", "command"].map(flag).filter((name) => flags[name] !== undefined);
  if (ways.length > 1) throw usage(`--${ways.join(" and --")} are two ways for one ${what}`, "give one of them");
  if (typeof file === "string") return fromFile(client, what, file);
  if (typeof line === "string") return fromCommand(what, line);
  // At a terminal, standard input is the person.
  if (stdin === true && !client.io.isTerminal("input")) return firstLine(client.io.readInput());
  if (!mayAsk(client)) throw otherwise();
  return ask(client.io, { text: question, hidden: true });
}

export async function readPassword(client: Client, flags: PasswordFlags, question: string): Promise<string> {
  const otherwise = (): Complaint => waysToSignIn(client, "a password is needed");
  const password = await read(client, { ...flags }, { what: "password", question, otherwise });
  if (password === "") throw usage("the password is empty");
  return password;
}

export async function readClientSecret(client: Client, flags: ClientSecretFlags, question: string): Promise<string> {
  const otherwise = (): Complaint =>
    usage(
      "a client secret is needed, and nobody can be asked here",
      `give one of --${Object.keys(clientSecretFlags).join(", --")}`,
    );
  const secret = await read(client, { ...flags }, { what: "client secret", question, otherwise });
  if (secret === "") throw usage("the client secret is empty");
  return secret;
}
