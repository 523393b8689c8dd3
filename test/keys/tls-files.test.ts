/** The files of TLS, looked at before anybody speaks with them: `now` is given, so that days need not pass. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync } from "node:fs";
import { test } from "node:test";

import { seconds, type Seconds } from "../../src/core/units.ts";
import { readTls, stampOf, TlsUnusable, type TlsFiles } from "../../src/keys/tls-files.ts";
import { scratch, type Scratch } from "../cli/program.ts";
import { put, testAuthority, type Pair } from "../tls/certificates.ts";

const today = seconds(Math.floor(Date.now() / 1000));
const day = 86_400;
const house = await testAuthority();
const good = await house.certify();

function files(folder: Scratch, { certificate, key }: Pair, authority?: string): TlsFiles {
  const paths = { certificate: folder.path("server.pem"), key: folder.path("server.key") };
  put(paths.certificate, certificate);
  put(paths.key, key);
  if (authority !== undefined) put(folder.path("ca.pem"), authority);
  return { ...paths, clientAuthority: authority === undefined ? null : folder.path("ca.pem") };
}

function refused(of: TlsFiles, reason: RegExp, now: Seconds = today): void {
  assert.throws(
    () => readTls(of, now),
    (fault: unknown) => {
      assert.ok(fault instanceof TlsUnusable, String(fault));
      assert.match(fault.message, reason);
      assert.match(fault.message, /^[^\n]+\. Do: [^\n]+$/);
      assert.doesNotMatch(fault.message, /BEGIN .*PRIVATE KEY-/);
      return true;
    },
  );
}

test("FL-24: a pair that fits is taken as it is, with the day on which it expires", () => {
  using folder = scratch();
  const { material, expiresAt } = readTls(files(folder, good, house.certificate), today);
  assert.deepEqual(
    [material.certificate, material.key.reveal(), material.clientAuthority],
    [good.certificate, good.key, house.certificate],
  );
  assert.ok(Math.abs(expiresAt - today - 10 * day) < 60, String(expiresAt - today));
});

test("FL-24: a certificate is good from its first second to the one before its last", () => {
  using folder = scratch();
  const of = files(folder, good);
  const { expiresAt } = readTls(of, today);
  assert.equal(readTls(of, seconds(expiresAt - 1)).expiresAt, expiresAt);
  refused(of, /has expired: /, expiresAt);
  refused(of, /is not valid before .*Do: look at the machine's clock/, seconds(today - 2 * day));
});

test("FL-24: of a chain, every certificate has to be valid, and the first to expire counts", async () => {
  using folder = scratch();
  const short = await testAuthority({ to: 3 });
  const own = await short.certify();
  const chain = files(folder, { ...own, certificate: `${own.certificate}${short.certificate}` });
  assert.ok(readTls(chain, today).expiresAt < today + 4 * day);
  refused(chain, /has expired/, seconds(today + 4 * day));
  refused(files(folder, { ...own, certificate: `${short.certificate}${own.certificate}` }), /does not fit/);
});

test("FL-23: a key that anybody else may read is refused, by its group too", () => {
  using folder = scratch();
  const of = files(folder, good);
  for (const mode of [0o640, 0o604, 0o660, 0o620]) {
    chmodSync(of.key, mode);
    refused(of, /can be read by others\. Do: chmod 600 /);
  }
  chmodSync(of.key, 0o400);
  readTls(of, today);
});

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const locked = rsa.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" });

test("FL-24: what is no key, no certificate, or of another pair is refused", async () => {
  using folder = scratch();
  const other = await house.certify();
  refused(files(folder, { ...good, key: other.key }), /does not fit/);
  refused(files(folder, { ...good, key: rsa.export({ type: "pkcs8", format: "pem" }) }), /does not fit/);
  for (const key of ["", "nothing", good.certificate, locked, good.key.slice(0, 80)])
    refused(files(folder, { ...good, key }), /is no private key in PEM without a passphrase/);
  for (const certificate of ["", good.key, good.certificate.slice(0, 300)])
    refused(files(folder, { ...good, certificate }), /has no certificate in PEM/);
  const broken = good.certificate.replace(/\n[\w+/]{8}/, "\nAAAAAAAA");
  refused(files(folder, { ...good, certificate: broken }), /cannot be read/);
  refused(files(folder, await house.certify({ rsa: 1024 })), /has 1024 bits, and at least 2048/);
  readTls(files(folder, await house.certify({ rsa: 2048 })), today);
});

test("FL-24: an authority of the clients that is missing, empty or past is refused; one that is good is enough", async () => {
  using folder = scratch();
  const past = await testAuthority({ from: -9, to: -1 });
  refused({ ...files(folder, good), clientAuthority: folder.path("none.pem") }, /authority \S+ cannot be read/);
  refused(files(folder, good, ""), /has no certificate in PEM/);
  refused(files(folder, good, past.certificate), /authority \S+ of the clients' certificates has expired/);
  readTls(files(folder, good, `${past.certificate}${house.certificate}`), today);
});

test("FL-24: each change of a file shows, and that a file has gone", async () => {
  using folder = scratch();
  const of = files(folder, good, house.certificate);
  const stamps = [stampOf(of)];
  assert.equal(stampOf(of), stamps[0]);
  put(of.certificate, good.certificate);
  stamps.push(stampOf(of));
  put(of.key, (await house.certify()).key);
  stamps.push(stampOf(of));
  put(of.clientAuthority!, "");
  stamps.push(stampOf(of), stampOf({ ...of, key: folder.path("gone") }));
  assert.equal(new Set(stamps).size, stamps.length);
});
