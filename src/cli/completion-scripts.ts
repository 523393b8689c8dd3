/**
 * What a shell runs to complete a command line. The scripts know nothing of the commands: they ask the program, which
 * says nothing where something is wrong, so that they never lag behind it. See docs/decisions/0021-completion-asks-the-program.md.
 */

const bash = `# Completion for jeton in bash. Load it with: source <(jeton completion bash)
_jeton() {
  COMPREPLY=()
  local candidate
  while IFS= read -r candidate; do
    COMPREPLY+=("$candidate")
  done < <(jeton __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
}
complete -o default -F _jeton jeton
`;

const zsh = `#compdef jeton
# Completion for jeton in zsh. Load it with: source <(jeton completion zsh)
_jeton() {
  local -a found
  found=("\${(@f)$(jeton __complete "\${(@)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
  if (( \${#found} )) && [[ -n "\${found[1]}" ]]; then
    compadd -a found
  else
    _files
  fi
}
compdef _jeton jeton
`;

const fish = `# Completion for jeton in fish. Load it with: jeton completion fish | source
function __jeton_complete
    set -l typed (commandline -opc) (commandline -ct)
    jeton __complete $typed[2..-1] 2>/dev/null </dev/null
end
complete -c jeton -a '(__jeton_complete)'
`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

export const shells = Object.keys(scripts);

/** Undefined where there is none for that shell. */
export const completionScript = (shell: string): string | undefined =>
  Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
