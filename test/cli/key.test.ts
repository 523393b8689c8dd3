/** `jeton key` and `jeton login --key`, with keys as their own tools make them. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf } from "../authority.ts";
import { complaint, oneLine, shell } from "./program.ts";
import { demoServer, desk, type Desk } from "./signed-in.ts";

const has = (program: string, ...words: string[]): boolean => spawnSync(program, words).error === undefined;
const tools = has("openssl", "version") && has("ssh-keygen", "-?");
const skip = tools ? false : "openssl or ssh-keygen is missing. Do: apt-get install openssl openssh-client";

const server = demoServer();

const input = `${demoPassword}\n`;

async function make(of: Desk, line: string): Promise<void> {
  const { code, err } = await shell(`umask 077; ${line}`, of.surroundings());
  assert.equal(code, 0, err);
}

const makers: readonly (readonly [what: string, line: string, publicKey: string])[] = [
  ["openssl, PKCS#8", "openssl genrsa -out k 2048; openssl pkey -in k -pubout -out k.pub", "k.pub"],
  [
    "openssl, PKCS#1",
    "openssl genrsa -traditional -out k 2048; openssl rsa -in k -RSAPublicKey_out -out k.pub",
    "k.pub",
  ],
  ["ssh-keygen -m PEM", "ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f k", "k.pub"],
  ["ssh-keygen -m PKCS8", "ssh-keygen -q -t rsa -b 2048 -m PKCS8 -N '' -f k", "k.pub"],
  [
    "ssh-keygen, converted as the program says",
    "ssh-keygen -q -t rsa -b 2048 -N '' -f o; cp o o.pem; ssh-keygen -q -p -m PEM -N '' -f o.pem; mv o.pem k",
    "o.pub",
  ],
];

describe("signed sign-in, as in SeTA's guide", { skip }, () => {
  for (const [what, line, publicKey] of makers) {
    test(`key set and login --key take a key of ${what}`, async () => {
      using bob = desk(server.url);
      await make(bob, line);
      await bob.login();
      const set = await bob.run(["key", "set", publicKey]);
      assert.equal(set.code, 0, set.err);
      assert.match(set.out, /^2048 SHA256:[\w+/]{43} \(RSA\), set /);
      const { code, err } = await bob.run(["login", "--username", "bob", "--key", "k", "--provider", "local"]);
      assert.equal(code, 0, err);
      assert.deepEqual(claimsOf(bob.tokens().access_token)["amr"], ["swk"]);
      assert.equal((await bob.run(["key", "show"])).out, set.out);
      if (!what.startsWith("ssh-keygen")) return;
      const printed = await shell(`ssh-keygen -l -f ${publicKey}`, bob.surroundings());
      assert.equal(printed.out.split(" ")[1], set.out.split(" ")[1]);
    });
  }

  const privates: readonly (readonly [what: string, line: string])[] = [
    ["PKCS#8", "openssl genrsa -out k 2048"],
    ["PKCS#1", "openssl genrsa -traditional -out k 2048"],
    ["OpenSSH", "ssh-keygen -q -t ed25519 -N '' -f k"],
    ["encrypted", "openssl genrsa -aes256 -passout pass:secret -out k 2048"],
  ];
  for (const [what, line] of privates) {
    test(`key set refuses a private key (${what}) before anything is sent, and says how to make the public half`, async () => {
      using bob = desk("http://127.0.0.1:9");
      await make(bob, line);
      const ended = await bob.run(["key", "set", "k"]);
      oneLine(
        ended,
        2,
        /^k is a private key: it must not leave this machine, and nothing was sent\. Do: openssl pkey -in k -pubout/,
      );
    });
  }

  const unusable: readonly (readonly [what: string, line: string, code: number, says: RegExp])[] = [
    ["that others can read", "openssl genrsa -out k 2048; chmod 644 k", 4, /k can be read by others\. Do: chmod 600 k/],
    ["that is a link", "openssl genrsa -out r 2048; ln -s r k", 4, /k is a symbolic link/],
    [
      "in OpenSSH's format",
      "ssh-keygen -q -t rsa -b 2048 -N '' -f k",
      2,
      /OpenSSH's own format.* Do: convert a copy: cp k k\.pem; ssh-keygen -p -m PEM -f k\.pem/,
    ],
    [
      "that is encrypted",
      "openssl genrsa -aes256 -passout pass:secret -out k 2048",
      2,
      /k is encrypted, and nobody can be asked.* Do: use a terminal, or/,
    ],
    [
      "that is encrypted as of old",
      "openssl genrsa -traditional -aes256 -passout pass:secret -out k 2048",
      2,
      /k is encrypted, and nobody can be asked/,
    ],
    [
      "that is public",
      "openssl genrsa -out r 2048; openssl pkey -in r -pubout -out k",
      2,
      /k is no private key in PEM/,
    ],
    ["of Ed25519", "openssl genpkey -algorithm ed25519 -out k", 2, /k is not an RSA key/],
    ["that is damaged", "openssl genrsa 2048 | sed 5d >k", 2, /k has no private key that can be read/],
    ["that is missing", "true", 2, /there is no file k/],
  ];
  for (const [what, line, code, says] of unusable) {
    test(`login --key does not use a key ${what}, and says what to do`, async () => {
      using bob = desk(server.url);
      await make(bob, line);
      const ended = await bob.run(["login", "--username", "bob", "--key", "k"]);
      oneLine(ended, code, says);
      assert.equal(existsSync(bob.file), false);
    });
  }

  test("login --key with a key that is not the account's is refused like a wrong password", async () => {
    using bob = desk(server.url);
    await make(bob, "openssl genrsa -out k 2048");
    oneLine(await bob.run(["login", "--username", "bob", "--key", "k"]), 4, /invalid_credentials/);
    oneLine(await bob.run(["login", "--username", "nobody", "--key", "k"]), 4, /invalid_credentials/);
    oneLine(await bob.run(["login", "--username", "bob", "--key", "k", "--password-stdin"], { input }), 2, /two ways/);
  });

  test("ASVS 7.5.1: a sign-in by key is not enough to change the key: the password is wanted, and taken once more", async () => {
    using bob = desk(server.url);
    await make(bob, "openssl genrsa -out k 2048; openssl pkey -in k -pubout -out k.pub");
    await bob.login();
    assert.equal((await bob.run(["key", "set", "k.pub"])).code, 0);
    assert.equal((await bob.run(["login", "--username", "bob", "--key", "k"])).code, 0);
    const refused = await bob.run(["key", "delete"]);
    assert.equal(refused.code, 4);
    assert.match(complaint(refused.err), /your sign-in is not of a moment ago.* Do: jeton login/);
    const deleted = await bob.run(["key", "delete", "--password-stdin"], { input });
    assert.equal(deleted.code, 0, deleted.err);
    // What was signed in again is kept, and the key is gone.
    assert.equal((await bob.run(["whoami"])).code, 0);
    oneLine(await bob.run(["key", "show"]), 5, /there is no key to show/);
    oneLine(await bob.run(["login", "--username", "bob", "--key", "k"]), 4, /invalid_credentials/);
    assert.equal((await bob.run(["key", "delete", "--password-stdin"], { input })).code, 0);
  });

  test("a private key is in nothing that is written", async () => {
    using bob = desk(server.url);
    await make(bob, "openssl genrsa -out k 2048");
    chmodSync(bob.home.path("k"), 0o600);
    const line = readFileSync(bob.home.path("k"), "utf8").split("\n")[3]!;
    writeFileSync(bob.home.path("bad"), readFileSync(bob.home.path("k"), "utf8").replace("\n", "\n\n#"), {
      mode: 0o600,
    });
    for (const file of ["k", "bad"]) {
      const { out, err } = await bob.run(["login", "-v", "--username", "bob", "--key", file]);
      assert.ok(!(out + err).includes(line));
    }
  });
});
