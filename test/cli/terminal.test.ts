/** What a person at a terminal sees: a hidden prompt, colours where they are wanted, lines that fit. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";

import { demoServer, desk, type Desk } from "./signed-in.ts";

const binaries = resolve(import.meta.dirname, "../../bin");

/** util-linux's `script` gives a program a terminal; that of other systems has other flags. */
const skip = /util-linux/.test(spawnSync("script", ["--version"], { encoding: "utf8" }).stdout ?? "")
  ? false
  : "there is no script of util-linux here. Do: apt-get install bsdutils";

const server = demoServer();

interface Seen {
  readonly code: number | null;
  readonly text: string;
}

/** Each entry is typed when the text before it has appeared. */
type Typing = readonly (readonly [after: RegExp, keys: string])[];

function atTerminal(
  of: Desk,
  line: string,
  typing: Typing = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const surroundings = of.surroundings({ environment: { LANG: "C.UTF-8", TERM: "xterm", ...environment } });
  const child = spawn("script", ["-qefc", line, "/dev/null"], {
    cwd: surroundings.cwd,
    env: {
      PATH: `${binaries}${delimiter}${process.env["PATH"]}`,
      SHELL: "/bin/sh",
      JETON_RUNTIME: "Bun" in globalThis ? "bun" : "node",
      ...surroundings.environment,
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  const left = [...typing];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const [next] = left;
    if (next === undefined || !next[0].test(text)) return;
    left.shift();
    child.stdin.write(next[1]);
  });
  return new Promise((settle, fail) => {
    child.on("error", fail);
    child.on("close", (code) => settle({ code, text: text.replaceAll("\r", "") }));
  });
}

const prompt = /Password of bob at \S+: /;

test(
  "C-04: the password is asked for, is not shown while it is typed, and the keys of a line work",
  { skip },
  async () => {
    using bob = desk(server.url);
    const typing: Typing = [
      [/User name: /, "bxo\u007f\u007fob\r"],
      [prompt, `wrong\u0015${demoPassword}x\u001b[D\u007f\r`],
    ];
    const { code, text } = await atTerminal(bob, "jeton login", typing);
    assert.equal(code, 0, text);
    assert.match(text, /Signed in to \S+ as bob/);
    assert.doesNotMatch(text, /correct|battery|wrong/);
    assert.equal(bob.seq(), 1);
  },
);

test(
  "UX, exit codes: Ctrl-C at the prompt is 130, the end of input 2; the terminal echoes again, nothing is stored",
  { skip },
  async () => {
    using bob = desk(server.url);
    for (const [key, expected] of [
      ["\u0003", 130],
      ["\u0004", 2],
    ] as const) {
      const line = `jeton login --username bob; code=$?; stty -a | grep -o ' echo '; exit $code`;
      const { code, text } = await atTerminal(bob, line, [[prompt, key]]);
      assert.equal(code, expected, text);
      assert.match(text, /cancelled at the prompt/i);
      assert.match(text, / echo /);
    }
  },
);

test(
  "UX, --no-input: nobody is asked at a terminal either, for a name, a password or a confirmation",
  { skip },
  async () => {
    using bob = desk(server.url);
    for (const words of ["login", "login --username bob", "login --username bob --password-stdin"]) {
      const { code, text } = await atTerminal(bob, `jeton ${words} --no-input`);
      assert.equal(code, 2, text);
      assert.match(text, /nobody can be asked here/);
    }
    await bob.login();
    const { code, text } = await atTerminal(bob, "jeton --no-input revoke-all");
    assert.equal(code, 2, text);
    assert.match(text, /jeton revoke-all --confirm bob/);
  },
);

test("UX, revoke-all: at a terminal the name is typed, and another one revokes nothing", { skip }, async () => {
  using bob = desk(server.url);
  await bob.login();
  const wrong = await atTerminal(bob, "jeton revoke-all", [[/Type bob to confirm: /, "ada\r"]]);
  assert.equal(wrong.code, 2, wrong.text);
  assert.equal((await bob.run(["whoami"])).code, 0);
  const right = await atTerminal(bob, "jeton revoke-all", [[/Type bob to confirm: /, "bob\r"]]);
  assert.equal(right.code, 0, right.text);
  assert.match(right.text, /This computer is signed out too/);
  assert.equal((await bob.run(["whoami"])).code, 4);
});

test(
  "UX, colour: on a terminal only, and not with NO_COLOR, TERM=dumb or --no-color; symbols are ASCII where the locale is",
  { skip },
  async () => {
    using bob = desk(server.url);
    const escape = "\u001b[";
    const plain: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
      ["jeton whoami", { NO_COLOR: "1" }],
      ["jeton whoami", { TERM: "dumb" }],
      ["jeton whoami --no-color", {}],
    ];
    assert.ok(
      (await atTerminal(bob, "jeton whoami")).text.startsWith(`${escape}31m✗${escape}0m You are not signed in`),
    );
    for (const [line, environment] of plain) {
      const { text } = await atTerminal(bob, line, [], environment);
      assert.ok(!text.includes(escape), text);
      assert.ok(text.startsWith(environment["TERM"] === "dumb" ? "error: You" : "✗ You"), text);
    }
    const posix = await atTerminal(bob, "jeton whoami", [], { LANG: "C" });
    assert.doesNotMatch(posix.text, /[^\p{ASCII}]/u);
    const piped = await bob.run(["whoami"], { environment: { LANG: "C.UTF-8", FORCE_COLOR: "1" } });
    assert.ok(piped.err.startsWith(`${escape}31m`));
  },
);

