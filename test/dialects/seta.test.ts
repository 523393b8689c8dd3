/** The compatibility checklist of SeTA's token API, and what its users need beside it. */
import assert from "node:assert/strict";
import { constants, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";

import { StoreUnavailable } from "../../src/core/faults.ts";
import { asking, basic, bearer, reopened, seen } from "../api/asking.ts";
import { add } from "../api/people.ts";
import { addKey, giveKey, setaBody, setaToken } from "../api/signing.ts";
import { wrongBodies } from "../api/wrong-bodies.ts";
import { authority, claimsOf, good, type Authority, type WirePair } from "../authority.ts";
import { bobsPair, newPair } from "../keys/rsa-pairs.ts";

const refreshPath = "/seta/authentication/v1/token/refresh";
const logoutPath = "/seta/authentication/v1/logout";

const text = async (answer: Response | Promise<Response>): Promise<string> => {
  const response = await answer;
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("cache-control"), "no-store");
  return `${response.status} ${await response.text()}`;
};

describe("SeTA", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
    assert.equal((await addKey(jeton)).status, 201);
    await giveKey(jeton, "harvester");
  });
  after(() => jeton.close());

  const token = (body: unknown): Promise<Response> => setaToken(jeton, body);
  const tokens = async (body: unknown = setaBody()): Promise<WirePair> => good<WirePair>(await token(body));
  const post = (path: string, authorization?: string): Promise<Response> =>
    jeton.ask(path, { method: "POST", headers: authorization === undefined ? {} : { authorization } });
  const refresh = (refreshToken: string): Promise<Response> => post(refreshPath, `Bearer ${refreshToken}`);
  const isAlive = async (access_token: string): Promise<boolean> => (await jeton.me({ access_token })).status === 200;

  test("SeTA 1: a signed message answers access_token and refresh_token, and nothing else", async () => {
    const response = await token(setaBody());
    assert.equal(response.status, 200);
    assert.deepEqual(Object.keys((await response.json()) as object), ["access_token", "refresh_token"]);
  });

  test("SeTA 2: a member that is missing or of another type is 400, named, and not repeated", async () => {
    const body = setaBody();
    for (const name of Object.keys(body)) {
      const wrong = [
        [undefined, `'${name}' is a required property`],
        [17, "is not of type 'string'"],
        [null, "is not of type 'string'"],
        [{ $ne: null }, "is not of type 'string'"],
        [["canary"], "is not of type 'string'"],
      ] as const;
      for (const [value, expected] of wrong) {
        assert.equal(
          await text(token({ ...body, [name]: value })),
          `400 ${JSON.stringify({ errors: { [name]: expected }, message: "Input payload validation failed" })}`,
        );
      }
    }
    assert.equal((await token({ ...body, scope: "users:write" })).status, 200);
  });

  test("SeTA 3: a provider that is not of the list is 400, in capitals too", async () => {
    for (const provider of ["ecas", "LOCAL", "SETA", "", "local "]) {
      const errors = { provider: "is not one of ['local', 'seta']" };
      const expected = `400 ${JSON.stringify({ errors, message: "Input payload validation failed" })}`;
      assert.equal(await text(token(setaBody({ provider }))), expected);
    }
  });

  test("SeTA 4, 17, R-10: unknown, disabled, locked, deleted and without a key are 401 with one text", async () => {
    await giveKey(jeton, "eve");
    await add(jeton, { username: "lou", status: "locked" });
    await giveKey(jeton, "lou");
    const id = await add(jeton, { username: "dan" });
    await giveKey(jeton, "dan");
    await jeton.store.setSubjectStatus({ id, verb: "delete", by: { kind: "operator" }, now: jeton.clock.now() });
    const answers = new Set<string>();
    for (const body of [
      setaBody({ username: "nobody" }),
      setaBody({ username: "no body" }),
      setaBody({ username: "eve" }),
      setaBody({ username: "lou" }),
      setaBody({ username: "dan" }),
      setaBody({ username: "ada" }),
      // A user is no application.
      setaBody({ provider: "seta" }),
    ])
      answers.add(await seen(await token(body)));
    assert.equal(answers.size, 1, [...answers].join("\n\n"));
    assert.match([...answers][0]!, /^401\n[^]*\n\n\{"message":"Invalid User"\}$/);
    assert.doesNotMatch([...answers][0]!, /www-authenticate/);
  });

  const invalid = '403 {"message":"Invalid Signature"}';

  test("SeTA 5: a signature of another message, or by another key, is 403", async () => {
    assert.equal(await text(token({ ...setaBody(), rsa_original_message: "another message, as long" })), invalid);
    assert.equal(await text(token(setaBody({}, newPair()))), invalid);
  });

  test("SeTA 6, R-08: PSS, SHA-1, SHA-512, MD5 and a bare digest do not verify", async () => {
    const message = "a message of some length";
    const bytes = Buffer.from(message);
    const { privateKey } = bobsPair;
    const signatures = [
      sign("sha256", bytes, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }),
      sign("sha1", bytes, privateKey),
      sign("sha512", bytes, privateKey),
    ];
    for (const signature of signatures)
      assert.equal(
        await text(
          token(setaBody({ rsa_original_message: message, rsa_message_signature: signature.toString("hex") })),
        ),
        invalid,
      );
    assert.equal((await token(setaBody({ rsa_original_message: message }))).status, 200);
  });

  test("SeTA 6, R-09: hex in either case is read; anything else is 403 and not used up", async () => {
    const body = setaBody();
    const hex = body.rsa_message_signature;
    for (const wrong of [
      "",
      hex.slice(1),
      hex.slice(2),
      `0x${hex}`,
      `00${hex}`,
      ` ${hex}`,
      `${hex}\n`,
      `${hex}00`,
      `${hex.slice(0, -1)}g`,
      hex.replace(/^(..)/, "$1:"),
      Buffer.from(hex, "hex").toString("base64"),
      "0".repeat(512),
      "f".repeat(512),
    ])
      assert.equal(await text(token({ ...body, rsa_message_signature: wrong })), invalid, wrong.slice(0, 20));
    assert.equal((await token({ ...body, rsa_message_signature: hex.toUpperCase() })).status, 200);
    assert.equal(await text(token(body)), invalid);
  });

  test("R-04: a message that is too short or long, or was made for something else than a login, is 400", async () => {
    const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJib2IifQ";
    const tls13 = `${" ".repeat(64)}TLS 1.3, client CertificateVerify\0${"x".repeat(32)}`;
    const git = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor Bob";
    for (const message of ["", "x", "x".repeat(19), "x".repeat(257), jwt, tls13, git, "jeton-key-v1:abcdefgh.abcdefgh"])
      assert.match(
        await text(token(setaBody({ rsa_original_message: message }))),
        /^400 .*"rsa_original_message":"is not/,
      );
    for (const message of ["x".repeat(20), "y".repeat(256), "ключ и замок, двадцать", "😀".repeat(20)])
      assert.equal((await token(setaBody({ rsa_original_message: message }))).status, 200, message);
  });

  test("SeTA 8, L-06: a name is read in any case, as an address too", async () => {
    for (const username of ["BOB", "Bob", "ｂｏｂ", "bob@example.com"])
      assert.equal((await token(setaBody({ username }))).status, 200, username);
  });

  test("SeTA 9: provider `seta` is for applications, and their tokens say so", async () => {
    for (const provider of ["seta", "local"]) {
      const { access_token } = await tokens(setaBody({ username: "Harvester", provider }));
      const { user_type: type, seta_id: id, sub } = claimsOf(access_token);
      assert.equal(type, "application");
      assert.deepEqual(id, { user_id: sub, provider: "seta", provider_uid: "harvester" });
    }
  });

  test("SeTA 10, 11: an access token lives an hour and has the claims that SeTA's services read, beside ours", async () => {
    const { access_token, refresh_token } = await tokens();
    const { iss, sub, iat, exp, nbf, fresh, type, seta_id, role, user_type, client_id, amr } = claimsOf(access_token);
    assert.equal(Number(exp) - Number(iat), 3600);
    assert.deepEqual([nbf, fresh, type, role, user_type], [iat, true, "access", "User", "user"]);
    assert.deepEqual(seta_id, { user_id: sub, provider: "local", provider_uid: "bob" });
    assert.deepEqual([iss, client_id, amr], ["http://127.0.0.1:8420", "seta", ["swk"]]);
    const row = (await jeton.store.findSession(jeton.keys.readRefresh(refresh_token)!.sid))!.session;
    assert.equal(row.expiresAt - row.createdAt, 86_400);
  });

  test("SeTA 11: an administrator's role is Administrator", async () => {
    const pair = newPair();
    assert.equal((await addKey(jeton, { pair }, "ada")).status, 201);
    const { access_token } = await tokens(setaBody({ username: "ada" }, pair));
    assert.equal(claimsOf(access_token)["role"], "Administrator");
  });

  test("SeTA 12: the original refresh token is good a hundred times, gives no fresh tokens, and lives 24 hours", async () => {
    const first = await tokens();
    jeton.clock.pass(3600);
    assert.equal(await isAlive(first.access_token), false);
    const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(first.refresh_token)));
    for (const answer of answers) {
      const { access_token, refresh_token, ...more } = await good<WirePair>(answer);
      assert.deepEqual([refresh_token, more], [first.refresh_token, {}]);
      assert.equal(claimsOf(access_token)["fresh"], false);
      assert.equal(claimsOf(access_token)["user_type"], "user");
      assert.ok(await isAlive(access_token));
    }
    jeton.clock.pass(82_799);
    assert.equal((await refresh(first.refresh_token)).status, 200);
    jeton.clock.pass(1);
    assert.equal(await text(refresh(first.refresh_token)), '401 {"msg":"Token has expired"}');
  });

  test("SeTA 13, 14: what is no refresh token of this server is refused in the words of its JWT library", async () => {
    const { access_token, refresh_token } = await tokens();
    const native = await jeton.login();
    const missing =
      '401 {"msg":"Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie \\"refresh_token_cookie\\")"}';
    assert.equal(await text(refresh(access_token)), '422 {"msg":"Only refresh tokens are allowed"}');
    assert.equal(await text(post(refreshPath)), missing);
    assert.equal(await text(post(refreshPath, basic("bob", "x")["authorization"])), missing);
    assert.equal(await text(refresh("garbage")), '422 {"msg":"Not enough segments"}');
    assert.equal(await text(refresh(`${refresh_token.slice(0, -2)}xx`)), '422 {"msg":"Signature verification failed"}');
    assert.equal(await text(refresh(native.refresh_token)), '401 {"msg":"Token has been revoked"}');
    assert.equal((await jeton.refresh(native)).status, 200);
  });

  test("SeTA: after a logout with either token both are refused at once; a token of another door ends nothing here", async () => {
    for (const which of ["access_token", "refresh_token"] as const) {
      const pair = await tokens();
      const other = await tokens();
      assert.equal(await text(post(logoutPath, `Bearer ${pair[which]}`)), '200 {"status":"success"}');
      assert.equal(await text(refresh(pair.refresh_token)), '401 {"msg":"Token has been revoked"}');
      assert.equal(await isAlive(pair.access_token), false);
      assert.equal(await text(post(logoutPath, `Bearer ${pair[which]}`)), '200 {"status":"success"}');
      assert.equal((await refresh(other.refresh_token)).status, 200);
    }
    const late = await tokens();
    await jeton.later(3601);
    assert.equal(await text(post(logoutPath, `Bearer ${late.access_token}`)), '200 {"status":"success"}');
    assert.equal(await text(refresh(late.refresh_token)), '401 {"msg":"Token has been revoked"}');
    const native = await jeton.login();
    for (const which of ["access_token", "refresh_token"] as const)
      assert.equal((await post(logoutPath, `bearer  ${native[which]}`)).status, 200);
    assert.equal((await jeton.me(native)).status, 200);
    assert.match(await text(post(logoutPath)), /^401 \{"msg":"Missing JWT/);
  });

  test("SeTA 17: a disabled user gets nothing at the refresh either", async () => {
    await giveKey(jeton, "harvester");
    const { refresh_token } = await tokens(setaBody({ username: "harvester" }));
    const id = (await jeton.store.findCredential("root", { kind: "username", canonical: "harvester" }))!.holder.subject;
    const set = (verb: "disable" | "enable"): Promise<unknown> =>
      jeton.store.setSubjectStatus({ id, verb, by: { kind: "operator" }, now: jeton.clock.now() });
    await set("disable");
    assert.equal(await text(refresh(refresh_token)), '401 {"msg":"Token has been revoked"}');
    assert.equal(await text(token(setaBody({ username: "harvester" }))), '401 {"message":"Invalid User"}');
    await set("enable");
    assert.equal((await token(setaBody({ username: "harvester" }))).status, 200);
  });

  for (const [what, make, answer] of wrongBodies) {
    test(`L-20, H-02: ${what} as a body is ${answer.slice(0, 3)}, and opens nothing`, async () => {
      const sent = { body: make(setaBody()), headers: { "content-type": "application/json" } };
      const response = await asking(jeton.doors.main)("/seta/authentication/v1/token", sent);
      const given = await text(response);
      assert.equal(given.slice(0, 3), answer.slice(0, 3), given);
      assert.match(given, /"message":"/);
    });
  }

  test("SeTA: what the delivery refuses has a `message` too", async () => {
    const form = { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "username=bob" };
    assert.match(await text(jeton.ask("/seta/authentication/v1/token", form)), /^415 \{"message":"/);
    assert.match(await text(jeton.ask("/seta/nothing")), /^404 \{"message":"/);
    assert.match(await text(jeton.ask("/seta/authentication/v1/token")), /^405 \{"message":"/);
    assert.match(await text(jeton.ask(`${refreshPath}?token=x`, { method: "POST" })), /^400 \{"message":"/);
  });

  test("L-21: Basic opens nothing here, and two credentials in one header are 400", async () => {
    const headers = { ...basic("bob", "correct horse battery staple"), "content-type": "application/json" };
    assert.match(await text(jeton.ask("/seta/authentication/v1/token", { headers, body: "{}" })), /^400 /);
    const { refresh_token } = await tokens();
    for (const joined of [`Bearer ${refresh_token}, Basic eDp5`, `Basic eDp5, Bearer ${refresh_token}`])
      assert.match(await text(post(refreshPath, joined)), /^400 /);
  });

  test("SeTA: an outage of the store is 503 with `message` and Retry-After, and the message can be sent again", async () => {
    const down = (): Promise<never> => Promise.reject(new StoreUnavailable("the disk is full"));
    const { ask } = await reopened(jeton, { store: { ...jeton.store, openSigned: down, rotate: down } });
    const body = setaBody();
    const { refresh_token } = await tokens();
    for (const response of [
      await ask("/seta/authentication/v1/token", { body }),
      await ask(refreshPath, { method: "POST", headers: bearer({ access_token: refresh_token }) }),
    ]) {
      assert.equal(response.headers.get("retry-after"), "1");
      assert.match(await text(response), /^503 \{"message":"/);
    }
    assert.equal((await token(body)).status, 200);
  });
});

describe("SeTA with on_refresh=rotate", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority({ settings: { "dialects.seta.on_refresh": "rotate" } });
    await addKey(jeton);
  });
  after(() => jeton.close());

  const refresh = (refreshToken: string): Promise<Response> =>
    jeton.ask(refreshPath, { method: "POST", headers: { authorization: `Bearer ${refreshToken}` } });

  test("F-02: a hundred refreshes of one token at once give one pair", async () => {
    const first = await good<WirePair>(await setaToken(jeton, setaBody()));
    const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(first.refresh_token)));
    const pairs = new Set(await Promise.all(answers.map((answer) => text(answer))));
    assert.equal(pairs.size, 1);
    const second = JSON.parse([...pairs][0]!.slice(4)) as WirePair;
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal((await refresh(second.refresh_token)).status, 200);
  });

  test("SeTA 12: a refresh token that comes back after the window is 401, and its session is over", async () => {
    const first = await good<WirePair>(await setaToken(jeton, setaBody()));
    const second = await good<WirePair>(await refresh(first.refresh_token));
    await jeton.later(61);
    const revoked = '401 {"msg":"Token has been revoked"}';
    assert.equal(await text(refresh(first.refresh_token)), revoked);
    assert.equal(await text(refresh(second.refresh_token)), revoked);
  });
});
