/** What a password may be: NIST SP 800-63B section 3.1.1.2, RFC 8265 section 4.2. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { commonPasswords } from "../../src/core/common-passwords.ts";
import { checkNewPassword, isPlausiblePassword, normalisePassword } from "../../src/core/password-policy.ts";
import { quickest } from "../quickest.ts";

const owner = { username: "ada.lovelace.1815", emails: ["ada@example.org"] };

function verdict(password: string): string {
  const judged = checkNewPassword(password, owner);
  return judged.ok ? "good" : judged.reason;
}

test("L-10: a new password has 12 to 1,024 code points, counted after normalising", () => {
  assert.equal(verdict("tr0mbone-7!x"), "good");
  assert.equal(verdict("tr0mbone-7!"), "short");
  assert.equal(verdict(""), "short");
  assert.equal(verdict("ab".repeat(512)), "good");
  assert.equal(verdict(`${"ab".repeat(512)}c`), "long");
  assert.equal(verdict("\u{1f600}\u{1f601}".repeat(512)), "good");
  assert.equal(verdict("\u{1f600}\u{1f601}".repeat(6)), "good");
  assert.equal(verdict("\u{1f600}\u{1f601}".repeat(5)), "short");
  assert.equal(verdict("e\u0301a\u0301".repeat(5)), "short"); // 20 typed, 10 left
});

test("L-10: there is no composition rule, and spaces, emoji and any script are welcome", () => {
  for (const password of [
    "the rain in spain",
    " leading and trailing ",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd \u05d8\u05d5\u05d1",
    "\u79c1\u306e\u732b\u306f\u3068\u3066\u3082\u5927\u304d\u3044\u3067\u3059",
  ]) {
    assert.equal(verdict(password), "good", password);
  }
});

test("L-10: lone surrogates, control characters and piles of marks are malformed", () => {
  for (const password of [
    "\ud800 and some more",
    "some more and \udfff",
    "with\u0000nul inside",
    "with a\nnew line",
    `zalgo ${"\u0301".repeat(31)}`,
  ]) {
    assert.equal(verdict(password), "malformed", JSON.stringify(password));
  }
});

test("NIST SP 800-63B section 3.1.1.2: common passwords are refused in any case and width of space", () => {
  const common = [
    "password1234",
    "PassWord1234",
    "1q2w3e4r5t6y",
    "QWERTYUIOP123",
    "Correct Horse\u00a0Battery\u3000Staple",
    "aaaaaaaaaaaa",
    " ".repeat(12),
    "\u{1f600}".repeat(20),
  ];
  for (const password of common) assert.equal(verdict(password), "common", password);
});

test("NIST SP 800-63B section 3.1.1.2: the list has only what the other rules let through", () => {
  assert.ok(commonPasswords.size >= 300);
  for (const password of commonPasswords) assert.equal(verdict(password), "common", password);
});

test("NIST SP 800-63B section 3.1.1.2: the user name or an e-mail address is no password", () => {
  assert.equal(verdict("Ada.Lovelace.1815"), "own_name");
  assert.equal(verdict("ADA@example.org"), "own_name");
  assert.equal(verdict("ada.lovelace.1815!"), "good");
  assert.deepEqual(checkNewPassword("ada@example.org", { username: "ada" }), { ok: true });
});

test("RFC 8265 section 4.2.2: other spaces become spaces, then NFC; case and white space around it are kept", () => {
  assert.equal(normalisePassword(" Caf\u0065\u0301\u00a0au\u3000lait "), " Caf\u00e9 au lait ");
  assert.equal(normalisePassword("\ufb01\uff21"), "\ufb01\uff21");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const once = normalisePassword(text);
      assert.equal(normalisePassword(once), once);
      assert.equal(normalisePassword(text.normalize("NFD")), once);
    }),
  );
});

test("L-10: a sign-in takes 1 to 1,024 code points and never more", () => {
  for (const text of ["x", " ", "x".repeat(1024), "\u{1f600}".repeat(1024), "mypassword", "a\nb"]) {
    assert.equal(isPlausiblePassword(text), true);
  }
  for (const text of [
    "",
    "x".repeat(1025),
    "\u{1f600}".repeat(1025),
    "\ud800",
    "a\udc00b",
    `a${"\u0301".repeat(1000)}`,
  ]) {
    assert.equal(isPlausiblePassword(text), false);
  }
});

test("L-10: what may become a password can sign in, as typed and as normalised", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 10, maxLength: 40 }), (text) => {
      if (checkNewPassword(text, owner).ok) {
        assert.ok(isPlausiblePassword(text));
        assert.ok(isPlausiblePassword(normalisePassword(text)));
      }
    }),
  );
});

test("L-10: ten megabytes and a million combining marks are refused at once", () => {
  for (const text of [
    "x".repeat(10 * 2 ** 20),
    "\u0301".repeat(10 ** 6),
    "\u0301\u0323".repeat(512),
    "\ud800".repeat(2 ** 20),
    "a\u0301\u0323".repeat(340),
  ]) {
    const best = quickest(25, () => {
      isPlausiblePassword(text);
      checkNewPassword(text, owner);
    });
    assert.ok(best < 25, `took ${best} ms`);
  }
});
