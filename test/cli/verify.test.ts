/** `jeton verify` and `jeton decode` beside a real server: what is told, what is asked of whom, and the exit codes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { claimsOf } from "../authority.ts";
import { jeton, scratch, serve, type Ended, type Scratch, type Server } from "./program.ts";
import { desk, type Desk } from "./signed-in.ts";

let house: Scratch;
let server: Server;
let bob: Desk;
let token: string;
before(async () => {
  house = scratch();
  server = await serve(["--demo"], { cwd: house.path() });
  bob = desk(server.url);
  await bob.login();
  token = bob.tokens().access_token;
});
after(async () => {
  bob[Symbol.dispose]();
  await server.stop("SIGKILL");
  house[Symbol.dispose]();
});

const verify = (words: readonly string[], input = `${token}\n`): Promise<Ended> =>
  bob.run(["verify", "-", ...words], { input });

interface Answer {
  readonly valid: boolean;
  readonly reason: string | null;
  readonly checks: Readonly<Record<string, string>>;
  readonly claims: Readonly<Record<string, unknown>> | null;
}

async function answer(words: readonly string[], input?: string): Promise<readonly [code: number | null, said: Answer]> {
  const { code, out, err } = await verify([...words, "--json"], input);
  assert.equal(err, "");
  return [code, JSON.parse(out) as Answer];
}

const all = { signature: "ok", issuer: "ok", time: "ok", audience: "ok", revocation: "ok" };

test("verify: one's own live token is valid: exit 0, every check, and the claims", async () => {
  const [code, said] = await answer([]);
  assert.equal(code, 0);
  assert.deepEqual(said, { valid: true, reason: null, checks: all, claims: claimsOf(token) });
  const { out } = await verify([]);
  assert.match(out, /^ok: Valid\n {2}ok: signature +EdDSA, key \S+\n/);
  assert.doesNotMatch(out, /eyJ/);
});

const wrong: readonly (readonly [
  what: string,
  words: readonly string[],
  change: (token: string) => string,
  reason: string,
  failed: string,
])[] = [
  ["for another audience", ["--audience", "search-api"], (it) => it, "audience_mismatch", "audience"],
  ["of another issuer", ["--issuer", "https://evil.example"], (it) => it, "issuer_mismatch", "issuer"],
  ["with a changed character", [], (it) => it.replace(/\.eyJ/, ".eyK"), "bad_signature", "signature"],
  ["that is a refresh token", [], () => bob.tokens().refresh_token, "alg_not_allowed", "signature"],
  ["that is no token", [], () => "hello", "malformed", "signature"],
];
for (const [what, words, change, reason, failed] of wrong) {
  test(`verify: a token ${what} is not valid: exit 9, and the reason`, async () => {
    const [code, said] = await answer(words, change(token));
    assert.deepEqual([code, said.valid, said.reason, said.checks[failed]], [9, false, reason, "failed"]);
    // What is not good, or not for this server, is not shown to it either.
    assert.equal(said.checks["revocation"], "not_checked");
    assert.match((await verify(words, change(token))).out, /^error: Not valid: /);
  });
}

test("verify: a token that was revoked is not valid, and --offline does not see it but says so", async () => {
  using eve = desk(server.url);
  await eve.login();
  const revoked = eve.tokens().access_token;
  assert.equal((await eve.run(["logout"])).code, 0);
  const [code, said] = await answer([], revoked);
  assert.deepEqual([code, said.reason, said.checks], [9, "revoked", { ...all, revocation: "failed" }]);
  const offline = await verify(["--offline"], revoked);
  assert.equal(offline.code, 0);
  assert.match(offline.out, /revocation {2}not checked: --offline/);
});

test("verify --offline asks nobody: by keys that were kept, and without them it knows nothing", async () => {
  using other = scratch();
  const environment = { HOME: other.path(), JETON_SERVER: "http://127.0.0.1:9" };
  const { code, out, err } = await jeton(["verify", "-", "--offline"], {
    cwd: other.path(),
    environment,
    input: token,
  });
  assert.deepEqual([code, out], [5, ""]);
  assert.match(err, /keys of http:\/\/127\.0\.0\.1:9 are not known here/);
});

test("verify: where the server is away nobody knows, which is neither 0 nor 9", async () => {
  using other = scratch();
  const environment = { HOME: other.path(), JETON_SERVER: "http://127.0.0.1:9" };
  const { code, out } = await jeton(["verify", "-"], { cwd: other.path(), environment, input: token });
  assert.deepEqual([code, out], [7, ""]);
});

test("RFC 8725 section 3.10: verify asks the server that is configured for keys, whatever address the token names", async () => {
  const forged = Buffer.from(JSON.stringify({ ...claimsOf(token), iss: "http://127.0.0.1:9" })).toString("base64url");
  const [code, said] = await answer([], token.replace(/\.[^.]+\./, `.${forged}.`));
  assert.deepEqual([code, said.reason], [9, "bad_signature"]);
});

test("C-04: a token as an operand is taken, with a note that ps shows it; -q leaves the note out", async () => {
  const { code, err } = await bob.run(["verify", token]);
  assert.equal(code, 0);
  assert.match(err, /shows in ps .* Better: \.\.\. \| jeton verify -/);
  assert.equal((await bob.run(["verify", token, "-q"])).err, "");
});

test("decode asks nobody, says that nothing is verified, and tells times in words", async () => {
  const environment = { JETON_SERVER: "http://127.0.0.1:9" };
  const { code, out, err } = await bob.run(["decode", "-"], { input: token, environment });
  assert.equal(code, 0);
  assert.equal(err, "warning: Not verified: anyone could have written this.\n");
  assert.match(out, /^Header\n {2}alg +EdDSA\n {2}typ +at\+jwt\n/);
  assert.match(out, /^ {2}exp +\d+ {2}.*, in [0-4]:\d\d$/m);
  const said: unknown = JSON.parse((await bob.run(["decode", "-", "--json"], { input: token })).out);
  const [head = ""] = token.split(".");
  const header: unknown = JSON.parse(Buffer.from(head, "base64url").toString());
  assert.deepEqual(said, { verified: false, header, claims: claimsOf(token) });
});

test("C-06: decode shows no escape sequence that somebody wrote into a token", async () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const nasty = `${part({ alg: "none" })}.${part({ sub: "\u001b[2Jbob\u202e", exp: 1e300, "\u001b[1mx": 1 })}.`;
  const { code, out } = await bob.run(["decode", "-"], { input: nasty });
  assert.equal(code, 0);
  assert.doesNotMatch(out.replaceAll("\n", ""), /[\p{Cc}\p{Bidi_Control}]/u);
  assert.match(out, /^ {2}sub +bob$/m);
});

test("decode: what is no JWT is wrong usage, and nothing of it is repeated", async () => {
  for (const input of ["hello", "a.b.c", "", "eyJhbGciOiJub25lIn0..."]) {
    const { code, out, err } = await bob.run(["decode", "-"], { input });
    assert.deepEqual([code, out], [2, ""], input);
    assert.doesNotMatch(err, /hello|eyJ/);
  }
});
