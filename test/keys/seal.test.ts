/** Keys at rest: NIST SP 800-38D, and a value in the place of another (STRIDE: tampering with the database). */
import assert from "node:assert/strict";
import { createDecipheriv, randomBytes } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";

import type { KeyStore, SealedKeys } from "../../src/engine/key-store.ts";
import { seal, SealBroken, unseal } from "../../src/keys/seal.ts";
import { openTokenKeys, type TokenKeys } from "../../src/keys/token-keys.ts";
import { testClock } from "../authority.ts";

const master = randomBytes(32);
const purpose = "signing-key one";

const bytes = fc.uint8Array({ maxLength: 200 });

test("J-27: what is sealed opens under the same key and purpose, and under no other", () => {
  fc.assert(
    fc.property(bytes, fc.string(), fc.string(), (plain, name, other) => {
      const sealed = seal(master, name, plain, randomBytes);
      assert.deepEqual(Buffer.from(unseal(master, name, sealed)), Buffer.from(plain));
      if (Buffer.from(name).compare(Buffer.from(other)) !== 0)
        assert.throws(() => unseal(master, other, sealed), SealBroken);
      assert.throws(() => unseal(randomBytes(32), name, sealed), SealBroken);
    }),
    { numRuns: 100 },
  );
});

test("J-27: every changed bit of a sealed value is noticed, and every byte that is missing or too much", () => {
  const sealed = Buffer.from(seal(master, purpose, randomBytes(48), randomBytes));
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => unseal(master, purpose, changed), SealBroken, `bit ${bit}`);
  }
  for (let length = 0; length < sealed.length; length++)
    assert.throws(() => unseal(master, purpose, sealed.subarray(0, length)), SealBroken, `${length} bytes`);
  for (const more of [Buffer.of(0), Buffer.of(1), sealed])
    assert.throws(() => unseal(master, purpose, Buffer.concat([sealed, more])), SealBroken);
  assert.throws(() => unseal(master, purpose, Buffer.concat([Buffer.of(1), sealed])), SealBroken);
});

test("J-27: the same value sealed twice is not the same, and shows nothing of what is in it but the length", () => {
  const plain = Buffer.alloc(64, 0x41);
  const sealed = Array.from({ length: 50 }, () => Buffer.from(seal(master, purpose, plain, randomBytes)));
  assert.equal(new Set(sealed.map((box) => box.toHex())).size, 50);
  assert.equal(new Set(sealed.map((box) => box.subarray(1, 13).toHex())).size, 50, "each has a nonce of its own");
  for (const box of sealed) {
    assert.equal(box.length, 1 + 12 + 64 + 16);
    assert.equal(box.includes("AAAA"), false);
  }
});

test("SP 800-38D section 5.2: the form is version, nonce, ciphertext, tag, with the purpose as associated data", () => {
  const nonce = randomBytes(12);
  const box = Buffer.from(seal(master, purpose, Buffer.from("plain"), () => nonce));
  assert.equal(box[0], 1);
  assert.deepEqual(box.subarray(1, 13), nonce);
  const decipher = createDecipheriv("aes-256-gcm", master, nonce, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(purpose));
  decipher.setAuthTag(box.subarray(-16));
  assert.equal(decipher.update(box.subarray(13, -16)).toString() + decipher.final("utf8"), "plain");
});

test("J-27: a value that does not open says what it was for, and nothing of the key or of what is in it", () => {
  const sealed = seal(master, purpose, Buffer.from("the secret"), randomBytes);
  const other = randomBytes(32);
  for (const attempt of [() => unseal(other, purpose, sealed), () => unseal(master, purpose, Buffer.of(9))])
    assert.throws(attempt, (thrown) => {
      assert.ok(thrown instanceof SealBroken && thrown.code === "SEAL_BROKEN");
      assert.match(thrown.message, /signing-key one/);
      const shown = `${thrown.message} ${String(thrown.cause)}`;
      for (const key of [master, other])
        for (const encoding of ["hex", "base64", "base64url", "latin1"] as const)
          assert.equal(shown.includes(key.toString(encoding)), false, encoding);
      assert.equal(shown.includes("the secret"), false);
      return true;
    });
});

