/** `jeton key` and `jeton login --key`, with keys as their own tools make them. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf } from "../authority.ts";
import { pair, wire } from "../client/wire.ts";
import { complaint, oneLine, shell, type Ended } from "./program.ts";
import { demoServer, desk, type Desk } from "./signed-in.ts";

const has = (program: string, ...words: string[]): boolean => spawnSync(program, words).error === undefined;
const tools = has("openssl", "version") && has("ssh-keygen", "-?");
const skip = tools ? false : "openssl or ssh-keygen is missing. Do: apt-get install openssl openssh-client";

const server = demoServer();

const input = `${demoPassword}\n`;

async function make(of: Desk, line: string): Promise<Ended> {
  const ended = await shell(`umask 077; ${line}`, of.surroundings());
  assert.equal(ended.code, 0, ended.err);
  return ended;
}

interface ToldKey {
  readonly id: string;
  readonly name: string;
  readonly fingerprint: string;
  readonly type: string;
  readonly bits: number;
  readonly expires_at: string | null;
}

async function told<T = ToldKey>(of: Desk, ...words: readonly string[]): Promise<T> {
  const { code, out, err } = await of.run([...words, "--json"]);
  assert.equal(code, 0, err);
  assert.equal(err, "");
  return JSON.parse(out) as T;
}

const pem = "openssl pkey -in k -pubout -out k.pub";

/** The private half is `k`, the public one `k.pub`. */
const makers: readonly (readonly [what: string, type: string, line: string])[] = [
  ["openssl, RSA in PKCS#8", "RSA", `openssl genrsa -out k 2048; ${pem}`],
  [
    "openssl, RSA in PKCS#1",
    "RSA",
    "openssl genrsa -traditional -out k 2048; openssl rsa -in k -RSAPublicKey_out -out k.pub",
  ],
  [
    "openssl, P-256 in PKCS#8",
    "P-256",
    `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out k; ${pem}`,
  ],
  ["openssl, P-256 in SEC 1", "P-256", `openssl ecparam -name prime256v1 -genkey -noout -out k; ${pem}`],
  ["openssl, P-256 in SEC 1, with its parameters", "P-256", `openssl ecparam -name prime256v1 -genkey -out k; ${pem}`],
  ["openssl, Ed25519", "Ed25519", `openssl genpkey -algorithm ed25519 -out k; ${pem}`],
  ["ssh-keygen, RSA", "RSA", "ssh-keygen -q -t rsa -b 2048 -N '' -f k"],
  ["ssh-keygen, P-256", "P-256", "ssh-keygen -q -t ecdsa -b 256 -N '' -f k"],
  ["ssh-keygen, Ed25519", "Ed25519", "ssh-keygen -q -t ed25519 -N '' -f k"],
  ["ssh-keygen -m PEM, RSA", "RSA", "ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f k"],
  ["ssh-keygen -m PKCS8, P-256", "P-256", "ssh-keygen -q -t ecdsa -b 256 -m PKCS8 -N '' -f k"],
  [
    "ssh-keygen, converted as the program says",
    "RSA",
    "ssh-keygen -q -t rsa -b 2048 -N secret -f k; cp k k.pem; ssh-keygen -q -p -m PKCS8 -P secret -N '' -f k.pem; mv k.pem k",
  ],
];

