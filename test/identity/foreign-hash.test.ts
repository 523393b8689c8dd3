/** Hashes that other products made: known answers, and what must never match. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { hash as bcryptHash } from "@node-rs/bcrypt";

import { judgeImportedHash } from "../../src/core/password-hash.ts";
import { Secret } from "../../src/core/secret.ts";
import { passwords } from "../../src/identity/passwords.ts";

const { verify, hash, isStale } = passwords(randomBytes);
const matches = (stored: string, password: string): Promise<boolean | undefined> =>
  verify(stored, new Secret(password));

const unicode = "pässword 🔑";

/** From passlib's documentation, jBCrypt and Openwall; the Unicode ones were made with Python's hashlib. */
const known: readonly (readonly [what: string, hash: string, password: string])[] = [
  ["bcrypt 2a", "$2a$08$cfcvVd2aQ8CMvoMpP2EBfeodLEkkFJ9umNEfPD18.hUF62qqlC/V.", "a"],
  ["bcrypt 2a", "$2a$08$Ro0CUfOqk6cXEKf3dyaM7OhSCvnwM9s4wIX9JeLapehKK5YdLxKcm", "abc"],
  ["bcrypt 2b", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"],
  ["bcrypt 2y", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"],
  [
    "scrypt of passlib",
    "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
    "password",
  ],
  [
    "scrypt with two lanes",
    "$scrypt$ln=12,r=8,p=2$AAECAwQFBgcICQoLDA0ODw$ED6DFTZJAM0HKERe+Hv8WZhyHCqv1GokI31bcZl4PYI",
    unicode,
  ],
  [
    "PBKDF2 of passlib",
    "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
    "toomanysecrets",
  ],
  [
    "PBKDF2 of passlib with SHA-512",
    "$pbkdf2-sha512$10000$AAECAwQFBgcICQoLDA0ODw$TU.d9L/kifcGqThcPrJNcPv6LckDVoL148tIdzXsgKuYeh0hfafV2X8olPmXMQpE6qXrEJJ.NOP8ZHLWm6/BBQ",
    unicode,
  ],
  ["PBKDF2 of Django", "pbkdf2_sha256$10000$seasaltseasalt$2IppKDGG7koo2dgnQmuQWOT1zoVRWNwshViZAoWXYj0=", unicode],
];
for (const [what, stored, password] of known) {
  test(`L-12: ${what}: the password "${password}" is right, others are not, and the hash is made anew`, async () => {
    assert.equal(judgeImportedHash(stored).ok, true);
    assert.equal(await matches(stored, password), true);
    for (const wrong of [`${password} `, password.slice(1) || "b", password.toUpperCase() + password, "x"])
      assert.equal(await matches(stored, wrong), false, wrong);
    assert.equal(isStale(stored), true);
  });
}

test("L-09: bcrypt looks at 72 bytes, so a longer password never matches, the first 72 of it neither", async () => {
  const long = "x".repeat(72);
  const stored = await bcryptHash(long, 4);
  assert.equal(await matches(stored, long), true);
  assert.equal(await matches(stored, `${long}x`), false);
  assert.equal(await matches(stored, `${long} and anything else`), false);
  // What a program that cut it off stored for a longer one is not the longer one.
  const cut = await bcryptHash(`${long}y`, 4);
  assert.equal(await matches(cut, `${long}y`), false);
  const wide = "ä".repeat(36);
  assert.equal(await matches(await bcryptHash(wide, 4), wide), true);
  assert.equal(await matches(await bcryptHash(`${wide}ä`, 4), `${wide}ä`), false);
});

test("L-09: a password with a NUL never matches a bcrypt hash, whatever stands behind the NUL", async () => {
  const stored = await bcryptHash("before", 4);
  assert.equal(await matches(stored, "before\0behind"), false);
  assert.equal(await matches(await bcryptHash("before\0behind", 4), "before\0behind"), false);
});

test("L-09: with a hash of today every byte counts, at any length and behind a NUL", async () => {
  const long = `${"x".repeat(100)}\0${"y".repeat(100)}`;
  const stored = (await hash(new Secret(long)))!;
  assert.equal(await matches(stored, long), true);
  for (const wrong of [long.slice(0, 72), long.slice(0, 100), `${long.slice(0, -1)}z`])
    assert.equal(await matches(stored, wrong), false);
  assert.equal(isStale(stored), false);
});

const beyond = [
  "$argon2id$v=19$m=4194304,t=1000,p=255$c29tZXNhbHRzb21lc2FsdA$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
  "$scrypt$ln=30,r=8,p=1$c29tZXNhbHRzb21lc2FsdA$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
  "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
  "$pbkdf2-sha256$4000000000$c29tZXNhbHRzb21lc2FsdA$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
  "not a hash",
  "",
];
for (const stored of beyond) {
  test(`L-12: ${stored.slice(0, 45) || "an empty hash"} in the store costs one hash of today and matches nothing`, async () => {
    const began = performance.now();
    for (const password of ["U*U", "", "not a hash"]) assert.equal(await matches(stored, password), false);
    // At its word it would take minutes and gigabytes.
    assert.ok(performance.now() - began < 5000);
  });
}