/** A store that hands out what a test makes of its rows. */
function storeOf(rows: SealedKeys): KeyStore & { rows: SealedKeys } {
  const store = {
    rows,
    loadKeys: () => Promise.resolve(store.rows),
    addKeys: (added: SealedKeys) => {
      store.rows = {
        signing: [...store.rows.signing, ...added.signing],
        refresh: [...store.rows.refresh, ...added.refresh],
        secrets: [...store.rows.secrets, ...added.secrets],
      };
      return Promise.resolve();
    },
  };
  return store;
}

const nothing: SealedKeys = { signing: [], refresh: [], secrets: [] };
const open = (rows: SealedKeys): Promise<TokenKeys> =>
  openTokenKeys({ store: storeOf(rows), master, chance: randomBytes, clock: testClock() });

async function freshRows(): Promise<SealedKeys> {
  const store = storeOf(nothing);
  await openTokenKeys({ store, master, chance: randomBytes, clock: testClock() });
  return store.rows;
}

test("J-27: keys that were stored open again, the same ones, and nothing is made that is there", async () => {
  const rows = await freshRows();
  assert.deepEqual([rows.signing.length, rows.refresh.length, rows.secrets.length], [4, 1, 1]);
  const store = storeOf(rows);
  const clock = testClock();
  const keys = await openTokenKeys({ store, master, chance: randomBytes, clock });
  assert.equal(store.rows, rows);
  assert.deepEqual(
    keys.publicKeySet(clock.now()).keys.map(({ kid }) => kid),
    rows.signing.map(({ kid }) => kid),
  );
});

test("J-27: a sealed key in the place of another, or under another label, opens nothing", async () => {
  const rows = await freshRows();
  const [first, second] = rows.signing as [SealedKeys["signing"][0], SealedKeys["signing"][0]];
  const [refresh] = rows.refresh as [SealedKeys["refresh"][0]];
  const [secret] = rows.secrets as [SealedKeys["secrets"][0]];
  const tampered: Readonly<Record<string, SealedKeys>> = {
    "two signing keys exchanged": {
      ...rows,
      signing: [
        { ...first, sealed: second.sealed },
        { ...second, sealed: first.sealed },
      ],
    },
    "a signing key under a name of its own": { ...rows, signing: [{ ...first, kid: "chosen" }, second] },
    "a signing key for another algorithm": { ...rows, signing: [{ ...first, alg: "ES256" }, second] },
    "a signing key of sessions as one of API tokens": { ...rows, signing: [{ ...first, purpose: "api" }, second] },
    "a signing key without a name": { ...rows, signing: [{ ...first, kid: "" }, second] },
    "a refresh key under another number": { ...rows, refresh: [{ ...refresh, kid: 2 }] },
    "the secret as a refresh key": { ...rows, refresh: [{ ...refresh, sealed: secret.sealed }] },
    "a refresh key as the secret": { ...rows, secrets: [{ ...secret, sealed: refresh.sealed }] },
    "a signing key as a refresh key": { ...rows, refresh: [{ ...refresh, sealed: first.sealed }] },
  };
  for (const [what, changed] of Object.entries(tampered)) await assert.rejects(open(changed), Error, what);
});

test("J-27: a key that an attacker sealed himself, under the right purpose, does not open without the master key", async () => {
  const rows = await freshRows();
  const [refresh] = rows.refresh as [SealedKeys["refresh"][0]];
  const forged = seal(randomBytes(32), `refresh-key ${refresh.kid}`, Buffer.alloc(32), randomBytes);
  await assert.rejects(open({ ...rows, refresh: [{ ...refresh, sealed: forged }] }), SealBroken);
  await assert.rejects(
    openTokenKeys({ store: storeOf(rows), master: randomBytes(32), chance: randomBytes, clock: testClock() }),
    SealBroken,
  );
});

test("J-27: a signing key whose row names another key's thumbprint is refused, though its seal is good", async () => {
  const rows = await freshRows();
  const [first, second] = rows.signing as [SealedKeys["signing"][0], SealedKeys["signing"][0]];
  const inside = unseal(master, `signing-key ${first.kid}`, first.sealed);
  const sealed = seal(master, `signing-key ${second.kid}`, inside, randomBytes);
  await assert.rejects(open({ ...rows, signing: [first, { ...second, sealed }] }), /not what its row says/);
});
