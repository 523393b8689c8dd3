/** What may be tried on sign-in by a signature, and on the keys for it: family R. */
import assert from "node:assert/strict";
import {
  checkPrimeSync,
  constants,
  createHash,
  generateKeyPairSync,
  generatePrimeSync,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { after, before, describe, test } from "node:test";

import { encodeBase64url } from "../../src/core/base64url.ts";
import {
  addKey,
  answerChallenge,
  challengeFor,
  giveKey,
  proveKey,
  setaBody,
  setaToken,
  signedIn,
  takeKey,
} from "../api/signing.ts";
import { bearer, reopened, seen } from "../api/asking.ts";
import { add } from "../api/people.ts";
import { answered } from "../admin/house.ts";
import { rootOrganisation } from "../../src/core/root.ts";
import { authKeys } from "../../src/keys/auth-keys.ts";
import { signedLogin } from "../../src/engine/signed-login.ts";
import { throttle } from "../../src/engine/throttle.ts";
import { nativePolicy } from "../../src/core/policy.ts";
import { clientId } from "../../src/core/ids.ts";
import { scratch } from "../cli/program.ts";
import { authority, good, issuer, refusal, type Authority, type WirePair } from "../authority.ts";
import { newEdPair } from "../keys/ed-pair.ts";
import { bobsPair, newPair, sshLine } from "../keys/rsa-pairs.ts";

const notAccepted = "401 invalid_credentials";
const statuses = (answers: readonly Response[]): number[] =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b);

