/** A token that is looked at: an operand, or standard input, where `ps` does not show it. */
import type { Client } from "./client.ts";
import { usage } from "./usage.ts";

/** `name`: the command's. */
export function readGivenToken({ io, voice }: Client, name: string, operand: string | undefined): string {
  if (operand === undefined && io.isTerminal("input"))
    throw usage(`${name} needs a token`, `jeton token | jeton ${name} -`);
  if (operand !== undefined && operand !== "-") {
    voice.note(`A token on the command line shows in ps and in the shell's history. Better: ... | jeton ${name} -`);
    return operand;
  }
  const token = io.readInput().trim();
  if (token === "")
    throw usage("standard input is empty, and a token was to come from there", `jeton token | jeton ${name} -`);
  return token;
}
