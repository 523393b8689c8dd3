# Finds the JavaScript runtime that Jeton runs on, and the flags that make it safe. Sourced, not run.
#
# Bun reads code and settings from the current directory unless told not to (bunfig.toml with a preload, .env, packages
# fetched on demand), so the flags below are part of the program's security, not a matter of taste.

# The variables that inject code into a runtime, or switch certificate checks off, are refused and not ignored:
# whoever set them expects an effect, and whoever did not set them wants to know that somebody did.
jeton_refuse_injection() {
  for name in BUN_OPTIONS BUN_BE_BUN BUN_INSPECT_PRELOAD NODE_OPTIONS NODE_TLS_REJECT_UNAUTHORIZED; do
    eval "value=\${$name-}"
    if [ -n "$value" ]; then
      echo "jeton: $name is set in the environment, and it can change what this program does. Do: unset $name" >&2
      exit 2
    fi
  done
}

# Prints the Bun that was installed with the project; every variant of the platform is tried, as some processors need
# the baseline build.
jeton_find_bun() {
  for candidate in "$1"/node_modules/@oven/bun-*/bin/bun; do
    if [ -x "$candidate" ] && [ "$("$candidate" --version 2>/dev/null)" = "1.4.5" ]; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# Prints a Node.js of at least 24.12: the one installed with the project, else the machine's own.
jeton_find_node() {
  for candidate in "$1"/node_modules/node-*/bin/node "$(command -v node 2>/dev/null)"; do
    [ -x "$candidate" ] || continue
    version=$("$candidate" --version 2>/dev/null) || continue
    major=${version#v}
    minor=${major#*.}
    major=${major%%.*}
    minor=${minor%%.*}
    case "$major.$minor" in *[!0-9.]* | .* | *.) continue ;; esac
    if [ "$major" -gt 24 ] || { [ "$major" -eq 24 ] && [ "$minor" -ge 12 ]; }; then
      printf '%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# jeton_exec ROOT FILE ARGUMENTS...: replaces this shell by the runtime, so that signals reach the program itself.
# JETON_RUNTIME=bun or JETON_RUNTIME=node chooses; without it Bun is taken, else Node.js.
jeton_exec() {
  root=$1
  file=$2
  shift 2
  case "${JETON_RUNTIME:-any}" in
    any | bun)
      if found=$(jeton_find_bun "$root"); then
        # Compiled code is kept beside the packages, where whoever can write could change the code itself, and nowhere
        # else, whatever the environment says; Bun looks at Node's variable too. It saves an eighth of a start.
        unset NODE_COMPILE_CACHE
        BUN_RUNTIME_TRANSPILER_CACHE_PATH=$root/node_modules/.cache/jeton-bun
        export BUN_RUNTIME_TRANSPILER_CACHE_PATH
        exec "$found" --no-install --no-env-file --config=/dev/null "$file" "$@"
      fi
      ;;
    node) ;;
    *)
      echo "jeton: JETON_RUNTIME is '$JETON_RUNTIME'. Do: set it to bun or node, or unset it" >&2
      exit 2
      ;;
  esac
  if [ "${JETON_RUNTIME:-any}" != "bun" ] && found=$(jeton_find_node "$root"); then
    # As on Bun; here it halves a start.
    NODE_COMPILE_CACHE=$root/node_modules/.cache/jeton-node
    export NODE_COMPILE_CACHE
    # Short-lived objects have 12 MB and not 48: a server has 50 MB less after a day, and is as quick.
    exec "$found" --max-semi-space-size=4 --disable-warning=ExperimentalWarning "$file" "$@"
  fi
  echo "jeton: neither Bun 1.4.5 nor Node.js 24.12 or later was found. Do: npm ci --ignore-scripts (in $root)" >&2
  exit 1
}