test("exec: Ctrl-C at a terminal reaches the program once", { skip }, async () => {
  using bob = desk(server.url);
  await bob.login();
  const program = `trap "echo caught" INT; echo ready; sleep 0.2; sleep 0.2; exit 8`;
  const { code, text } = await atTerminal(bob, `exec jeton exec -- sh -c '${program}'`, [[/ready/, "\u0003"]]);
  assert.equal(code, 8, text);
  assert.equal(text.match(/caught/g)?.length, 1, text);
});

test(
  "UX, secrets out: a token on a screen comes with one line about it on standard error, and in a pipe alone",
  { skip },
  async () => {
    using bob = desk(server.url);
    await bob.login();
    const { text } = await atTerminal(bob, "jeton token 2>note; echo; cat note");
    assert.match(text, /^eyJ[\w.-]+\n\nThis is a secret; anyone who has it can act as you until [\d:]+\.\n$/);
    const { out, err } = await bob.run(["token"]);
    assert.match(out, /^eyJ[\w.-]+\n$/);
    assert.equal(err, "");
  },
);

test("UX, narrow terminals: a table leaves columns out rather than cutting or wrapping them", { skip }, async () => {
  using bob = desk(server.url);
  await bob.login();
  const wide = await atTerminal(bob, "stty cols 120; jeton profiles");
  assert.match(wide.text, /^PROFILE +SERVER +USER +ACTIVE +TOKENS\n/);
  const narrow = await atTerminal(bob, "stty cols 40; jeton profiles");
  assert.match(narrow.text, /^PROFILE +SERVER +USER\n/);
  for (const line of narrow.text.split("\n")) assert.ok(line.length <= 40, line);
});

test("login --key asks for the passphrase of an encrypted key, and does not show it", { skip }, async () => {
  using bob = desk(server.url);
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open sesame" },
  });
  writeFileSync(bob.home.path("k"), privateKey, { mode: 0o600 });
  writeFileSync(bob.home.path("k.pub"), publicKey);
  await bob.login();
  const added = await atTerminal(bob, "jeton key add k.pub", [[/Passphrase of k: /, "open sesame\r"]]);
  assert.equal(added.code, 0, added.text);
  const login = "jeton login --username bob --key k";
  const signedIn = await atTerminal(bob, login, [[/Passphrase of k: /, "open sesame\r"]]);
  assert.equal(signedIn.code, 0, signedIn.text);
  assert.doesNotMatch(signedIn.text, /sesame/);
  const wrong = await atTerminal(bob, login, [[/Passphrase of k: /, "open barley\r"]]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.text, /the passphrase does not open k/i);
});

test(
  "an application's secret is asked for and not shown, and its name is typed before it is deleted",
  { skip },
  async () => {
    using bob = desk(server.url);
    await bob.login();
    const made = await bob.run(["app", "create", "typed", "--json"]);
    const { id } = JSON.parse(made.out) as { readonly id: string };
    const secret = (await bob.run(["app", "secret", "create", "typed"])).out.trimEnd();
    const asked = new RegExp(`Client secret of ${id} at \\S+: `);
    const signedIn = await atTerminal(bob, `jeton login --profile app --client-id ${id}`, [[asked, `${secret}\r`]]);
    assert.equal(signedIn.code, 0, signedIn.text);
    assert.ok(!signedIn.text.includes(secret));
    assert.equal((await bob.run(["switch", "default"])).code, 0);
    const question = /Type typed to confirm: /;
    const refused = await atTerminal(bob, "jeton app delete typed", [[question, "other\r"]]);
    assert.equal(refused.code, 2, refused.text);
    assert.match(refused.text, /nothing was deleted/);
    const deleted = await atTerminal(bob, "jeton app delete typed", [[question, "typed\r"]]);
    assert.equal(deleted.code, 0, deleted.text);
    const { text } = await atTerminal(bob, "stty cols 60; jeton key list");
    for (const line of text.split("\n")) assert.ok(line.length <= 60, line);
  },
);

test(
  "WEKA's revoke-tokens asks for the name at a terminal, and revokes nothing for another one",
  { skip },
  async () => {
    using bob = desk(server.url);
    const signedIn = await bob.run(["user", "login", "bob", "--password-stdin"], { input: `${demoPassword}\n` });
    assert.equal(signedIn.code, 0, signedIn.err);
    const question = /Type bob to confirm: /;
    const refused = await atTerminal(bob, "jeton user revoke-tokens", [[question, "ada\r"]]);
    assert.equal(refused.code, 2, refused.text);
    assert.equal((await bob.run(["user", "whoami"])).code, 0);
    assert.equal((await atTerminal(bob, "jeton user revoke-tokens", [[question, "bob\r"]])).code, 0);
    assert.equal((await bob.run(["user", "whoami"])).code, 4);
  },
);