describe("signed login", () => {
  let jeton: Authority;
  before(async () => {
    jeton = await authority();
    await addKey(jeton);
    await giveKey(jeton, "harvester");
  });
  after(() => jeton.close());

  test("R-01: what was captured opens nothing a second time, at neither door", async () => {
    const body = setaBody();
    assert.deepEqual(statuses([await setaToken(jeton, body), await setaToken(jeton, body)]), [200, 403]);
    // Hex has two spellings, and names have many.
    const again = { ...body, username: "BOB", rsa_message_signature: body.rsa_message_signature.toUpperCase() };
    assert.equal((await setaToken(jeton, again)).status, 403);
    const challenge = await challengeFor(jeton);
    assert.equal((await answerChallenge(jeton, challenge)).status, 200);
    assert.equal(await refusal(answerChallenge(jeton, challenge)), notAccepted);
  });

  test("R-01: what was used is remembered over a restart", async () => {
    using folder = scratch();
    const options = { file: folder.path("jeton.db"), master: randomBytes(32) };
    const first = await authority(options);
    await addKey(first);
    const body = setaBody();
    const challenge = await challengeFor(first);
    assert.deepEqual(statuses([await setaToken(first, body), await answerChallenge(first, challenge)]), [200, 200]);
    await first.close();
    const second = await authority({ ...options, clock: first.clock, unfurnished: true });
    assert.equal((await setaToken(second, body)).status, 403);
    assert.equal(await refusal(answerChallenge(second, challenge)), notAccepted);
    assert.equal((await setaToken(second, setaBody())).status, 200);
    await second.close();
  });

  test("R-02: a hundred at once, and one session", async () => {
    const body = setaBody();
    const answers = await Promise.all(Array.from({ length: 100 }, () => setaToken(jeton, body)));
    assert.deepEqual(statuses(answers), [200, ...Array<number>(99).fill(403)]);
    const challenge = await challengeFor(jeton);
    const more = await Promise.all(Array.from({ length: 100 }, () => answerChallenge(jeton, challenge)));
    assert.deepEqual(statuses(more), [200, ...Array<number>(99).fill(401)]);
  });

  test("R-03: a signed challenge is good at the server that made it, for its organisation and its subject", async () => {
    const other = await authority();
    await addKey(other);
    const challenge = await challengeFor(jeton);
    assert.equal(await refusal(answerChallenge(other, challenge)), notAccepted);
    assert.equal((await answerChallenge(jeton, challenge)).status, 200);
    await other.close();
    // The same keys under another name are another server, after a move for instance.
    const renamed = await reopened(jeton, { issuer: "https://other.example" });
    assert.equal(await refusal(answerChallenge(renamed, await challengeFor(jeton))), notAccepted);
    assert.equal((await answerChallenge(renamed, await challengeFor(renamed))).status, 200);
  });

  test("R-03: a captured message signs nobody else in who has the same key", async () => {
    // Bob and the harvester have one key, and its message names neither.
    const body = setaBody();
    assert.equal((await setaToken(jeton, body)).status, 200);
    assert.equal((await setaToken(jeton, { ...body, username: "harvester", provider: "seta" })).status, 403);
  });

  test("R-03: a challenge whose claims were changed, or that another instance of the name made, is not good", async () => {
    const challenge = await challengeFor(jeton);
    const [, body = "", mac = ""] = /^jeton-login-v1:([\w-]+)\.([\w-]+)$/.exec(challenge)!;
    const claim = JSON.parse(Buffer.from(body, "base64url").toString()) as unknown[];
    const [named, about, until, nonce] = claim;
    assert.deepEqual([named, about], [issuer, [rootOrganisation, "bob", bobsPair.fingerprint]]);
    assert.ok(Buffer.from(String(nonce), "base64url").length >= 16);
    const changed = (at: number, value: unknown): string =>
      `jeton-login-v1:${encodeBase64url(Buffer.from(JSON.stringify(claim.with(at, value))))}.${mac}`;
    for (const forged of [
      changed(0, "https://other.example"),
      changed(1, ["acme", "bob", bobsPair.fingerprint]),
      changed(1, [rootOrganisation, "harvester", bobsPair.fingerprint]),
      changed(1, [rootOrganisation, "bob", newEdPair().fingerprint]),
      changed(2, Number(until) + 1),
      changed(3, "AAAAAAAAAAAAAAAAAAAAAA"),
      `jeton-login-v1:${body}.${mac.slice(0, -1)}`,
      `jeton-login-v1:${body}.`,
      challenge.replace("v1", "v2"),
      ` ${challenge}`,
      `${challenge}\n`,
      "x",
    ])
      assert.equal(await refusal(answerChallenge(jeton, forged)), notAccepted, forged);
    assert.equal((await answerChallenge(jeton, challenge)).status, 200);
  });

  test("R-11: at SeTA's door keys of other types and sizes stand in nobody's place", async () => {
    const house = await authority();
    await addKey(house);
    for (let at = 0; at < 6; at++) assert.equal((await addKey(house, { pair: newEdPair() })).status, 201);
    for (let at = 0; at < 3; at++) assert.equal((await addKey(house, { pair: newPair(3072) })).status, 201);
    assert.equal((await setaToken(house, setaBody())).status, 200);
    await house.close();
  });

  test("R-04: at the native door only a challenge is signed, and none that a key proved itself with", async () => {
    for (const message of ["x", "x".repeat(40), "jeton-login-v1:", "eyJhbGciOiJSUzI1NiJ9.e30"])
      assert.equal(await refusal(answerChallenge(jeton, message)), notAccepted);
    const headers = await bobs();
    const body = { public_key: bobsPair.spki };
    const proof = await good<{ challenge: string }>(await jeton.ask("/api/v1/auth-key-challenge", { headers, body }));
    assert.match(proof.challenge, /^jeton-key-v1:/);
    assert.equal(await refusal(answerChallenge(jeton, proof.challenge)), notAccepted);
    assert.equal((await setaToken(jeton, setaBody({ rsa_original_message: proof.challenge }))).status, 400);
  });

  test("R-03, R-04: at SeTA's door a challenge signs in whom it names, once, and nobody else", async () => {
    const challenge = await challengeFor(jeton);
    const body = setaBody({ rsa_original_message: challenge });
    for (const whose of [
      { username: "harvester", provider: "seta" },
      { username: "eve", provider: "local" },
      { username: "ada", provider: "local" },
    ])
      assert.equal((await setaToken(jeton, { ...body, ...whose })).status, 401);
    assert.deepEqual(statuses([await setaToken(jeton, body), await setaToken(jeton, body)]), [200, 403]);
    assert.equal(await refusal(answerChallenge(jeton, challenge)), notAccepted);
    const late = setaBody({ rsa_original_message: await challengeFor(jeton) });
    jeton.clock.pass(60);
    assert.equal((await setaToken(jeton, late)).status, 401);
  });

  test("R-03: a challenge names one key, and another of the same subject does not answer it", async () => {
    const pair = newEdPair();
    assert.equal((await addKey(jeton, { pair })).status, 201);
    const challenge = await challengeFor(jeton);
    assert.equal(await refusal(answerChallenge(jeton, challenge, pair.sign(challenge))), notAccepted);
    const own = await challengeFor(jeton, { pair });
    assert.equal((await answerChallenge(jeton, own, pair.sign(own))).status, 200);
  });

  test("R-03: a key is taken with a proof by itself: over its own challenge, for its own subject, in its minute", async () => {
    const [pair, other] = [newEdPair(), newEdPair()];
    const ask = async (of: Partial<Record<"public_key" | "challenge" | "signature", string>>, as = "bob") => {
      const headers = bearer(await jeton.login(as));
      const { challenge } = await good<{ challenge: string }>(
        await jeton.ask("/api/v1/auth-key-challenge", { headers: await bobs(), body: { public_key: pair.spki } }),
      );
      const signed = of.challenge ?? challenge;
      const signature = pair.sign(signed).toString("base64url");
      const body = { name: "laptop", public_key: pair.spki, challenge: signed, signature, ...of };
      return jeton.ask("/api/v1/auth-keys", { headers, body });
    };
    const keysBefore = (
      await good<{ items: unknown[] }>(await jeton.ask("/api/v1/auth-keys", { headers: await bobs() }))
    ).items;
    const ofOther = await good<{ challenge: string }>(
      await jeton.ask("/api/v1/auth-key-challenge", { headers: await bobs(), body: { public_key: other.spki } }),
    );
    const login = await challengeFor(jeton, { pair });
    for (const wrong of [
      ask({ signature: other.sign("x").toString("base64url") }),
      ask({ signature: "AAAA" }),
      ask({ signature: "!" }),
      ask({ public_key: other.spki }),
      ask({ challenge: ofOther.challenge }),
      ask({ challenge: login }),
      ask({ challenge: "jeton-key-v1:x.y" }),
      ask({ challenge: "a message that says nothing of a key" }),
      // Bob's challenge is not for Ada.
      ask({}, "ada"),
    ])
      assert.equal(await refusal(wrong), "400 invalid_request");
    const late = proveKey(jeton, await jeton.login(), {
      pair,
      sign: (challenge) => {
        jeton.clock.pass(60);
        return pair.sign(challenge).toString("base64url");
      },
    });
    assert.equal(await refusal(late), "400 invalid_request");
    const keysAfter = (
      await good<{ items: unknown[] }>(await jeton.ask("/api/v1/auth-keys", { headers: await bobs() }))
    ).items;
    assert.deepEqual(keysAfter, keysBefore);
    assert.equal((await ask({})).status, 201);
  });

  const bobs = async (): Promise<Readonly<Record<string, string>>> => bearer(await jeton.login());
  const bobsKeys = async (): Promise<string> =>
    (await jeton.ask("/api/v1/auth-keys", { headers: await bobs() })).text();
  const refusedKey = async (publicKey: string): Promise<string> => {
    const response = await addKey(jeton, { text: publicKey });
    const text = await response.text();
    assert.equal(response.status, 400, text);
    const { code, detail } = JSON.parse(text) as { code: string; detail?: string };
    assert.equal(code, "invalid_request");
    return String(detail);
  };
  const hexOf = (number: bigint): Uint8Array => {
    const hex = number.toString(16);
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  };
  const line = (n: bigint, e: bigint): string => sshLine(hexOf(n), hexOf(e));
  const numberOf = (base64url: string): bigint => BigInt(`0x${Buffer.from(base64url, "base64url").toString("hex")}`);
  const modulus = numberOf(String(bobsPair.privateKey.export({ format: "jwk" }).n));

  test("R-05: keys that are too small, too large or have a modulus or exponent that breaks them are refused", async () => {
    const keysBefore = await bobsKeys();
    const f4 = 65_537n;
    const sized = (bits: number): bigint =>
      (1n << BigInt(bits - 1)) | (BigInt(`0x${randomBytes(16).toString("hex")}`) << 1n) | 1n;
    for (const bits of [512, 1024, 2047, 8193, 16_384])
      assert.match(await refusedKey(line(sized(bits), f4)), /modulus/);
    assert.match(await refusedKey(line(modulus - 1n, f4)), /modulus must be odd/);
    for (const e of [1n, 2n, 3n, 17n, 65_535n, 65_538n, (1n << 32n) + 1n, (1n << 256n) + 1n])
      assert.match(await refusedKey(line(modulus, e)), /exponent/);
    // With a prime anybody signs: the proof is good, and the key is refused.
    const prime = generatePrimeSync(2048, { bigint: true });
    const power = (base: bigint, exponent: bigint): bigint => {
      let [result, square] = [1n, base];
      for (let rest = exponent; rest > 0n; rest >>= 1n) {
        if ((rest & 1n) === 1n) result = (result * square) % prime;
        square = (square * square) % prime;
      }
      return result;
    };
    const inverse = (of: bigint, modulus2: bigint): bigint => {
      let [a, b, x, y] = [of, modulus2, 1n, 0n];
      while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
      return ((x % modulus2) + modulus2) % modulus2;
    };
    const text = line(prime, f4);
    const proved = addKey(jeton, {
      text,
      sign: (challenge) => {
        const digest = createHash("sha256").update(challenge).digest("hex");
        const padded = `0001${"ff".repeat(202)}003031300d060960864801650304020105000420${digest}`;
        const number = power(BigInt(`0x${padded}`), inverse(f4, prime - 1n));
        return Buffer.from(number.toString(16).padStart(512, "0"), "hex").toString("base64url");
      },
    });
    const broken = await proved;
    assert.match(await broken.clone().text(), /can be broken/);
    assert.equal(await refusal(broken), "400 invalid_request");
    assert.match(await refusedKey(line(modulus * 751n, f4)), /can be broken/);
    assert.equal(await bobsKeys(), keysBefore);
  });

  test("R-05: a modulus whose primes are one, or lie close together, is refused (CVE-2022-26320)", async () => {
    const prime = generatePrimeSync(1030, { bigint: true });
    let next = prime + 2n;
    while (!checkPrimeSync(next)) next += 2n;
    for (const n of [prime * prime, prime * next]) assert.match(await refusedKey(line(n, 65_537n)), /can be broken/);
  });

  test("R-05: a modulus as the ROCA library made it is refused (CVE-2017-15361)", async () => {
    const primes = Array.from({ length: 168 }, (_, at) => at).filter(
      (at) => at > 1 && !Array.from({ length: at - 2 }, (_, of) => of + 2).some((of) => at % of === 0),
    );
    const product = primes.reduce((so, prime) => so * BigInt(prime), 1n);
    let power = 1n;
    for (let at = 0; at < 12_345; at++) power = (power * 65_537n) % product;
    const roca = (((1n << 2047n) / product + 1n) * product + power) | 1n;
    assert.match(await refusedKey(line(roca, 65_537n)), /can be broken/);
  });

  test("R-06: a private key in any form is refused as one, and nothing of it is stored or logged", async () => {
    const keysBefore = await bobsKeys();
    const { privateKey } = newPair();
    const texts = [
      privateKey.export({ type: "pkcs8", format: "pem" }),
      privateKey.export({ type: "pkcs1", format: "pem" }),
      privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }),
      JSON.stringify(privateKey.export({ format: "jwk" })),
      "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----",
      "PuTTY-User-Key-File-3: ssh-rsa",
    ];
    for (const text of texts) assert.match(await refusedKey(text), /private key. Nothing was stored/);
    // Under another label it is one all the same.
    for (const label of ["PUBLIC KEY", "RSA PUBLIC KEY"])
      assert.match(await refusedKey(texts[1]!.replaceAll("RSA PRIVATE KEY", label)), /private key. Nothing was stored/);
    assert.equal(await bobsKeys(), keysBefore);
    const logged = jeton.logged();
    for (const text of texts.slice(0, 4))
      assert.equal(logged.includes(text.split("\n")[1] ?? text.slice(9, 60)), false);
  });

  test("R-06: certificates, keys of other types, two keys, and whatever stands around one are refused", async () => {
    const { spki, pkcs1, ssh } = newPair();
    const [, base64 = ""] = ssh.split(" ");
    const twice = `${spki}${spki}`;
    const others: readonly (readonly [string, RegExp])[] = [
      ["-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", /only RSA/],
      ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8 bob", /no public key/],
      ["ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTY bob", /no public key/],
      [`ssh-rsa-cert-v01@openssh.com ${base64}`, /only RSA/],
      ["ssh-dss AAAAB3NzaC1kc3M bob", /only RSA/],
      [twice, /more than one/],
      [`${ssh}\n${ssh}`, /more than one/],
      [`command="sh" ${ssh}`, /no public key/],
      [`${ssh}\nmore`, /no public key/],
      [`ssh-rsa ${base64.slice(0, -4)}`, /no public key/],
      [`ssh-rsa ${base64}AAAA`, /no public key/],
      // A fourth text, empty, after the modulus.
      [
        `ssh-rsa ${Buffer.concat([Buffer.from(base64, "base64"), Buffer.alloc(4)]).toString("base64")}`,
        /no public key/,
      ],
      [`ssh-rsa  ${base64}`, /no public key/],
      [`${ssh}\u0000`, /no public key/],
      [pkcs1.replaceAll("RSA PUBLIC", "PUBLIC"), /no public key/],
      [spki.replaceAll("PUBLIC KEY", "RSA PUBLIC KEY"), /no public key/],
      [spki.replace("-----END", "A-----END"), /no public key/],
      [spki.slice(0, -30), /no public key/],
      ["x", /no public key/],
    ];
    for (const [text, expected] of others) assert.match(await refusedKey(text), expected, text);
    const large = await addKey(jeton, { text: `${ssh} ${"x".repeat(1_000_000)}` });
    assert.equal(large.status, 413);
    for (const text of [ssh.padEnd(8193, "x"), 17, [ssh], null])
      assert.equal((await addKey(jeton, { text })).status, 400);
  });

  test("R-08: only RSASSA-PKCS1-v1_5 with SHA-256 signs a challenge", async () => {
    const challenge = await challengeFor(jeton);
    const bytes = Buffer.from(challenge);
    const { privateKey } = bobsPair;
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    for (const signature of [
      sign("sha1", bytes, privateKey),
      sign("md5", bytes, privateKey),
      sign("sha384", bytes, privateKey),
      sign("sha512", bytes, privateKey),
      sign("sha256", bytes, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }),
      // The digest of the digest, and no DigestInfo at all.
      sign("sha256", Buffer.from(digest), privateKey),
      Buffer.alloc(256),
      Buffer.alloc(256, 0xff),
    ])
      assert.equal(await refusal(answerChallenge(jeton, challenge, signature)), notAccepted);
    assert.equal((await answerChallenge(jeton, challenge)).status, 200);
  });

  test("R-09: a signature has one spelling, in base64url at the native door", async () => {
    const challenge = await challengeFor(jeton);
    const good256 = bobsPair.sign(challenge);
    const text = good256.toString("base64url");
    const send = (signature: unknown): Promise<Response> =>
      jeton.ask("/api/v1/login/signature", { body: { challenge, signature } });
    for (const wrong of [`${text}==`, good256.toString("base64"), ` ${text}`, `${text}\n`, "", 17, [text], null])
      assert.equal(await refusal(send(wrong)), "400 invalid_request", String(wrong));
    for (const wrong of [
      good256.toString("hex"),
      `AA${text}`,
      text.slice(0, -2),
      text.slice(4),
      `${text}AA`.padEnd(1400, "A"),
    ]) {
      const answer = await refusal(send(wrong));
      assert.ok([notAccepted, "400 invalid_request"].includes(answer), answer);
    }
    assert.equal((await send(text)).status, 200);
  });

  test("R-10: a good signature of a disabled or locked subject, or by a key of before, is refused like every other", async () => {
    const pair = newPair();
    const id = await add(jeton, { username: "carol" });
    const key = await giveKey(jeton, "carol", pair);
    const set = (verb: "disable" | "enable" | "lock" | "unlock"): Promise<unknown> =>
      jeton.store.setSubjectStatus({ id, verb, by: { kind: "operator" }, now: jeton.clock.now() });
    const attempt = async (): Promise<Response> => {
      const challenge = await challengeFor(jeton, { username: "carol", pair });
      return answerChallenge(jeton, challenge, pair.sign(challenge));
    };
    assert.equal((await attempt()).status, 200);
    for (const [on, off] of [
      ["disable", "enable"],
      ["lock", "unlock"],
    ] as const) {
      await set(on);
      assert.equal(await refusal(attempt()), notAccepted);
      await set(off);
      assert.equal((await attempt()).status, 200);
    }
    const opened = await good<WirePair>(await attempt());
    await takeKey(jeton, "carol", key);
    assert.equal(await refusal(attempt()), notAccepted);
    assert.equal((await jeton.me(opened)).status, 401);
    assert.equal(await refusal(jeton.refresh(opened)), "401 invalid_grant");
  });

  const reasons = async (): Promise<ReadonlyMap<string, () => Promise<Response>>> => {
    await giveKey(jeton, "eve");
    const to = (username: string, organisation?: string) => async (): Promise<Response> =>
      answerChallenge(jeton, await challengeFor(jeton, { username, ...(organisation && { organisation }) }));
    const used = await challengeFor(jeton);
    await answerChallenge(jeton, used);
    return new Map([
      ["unknown", to("nobody")],
      ["no possible name", to("no body")],
      ["no such organisation", to("bob", "Nowhere")],
      ["without a key", to("ada")],
      ["disabled", to("eve")],
      ["bad signature", async () => answerChallenge(jeton, await challengeFor(jeton), Buffer.alloc(256, 1))],
      ["another size", async () => answerChallenge(jeton, await challengeFor(jeton), Buffer.alloc(512, 1))],
      ["no size", async () => answerChallenge(jeton, await challengeFor(jeton), Buffer.alloc(3, 1))],
      ["another key", async () => answerChallenge(jeton, await challengeFor(jeton, { pair: newEdPair() }))],
      ["used", () => answerChallenge(jeton, used)],
      ["no challenge", () => answerChallenge(jeton, "jeton-login-v1:x.y")],
    ]);
  };

  test("R-11: unknown, without a key, disabled, a bad signature and a used one are answered alike", async () => {
    const answers = new Map<string, string>();
    for (const [reason, attempt] of await reasons()) answers.set(reason, await seen(await attempt()));
    assert.equal(new Set(answers.values()).size, 1, [...answers].flat().join("\n\n"));
  });

  test("R-11: whatever is wrong costs one verification, of a number below a modulus of the presented size", async () => {
    const raw: { readonly bits: number; readonly n: bigint; readonly signature: Uint8Array }[] = [];
    let onCurve = 0;
    const deps = {
      store: jeton.store,
      tokens: jeton.keys,
      clock: jeton.clock,
      chance: randomBytes,
      issuer,
      throttle: throttle({ free: 5, longest: 900 as never, networkBurst: 1000, networkRefill: 6 as never }),
      networkOf: (address: string) => address,
      onThrottled: () => undefined,
      spendChange: () => undefined,
      keyLimits: { messages: 1_000_000 },
      authKeys: authKeys({ maxRsaBits: 8192 }, (digest, message, by, signature) => {
        const { n } = by.key.export({ format: "jwk" });
        if (n === undefined) onCurve++;
        else raw.push({ bits: by.key.asymmetricKeyDetails!.modulusLength!, n: numberOf(n), signature });
        return verify(digest, message, by, signature);
      }),
    };
    const door = { client: clientId("native"), issuer, policy: nativePolicy, claims: () => ({}) };
    const message = "a message of some length, signed by nobody";
    const attempt = (login: string, signature: Uint8Array | undefined) =>
      signedLogin(deps, {
        login,
        organisation: rootOrganisation,
        kind: undefined,
        key: bobsPair.fingerprint,
        message,
        signature: signature && { form: "raw", bytes: signature },
        door,
        from: { address: "192.0.2.1", requestId: "r" },
        asker: undefined,
      });
    const bytes = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(512, "0"), "hex");
    const modulusOfDecoy = async (): Promise<bigint> => {
      await attempt("nobody", Buffer.alloc(256, 1));
      return raw.pop()!.n;
    };
    // Who is disabled has a key too: bob's.
    await giveKey(jeton, "eve");
    const decoy = await modulusOfDecoy();
    assert.notEqual(decoy, modulus);
    const ownSize = [
      ["zero", bytes(0n)],
      ["one", bytes(1n)],
      ["n - 1", bytes(modulus - 1n)],
      ["n", bytes(modulus)],
      ["n + 1", bytes(modulus + 1n)],
      ["decoy's - 1", bytes(decoy - 1n)],
      ["decoy's", bytes(decoy)],
      ["all ones", Buffer.alloc(256, 0xff)],
      ["another pair's", newPair().sign(message)],
    ] as const;
    const others = [undefined, 0, 1, 255, 257, 384, 512, 1023, 1024, 1025, 100_000].map(
      (size) => [`${size} bytes`, size === undefined ? undefined : Buffer.alloc(size, 0x11)] as const,
    );
    for (const login of ["bob", "nobody", "no body", "ada", "eve"])
      for (const [name, signature] of [...ownSize, ...others]) {
        const outcome = await attempt(login, signature);
        const what = `${login}, ${name}`;
        assert.equal(outcome.ok, false, what);
        const length = signature?.length ?? 0;
        const [made, ...more] = raw.splice(0);
        // No RSA signature by its size: it costs what one on P-256 does.
        const isRsa = length >= 256 && length <= 1024;
        assert.deepEqual([made === undefined ? 0 : 1, more.length, onCurve], isRsa ? [1, 0, 0] : [0, 0, 1], what);
        onCurve = 0;
        if (!isRsa) continue;
        assert.equal(made!.bits, length * 8, what);
        assert.equal(made!.signature.length, made!.bits / 8, what);
        const number = numberOf(Buffer.from(made!.signature).toString("base64url"));
        assert.ok(number > 0n && number < made!.n, what);
        // One's own key is asked whenever it can be, so that none of this is for nothing.
        const isOwn =
          ["bob", "eve"].includes(login) && length === 256 && number === numberOf(signature!.toString("base64url"));
        assert.equal(made!.n === modulus, isOwn, what);
      }
    // A stored key below the policy costs what every other does.
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const small = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
    for (const size of [128, 256])
      assert.equal(deps.authKeys.verify([small], message, { form: "raw", bytes: Buffer.alloc(size, 1) }, 1), undefined);
    assert.deepEqual([raw.map(({ bits }) => bits), onCurve], [[2048], 1]);
    assert.equal((await attempt("bob", bobsPair.sign(message))).ok, true);
  });

  test("R-12: challenges are made for everybody alike and stored nowhere; each is good for a minute and once", async () => {
    const lengths = new Set<number>();
    for (const username of ["bob", "ada", "eve", "zed"]) lengths.add((await challengeFor(jeton, { username })).length);
    assert.equal(lengths.size, 1);
    const [one, two] = [await challengeFor(jeton), await challengeFor(jeton)];
    assert.notEqual(one, two);
    // Two may be outstanding, in any order.
    assert.deepEqual(statuses([await answerChallenge(jeton, two), await answerChallenge(jeton, one)]), [200, 200]);
    const late = await challengeFor(jeton);
    jeton.clock.pass(59);
    assert.equal((await answerChallenge(jeton, late)).status, 200);
    const tooLate = await challengeFor(jeton);
    jeton.clock.pass(60);
    assert.equal(await refusal(answerChallenge(jeton, tooLate)), notAccepted);
    // That of somebody else signs somebody else in, or nobody.
    assert.equal(await refusal(answerChallenge(jeton, await challengeFor(jeton, { username: "ada" }))), notAccepted);
    const { access_token } = await signedIn(jeton, { username: "harvester" });
    const me = await good<{ username: string }>(await jeton.me({ access_token }));
    assert.equal(me.username, "harvester");
  });

  test("RFC 9470 section 3: adding and removing a key takes a sign-in by password of at most 10 minutes ago", async () => {
    const addOne = (pair: Pick<WirePair, "access_token">): Promise<Response> =>
      proveKey(jeton, pair, { pair: newEdPair() });
    const key = await answered<{ id: string }>(await addKey(jeton, { pair: newEdPair() }), 201);
    const remove = (pair: Pick<WirePair, "access_token">): Promise<Response> =>
      jeton.ask(`/api/v1/auth-keys/${key.id}`, { method: "DELETE", headers: bearer(pair) });
    const needed = async (response: Response): Promise<void> => {
      assert.equal(
        response.headers.get("www-authenticate"),
        'Bearer realm="jeton", error="insufficient_user_authentication", max_age="600"',
      );
      assert.equal(await refusal(response), "401 reauthentication_needed");
    };
    let pair = await jeton.login();
    jeton.clock.pass(299);
    pair = await jeton.refreshed(pair);
    jeton.clock.pass(299);
    pair = await jeton.refreshed(pair);
    jeton.clock.pass(2);
    assert.equal((await addOne(pair)).status, 201);
    jeton.clock.pass(1);
    // A refresh is no sign-in.
    pair = await jeton.refreshed(pair);
    await needed(await addOne(pair));
    await needed(await remove(pair));
    const byKey = await signedIn(jeton);
    await needed(await addOne(byKey));
    await needed(await remove(byKey));
    assert.equal((await jeton.me(byKey)).status, 200);
    assert.equal((await remove(await jeton.login())).status, 204);
  });
});

