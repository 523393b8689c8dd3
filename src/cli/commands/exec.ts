/** `jeton exec -- CMD`: runs a program with a live token in JETON_TOKEN, and ends as it ends. */
import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";

import { command } from "../command.ts";
import { Complaint } from "../complaint.ts";
import { liveToken } from "../live-token.ts";
import { usage } from "../usage.ts";
import { lifeFlags, minTtl } from "./token.ts";

/** Whoever wants us to stop means the program; it decides. */
const passedOn = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/** A terminal sends these to the program as well; twice could mean something else to it. */
const fromKeyboard = ["SIGINT", "SIGQUIT"] as const;

function runProgram(
  words: readonly [string, ...string[]],
  { environment, atTerminal }: { readonly environment: NodeJS.ProcessEnv; readonly atTerminal: boolean },
): Promise<number> {
  const [file, ...rest] = words;
  // Before the program is there: it may be so quick that somebody stops us for it at once.
  let running: ChildProcess | undefined;
  for (const signal of passedOn) process.on(signal, () => running?.kill(signal));
  for (const signal of fromKeyboard) process.on(signal, () => atTerminal || running?.kill(signal));
  const child = spawn(file, rest, { stdio: "inherit", env: environment });
  running = child;
  return new Promise((resolve, reject) => {
    child.once("error", (cause: NodeJS.ErrnoException) => {
      // Once it runs, an error is a signal that did not reach it, and its end will come all the same.
      if (child.pid !== undefined) return;
      const missing = cause.code === "ENOENT";
      const why = missing ? "there is no such program" : cause.message;
      reject(
        new Complaint(missing ? "noProgram" : "notExecutable", `cannot run ${file}`, { code: "exec", why }, { cause }),
      );
    });
    child.once("close", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

export const exec = command({
  usage: "exec [--min-ttl TIME] -- CMD [WORD...]",
  about:
    "Runs CMD with a live access token in JETON_TOKEN. Signals go to it, and its exit code is that of this command.",
  operands: "rest",
  flags: lifeFlags,
  examples: [["jeton exec -- ./deploy.sh --all", "what is after -- belongs to the program"]],
  run: async ({ flags, operands }, client) => {
    const [file, ...words] = operands;
    if (file === undefined) throw usage("exec needs a program to run", "jeton exec -- CMD");
    const { accessToken } = await liveToken(client, client.target, minTtl(flags));
    return runProgram([file, ...words], {
      environment: client.environment.forChild({ JETON_TOKEN: accessToken }),
      atTerminal: client.io.isTerminal("input"),
    });
  },
});
