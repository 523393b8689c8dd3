/** What the header of a token may say: RFC 7515 section 4, RFC 8725 sections 3.1, 3.10 and 3.11. */
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import * as fc from "fast-check";

import { headerText, signJws, verifyJws } from "../../src/keys/jws.ts";
import { craft, headerFor, segment, verdict } from "./craft.ts";
import { allKeys, fixedKeys } from "./fixed-keys.ts";

const { EdDSA, ES256 } = fixedKeys;
const header = headerFor(EdDSA);
const payload = { sub: "bob" };

test("RFC 7515 section 5: what signJws makes verifies under its key, with its payload and the name of its key", () => {
  for (const key of allKeys) {
    const token = signJws(headerText(key, "at+jwt"), JSON.stringify(payload), key);
    const verified = verifyJws(token, { types: ["at+jwt"], key: (kid) => (kid === key.kid ? key : undefined) });
    assert.deepEqual(verified, { ok: true, kid: key.kid, payload });
    assert.equal(verdict(token, []), "unknown_key");
  }
});

test("RFC 7515 section 5: any JSON object comes back out of a token as it went in", () => {
  const values = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 });
  fc.assert(
    fc.property(fc.constantFrom(EdDSA, ES256), values, (key, value) => {
      const text = JSON.stringify(value);
      fc.pre(text.length < 3000 && text.isWellFormed() && !/\\u0000|\\ud|"__proto__":/i.test(text));
      const token = signJws(headerText(key, "at+jwt"), text, key);
      const verified = verifyJws(token, { types: ["at+jwt"], key: () => key });
      assert.deepEqual(verified, { ok: true, kid: key.kid, payload: JSON.parse(text) as unknown });
    }),
    { numRuns: 200 },
  );
});

// oxfmt-ignore
const foreignAlgorithms: readonly unknown[] = [
  "none", "None", "nOnE", "NONE", "none ", "", " ", "EdDSA ", "eddsa", "EDDSA", "Ed25519", "es256", "ES384", "ES512",
  "ES256K", "PS256", "RS384", "RS512", "RS1", "HS256", "HS384", "HS512", "dir", "A128KW", "PBES2-HS256+A128KW",
  null, true, 0, [], ["none"], ["EdDSA"], { EdDSA: true }, "__proto__", "constructor", "toString",
];

test("J-01: an alg that is none in any spelling, foreign, absent or no text is refused under a good signature", () => {
  for (const alg of foreignAlgorithms) {
    for (const key of allKeys)
      assert.equal(
        verdict(craft(key, { ...headerFor(key), alg }, payload)),
        "alg_not_allowed",
        `alg ${JSON.stringify(alg)}`,
      );
    // Without a signature, as it is meant; with one dot less; with something in its place.
    const unsigned = `${segment({ ...header, alg })}.${segment(payload)}`;
    assert.equal(verdict(`${unsigned}.`), "malformed");
    assert.equal(verdict(unsigned), "malformed");
    assert.equal(verdict(`${unsigned}.AA`), "alg_not_allowed");
  }
  const { alg: _, ...withoutAlg } = header;
  assert.equal(verdict(craft(EdDSA, withoutAlg, payload)), "alg_not_allowed");
});

test("J-02: an HMAC under the text of a public key is no signature, whatever alg says", () => {
  for (const key of allKeys) {
    const { publicKey, publicJwk } = key;
    const secrets: readonly (string | Buffer)[] = [
      publicKey.export({ format: "pem", type: "spki" }),
      publicKey.export({ format: "pem", type: "spki" }).trim(),
      publicKey.export({ format: "der", type: "spki" }),
      JSON.stringify(publicJwk),
      JSON.stringify({ keys: [publicJwk] }),
      ...[publicJwk["x"], publicJwk["y"], publicJwk["n"]]
        .filter((member) => member !== undefined)
        .flatMap((member) => [member, Buffer.from(member, "base64url")]),
      "",
    ];
    for (const secret of secrets) {
      for (const [hash, alg] of [
        ["sha256", "HS256"],
        ["sha384", "HS384"],
        ["sha512", "HS512"],
        ["sha512", key.alg],
        ["sha256", key.alg],
      ] as const) {
        const input = `${segment({ ...headerFor(key), alg })}.${segment(payload)}`;
        const token = `${input}.${createHmac(hash, secret).update(input).digest("base64url")}`;
        assert.equal(verdict(token), alg === key.alg ? "bad_signature" : "alg_not_allowed");
      }
    }
  }
});

