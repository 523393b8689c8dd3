/** The look at the files that nobody asked for: what a renewal on the disk becomes without a signal. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { openLog } from "../../src/compose/log.ts";
import { openTls, type Tls } from "../../src/compose/tls.ts";
import type { TlsMaterial } from "../../src/core/tls-material.ts";
import { seconds } from "../../src/core/units.ts";
import type { TlsFiles } from "../../src/keys/tls-files.ts";
import { scratch, type Scratch } from "../cli/program.ts";
import { put, testAuthority, type Pair } from "../tls/certificates.ts";

const house = await testAuthority();

interface Watching {
  readonly tls: Tls;
  readonly files: TlsFiles;
  readonly given: TlsMaterial[];
  /** `level message` of each line since the last call. */
  readonly lines: () => readonly string[];
  readonly put: (pair: Partial<Pair>) => void;
}

function watching(folder: Scratch, first: Pair): Watching {
  let written = "";
  const log = openLog({
    level: "info",
    format: "json",
    access: true,
    write: (text) => (written += text),
    now: Date.now,
  });
  const files = { certificate: folder.path("server.pem"), key: folder.path("server.key"), clientAuthority: null };
  const renew = ({ certificate, key }: Partial<Pair>): void => {
    if (certificate !== undefined) put(files.certificate, certificate);
    if (key !== undefined) put(files.key, key);
  };
  renew(first);
  const tls = openTls({ log, now: () => seconds(Math.floor(Date.now() / 1000)) });
  const given = [tls.material(files)];
  tls.follow(files, (material) => given.push(material));
  const lines = (): readonly string[] => {
    const told = written.split("\n").filter(Boolean);
    written = "";
    return told.map((line) => {
      const { level, msg, reason } = JSON.parse(line) as { level: string; msg: string; reason?: string };
      return [level, msg, ...(reason === undefined ? [] : [reason])].join(" ");
    });
  };
  return { tls, files, given, lines, put: renew };
}

test("FL-24: a look takes over what has changed, once, and is silent when nothing has", async () => {
  using folder = scratch();
  const { tls, given, lines, put: renew } = watching(folder, await house.certify());
  tls.look();
  assert.deepEqual([given.length, lines()], [1, []]);
  const next = await house.certify({ to: 20 });
  const before = tls.expiresAt()!;
  renew(next);
  tls.look();
  tls.look();
  assert.equal(given.length, 2);
  assert.equal(given[1]!.certificate, next.certificate);
  assert.deepEqual(lines(), ["info the TLS certificate was read again"]);
  assert.ok(tls.expiresAt()! > before);
});

test("FL-24: a renewal that is half done is told of once and taken over when it is whole", async () => {
  using folder = scratch();
  const { tls, given, lines, put: renew } = watching(folder, await house.certify());
  const next = await house.certify();
  renew({ certificate: next.certificate });
  tls.look();
  tls.look();
  const told = lines();
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^warn the TLS files have changed and cannot be used; .* does not fit/);
  renew({ certificate: "nothing" });
  tls.look();
  assert.match(lines().join(), /has no certificate in PEM/, "another reason is told of again");
  assert.equal(given.length, 1);
  renew(next);
  tls.look();
  assert.equal(given[1]!.key.reveal(), next.key);
  assert.equal(lines().length, 1);
});

test("FL-24: the first certificate to expire is the one that is watched, those of the clients' authorities among them", async () => {
  using folder = scratch();
  const days = async (to: number, from = -20): Promise<string> => (await testAuthority({ from, to })).certificate;
  const { tls, files } = watching(folder, await house.certify({ to: 20 }));
  const clientAuthority = folder.path("ca.pem");
  const daysLeft = (): number => Math.round((tls.expiresAt()! - Date.now() / 1000) / 86_400);
  put(clientAuthority, await days(90));
  tls.material({ ...files, clientAuthority });
  assert.equal(daysLeft(), 20);
  put(clientAuthority, `${await days(90)}${await days(5)}`);
  tls.look();
  assert.equal(daysLeft(), 5);
  // What has expired already, in a bundle with others, is nothing to wait for.
  put(clientAuthority, `${await days(-1)}${await days(7)}`);
  tls.look();
  assert.equal(daysLeft(), 7);
});

test("FL-24: asked to reload, it says what came of it each time, and listeners with the same files get the same", async () => {
  using folder = scratch();
  const { tls, files, given, lines, put: renew } = watching(folder, await house.certify());
  const second: TlsMaterial[] = [];
  assert.equal(tls.material({ ...files }), given[0]);
  tls.follow({ ...files }, (material) => second.push(material));
  tls.reload();
  assert.equal(given[1], second[0]);
  renew({ key: "no key" });
  tls.reload();
  tls.reload();
  assert.deepEqual(
    lines().map((line) => line.split(" ")[0]),
    ["info", "warn", "warn"],
  );
  assert.equal(given.length, 2);
});

test("without TLS there is nothing to look at, and a reload says so", () => {
  let written = "";
  const log = openLog({
    level: "info",
    format: "text",
    access: true,
    write: (text) => (written += text),
    now: Date.now,
  });
  const tls = openTls({ log, now: () => seconds(0) });
  tls.look();
  assert.deepEqual([written, tls.expiresAt()], ["", undefined]);
  tls.reload();
  assert.match(written, /this server has none/);
});
