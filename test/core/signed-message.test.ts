/** What a signature for signed login may be over, and when a sign-in is recent. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { isRecentByPassword } from "../../src/core/recent-sign-in.ts";
import { isClientMessage } from "../../src/core/signed-message.ts";
import { minutes, seconds } from "../../src/core/units.ts";

test("R-04: a client's own message has 20 to 256 characters, however many bytes they are", () => {
  for (const good of [
    "a".repeat(20),
    "a".repeat(256),
    "é".repeat(256),
    "😀".repeat(256),
    " ".repeat(20),
    "2026-03-01T00:00:00Z",
  ])
    assert.equal(isClientMessage(good), true, good);
  for (const bad of ["", "a".repeat(19), "a".repeat(257), "😀".repeat(19), "😀".repeat(257)])
    assert.equal(isClientMessage(bad), false, bad);
});

test("R-04: what is signed elsewhere is no message: JWS, TLS, SSH, git, PGP, and our own challenges", () => {
  for (const bad of [
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJib2IifQ",
    "eyJhbGciOiJSUzI1NiJ9.",
    `${" ".repeat(64)}TLS 1.3, server CertificateVerify\0`,
    "SSHSIG\0\0\0\u0003git\0\0\0\0\0\0\u0006sha512",
    "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nparent",
    "a message of many lines\r\nlike this one",
    "jeton-login-v1:WyJodHRwOi8v.AAAA",
    // A header with white space in it or before it, one that is read loosely, an empty one, and a payload as it is (RFC 7797).
    "ewogICJhbGciOiAiUlMyNTYiCn0.eyJzdWIiOiJib2IifQ",
    "IHsiYWxnIjoiUlMyNTYifQ.eyJzdWIiOiJib2IifQ",
    "IAkKDXsiYWxnIjoiUlMyNTYifR.eyJzdWIiOiJib2IifQ",
    "e30.eyJzdWIiOiJib2IifQ",
    "eyJhbGciOiJSUzI1NiIsImI2NCI6ZmFsc2V9.pay 10 to mallory",
    "(request-target): post /transfer",
    "(Request-Target): post /transfer",
    // What is not seen, and what is half a character.
    `twenty characters and \u200b more`,
    "\u202etwenty characters and more",
    "\ufefftwenty characters and more",
    "twenty characters and \ud800 more",
    "twenty characters and DEL\u007f",
    "twenty characters and C1 \u0085",
  ])
    assert.equal(isClientMessage(bad), false, bad);
  for (const good of [
    "eyJ is how a header begins",
    "www.example.com and a number: 17",
    "signed for (request-target) at noon",
    "1.0 is a version, and this a message",
    "eyJhbGciOiJSUzI1NiJ9eyJzdWIiOiJib2IifQ",
  ])
    assert.equal(isClientMessage(good), true, good);
});

test("RFC 9470: a password that was given in the last 10 minutes is recent, a signature never", () => {
  const at = (amr: string, age: number): boolean =>
    isRecentByPassword({ authTime: seconds(10_000), amr }, seconds(10_000 + age));
  assert.deepEqual([at("pwd", 0), at("pwd", minutes(10)), at("pwd otp", 1)], [true, true, true]);
  assert.deepEqual(
    [at("pwd", 601), at("swk", 0), at("", 0), at("xpwd", 0), at("pwd", -1)],
    [false, false, false, false, false],
  );
});