test("J-03: a key has one algorithm: under the kid of another key nothing verifies", () => {
  for (const key of allKeys) {
    for (const other of allKeys.filter(({ kid }) => kid !== key.kid)) {
      assert.equal(verdict(craft(key, { ...headerFor(key), kid: other.kid }, payload)), "alg_not_allowed");
      assert.equal(verdict(craft(key, headerFor(other), payload)), "bad_signature");
      assert.equal(verdict(craft(key, { ...headerFor(other), kid: key.kid }, payload)), "alg_not_allowed");
    }
  }
  assert.equal(verdict(craft(EdDSA, { ...header, kid: "another" }, payload), [EdDSA]), "unknown_key");
});

test("J-03: a key of another curve under the label ES256 verifies nothing, not even its own signatures", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const mislabelled = { kid: "p384", alg: "ES256", publicKey } as const;
  const input = `${segment(headerFor({ ...mislabelled, privateKey }))}.${segment(payload)}`;
  for (const dsaEncoding of ["ieee-p1363", "der"] as const) {
    const signature = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding });
    assert.equal(verdict(`${input}.${signature.toString("base64url")}`, [mislabelled]), "bad_signature");
    const cut = signature.subarray(0, 64);
    assert.equal(verdict(`${input}.${cut.toString("base64url")}`, [mislabelled]), "bad_signature");
  }
});

const paths = ["../../../../dev/null", "/dev/null", "/proc/self/environ", "file:///etc/hostname", "C:\\NUL", "keys/a"];

test("J-04: a kid that is the path of a file names no key, with an empty HMAC key behind it or a good signature", () => {
  for (const kid of paths) {
    const input = `${segment({ ...header, alg: "HS256", kid })}.${segment(payload)}`;
    assert.equal(verdict(`${input}.${createHmac("sha256", "").update(input).digest("base64url")}`), "alg_not_allowed");
    assert.equal(verdict(craft(EdDSA, { ...header, kid }, payload)), "unknown_key");
  }
});

// oxfmt-ignore
const strangeKids: readonly unknown[] = [
  "x' UNION SELECT 'secret'--", "' OR 1=1--", "", " ", "\n", "%", "__proto__", "constructor", "prototype", "toString",
  "hasOwnProperty", "EdDSA-KEY", "EdDSA-key ", "EdDSA-key\t", "ＥｄＤＳＡ-key",
  0, 1, -1, true, false, null, [], ["EdDSA-key"], {}, { kid: "EdDSA-key" }, { toString: "EdDSA-key" },
];

test("J-05: a kid with SQL in it, of another type or named like a member of all objects names no key", () => {
  for (const kid of strangeKids) {
    const token = craft(EdDSA, { ...header, kid }, payload);
    assert.equal(verdict(token), "unknown_key", `kid ${JSON.stringify(kid)}`);
  }
  const { kid: _, ...withoutKid } = header;
  assert.equal(verdict(craft(EdDSA, withoutKid, payload)), "unknown_key");
  // The whole text is too long before anything is read.
  let asked = 0;
  const huge = craft(EdDSA, { ...header, kid: "k".repeat(1 << 20) }, payload);
  assert.deepEqual(verifyJws(huge, { types: ["at+jwt"], key: () => (asked++, EdDSA) }), {
    ok: false,
    reason: "malformed",
  });
  assert.equal(asked, 0);
});

test("J-05: the look-up is given the kid as it stands, once, and nothing that is no text", () => {
  const seen: unknown[] = [];
  for (const kid of strangeKids)
    verifyJws(craft(EdDSA, { ...header, kid }, payload), { types: ["at+jwt"], key: (name) => void seen.push(name) });
  assert.deepEqual(
    seen,
    strangeKids.filter((kid) => typeof kid === "string"),
  );
});

