/** What somebody has who reads the data folder: NIST SP 800-63B section 5.1.1.2, RFC 9700 section 4.14.2. */
import assert from "node:assert/strict";
import { createHash, createHmac, createPrivateKey, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { demoPassword } from "../../src/compose/demo.ts";
import type { SealedKeys } from "../../src/engine/key-store.ts";
import { unseal } from "../../src/keys/seal.ts";
import { add } from "../api/people.ts";
import { authority, good, type WirePair } from "../authority.ts";
import { signersOf } from "../keys/real-keys.ts";

/** The bytes as they may stand in a file: raw, in hex and in both base64 alphabets, from each of three offsets. */
function forms(secret: Uint8Array): Buffer[] {
  const bytes = Buffer.from(secret);
  const texts = [bytes.toHex(), bytes.toHex().toUpperCase()];
  for (const offset of [0, 1, 2]) {
    // In the middle of a longer base64 text, only the characters that depend on nothing else are sure.
    const whole = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
    const certain = whole.slice(offset === 0 ? 0 : 4, Math.floor(((bytes.length + offset) * 8) / 6));
    texts.push(certain, certain.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return [bytes, ...texts.map((text) => Buffer.from(text))];
}

describe("a data folder that somebody reads", () => {
  const folder = mkdtempSync(join(tmpdir(), "jeton-at-rest-"));
  const file = join(folder, "jeton.db");
  const master = randomBytes(32);
  const secrets = new Map<string, Uint8Array>();
  /** The files of the folder while the server ran, and after it had stopped; what it logged; its keys as they lie there. */
  let running: Buffer;
  let stopped: Buffer;
  let logged: Buffer;
  let sealed: SealedKeys;
  let living: Pick<WirePair, "refresh_token">;

  const dump = (): Buffer => Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));

  function remember(name: string, value: Uint8Array | string): void {
    secrets.set(name, typeof value === "string" ? Buffer.from(value) : value);
  }

  function rememberToken(name: string, token: string): void {
    const [, claims, signature] = token.split(".") as [string, string, string];
    remember(name, token);
    remember(`${name}, claims`, Buffer.from(claims, "base64url"));
    remember(`${name}, signature`, Buffer.from(signature, "base64url"));
    remember(`${name}, SHA-256`, createHash("sha256").update(token).digest());
  }

  before(async () => {
    const jeton = await authority({ file, master, realHashes: true });
    const basic = `Basic ${Buffer.from(`bob:${demoPassword}`).toString("base64")}`;
    for (const username of ["carol", "dan"]) await add(jeton, { username, password: demoPassword });
    const first = await jeton.login("bob");
    living = await jeton.login("ada");
    const ended = await jeton.login("bob");
    const renewed = await jeton.refreshed(first);
    const sensu = await good<WirePair>(await jeton.ask("/sensu/auth", { headers: { authorization: basic } }));
    await jeton.ask("/api/v1/logout", { body: { refresh_token: ended.refresh_token } });
    for (const [at, pair] of [first, living as WirePair, ended, renewed, sensu].entries()) {
      rememberToken(`access token ${at}`, pair.access_token);
      rememberToken(`refresh token ${at}`, pair.refresh_token);
    }
    remember("password", demoPassword);
    for (const hash of ["md5", "sha1", "sha256", "sha512"])
      remember(`password, ${hash}`, createHash(hash).update(demoPassword).digest());
    remember("master key", master);
    sealed = await jeton.store.loadKeys();
    for (const { kid, privateKey } of await signersOf(jeton.store, master)) {
      remember(`signing key ${kid}, PKCS #8`, privateKey.export({ format: "der", type: "pkcs8" }));
      remember(`signing key ${kid}, seed`, Buffer.from(privateKey.export({ format: "jwk" }).d!, "base64url"));
    }
    for (const { kid, sealed: box } of sealed.refresh)
      remember(`refresh key ${kid}`, unseal(master, `refresh-key ${kid}`, box));
    for (const { purpose, sealed: box } of sealed.secrets)
      remember(`secret ${purpose}`, unseal(master, `instance-secret ${purpose}`, box));
    running = dump();
    logged = Buffer.from(jeton.logged());
    await jeton.close();
    stopped = dump();
  });
  after(() => rmSync(folder, { recursive: true }));

  const foundIn = (bytes: Buffer): string[] =>
    [...secrets].filter(([, value]) => forms(value).some((form) => bytes.includes(form))).map(([name]) => name);

  test("J-27: the search finds what is there, in each form and at each offset", () => {
    assert.ok(secrets.size > 40, `${secrets.size} secrets`);
    for (const files of [running, stopped]) {
      assert.ok(files.includes("bob@example.com"));
      for (const { sealed: box } of [...sealed.signing, ...sealed.refresh, ...sealed.secrets])
        assert.ok(forms(box).some((form) => files.includes(form)));
    }
    const planted = randomBytes(32);
    for (const encoding of ["hex", "base64", "base64url", "latin1"] as const)
      for (const offset of [0, 1, 2, 3]) {
        const around = Buffer.concat([randomBytes(offset), planted, randomBytes(5)]);
        const text = Buffer.from(around.toString(encoding), "latin1");
        assert.ok(
          forms(planted).some((form) => text.includes(form)),
          `${encoding} at ${offset}`,
        );
      }
  });

  test("J-27: no token, no password, no key and no plain hash of one is in any file, while the server runs and after", () => {
    assert.deepEqual(foundIn(running), []);
    assert.deepEqual(foundIn(stopped), []);
  });

  test("J-27: nor is any of them in what was logged", () => {
    assert.ok(logged.includes("/api/v1/login"));
    assert.deepEqual(foundIn(logged), []);
  });

  test("J-27: a password is kept as Argon2id under a salt of its own, so that equal ones differ", () => {
    const phc = /\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{42,}/g;
    const hashes = new Set(stopped.toString("latin1").match(phc));
    const salts = new Set([...hashes].map((hash) => hash.split("$")[4]));
    // Carol, Dan and the demonstration's people have one password.
    assert.ok(hashes.size >= 3 && salts.size === hashes.size, `${hashes.size} hashes`);
  });

  test("J-27: no sealed key can be read as it lies there", () => {
    for (const { sealed: box } of sealed.signing)
      for (let from = 0; from < 30; from++)
        for (const type of ["pkcs8", "sec1"] as const)
          assert.throws(() => createPrivateKey({ key: Buffer.from(box).subarray(from), format: "der", type }));
  });

  test("J-27: with the row's salt and everything else in the folder, but no master key, no refresh token can be made", async () => {
    const jeton = await authority({ file, master, unfurnished: true });
    try {
      const { refresh_token } = living;
      const input = refresh_token.slice(0, refresh_token.lastIndexOf("."));
      const { salt } = (await jeton.store.findSession(jeton.keys.readRefresh(refresh_token)!.sid))!.session;
      assert.ok(stopped.includes(Buffer.from(salt)), "the salt is in the row, as it must be");
      const boxes = [...sealed.refresh, ...sealed.secrets].map(({ sealed: box }) => Buffer.from(box));
      const guesses = [...boxes, ...boxes.map((box) => box.subarray(13, 45)), Buffer.alloc(32), Buffer.of(), salt];
      for (const guess of guesses) {
        const key = createHmac("sha256", guess).update("refresh-token").update(salt).digest();
        const forged = `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
        assert.equal((await jeton.refresh({ refresh_token: forged })).status, 401);
      }
      assert.equal((await jeton.refresh(living)).status, 200);
    } finally {
      await jeton.close();
    }
  });
});