describe("keys of other programs", { skip }, () => {
  for (const [what, type, line] of makers) {
    test(`key add and login --key take a key of ${what}`, async () => {
      using bob = desk(server.url);
      await make(bob, line);
      await bob.login();
      const added = await told(bob, "key", "add", "k.pub", "--name", what.slice(0, 40));
      assert.deepEqual([added.type, added.expires_at], [type, null]);
      const { access_token: token } = bob.tokens();
      const words = ["login", "--profile", "by-key", "--username", "bob", "--key", "k", "--provider", "local"];
      const { code, err } = await bob.run(words);
      assert.equal(code, 0, err);
      const file = bob.home.path(".config", "jeton", "auth-token.by-key.json");
      const { access_token: opened } = JSON.parse(readFileSync(file, "utf8")) as { access_token: string };
      assert.deepEqual(claimsOf(opened)["amr"], ["swk"]);
      await make(bob, "ssh-keygen -i -m PKCS8 -f k.pub >line 2>/dev/null || cp k.pub line");
      const { out } = await shell("ssh-keygen -l -f line", bob.surroundings());
      // The form of PKCS#1 and Ed25519 in PEM are none of ssh-keygen's.
      if (out !== "") assert.equal(out.split(" ")[1], added.fingerprint);
      // There is room for so many of one size.
      const url = `${server.url}/api/v1/auth-keys/${added.id}`;
      const headers = { authorization: `Bearer ${token}` };
      assert.equal((await fetch(url, { method: "DELETE", headers })).status, 204);
    });
  }

  test("key sign is what openssl and ssh-keygen verify", async () => {
    using bob = desk("http://127.0.0.1:9");
    await make(bob, `printf text >text; openssl genrsa -out k 2048; ${pem}`);
    const signed = await bob.run(["key", "sign", "text", "--key", "k", "--hex"]);
    assert.match(signed.out, /^[\da-f]{512}\n$/);
    writeFileSync(bob.home.path("sig"), Buffer.from(signed.out.trim(), "hex"));
    const { out } = await shell("openssl dgst -sha256 -verify k.pub -signature sig text", bob.surroundings());
    assert.equal(out, "Verified OK\n");
    const piped = await shell("jeton key sign --key k <text", bob.surroundings());
    assert.equal(Buffer.from(piped.out.trim(), "base64url").toString("hex"), signed.out.trim());
    assert.match(piped.out, /^[\w-]+\n$/);
  });

  test("a key that this program cannot read is added by a challenge that is signed elsewhere", async () => {
    using bob = desk(server.url);
    await bob.login();
    await make(bob, "ssh-keygen -q -t ed25519 -C 'in an agent' -N secret -f k");
    oneLine(await bob.run(["key", "add", "k.pub"]), 2, /k is encrypted in OpenSSH's own way.* Do: convert a copy/);
    const { out: challenge, code } = await bob.run(["key", "challenge", "k.pub"]);
    assert.equal(code, 0);
    assert.match(challenge, /^jeton-key-v1:\S+\n$/);
    writeFileSync(bob.home.path("challenge"), challenge.trimEnd());
    // As an agent would, in a file beside what it signs.
    await make(bob, "ssh-keygen -q -p -P secret -N '' -f k; ssh-keygen -q -Y sign -n jeton -f k challenge");
    const words = ["key", "add", "k.pub", "--challenge", challenge.trim(), "--signature"];
    const added = await told(bob, ...words, "challenge.sig");
    assert.deepEqual([added.name, added.type], ["in an agent", "Ed25519"]);
    oneLine(await bob.run([...words, "challenge.sig"]), 1, /this key is there already/);
    oneLine(await bob.run([...words.slice(0, -1)]), 2, /--challenge and --signature belong together/);
    oneLine(await bob.run([...words, "challenge.sig", "--key", "k"]), 2, /--key makes a signature/);
    // Raw, by this program on another machine.
    await make(bob, "openssl genpkey -algorithm ed25519 -out other; openssl pkey -in other -pubout -out other.pub");
    const line = 'C=$(jeton key challenge other.pub -q); printf %s "$C" | jeton key sign --key other |';
    const { code: ended, err } = await make(bob, `${line} jeton key add other.pub --challenge "$C" --signature -`);
    assert.equal(ended, 0, err);
  });

  test("a private key that is not the half of the public one proves nothing, and that is told", async () => {
    using bob = desk(server.url);
    await bob.login();
    await make(bob, "ssh-keygen -q -t ed25519 -N '' -f a; ssh-keygen -q -t ed25519 -N '' -f b");
    oneLine(
      await bob.run(["key", "add", "a.pub", "--key", "b"]),
      2,
      /^b is not the private half of a\.pub\. Why: the one is SHA256:\S+, the other SHA256:/,
    );
  });

  const privates: readonly (readonly [what: string, line: string, remedy: RegExp])[] = [
    ["PKCS#8", "openssl genrsa -out k 2048", /openssl pkey -in k -pubout -out k\.pub; jeton key add k\.pub/],
    ["PKCS#1", "openssl genrsa -traditional -out k 2048", /openssl pkey/],
    ["SEC 1", "openssl ecparam -name prime256v1 -genkey -noout -out k", /openssl pkey/],
    ["OpenSSH", "ssh-keygen -q -t ed25519 -N '' -f k", /ssh-keygen -y -f k >k\.pub; jeton key add k\.pub/],
    ["encrypted", "openssl genrsa -aes256 -passout pass:secret -out k 2048", /openssl pkey/],
    ["JWK", `echo '{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}' >k`, /jeton key add/],
  ];
  for (const [what, line, remedy] of privates) {
    test(`key add refuses a private key (${what}) before anything is sent, and says how to make the public half`, async () => {
      using bob = desk("http://127.0.0.1:9");
      await make(bob, line);
      for (const verb of ["add", "challenge"]) {
        const ended = await bob.run(["key", verb, "k"]);
        oneLine(ended, 2, /^k is a private key: it must not leave this machine, and nothing was sent\. Do: /);
        assert.match(ended.err, remedy);
      }
    });
  }

  const unusable: readonly (readonly [what: string, line: string, code: number, says: RegExp])[] = [
    ["that others can read", "openssl genrsa -out k 2048; chmod 644 k", 4, /k can be read by others\. Do: chmod 600 k/],
    ["that is a link", "openssl genrsa -out r 2048; ln -s r k", 4, /k is a symbolic link/],
    [
      "that is encrypted in OpenSSH's format",
      "ssh-keygen -q -t ed25519 -N secret -f k",
      2,
      /k is encrypted in OpenSSH's own way.* Do: convert a copy: cp k k\.pem; ssh-keygen -p -m PKCS8 -f k\.pem/,
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
    ["of Ed448", "openssl genpkey -algorithm ed448 -out k", 2, /k (?:is not an RSA, P-256|has no private key)/],
    ["of P-384", "ssh-keygen -q -t ecdsa -b 384 -N '' -f k", 2, /k is not an RSA, P-256 or Ed25519 key/],
    [
      "of P-384 in PEM",
      "openssl ecparam -name secp384r1 -genkey -noout -out k",
      2,
      /k is not an RSA, P-256 or Ed25519/,
    ],
    ["that is damaged", "openssl genrsa 2048 | sed 5d >k", 2, /k has no private key that can be read/],
    [
      "that is damaged, of OpenSSH's",
      "ssh-keygen -q -t ed25519 -N '' -f o; sed 3d o >k",
      2,
      /k has no private key that can be read/,
    ],
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

  test("ASVS 7.5.1: a sign-in by key is not enough to add or revoke one: the password is wanted, and taken once more", async () => {
    using bob = desk(server.url);
    await make(bob, "ssh-keygen -q -t ed25519 -C first -N '' -f k; ssh-keygen -q -t ed25519 -C second -N '' -f l");
    await bob.login();
    assert.equal((await bob.run(["key", "add", "k.pub"])).code, 0);
    assert.equal((await bob.run(["login", "--username", "bob", "--key", "k"])).code, 0);
    for (const words of [
      ["add", "l.pub"],
      ["challenge", "l.pub"],
      ["revoke", "first"],
      ["generate", "--out", "new.pem"],
    ]) {
      const refused = await bob.run(["key", ...words]);
      assert.equal(refused.code, 4);
      assert.match(complaint(refused.err), /your sign-in is not of a moment ago.* Do: jeton login/);
    }
    // No pair is left of what was not added.
    for (const file of ["new.pem", "new.pem.pub"]) assert.equal(existsSync(bob.home.path(file)), false);
    const revoked = await bob.run(["key", "revoke", "first", "--password-stdin"], { input });
    assert.equal(revoked.code, 0, revoked.err);
    // What was signed in again is kept, and the key is gone.
    assert.equal((await bob.run(["whoami"])).code, 0);
    oneLine(await bob.run(["login", "--username", "bob", "--key", "k"]), 4, /invalid_credentials/);
    oneLine(await bob.run(["key", "add", "k.pub"]), 1, /was in use before and has ended/);
  });

  test("C-04: a private key is in nothing that is written", async () => {
    using bob = desk(server.url);
    await bob.login();
    await make(bob, "openssl genrsa -out k 2048; ssh-keygen -q -t ed25519 -N '' -f o");
    chmodSync(bob.home.path("k"), 0o600);
    for (const [file, at] of [
      ["k", 3],
      ["o", 4],
    ] as const) {
      const text = readFileSync(bob.home.path(file), "utf8");
      const line = text.split("\n")[at]!;
      assert.ok(line.length > 40);
      writeFileSync(bob.home.path("bad"), text.replace("\n", "\n\n#"), { mode: 0o600 });
      for (const name of [file, "bad"]) {
        for (const words of [
          ["login", "--username", "bob", "--key", name],
          ["key", "add", "o.pub", "--key", name],
          ["key", "add", name],
          ["key", "sign", "o.pub", "--key", name],
        ]) {
          const { out, err } = await bob.run(["-vv", ...words]);
          assert.ok(!(out + err).includes(line), words.join(" "));
        }
      }
    }
  });
});

for (const [type, shown, header] of [
  ["ed25519", "Ed25519", /^ssh-ed25519 \S{68} my key\n$/],
  ["p256", "P-256", /^ecdsa-sha2-nistp256 \S+ my key\n$/],
  ["rsa", "RSA", /^ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ\S+ my key\n$/],
] as const) {
  test(`key generate --type ${type} makes a pair that signs in, in files of which nobody else reads the private one`, async () => {
    using bob = desk(server.url);
    await bob.login();
    const words = ["--type", type, "--out", "deep/k.pem", "--name", "my key", "--expires-in", "2h"];
    const made = await bob.run(["key", "generate", ...words, "--json"]);
    assert.equal(made.code, 0, made.err);
    const key = JSON.parse(made.out) as ToldKey & { readonly file: string };
    assert.deepEqual([key.name, key.type, key.file], ["my key", shown, "deep/k.pem"]);
    assert.ok(Math.abs(Date.parse(key.expires_at!) - Date.now() - 7_200_000) < 60_000);
    const file = bob.home.path("deep", "k.pem");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(readFileSync(file, "utf8"), /^-----BEGIN PRIVATE KEY-----\n/);
    assert.match(readFileSync(`${file}.pub`, "utf8"), header);
    assert.equal((await bob.run(["login", "--username", "bob", "--key", "deep/k.pem"])).code, 0);
    const before = readFileSync(file, "utf8");
    oneLine(await bob.run(["key", "generate", "--out", "deep/k.pem"]), 6, /is there already, and is not overwritten/);
    assert.equal(readFileSync(file, "utf8"), before);
  });
}

test("key generate overwrites no public half either, and leaves no private one without it", async () => {
  using bob = desk(server.url);
  await bob.login();
  writeFileSync(bob.home.path("k.pub"), "mine");
  oneLine(await bob.run(["key", "generate", "--out", "k"]), 6, /k\.pub is there already/);
  assert.equal(existsSync(bob.home.path("k")), false);
  assert.equal(readFileSync(bob.home.path("k.pub"), "utf8"), "mine");
});

test("key generate removes its files where the key is refused, and keeps them where the answer was lost", async () => {
  const challenge = { status: 200, body: { challenge: "jeton-key-v1:x", expires_in: 60, fingerprint: "SHA256:x" } };
  const refused = { status: 409, body: { code: "too_many", title: "There are enough" } };
  await using at = await wire({ status: 200, body: pair() }, refused, challenge, "lost");
  using bob = desk(at.url);
  await bob.login();
  oneLine(await bob.run(["key", "generate", "--out", "k"]), 6, /does not take the new key, and its files are removed/);
  // A server that speaks of another key than the one that it was sent is not signed for.
  oneLine(await bob.run(["key", "generate", "--out", "k"]), 2, /k is not the private half of k\.pub/);
  for (const file of ["k", "k.pub"]) assert.equal(existsSync(bob.home.path(file)), false);
  const lost = await bob.run(["key", "generate", "--out", "k"]);
  assert.equal(lost.code, 7, lost.err);
  assert.match(lost.err, /k and k\.pub stay\. Do: jeton key list, and jeton key add k\.pub if it is not there/);
  for (const file of ["k", "k.pub"]) assert.ok(existsSync(bob.home.path(file)));
});

test("R-04: what a server wants signed for a key, and is no challenge for a key, is not signed", async () => {
  const body = { challenge: "jeton-login-v1:x", expires_in: 60, fingerprint: "SHA256:x" };
  await using at = await wire({ status: 200, body: pair() }, { status: 200, body });
  using bob = desk(at.url);
  await bob.login();
  const { code, err } = await bob.run(["key", "generate", "--out", "k"]);
  assert.equal(code, 1);
  assert.match(err, /what it wants signed is no challenge for a key/);
  assert.equal(at.asked.length, 2);
});

test("keys are meant by id, by fingerprint, and by a name that only one has", async () => {
  using bob = desk(server.url);
  await bob.login();
  const made = async (file: string): Promise<ToldKey> => told(bob, "key", "generate", "--out", file, "--name", "twin");
  const [one, two] = [await made("one"), await made("two")];
  const { code, err } = await bob.run(["key", "revoke", "twin"]);
  assert.equal(code, 6);
  for (const { id } of [one, two]) assert.ok(err.includes(id));
  assert.equal((await told(bob, "key", "rename", one.fingerprint, "first")).id, one.id);
  assert.deepEqual(await told<object>(bob, "key", "revoke", "twin"), { auth_key_id: two.id, revoked: true });
  assert.equal((await bob.run(["key", "revoke", "first"])).code, 0);
  const nobody = "01920000-0000-7000-8000-000000000000";
  oneLine(await bob.run(["key", "revoke", nobody]), 5, /the key was not revoked.* not_found/);
  oneLine(await bob.run(["key", "rename", "none", "x"]), 5, /there is no key with this id or name/);
});

test("keys want a sign-in: exit code 4 without one, and WEKA's words have none for them", async () => {
  using bob = desk(server.url);
  for (const words of [["list"], ["generate"], ["rename", "x", "y"], ["revoke", "x"]])
    oneLine(await bob.run(["key", ...words]), 4, /you are not signed in at .* Do: jeton login/);
  using other = desk("http://127.0.0.1:9/api/v2");
  const environment = { JETON_TOKEN: "some" };
  oneLine(await other.run(["key", "list"], { environment }), 2, /speaks weka, which has no word for keys/);
  oneLine(await other.run(["app", "list"], { environment }), 2, /speaks weka, which has no word for applications/);
});