test("J-06: a public key inside the token is not believed, nor tolerated beside a good signature", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const jwk = publicKey.export({ format: "jwk" });
  const attacker = { ...EdDSA, privateKey };
  assert.equal(verdict(craft(attacker, { ...header, jwk }, payload)), "header");
  assert.equal(verdict(craft(attacker, { ...header, kid: undefined, jwk }, payload)), "header");
  assert.equal(verdict(craft(EdDSA, { ...header, jwk: EdDSA.publicJwk }, payload)), "header");
  assert.equal(verdict(craft(EdDSA, { ...header, jwk: null }, payload)), "header");
});

test("J-07: jku, x5u and x5c are refused, and nobody is contacted", async () => {
  const visits: string[] = [];
  const server = createServer((request, response) => {
    visits.push(request.url ?? "");
    response.end(JSON.stringify({ keys: [{ ...EdDSA.publicJwk, kid: EdDSA.kid }] }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const lures = [
      { jku: `${url}/jku` },
      { x5u: `${url}/x5u` },
      { x5c: [EdDSA.publicKey.export({ format: "der", type: "spki" }).toString("base64")] },
      { x5t: "AA", "x5t#S256": "AA" },
      { jku: `${url}/both`, kid: "unknown" },
    ];
    for (const lure of lures) assert.equal(verdict(craft(EdDSA, { ...header, ...lure }, payload)), "header");
    assert.equal(verdict(craft(EdDSA, { ...header, kid: `${url}/kid` }, payload)), "unknown_key");
    // A connection made for any of them would have come in before this one.
    await (await fetch(`${url}/after`)).text();
    assert.deepEqual(visits, ["/after"]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("J-08: crit in any form and b64 are refused", () => {
  for (const extension of [
    ...[["exp"], ["exp", "exp"], ["b64"], ["alg"], ["unknown"], [], "exp", null, {}, [1]].map((crit) => ({ crit })),
    { crit: ["b64"], b64: false },
    { crit: ["b64"], b64: true },
    { b64: false },
    { b64: true },
  ])
    assert.equal(verdict(craft(EdDSA, { ...header, ...extension }, payload)), "header", JSON.stringify(extension));
  // RFC 7797: the payload unencoded, and signed as it stands.
  const input = `${segment({ ...header, b64: false, crit: ["b64"] })}.{"sub":"bob"}`;
  const signature = sign(null, Buffer.from(input), EdDSA.privateKey).toString("base64url");
  assert.equal(verdict(`${input}.${signature}`), "header");
});

test("RFC 7515 section 4: no header member but alg, typ, kid and jtn", () => {
  assert.equal(verdict(craft(EdDSA, { jtn: "api", ...header }, payload)), "ok");
  for (const name of ["cty", "zip", "enc", "p2c", "epk", "nonce", "iss", "exp", "Alg", "kid ", "", "constructor"])
    assert.equal(verdict(craft(EdDSA, { ...header, [name]: "DEF" }, payload)), "header", name);
  assert.equal(verdict(craft(EdDSA, [header], payload)), "malformed");
  assert.equal(verdict(craft(EdDSA, '{"alg":"EdDSA","typ":"at+jwt","kid":"EdDSA-key"', payload)), "malformed");
});

test("J-10: the type is at+jwt in any case, with or without application/, and nothing else", () => {
  for (const typ of ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "APPLICATION/AT+JWT", "Application/at+JWT"])
    assert.equal(verdict(craft(EdDSA, { ...header, typ }, payload)), "ok", typ);
  // oxfmt-ignore
  const others = [
    "JWT", "jwt", "application/jwt", "rt+jwt", "dpop+jwt", "logout+jwt", "at+jwt ", " at+jwt", "at+jwt;a=b", "at jwt",
    "text/at+jwt", "application/application/at+jwt", "application//at+jwt", "/at+jwt", "at+jwts", "xat+jwt", "",
    "application/", null, true, 1, ["at+jwt"], { "at+jwt": 1 },
  ];
  for (const typ of others)
    assert.equal(verdict(craft(EdDSA, { ...header, typ }, payload)), "type_not_allowed", `typ ${JSON.stringify(typ)}`);
  const { typ: _, ...withoutType } = header;
  assert.equal(verdict(craft(EdDSA, withoutType, payload)), "type_not_allowed");
});
