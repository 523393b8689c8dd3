/** Which texts are taken as password hashes, and how much work they may ask for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { isWeaker, judgeImportedHash } from "../../src/core/password-hash.ts";

const salt = "c29tZXNhbHRzb21lc2FsdA";
const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const argon2 = (parameters: string, variant = "argon2id", version = "v=19"): string =>
  `$${variant}$${version}$${parameters}$${salt}$${key}`;
const scrypt = (parameters: string): string => `$scrypt$${parameters}$${salt}$${key}`;
const bcryptTail = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

const verdict = (text: string): string => {
  const judged = judgeImportedHash(text);
  return judged.ok ? judged.hash.kind : judged.reason;
};

const verdicts: readonly (readonly [text: string, verdict: string])[] = [
  [argon2("m=19456,t=2,p=1"), "argon2"],
  [argon2("m=65536,t=3,p=4"), "argon2"],
  [argon2("m=4096,t=3,p=1", "argon2i"), "argon2"],
  [argon2("m=4194304,t=1000,p=255"), "too_expensive"],
  [argon2("m=65537,t=1,p=1"), "too_expensive"],
  [argon2("m=19456,t=11,p=1"), "too_expensive"],
  [argon2("m=19456,t=4294967295,p=1"), "too_expensive"],
  [argon2("m=19456,t=1,p=9"), "too_expensive"],
  [argon2("m=7,t=1,p=1"), "unknown"],
  [argon2("m=19456,t=0,p=1"), "unknown"],
  [argon2("m=19456,t=2,p=0"), "unknown"],
  [argon2("m=-1,t=2,p=1"), "unknown"],
  [argon2("m=1e9,t=2,p=1"), "unknown"],
  [argon2("m=19456,t=2,p=1", "argon2id", "v=16"), "unknown"],
  [argon2("m=19456,t=2,p=1", "argon2x"), "unknown"],
  [argon2("t=2,m=19456,p=1"), "unknown"],
  [`$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$${key}`, "unknown"],
  [`$argon2id$v=19$m=19456,t=2,p=1$${salt}$AAEC`, "unknown"],
  [`${argon2("m=19456,t=2,p=1")}\n`, "unknown"],
  [`$2b$12$${bcryptTail}`, "bcrypt"],
  [`$2a$10$${bcryptTail}`, "bcrypt"],
  [`$2y$14$${bcryptTail}`, "bcrypt"],
  [`$2b$15$${bcryptTail}`, "too_expensive"],
  [`$2b$31$${bcryptTail}`, "too_expensive"],
  [`$2b$04$${bcryptTail}`, "bcrypt"],
  [`$2b$03$${bcryptTail}`, "unknown"],
  [`$2x$12$${bcryptTail}`, "unknown"],
  [`$2$12$${bcryptTail}`, "unknown"],
  [`$2b$12$${bcryptTail}x`, "unknown"],
  [`$2b$12$${bcryptTail.slice(1)}`, "unknown"],
  [`$2b$+9$${bcryptTail}`, "unknown"],
  [scrypt("ln=16,r=8,p=1"), "scrypt"],
  [scrypt("ln=14,r=8,p=5"), "scrypt"],
  [scrypt("ln=17,r=8,p=1"), "too_expensive"],
  [scrypt("ln=30,r=8,p=1"), "too_expensive"],
  [scrypt("ln=99,r=1,p=1"), "too_expensive"],
  [scrypt("ln=16,r=8,p=3"), "too_expensive"],
  [scrypt("ln=10,r=8,p=999999"), "too_expensive"],
  [scrypt("ln=10,r=999999,p=1"), "too_expensive"],
  [scrypt("ln=9,r=8,p=1"), "too_weak"],
  [scrypt("ln=0,r=8,p=1"), "unknown"],
  [scrypt("ln=14,r=0,p=1"), "unknown"],
  [scrypt("ln=14,r=8,p=0"), "unknown"],
  [`$pbkdf2-sha256$29000$${salt}$${key}`, "pbkdf2"],
  [`$pbkdf2-sha512$25000$${salt}$${key}`, "pbkdf2"],
  [`$pbkdf2-sha256$5000000$${salt}$${key}`, "pbkdf2"],
  [`$pbkdf2-sha256$5000001$${salt}$${key}`, "too_expensive"],
  [`$pbkdf2-sha256$999$${salt}$${key}`, "too_weak"],
  [`$pbkdf2$29000$${salt}$${key}`, "unknown"],
  [`$pbkdf2-md5$29000$${salt}$${key}`, "unknown"],
  [`pbkdf2_sha256$870000$saltsaltsaltsaltsaltsa$${key}=`, "pbkdf2"],
  [`pbkdf2_sha256$870000$saltsaltsaltsaltsaltsa$${key}`, "pbkdf2"],
  [`pbkdf2_sha256$999999999999$saltsaltsaltsa$${key}=`, "too_expensive"],
  [`pbkdf2_sha256$10000$salt$${key}=`, "unknown"],
  [`pbkdf2_sha1$10000$saltsaltsalt$${key}=`, "unknown"],
  ["5f4dcc3b5aa765d61d8327deb882cf99", "unknown"],
  ["correct horse battery staple", "unknown"],
  ["", "unknown"],
  [`$scrypt$ln=14,r=8,p=1$${"A".repeat(400)}$${key}`, "unknown"],
  [`$argon2id$${"$".repeat(100_000)}`, "unknown"],
];
for (const [text, expected] of verdicts) {
  test(`L-12: ${text.slice(0, 60)} (${text.length} characters) is ${expected}`, () => {
    assert.equal(verdict(text), expected);
  });
}

test("L-12: any text has a verdict, and what is accepted is within the bounds", () => {
  const near = fc
    .tuple(
      fc.constantFrom("$argon2id$v=19$m=", "$scrypt$ln=", "$2b$", "$pbkdf2-sha256$", "pbkdf2_sha256$"),
      fc.string(),
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(fc.string(), near, fc.string({ unit: "binary" })), (text) => {
      assert.ok(
        ["argon2", "bcrypt", "scrypt", "pbkdf2", "unknown", "too_expensive", "too_weak"].includes(verdict(text)),
      );
    }),
  );
  const numbers = fc.record({ m: fc.nat(), t: fc.nat(40), p: fc.nat(40) });
  fc.assert(
    fc.property(numbers, ({ m, t, p }) => {
      const judged = judgeImportedHash(argon2(`m=${m},t=${t},p=${p}`));
      if (judged.ok) assert.ok(m <= 65_536 && t <= 10 && p <= 8);
    }),
  );
});

const strengths: readonly (readonly [text: string, weaker: boolean])[] = [
  [argon2("m=19456,t=2,p=1"), false],
  [argon2("m=19456,t=3,p=1"), false],
  [argon2("m=65536,t=1,p=4"), false],
  [argon2("m=19455,t=2,p=1"), true],
  [argon2("m=19456,t=1,p=1"), true],
  [argon2("m=8192,t=10,p=1"), true],
  [argon2("m=65536,t=3,p=4", "argon2i"), true],
  [`$2b$14$${bcryptTail}`, true],
  [scrypt("ln=16,r=8,p=1"), true],
  [`$pbkdf2-sha512$5000000$${salt}$${key}`, true],
];
for (const [text, weaker] of strengths) {
  test(`ASVS 11.4.2: ${text.slice(0, 40)} is ${weaker ? "made anew" : "left as it is"} at a sign-in`, () => {
    const judged = judgeImportedHash(text);
    assert.ok(judged.ok);
    assert.equal(isWeaker(judged.hash, { memory: 19_456, passes: 2 }), weaker);
  });
}