test("L-05, R-12: wrong signatures lock no script out, and cost their network alone", async () => {
  const jeton = await authority({ settings: { "throttle.free": 2, "throttle.network_burst": 5 } });
  await addKey(jeton);
  const attempt = (address: string, signature?: string): Promise<Response> =>
    jeton.ask("/seta/authentication/v1/token", {
      body: setaBody(signature === undefined ? {} : { rsa_message_signature: signature }),
      address,
    });
  for (let count = 0; count < 5; count++) assert.equal((await attempt("198.51.100.7", "00")).status, 403);
  const refused = await attempt("198.51.100.7");
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.match(await refused.text(), /^\{"message":"/);
  assert.equal((await attempt("192.0.2.1")).status, 200);
  assert.ok((await jeton.login()).access_token);
  await jeton.close();
});

test("CWE-770: each signed login is one of its subject's changes, at both doors, and one too many opens nothing", async () => {
  const jeton = await authority({ settings: { "limits.changes": 6 } });
  // The first two of the six: a key is added.
  const pair = await jeton.login();
  await addKey(jeton);
  for (let count = 0; count < 2; count++) {
    assert.equal((await setaToken(jeton, setaBody())).status, 200);
    await signedIn(jeton);
  }
  const sessions = async (): Promise<number> => {
    const { subject } = (await jeton.store.findCredential("root", { kind: "username", canonical: "bob" }))!.holder;
    return (await jeton.store.listSessions(subject, { before: undefined, limit: 50, now: jeton.clock.now() })).length;
  };
  const open = await sessions();
  const body = setaBody();
  const refused = await setaToken(jeton, body);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "10"]);
  assert.equal(await refused.text(), '{"message":"There were too many changes in a short time"}');
  const challenge = await challengeFor(jeton);
  const native = await answerChallenge(jeton, challenge);
  assert.equal(native.headers.get("retry-after"), "10");
  assert.equal(await refusal(native), "429 too_many_changes");
  assert.equal(await sessions(), open);
  // Whoever has no good signature learns nothing of it, and costs its subject nothing.
  const wrong = Buffer.alloc(256, 1);
  assert.equal(await refusal(answerChallenge(jeton, challenge, wrong)), notAccepted);
  // Signed logins and the other changes are counted together; passwords and others are not touched, nor what ends things.
  const change = { method: "POST", headers: { authorization: `Bearer ${pair.access_token}` }, body: {} };
  assert.equal(
    await refusal(jeton.ask("/api/v1/applications", { ...change, body: { name: "one-more" } })),
    "429 too_many_changes",
  );
  await jeton.login();
  await jeton.later(10);
  // The message was not used up.
  assert.equal((await setaToken(jeton, body)).status, 200);
  await jeton.close();
});
