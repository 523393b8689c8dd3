/** FeatureBase's and Sensu's words, and the links through which they are taken. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import { claimsOf } from "../authority.ts";
import { put } from "../tls/certificates.ts";
import { secured } from "../tls/secured.ts";
import { call, oneLine, shell, type Ended } from "./program.ts";
import { demoServer, desk, type Desk } from "./signed-in.ts";

const launcher = resolve(import.meta.dirname, "../../bin/jeton");

const server = demoServer();

const input = `${demoPassword}\n`;
const through = (of: Desk, line: string, more: object = {}): Promise<Ended> =>
  shell(`PATH="$PWD/bin:$PATH"; ${line}`, of.surroundings(more));

async function withShims(of: Desk): Promise<void> {
  const { code, err } = await of.run(["setup", "shims", "bin"]);
  assert.equal(code, 0, err);
}

const isGood = async (token: string): Promise<boolean> =>
  (await call(server.url, "/api/v1/me", undefined, token)).status === 200;

test("setup shims makes absolute links to the launcher, does nothing the second time, and overwrites nothing", async () => {
  using bob = desk(server.url);
  await withShims(bob);
  const names = ["weka", "featurebase", "sensuctl"];
  for (const name of names) assert.equal(readlinkSync(bob.home.path("bin", name)), launcher);
  const again = await bob.run(["setup", "shims", "bin", "--json"]);
  assert.deepEqual(JSON.parse(again.out), { launcher, made: [], kept: 3 });

  using ada = desk(server.url);
  writeFileSync(ada.home.path("weka"), "theirs");
  symlinkSync("/nonexistent", ada.home.path("sensuctl"));
  oneLine(
    await ada.run(["setup", "shims", "."]),
    6,
    /\/weka and \S+\/sensuctl would be overwritten, so no link was made/,
  );
  assert.equal(readFileSync(ada.home.path("weka"), "utf8"), "theirs");
  assert.equal(existsSync(ada.home.path("featurebase")), false);
});

test("auth-token prints both tokens as FeatureBase does, byte for byte, and stores nothing", async () => {
  using bob = desk(server.url);
  const { code, out, err } = await bob.run(["auth-token", "--username", "bob", "--password-stdin"], { input });
  assert.equal(code, 0, err);
  const [, access = "", refresh = ""] =
    /^\nauth-token: ([\w.-]+)\n\nrefresh-token: ([\w.-]+)\n$/.exec(out) ?? assert.fail(out);
  assert.equal(claimsOf(access)["client_id"], "featurebase");
  assert.ok(await isGood(access));
  assert.equal(typeof claimsOf(refresh)["seq"], "number");
  assert.equal(err, "Treat these like passwords: whoever has them is you.\n");
  assert.equal(existsSync(bob.home.path(".config", "jeton")), false);

  const json = await bob.run(["auth-token", "--username", "bob", "--password-stdin", "--json"], { input });
  assert.deepEqual(Object.keys(JSON.parse(json.out) as object), ["auth-token", "refresh-token"]);
  const wrong = await bob.run(["auth-token", "--username", "bob", "--password-stdin"], { input: "wrong\n" });
  oneLine(wrong, 4, /cannot sign in to \S+\/featurebase.* invalid_credentials/);
});

for (const flag of ["-h", "--h", "--help"]) {
  test(`featurebase auth-token ${flag} prints its help on standard output`, async () => {
    using bob = desk(server.url);
    await withShims(bob);
    const { code, out, err } = await through(bob, `featurebase auth-token ${flag}`);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^Usage: featurebase auth-token /);
  });
}

test("featurebase auth-token over TLS: a certificate of nobody's is refused, --tls.ca-certificate trusts it, --tls.skip-verify warns", async () => {
  using bob = desk(server.url);
  await withShims(bob);
  await using secure = await secured();
  put(bob.home.path("ca.pem"), secure.authority.certificate);
  const { host } = new URL(secure.url);
  const line = `featurebase auth-token --host ${host}/featurebase --username bob --password-stdin`;
  oneLine(await through(bob, line, { input }), 7, /cannot trust the certificate .* Do: --tls\.ca-certificate FILE/);
  const trusted = await through(bob, `${line} --tls.ca-certificate ca.pem --tls.enable-client-verification`, { input });
  assert.equal(trusted.code, 0, trusted.err);
  assert.doesNotMatch(trusted.err, /warning/);
  const skipped = await through(bob, `${line} --tls.skip-verify`, { input });
  assert.equal(skipped.code, 0, skipped.err);
  assert.match(skipped.err, /^warning: Whoever answers is believed to be https:/);
});

interface Cluster {
  readonly access_token: string;
  readonly expires_at: number;
  readonly refresh_token: string;
}

const clusterOf = (of: Desk): string => of.home.path(".config", "sensu", "sensuctl", "cluster");
const read = (of: Desk): Cluster => JSON.parse(readFileSync(clusterOf(of), "utf8")) as Cluster;
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

async function configured(of: Desk): Promise<void> {
  await withShims(of);
  const line = `umask 000; sensuctl configure -n --url ${server.url}/sensu --username bob --password-stdin`;
  const { code, err } = await through(of, line, { input });
  assert.equal(code, 0, err);
}

test("C-01: sensuctl configure writes sensuctl's files, as Sensu does but for its owner alone", async () => {
  using bob = desk(server.url);
  await configured(bob);
  const { access_token: access, expires_at: end, refresh_token: refresh } = read(bob);
  const expected = `{
  "api-url": "${server.url}/sensu",
  "trusted-ca-file": "",
  "insecure-skip-tls-verify": false,
  "access_token": "${access}",
  "expires_at": ${end},
  "refresh_token": "${refresh}",
  "APIKey": "",
  "timeout": 15000000000
}`;
  assert.equal(readFileSync(clusterOf(bob), "utf8"), expected);
  assert.equal(claimsOf(access)["exp"], end);
  const profile = bob.home.path(".config", "sensu", "sensuctl", "profile");
  assert.equal(readFileSync(profile, "utf8"), '{\n  "format": "tabular",\n  "namespace": "default"\n}');
  const modes = [bob.home.path(".config", "sensu", "sensuctl"), clusterOf(bob), profile].map(modeOf);
  assert.deepEqual(modes, ["700", "600", "600"]);
  const { out } = await through(bob, "sensuctl config view");
  assert.match(
    out,
    /^=== Active Configuration\nAPI URL: +\S+\/sensu\nNamespace: +default\nFormat: +tabular\nUsername: +bob\n/,
  );
});

test("sensuctl configure takes the product's --password and says who sees it; a failed one changes no file", async () => {
  using bob = desk(server.url);
  await configured(bob);
  const first = readFileSync(clusterOf(bob), "utf8");
  const away = `sensuctl configure -n --url ${server.url.replace("127.0.0.1", "0.0.0.0")}/sensu --username bob`;
  oneLine(await through(bob, `${away} --password-stdin`, { input }), 2, /is not encrypted/);
  const line = `sensuctl configure -n --url ${server.url}/sensu --username bob --password`;
  const failed = await through(bob, `${line} wrong`);
  assert.equal(failed.code, 4);
  assert.match(failed.err, /^warning: A password on the command line shows in ps/);
  assert.equal(readFileSync(clusterOf(bob), "utf8"), first);
  assert.equal((await through(bob, `${line} '${demoPassword}'`)).code, 0);
  // Nobody will use the session of first.
  assert.equal(await isGood((JSON.parse(first) as Cluster).access_token), false);
  assert.ok(await isGood(read(bob).access_token));
});

test("sensuctl user test-creds prints nothing where the password is right, exits 1 where it is not, and opens no session", async () => {
  using bob = desk(server.url);
  await withShims(bob);
  const line = "sensuctl user test-creds bob --password-stdin";
  oneLine(await through(bob, line, { input }), 4, /sensuctl is not configured\. Do: sensuctl configure$/);
  await configured(bob);
  assert.deepEqual(await through(bob, line, { input }), { code: 0, signal: null, out: "", err: "" });
  oneLine(await through(bob, line, { input: "wrong\n" }), 1, /the credentials of bob are not right/);
});

test("sensuctl logout renews by expires_at at the configured address alone, ends the session, and empties the file", async () => {
  using bob = desk(server.url);
  await configured(bob);
  const first = read(bob);
  const stale = { ...first, "api-url": `${server.url}/sensu`, expires_at: 1 };
  writeFileSync(clusterOf(bob), JSON.stringify(stale), { mode: 0o600 });
  const { code, err } = await through(bob, "sensuctl logout -v");
  assert.equal(code, 0, err);
  assert.match(err, /POST \S+\/sensu\/auth\/token: 200.*\nPOST \S+\/sensu\/auth\/logout: 200/);
  assert.match(err, /You have been logged out\n$/);
  const { access_token: access, expires_at: end, refresh_token: refresh } = read(bob);
  assert.deepEqual([access, end, refresh], ["", 0, ""]);
  assert.equal(await isGood(first.access_token), false);
});

test("C-01: a cluster file that others can read is not used, and configure mends it", async () => {
  using bob = desk(server.url);
  await configured(bob);
  writeFileSync(bob.home.path("copy"), readFileSync(clusterOf(bob)));
  const { code } = await shell(`chmod 644 ${clusterOf(bob)}`, bob.surroundings());
  assert.equal(code, 0);
  oneLine(await through(bob, "sensuctl config view"), 4, /can be read by others\. Do: chmod 600 \S+cluster$/);
  await configured(bob);
  assert.equal(modeOf(clusterOf(bob)), "600");
});

test("sensuctl has these words only, and names them for others", async () => {
  using bob = desk(server.url);
  await withShims(bob);
  oneLine(await through(bob, "sensuctl event list"), 2, /^unknown command event\. Do: sensuctl --help$/);
  oneLine(await through(bob, "sensuctl user"), 2, /a second word is needed after user\. Do: sensuctl user test-creds$/);
  assert.match(
    (await through(bob, "sensuctl --help")).out,
    /configure .*\n {2}config view .*\n {2}user test-creds .*\n {2}logout /,
  );
});
