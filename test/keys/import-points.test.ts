/** Public keys from outside that are points of a curve: RFC 8032 section 5.1.3, RFC 7518 section 6.2.1, SP 800-186. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { importPublicJwk, type KeyRefusal } from "../../src/keys/import.ts";
import { bytesOf, craft, headerFor, numberOf, verdict } from "./craft.ts";
import { encode, littleEndian, multiply, base, nonCanonical, order, scalarOf, smallOrderEncodings } from "./edwards.ts";
import { fixedKeys } from "./fixed-keys.ts";
import { firstPoint, n, p, publicJwkOf } from "./weierstrass.ts";

const { EdDSA, ES256 } = fixedKeys;

function outcome(jwk: Readonly<Record<string, unknown>>): KeyRefusal | "ok" {
  const imported = importPublicJwk(jwk);
  return imported.ok ? "ok" : imported.reason;
}

const ed25519 = (x: unknown): KeyRefusal | "ok" =>
  outcome({ kty: "OKP", crv: "Ed25519", x: x instanceof Uint8Array ? Buffer.from(x).toString("base64url") : x });

test("Runtime S1, J-17: every encoding of a point of small order is refused, since Bun verifies forgeries under it", () => {
  assert.equal(smallOrderEncodings.length, 14);
  for (const encoding of smallOrderEncodings) assert.equal(ed25519(encoding), "small_order", encoding.toHex());
});

test("J-17: a y that is not canonical is refused, the last canonical one is not taken for one", () => {
  assert.equal(nonCanonical.length, 38);
  for (const encoding of nonCanonical)
    assert.match(ed25519(encoding), /^(?:small_order|coordinate)$/, encoding.toHex());
  for (const below of [2n, 3n, 4n, 5n, 20n, 256n])
    for (const sign of [0n, 2n ** 255n])
      assert.notEqual(ed25519(littleEndian(2n ** 255n - 19n - below + sign)), "coordinate", `p - ${below}`);
  // The same bytes as those of p, but for one in the middle or at the end.
  for (const at of [1, 15, 30]) {
    const encoding = Buffer.from(nonCanonical[4]!);
    encoding[at] = 0xfe;
    assert.notEqual(ed25519(encoding), "coordinate", `byte ${at}`);
  }
});

test("RFC 8032 section 5.1.5: keys of ordinary points are accepted, the base point and its last multiple among them", () => {
  for (const factor of [1n, 2n, 8n, order - 1n, scalarOf(Buffer.alloc(32, 7))])
    assert.equal(ed25519(encode(multiply(base, factor))), "ok", `${factor}`);
});

test("J-17: an Ed25519 key that is no point verifies nothing, if a runtime lets it in at all", () => {
  let tried = 0;
  for (let y = 2n; y < 40n; y++) {
    const imported = importPublicJwk({
      kty: "OKP",
      crv: "Ed25519",
      x: littleEndian(y).toString("base64url"),
    });
    if (!imported.ok) continue;
    tried++;
    const key = { ...EdDSA, publicKey: imported.publicKey };
    assert.equal(verdict(craft(EdDSA, headerFor(EdDSA), { y: Number(y) }), [key]), "bad_signature");
  }
  assert.ok(tried > 0);
});

test("RFC 8037 section 2: an Ed25519 key has 32 bytes in canonical base64url", () => {
  const x = EdDSA.publicJwk["x"]!;
  const bytes = Buffer.from(x, "base64url");
  for (const length of [0, 1, 31, 33, 57, 64]) {
    const wrong = Buffer.concat([bytes, bytes]).subarray(0, length);
    assert.equal(ed25519(wrong), "coordinate", `${length} bytes`);
  }
  // oxfmt-ignore
  const misspelt = [`${x}=`, `${x}\n`, ` ${x}`, x.replace(/.$/, "p"), bytes.toString("hex"), bytes.toString("base64"), "", null, 1, [x], undefined];
  for (const value of misspelt) assert.equal(ed25519(value), "coordinate", JSON.stringify(value));
});

const p256 = (x: bigint, y: bigint): KeyRefusal | "ok" => outcome(publicJwkOf({ x, y }));

test("RFC 7518 section 6.2.1: a P-256 point that is not on the curve is refused", () => {
  const { x, y } = publicNumbers();
  assert.equal(p256(x, y), "ok");
  assert.equal(p256(x, p - y), "ok");
  // oxfmt-ignore
  const off = [[x, y + 1n], [x + 1n, y], [y, x], [x, x], [0n, 0n], [0n, 1n], [1n, 1n], [x, 0n], [x, n - y]] as const;
  for (const [first, second] of off) assert.equal(p256(first, second), "unreadable", `${first} ${second}`);
  // A point of the curve with b = 0, where discrete logarithms of small order give a key away.
  assert.equal(p256(0n, 0n), "unreadable");
});

test("RFC 7518 section 6.2.1: a coordinate beyond the field is refused, though it means a point of the curve", () => {
  const { x, y } = firstPoint(5n);
  assert.equal(p256(x, y), "ok");
  assert.equal(p256(x + p, y), "unreadable");
  assert.equal(p256(p, y), "unreadable");
  assert.equal(p256(2n ** 256n - 1n, y), "unreadable");
  assert.equal(p256(x, 2n ** 256n - 1n), "unreadable");
});

test("RFC 7518 section 6.2.1.2: a coordinate has 32 bytes, leading zeros included and none more", () => {
  const { x, y } = firstPoint(5n);
  const full = publicJwkOf({ x, y });
  const written = (value: bigint, length: number): string => bytesOf(value, length).toString("base64url");
  for (const length of [1, 31, 33, 64]) {
    assert.equal(outcome({ ...full, x: written(x, length) }), "coordinate", `x in ${length} bytes`);
    if (length > 32) assert.equal(outcome({ ...full, y: written(y, length) }), "coordinate", `y in ${length} bytes`);
  }
  const short = Buffer.from(full.y, "base64url").subarray(1).toString("base64url");
  for (const wrong of ["", undefined, null, 1, [full.y], `${full.y}=`, `${full.y} `, short])
    assert.equal(outcome({ ...full, y: wrong }), "coordinate", JSON.stringify(wrong));
  const { y: _, ...withoutY } = full;
  assert.equal(outcome(withoutY), "coordinate");
  // SEC 1: both coordinates, or one and a sign, in a single text.
  const both = Buffer.concat([Buffer.of(4), bytesOf(x, 32), bytesOf(y, 32)]).toString("base64url");
  assert.equal(outcome({ ...full, x: both }), "coordinate");
  assert.equal(
    outcome({ ...withoutY, x: Buffer.concat([Buffer.of(2), bytesOf(x, 32)]).toString("base64url") }),
    "coordinate",
  );
});

function publicNumbers(): { x: bigint; y: bigint } {
  const { x, y } = ES256.publicJwk;
  return { x: numberOf(Buffer.from(x!, "base64url")), y: numberOf(Buffer.from(y!, "base64url")) };
}
