/** WEKA's words: its file, its variables, its scripts; as `jeton user ...`, and as `weka` through a link. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf } from "../authority.ts";
import { call, oneLine, shell, type Ended } from "./program.ts";
import { demoServer, desk, type Desk } from "./signed-in.ts";

const launcher = resolve(import.meta.dirname, "../../bin/jeton");

const server = demoServer();

type Stored = Readonly<Record<"access_token" | "refresh_token" | "token_type", string>>;

const tokensIn = (file: string): Stored => JSON.parse(readFileSync(file, "utf8")) as Stored;
const fileOf = (of: Desk): string => of.home.path(".weka", "auth-token.json");
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const input = `${demoPassword}\n`;

const login = (of: Desk, name = "bob"): Promise<Ended> =>
  of.run(["user", "login", name, "--password-stdin"], { input });

async function signedIn(of: Desk, name = "bob"): Promise<void> {
  const { code, err } = await login(of, name);
  assert.equal(code, 0, err);
}

const isGood = async ({ access_token: token }: Stored): Promise<boolean> =>
  (await call(server.url, "/api/v1/me", undefined, token)).status === 200;

test("C-01: user login writes WEKA's three members to ~/.weka/auth-token.json, 0600 in 0700, under umask 000 too", async () => {
  using bob = desk(server.url);
  const line = "umask 000; exec jeton user login bob --password-stdin";
  const { code, out, err } = await shell(line, bob.surroundings({ input }));
  assert.deepEqual([code, out], [0, ""], err);
  assert.match(err, /Signed in to \S+\/weka\/api\/v2 as bob/);
  const stored = tokensIn(fileOf(bob));
  assert.deepEqual(Object.keys(stored), ["access_token", "refresh_token", "token_type"]);
  assert.equal(stored.token_type, "Bearer");
  assert.equal(claimsOf(stored.access_token)["client_id"], "weka");
  assert.deepEqual([modeOf(bob.home.path(".weka")), modeOf(fileOf(bob))], ["700", "600"]);
});

test("user login takes WEKA_USERNAME and WEKA_PASSWORD, and no password from the command line (CWE-214)", async () => {
  using bob = desk(server.url);
  const refused = await bob.run(["user", "login", "bob", demoPassword]);
  oneLine(refused, 2, /^a password is not taken from the command line: it ends up in shell history and in ps/);
  assert.ok(!refused.err.includes(demoPassword));
  assert.equal(existsSync(fileOf(bob)), false);
  const environment = { WEKA_USERNAME: "bob", WEKA_PASSWORD: demoPassword };
  const { code, err } = await bob.run(["user", "login"], { environment });
  assert.equal(code, 0, err);
  // What is written wins over what is set.
  const wrong = await bob.run(["user", "login", "--password-stdin"], { environment, input: "wrong\n" });
  oneLine(wrong, 4, /invalid_credentials/);
});

test("user login -g names the organisation, and --tenant and --org are the same flag", async () => {
  using bob = desk(server.url);
  for (const flag of ["-g", "--tenant", "--org"]) {
    const words = ["user", "login", "bob", flag, "root", "--password-stdin"];
    assert.equal((await bob.run(words, { input })).code, 0, flag);
    oneLine(await bob.run(words.with(4, "nobody"), { input }), 4, /invalid_credentials/);
  }
});

test("WEKA_TOKEN is the path of the file, not a token; -p wins over it", async () => {
  using bob = desk(server.url);
  const environment = { WEKA_TOKEN: bob.home.path("elsewhere", "token.json") };
  const words = ["user", "login", "bob", "--password-stdin"];
  assert.equal((await bob.run(words, { environment, input })).code, 0);
  assert.equal((await bob.run([...words, "-p", bob.home.path("third.json")], { environment, input })).code, 0);
  assert.equal(existsSync(fileOf(bob)), false);
  assert.ok(await isGood(tokensIn(environment.WEKA_TOKEN)));
  assert.ok(await isGood(tokensIn(bob.home.path("third.json"))));
  const { out } = await bob.run(["user", "whoami", "--json"], { environment });
  assert.equal((JSON.parse(out) as { username: string }).username, "bob");
  oneLine(await bob.run(["user", "whoami"]), 4, /you are not signed in .* Do: jeton user login$/);
});

test("the file's server is remembered: its tokens go nowhere else, whatever a later command or its claims name", async () => {
  using bob = desk(server.url);
  await signedIn(bob);
  const elsewhere = await bob.run(["user", "whoami", "--server", "http://127.0.0.1:9"]);
  oneLine(elsewhere, 2, /are for \S+\/weka\/api\/v2/);
  const known = await bob.run(["user", "whoami"], { environment: { JETON_SERVER: "" } });
  assert.equal(known.code, 0, known.err);
});

test("an expired access token in the file is renewed at WEKA's door, once, and both are stored", async () => {
  using bob = desk(server.url);
  await signedIn(bob);
  const first = tokensIn(fileOf(bob));
  const [head, , signature] = first.access_token.split(".");
  const old = Buffer.from(JSON.stringify({ ...claimsOf(first.access_token), exp: 1 })).toString("base64url");
  const stale = { ...first, access_token: `${head}.${old}.${signature}`, extra: "kept" };
  writeFileSync(fileOf(bob), JSON.stringify(stale), { mode: 0o600 });
  assert.equal((await bob.run(["user", "whoami"])).code, 0);
  const next = tokensIn(fileOf(bob));
  assert.equal(claimsOf(next.refresh_token)["seq"], Number(claimsOf(first.refresh_token)["seq"]) + 1);
  assert.equal((next as Stored & { extra?: string }).extra, "kept");
  assert.ok(await isGood(next));
});

test("revoke-tokens acts at once where nobody can be asked: WEKA's scripts expect no question", async () => {
  using bob = desk(server.url);
  await signedIn(bob);
  const first = tokensIn(fileOf(bob));
  const { code, err } = await bob.run(["user", "revoke-tokens"]);
  assert.equal(code, 0, err);
  assert.match(err, /All sessions ended\n.* Do: jeton user login\n$/);
  assert.equal(existsSync(fileOf(bob)), false);
  assert.equal(await isGood(first), false);
});

test("revoke-tokens of somebody else wants --confirm with the name, and the right to do it", async () => {
  using ada = desk(server.url);
  using bob = desk(server.url);
  await signedIn(ada, "ada");
  await signedIn(bob);
  const words = ["user", "revoke-tokens", "bob"];
  oneLine(await ada.run(words), 2, /nobody can be asked here\. Do: jeton user revoke-tokens bob --confirm bob$/);
  oneLine(await ada.run([...words, "--confirm", "ada"]), 2, /another name was typed, so nothing was revoked/);
  assert.ok(await isGood(tokensIn(fileOf(bob))));
  oneLine(await bob.run(["user", "revoke-tokens", "ada", "--confirm", "ada"]), 3, /cannot end the sessions of ada/);
  assert.equal((await ada.run([...words, "--confirm", "bob"])).code, 0);
  assert.equal(await isGood(tokensIn(fileOf(bob))), false);
  assert.ok(await isGood(tokensIn(fileOf(ada))));
});

test("user logout deletes the file and ends the session at Jeton's own address; a second time is no error", async () => {
  using bob = desk(server.url);
  await signedIn(bob);
  const first = tokensIn(fileOf(bob));
  assert.equal((await bob.run(["user", "logout"])).code, 0);
  assert.equal(existsSync(fileOf(bob)), false);
  assert.equal(await isGood(first), false);
  assert.equal((await bob.run(["user", "logout"])).code, 0);
});

test("a native sign-in after WEKA's is the one that other commands use, and each keeps its file", async () => {
  using bob = desk(server.url);
  await signedIn(bob);
  await bob.login();
  assert.equal(claimsOf(bob.tokens().access_token)["client_id"], "native");
  const { out } = await bob.run(["profiles", "--no-header"]);
  assert.match(out, /^weka\t.*\tno\tstored$/m);
  assert.match(out, /^default\t.*\tyes\tstored$/m);
});

test("called as weka it has WEKA's words only, and WEKA's own address when none is named", async () => {
  using bob = desk(server.url);
  mkdirSync(bob.home.path("bin"));
  symlinkSync(launcher, bob.home.path("bin", "weka"));
  const weka = (line: string, more: object = {}): Promise<Ended> =>
    shell(`./bin/weka ${line}`, bob.surroundings({ input, ...more }));
  oneLine(await weka("user whoami"), 4, /not signed in at http:\/\/127\.0\.0\.1:14000\/api\/v2\. Do: weka user login$/);
  oneLine(await weka("serve"), 2, /^unknown command serve\. Do: weka --help$/);
  oneLine(await weka("user passwd"), 2, /^unknown command passwd\. Do: weka user login \|/);
  const named = await weka(`user login bob --password-stdin --host ${server.url}/weka`);
  assert.equal(named.code, 0, named.err);
  assert.match((await weka("user whoami")).out, /^bob, organisation Root, roles Regular$/m);
  // Who calls cannot choose by the launcher's own variable.
  const { err } = await bob.run(["serve", "--demo", "--nonsense"], { environment: { JETON_CALLED_AS: "weka" } });
  assert.match(err, /Unknown option '--nonsense'/);
});
