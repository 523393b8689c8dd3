/** What a shell completes: bash itself is asked, and the other scripts are read by their shells where they are there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import { shell } from "./program.ts";
import { desk, type Desk } from "./signed-in.ts";

const away = "http://127.0.0.1:9";

function withProfiles(): Desk {
  const bob = desk(away);
  const profile = { server: away, door: "native", token_file: bob.file, username: "bob" };
  mkdirSync(bob.home.path(".config", "jeton"), { recursive: true });
  const text = JSON.stringify({ profiles: { default: profile, staging: profile, "stage-2": profile } });
  writeFileSync(bob.home.path(".config", "jeton", "config.json"), text, { mode: 0o600 });
  return bob;
}

const bash = `
source <(jeton completion bash)
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
complete -p jeton >&2
_jeton
printf '%s\\n' "\${COMPREPLY[@]}"
`;

async function completed(of: Desk, ...words: readonly string[]): Promise<readonly string[]> {
  writeFileSync(of.home.path("complete.bash"), bash);
  const typed = words.map((word) => `'${word}'`).join(" ");
  const { code, out, err } = await shell(`bash complete.bash jeton ${typed}`, of.surroundings());
  assert.deepEqual([code, err], [0, "complete -o default -F _jeton jeton\n"]);
  return out.split("\n").filter((line) => line !== "");
}

const cases: readonly (readonly [typed: readonly string[], expected: readonly string[]])[] = [
  [["logo"], ["logout"]],
  [["re"], ["refresh", "revoke-all"]],
  [
    ["user", "lo"],
    ["login", "logout"],
  ],
  [
    ["key", ""],
    ["list", "generate", "add", "challenge", "rename", "revoke", "sign"],
  ],
  [
    ["app", "s"],
    ["show", "set", "secret"],
  ],
  [
    ["app", "secret", ""],
    ["create", "list", "revoke"],
  ],
  [["--server", "x", "app", "secret", "l"], ["list"]],
  [["app", "secret", "create", "--expires"], ["--expires-in"]],
  [
    ["login", "--client-"],
    ["--client-id", "--client-secret-stdin", "--client-secret-file", "--client-secret-command"],
  ],
  [
    ["login", "--password-"],
    ["--password-stdin", "--password-file", "--password-command"],
  ],
  [["--server", "x", "verify", "--au"], ["--audience"]],
  [
    ["--profile", "sta"],
    ["staging", "stage-2"],
  ],
  [["token", "--profile", "d"], ["default"]],
  [
    ["token", "re"],
    ["rename", "revoke"],
  ],
  [["token", "rotate", "--ke"], ["--keep-old"]],
  [
    ["switch", ""],
    ["default", "staging", "stage-2"],
  ],
  [
    ["completion", ""],
    ["bash", "zsh", "fish"],
  ],
  [["serve", "--dem"], ["--demo"]],
  [["config", ""], ["check"]],
  [["journal", "verify", "--exp"], ["--expect"]],
  // A file, most likely, which bash knows better.
  [["login", "--key", ""], []],
  [["nonsense", ""], []],
];
for (const [typed, expected] of cases) {
  test(`completion in bash: jeton ${typed.join(" ")}<Tab> gives ${expected.join(", ") || "nothing"}`, async () => {
    using bob = withProfiles();
    assert.deepEqual((await completed(bob, ...typed)).toSorted(), expected.toSorted());
  });
}

test("completion says nothing, on either stream, where the profiles cannot be read", async () => {
  using bob = withProfiles();
  writeFileSync(bob.home.path(".config", "jeton", "config.json"), "{");
  const { code, out, err } = await bob.run(["__complete", "--profile", ""]);
  assert.deepEqual([code, out, err], [0, "", ""]);
});

for (const name of ["bash", "zsh", "fish"]) {
  const missing = spawnSync(name, ["--version"]).error !== undefined;
  test(
    `completion ${name} is a script that ${name} reads`,
    { skip: missing ? `there is no ${name} here` : false },
    async () => {
      using bob = withProfiles();
      const { code, err } = await shell(`jeton completion ${name} >script; ${name} -n script`, bob.surroundings());
      assert.deepEqual([code, err], [0, ""]);
    },
  );
}

test("completion of an unknown shell names those that it has", async () => {
  using bob = withProfiles();
  const { code, err } = await bob.run(["completion", "tcsh"]);
  assert.equal(code, 2);
  assert.match(err, /Do: +jeton completion bash \| zsh \| fish/);
});
