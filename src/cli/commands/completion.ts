/** `jeton completion SHELL`: a script that completes commands, flags and names of profiles. */
import { command } from "../command.ts";
import { completionScript, shells } from "../completion-scripts.ts";
import { exitCode } from "../exit-codes.ts";
import { usage } from "../usage.ts";

export const completion = command({
  usage: `completion ${shells.join("|")}`,
  about:
    "Prints a script for your shell. It completes commands, flags and the names of your profiles, and asks no server.",
  operands: 1,
  flags: {},
  examples: [
    ["source <(jeton completion bash)", "in ~/.bashrc"],
    ["source <(jeton completion zsh)", "in ~/.zshrc, after compinit"],
    ["jeton completion fish >~/.config/fish/completions/jeton.fish", "once"],
  ],
  run: async ({ operands: [shell] }, client) => {
    const script = completionScript(shell ?? "");
    if (script === undefined)
      throw usage(
        shell === undefined ? "completion needs the name of a shell" : "there is no script for that shell",
        `jeton completion ${shells.join(" | ")}`,
      );
    client.voice.answer({ json: { shell, script }, text: script });
    return exitCode("done");
  },
});
