/** One's own authentication key over the native API, and what it opens. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";

import { scratch } from "../cli/program.ts";
import { authority, claimsOf, good, refusal, type Authority } from "../authority.ts";
import { bobsPair, newPair } from "../keys/rsa-pairs.ts";
import { bearer } from "./asking.ts";
import { answerChallenge, challengeFor, setaBody, setaToken, setKey, signedIn } from "./signing.ts";

interface WireKey {
  readonly fingerprint: string;
  readonly type: string;
  readonly bits: number;
  readonly created_at: number;
}

const has = (program: string, flag: string): boolean => spawnSync(program, [flag]).error === undefined;
const withoutSsh = has("ssh-keygen", "-?") ? false : "ssh-keygen is missing. Do: apt-get install openssh-client";
const withoutOpenssl = has("openssl", "version") ? false : "openssl is missing. Do: apt-get install openssl";

/** What a program prints on standard output. */
function printed(program: string, words: readonly string[], input?: string): Buffer {
  const { status, stdout, stderr } = spawnSync(program, words, input === undefined ? {} : { input });
  assert.equal(status, 0, String(stderr));
  return stdout;
}

describe("authentication keys", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
  });
  after(() => jeton.close());

  const mine = async (method: "GET" | "DELETE", username = "bob"): Promise<Response> =>
    jeton.ask("/api/v1/me/auth-key", { method, headers: bearer(await jeton.login(username)) });

  describe("200", () => {
    test("PUT answers fingerprint, type, size and time; GET the same; a second PUT of it changes nothing", async () => {
      const set = await good<WireKey>(await setKey(jeton, bobsPair.ssh));
      assert.deepEqual(Object.keys(set), ["fingerprint", "type", "bits", "created_at"]);
      assert.deepEqual([set.type, set.bits, set.created_at], ["RSA", 2048, jeton.clock.now()]);
      jeton.clock.pass(10);
      assert.deepEqual(await good<WireKey>(await mine("GET")), set);
      const session = await signedIn(jeton);
      assert.deepEqual(await good<WireKey>(await setKey(jeton, bobsPair.spki)), set);
      assert.equal((await jeton.me(session)).status, 200);
    });

    test("SeTA 7: OpenSSH, SPKI and PKCS#1 of one key are one key, with any comment and either line end", async () => {
      const { ssh, spki, pkcs1 } = bobsPair;
      const prints = new Set<string>();
      for (const text of [
        ssh,
        `${ssh}\n`,
        ssh.split(" ", 2).join(" "),
        ssh.replace(/ \S+$/, ' höl\'zerne "Käfer" #1 <b>'),
        spki,
        spki.trimEnd(),
        spki.replaceAll("\n", "\r\n"),
        pkcs1,
      ])
        prints.add((await good<WireKey>(await setKey(jeton, text))).fingerprint);
      assert.equal(prints.size, 1);
      assert.equal((await setaToken(jeton, setaBody())).status, 200);
    });

    test("a challenge that is signed opens a session whose amr is swk (RFC 8176), and another key ends it", async () => {
      const byPassword = await jeton.login();
      const session = await signedIn(jeton);
      assert.deepEqual(claimsOf(session.access_token)["amr"], ["swk"]);
      const again = await jeton.refreshed(session);
      assert.equal((await setKey(jeton, newPair(3072).pkcs1)).status, 200);
      assert.equal((await jeton.me(again)).status, 401);
      assert.equal(await refusal(jeton.refresh(again)), "401 invalid_grant");
      assert.equal((await jeton.me(byPassword)).status, 200);
    });

    test("the name of a challenge may be an address, in any case", async () => {
      const pair = newPair();
      await setKey(jeton, pair.ssh, "ada");
      for (const name of ["ada", "ADA", "Ada@Example.com"]) {
        const challenge = await challengeFor(jeton, name, "ROOT");
        assert.equal((await answerChallenge(jeton, challenge, pair.sign(challenge))).status, 200, name);
      }
    });
  });

  describe("204 and 404", () => {
    test("DELETE ends what the key opened; after it there is none, and it does not come back", async () => {
      const pair = newPair();
      await setKey(jeton, pair.ssh, "ada");
      const challenge = await challengeFor(jeton, "ada");
      const session = await good<{ access_token: string }>(
        await answerChallenge(jeton, challenge, pair.sign(challenge)),
      );
      assert.equal((await mine("DELETE", "ada")).status, 204);
      assert.equal((await jeton.me(session)).status, 401);
      assert.equal(await refusal(mine("GET", "ada")), "404 not_found");
      assert.equal(await refusal(mine("DELETE", "ada")), "404 not_found");
      const back = await setKey(jeton, pair.spki, "ada");
      assert.match(await back.clone().text(), /this key was in use before/);
      assert.equal(await refusal(back), "400 invalid_request");
    });
  });

  test("FL-40: housekeeping forgets challenges after their minute, what was signed with a key that is gone, and nothing else", async () => {
    using folder = scratch();
    const file = folder.path("jeton.db");
    const house = await authority({ file });
    const known = (): unknown => {
      const db = new DatabaseSync(file, { readOnly: true });
      try {
        return db.prepare("SELECT count(*) AS known FROM spent_signature").get()?.["known"];
      } finally {
        db.close();
      }
    };
    await setKey(house);
    for (let count = 0; count < 3; count++) await signedIn(house);
    for (let count = 0; count < 2; count++) assert.equal((await setaToken(house, setaBody())).status, 200);
    house.clock.pass(59);
    await house.doors.engine.keepHouse();
    assert.equal(known(), 5);
    house.clock.pass(1);
    await house.doors.engine.keepHouse();
    assert.equal(known(), 2);
    await setKey(house, newPair().spki);
    await house.doors.engine.keepHouse();
    assert.equal(known(), 0);
    await house.close();
  });

  test("a key that ssh-keygen made: its own line, its own fingerprint", { skip: withoutSsh }, async () => {
    using folder = scratch();
    const file = folder.path("id_rsa");
    printed("ssh-keygen", ["-q", "-t", "rsa", "-b", "3072", "-N", "", "-C", "bob's laptop", "-f", file]);
    const line = printed("cat", [`${file}.pub`]).toString();
    const [bits = "", fingerprint] = printed("ssh-keygen", ["-l", "-f", `${file}.pub`])
      .toString()
      .split(" ");
    const set = await good<WireKey>(await setKey(jeton, line));
    assert.deepEqual([set.fingerprint, set.bits], [fingerprint, Number(bits)]);
  });

  test("SeTA 6: what openssl signs verifies, at both doors", { skip: withoutOpenssl }, async () => {
    using folder = scratch();
    const file = folder.path("key.pem");
    printed("openssl", ["genrsa", "-out", file, "4096"]);
    const publicKey = printed("openssl", ["rsa", "-in", file, "-pubout"]).toString();
    assert.equal((await good<WireKey>(await setKey(jeton, publicKey))).bits, 4096);
    const signed = (message: string): Buffer => printed("openssl", ["dgst", "-sha256", "-sign", file], message);
    const challenge = await challengeFor(jeton);
    assert.equal((await answerChallenge(jeton, challenge, signed(challenge))).status, 200);
    const message = "made in a shell, with openssl";
    const body = { rsa_original_message: message, rsa_message_signature: signed(message).toString("hex") };
    assert.equal((await setaToken(jeton, { ...setaBody(), ...body })).status, 200);
    writeFileSync(file, "");
  });
});
