/** `jeton app` and its secrets, and `--app` at keys and tokens: what the script in applications.txt does not tell. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf } from "../authority.ts";
import { pair, wire } from "../client/wire.ts";
import { oneLine } from "./program.ts";
import { demoServer, desk, type Desk } from "./signed-in.ts";

const server = demoServer();

const input = `${demoPassword}\n`;

interface Told {
  readonly id: string;
  readonly name: string;
  readonly display_name: string;
  readonly owner_id: string | null;
  readonly roles: readonly string[];
  readonly status: string;
}

interface ToldSecret {
  readonly id: string;
  readonly client_id: string;
  readonly client_secret: string;
}

async function told<T = Told>(of: Desk, ...words: readonly string[]): Promise<T> {
  const { code, out, err } = await of.run([...words, "--json"]);
  assert.equal(code, 0, err);
  assert.equal(err, "");
  return JSON.parse(out) as T;
}

const namesOf = async (of: Desk, ...words: readonly string[]): Promise<readonly string[]> =>
  (await told<{ applications: readonly Told[] }>(of, "app", "list", ...words)).applications.map(({ name }) => name);

async function signedIn(username = "bob"): Promise<Desk> {
  const person = desk(server.url);
  const ended = await person.run(["login", "--username", username, "--password-stdin"], { input });
  assert.equal(ended.code, 0, ended.err);
  return person;
}

const nobody = "01920000-0000-7000-8000-000000000000";

test("an application is meant by its name, in any case, or by its id; somebody else's does not exist", async () => {
  using bob = await signedIn();
  using ada = await signedIn("ada");
  const made = await told(bob, "app", "create", "Meant");
  assert.deepEqual([made.display_name, made.roles, made.status], ["Meant", ["member"], "active"]);
  for (const meant of ["Meant", "meant", made.id]) assert.deepEqual(await told(bob, "app", "show", meant), made);
  const hers = await told(ada, "app", "create", "hers");
  for (const meant of ["hers", hers.id, nobody, "jcs_secret"]) {
    const ended = await bob.run(["app", "show", meant]);
    oneLine(ended, 5, /there is no application/);
    assert.ok(!ended.err.includes("jcs_secret"));
  }
});

test("an organisation's applications are made and listed by its administrators, and found by their name", async () => {
  using ada = await signedIn("ada");
  using bob = await signedIn();
  const made = await told(ada, "app", "create", "common", "--organisation", "--roles", "member");
  assert.equal(made.owner_id, null);
  assert.ok((await namesOf(ada, "--organisation")).includes("common"));
  assert.ok(!(await namesOf(ada)).includes("common"));
  assert.equal((await told(ada, "app", "show", "common")).id, made.id);
  oneLine(await bob.run(["app", "list", "--organisation"]), 3, /cannot list the applications.* forbidden/);
  oneLine(await bob.run(["app", "show", "common"]), 5, /there is no application that you look after/);
  oneLine(await bob.run(["app", "create", "x", "--organisation"]), 3, /makes no such application.* forbidden/);
  assert.match((await ada.run(["app", "show", "common"])).out, /\n {2}Owner {9}the organisation\n/);
});

test("app set changes roles and the name that is shown, and never beyond one's own", async () => {
  using bob = await signedIn();
  await told(bob, "app", "create", "setting", "--roles", "member");
  assert.equal((await told(bob, "app", "set", "setting", "--display-name", "Set now")).display_name, "Set now");
  oneLine(
    await bob.run(["app", "set", "setting", "--roles", "admin"]),
    3,
    /the application was not changed.* forbidden/,
  );
  oneLine(await bob.run(["app", "set", "setting", "--roles", "king"]), 1, /the application was not changed/);
  oneLine(await bob.run(["app", "set", "setting", "--roles", " "]), 2, /--roles has nothing in it/);
  oneLine(await bob.run(["app", "set", "setting"]), 2, /there is nothing to set/);
  oneLine(await bob.run(["app", "create", "high", "--roles", "admin"]), 3, /makes no such application.* forbidden/);
});

test("a client secret signs its application in from a file, from a command and by a pipe, and counts as no password", async () => {
  using bob = await signedIn();
  await told(bob, "app", "create", "signing");
  const made = await told<ToldSecret>(bob, "app", "secret", "create", "signing", "--expires-in", "1h");
  const { client_id: id, client_secret: secret } = made;
  assert.match(secret, /^jcs_[0-9A-Za-z]{71}$/);
  using machine = desk(server.url);
  writeFileSync(machine.home.path("secret"), `${secret}\n`, { mode: 0o600 });
  for (const [words, typed] of [
    [["--client-secret-file", "secret"], ""],
    [["--client-secret-command", "cat secret"], ""],
    [["--client-secret-stdin"], `${secret}\n`],
  ] as const) {
    const { code, out, err } = await machine.run(["login", "-vv", "--client-id", id, ...words, "--json"], {
      input: typed,
    });
    assert.equal(code, 0, err);
    const { method, username } = JSON.parse(out) as { readonly method: string; readonly username: string };
    assert.deepEqual([method, username], ["client-secret", id]);
    assert.ok(!(out + err).includes(secret));
  }
  assert.equal(claimsOf(machine.tokens().access_token)["sub"], id);
  oneLine(await machine.run(["key", "generate", "--out", "k"]), 4, /your sign-in is not of a moment ago/);
  oneLine(await machine.run(["app", "create", "child"]), 4, /your sign-in is not of a moment ago/);
  // What the secret opened ends with it.
  assert.deepEqual(await told<object>(bob, "app", "secret", "revoke", "signing", made.id), {
    client_secret_id: made.id,
    revoked: true,
  });
  assert.equal((await machine.run(["whoami"])).code, 4);
  const again = ["login", "--client-id", id, "--client-secret-file", "secret"];
  oneLine(await machine.run(again), 4, /cannot sign in to .* invalid_credentials/);
  oneLine(await bob.run(["app", "secret", "revoke", "signing", made.id]), 5, /the client secret was not revoked/);
});

test("client secrets are meant by id, and by a name that only one has", async () => {
  using bob = await signedIn();
  await told(bob, "app", "create", "twice");
  const [one, two] = [
    await told<ToldSecret>(bob, "app", "secret", "create", "twice"),
    await told<ToldSecret>(bob, "app", "secret", "create", "twice"),
  ];
  const { code, err } = await bob.run(["app", "secret", "revoke", "twice", "secret"]);
  assert.equal(code, 6);
  for (const { id } of [one, two]) assert.ok(err.includes(id));
  const { client_secrets: listed } = await told<{ client_secrets: readonly ToldSecret[] }>(
    bob,
    ...["app", "secret", "list", "twice"],
  );
  assert.deepEqual(
    listed.map(({ id }) => id),
    [two.id, one.id],
  );
  assert.ok(!JSON.stringify(listed).includes("jcs_"));
  assert.equal((await bob.run(["app", "secret", "revoke", "twice", two.id])).code, 0);
  assert.equal((await bob.run(["app", "secret", "revoke", "twice", "secret"])).code, 0);
  const pasted = await bob.run(["app", "secret", "revoke", "twice", one.client_secret]);
  oneLine(pasted, 5, /there is no client secret of the application's with this id or name/);
  assert.ok(!pasted.err.includes(one.client_secret));
});

test("--app is about an application's keys and tokens, and one's own stay out of it", async () => {
  using bob = await signedIn();
  const { id } = await told(bob, "app", "create", "holder");
  const token = await told<{ id: string; token: string }>(bob, "token", "create", "t", "--app", "holder");
  assert.equal(claimsOf(token.token)["sub"], id);
  const listed = async (...words: readonly string[]): Promise<string> =>
    (await bob.run([...words, "list", "--no-header"])).out;
  assert.match((await bob.run(["token", "list", "--app", id])).out, new RegExp(`\nt\t${token.id}\t`));
  assert.ok(!(await listed("token")).includes(token.id));
  assert.equal((await told(bob, "token", "rename", "t", "u", "--app", "holder")).id, token.id);
  assert.equal((await told(bob, "token", "show", "u", "--app", "holder")).id, token.id);
  oneLine(await bob.run(["token", "revoke", "u"]), 5, /there is no API token of yours/);
  oneLine(await bob.run(["token", "revoke", "x", "--app", "holder"]), 5, /there is no API token of the application's/);
  const key = await told(bob, "key", "generate", "--out", "k", "--name", "k", "--app", "holder");
  assert.ok(!(await listed("key")).includes(key.id));
  assert.equal((await told(bob, "key", "rename", "k", "l", "--app", "holder")).id, key.id);
  oneLine(await bob.run(["key", "revoke", "l"]), 5, /there is no key/);
  assert.equal((await bob.run(["key", "revoke", "l", "--app", "holder"])).code, 0);
  oneLine(await bob.run(["token", "list", "--app", "none"]), 5, /there is no application that you look after/);
});

test("ASVS 7.5.3: where the sign-in is not of a moment ago the password is wanted once more for a secret, and taken", async () => {
  const refused = { status: 401, body: { code: "reauthentication_needed", title: "No" } };
  const secret = { id: "i", name: "n", created_at: "2026-01-01T00:00:00Z", client_id: nobody, client_secret: "jcs_x" };
  const later = { status: 200, body: pair({ sid: "two" }) };
  await using at = await wire(
    { status: 200, body: pair() },
    refused,
    refused,
    later,
    { status: 204 },
    {
      status: 201,
      body: secret,
    },
  );
  using bob = desk(at.url);
  await bob.login();
  const words = ["app", "secret", "create", nobody, "--name", "n"];
  oneLine(await bob.run(words), 4, /your sign-in is not of a moment ago.* Do: jeton login/);
  const { code, out, err } = await bob.run([...words, "--password-stdin"], { input });
  assert.deepEqual([code, out], [0, "jcs_x\n"], err);
  assert.match(err, /Until {6}it is revoked\n/);
  assert.equal(at.asked.at(-1)!.line, `POST /api/v1/applications/${nobody}/secrets`);
  assert.deepEqual(JSON.parse(at.asked.at(-1)!.body), { name: "n" });
});

test("applications want a sign-in, and words that are missing are asked for: exit codes 4 and 2", async () => {
  using bob = desk(server.url);
  for (const words of [
    ["list"],
    ["create", "x"],
    ["show", "x"],
    ["set", "x", "--roles", "member"],
    ["disable", "x"],
    ["enable", "x"],
    ["delete", "x", "--confirm", "x"],
    ["secret", "create", "x"],
    ["secret", "list", "x"],
    ["secret", "revoke", "x", "y"],
  ]) {
    oneLine(await bob.run(["app", ...words]), 4, /you are not signed in at .* Do: jeton login/);
    if (words[0] === "list") continue;
    const verb = words.slice(0, words[0] === "secret" ? 2 : 1);
    oneLine(await bob.run(["app", ...verb]), 2, /needs a name|needs an application/);
  }
  oneLine(await bob.run(["app", "delete", "x", "--confirm", "y"]), 4, /you are not signed in/);
});

const wrong: readonly (readonly [words: readonly string[], says: RegExp])[] = [
  [["--client-id", "x"], /a client secret is needed, and nobody can be asked here/],
  [["--client-id", "x", "--username", "bob"], /--client-id says who signs in/],
  [["--client-id", "x", "--organisation", "Root"], /--client-id says who signs in/],
  [["--client-id", "x", "--key", "k"], /a key and a client secret are two ways to sign in/],
  [["--client-id", "x", "--password-stdin"], /a password and a client secret are two ways to sign in/],
  [["--client-secret-stdin"], /a client secret needs the application's id/],
  [["--client-id", "x", "--client-secret-stdin", "--client-secret-file", "f"], /are two ways for one client secret/],
  [["--client-id", "x", "--client-secret-file", "f"], /the client secret file f cannot be read/],
  [["--client-id", "x", "--client-secret-command", "exit 3"], /the client secret command ended with 3/],
  [["--client-id", "x", "--client-secret-stdin"], /the client secret is empty/],
  [["--client-id", "x", "--client-secret-stdin", "--door", "weka"], /--client-id signs in to the native API alone/],
  [["--client-id", "x", "--client-secret=jcs_mine"], /unknown flag --client-secret\b/],
];
for (const [words, says] of wrong) {
  test(`jeton login ${words.join(" ")} is refused before anything is sent`, async () => {
    using bob = desk("http://127.0.0.1:9");
    const ended = await bob.run(["login", ...words]);
    oneLine(ended, 2, says);
    assert.ok(!ended.err.includes("jcs_mine"));
  });
}
