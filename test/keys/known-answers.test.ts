/** The worked examples of the RFCs: what is published as a signature is what we make, and what jose and we accept. */
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { compactVerify, importJWK } from "jose";

import { importPublicJwk } from "../../src/keys/import.ts";
import { signJws } from "../../src/keys/jws.ts";
import { verdict } from "./craft.ts";
import { fixedKeys, type FixedKey } from "./fixed-keys.ts";

const joe = '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}';
const joeSegment = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const examples = {
  "RFC 8037 appendix A.4": {
    key: fixedKeys.EdDSA,
    header: "eyJhbGciOiJFZERTQSJ9",
    payload: "Example of Ed25519 signing",
    segment: "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
    signature: "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
  },
  "RFC 7515 appendix A.3": {
    key: fixedKeys.ES256,
    header: "eyJhbGciOiJFUzI1NiJ9",
    payload: joe,
    segment: joeSegment,
    signature: "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
  },
  "RFC 7515 appendix A.2": {
    key: fixedKeys.RS256,
    header: "eyJhbGciOiJSUzI1NiJ9",
    payload: joe,
    segment: joeSegment,
    signature:
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU" +
      "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d" +
      "O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig" +
      "cN_IoypGlUPQGe77Rw",
  },
} as const;

/** As jose sees it, with the published key. */
async function joseReads(key: FixedKey, token: string): Promise<string> {
  const { payload } = await compactVerify(token, await importJWK({ ...key.publicJwk, alg: key.alg }));
  return new TextDecoder().decode(payload);
}

for (const [title, { key, header, payload, segment, signature }] of Object.entries(examples)) {
  const published = `${header}.${segment}.${signature}`;

  test(`${title}: signJws makes a token that is, or verifies as, the published one`, async () => {
    const made = signJws(header, payload, key);
    assert.equal(made.slice(0, made.lastIndexOf(".")), `${header}.${segment}`);
    // ECDSA draws a nonce; the others have one answer.
    if (key.alg !== "ES256") assert.equal(made, published);
    assert.equal(await joseReads(key, made), payload);
    assert.equal(await joseReads(key, published), payload);
  });

  test(`${title}: the published key can be imported, and the published signature is good under it`, () => {
    const imported = importPublicJwk(key.publicJwk);
    assert.ok(imported.ok);
    assert.equal(imported.alg, key.alg);
    assert.deepEqual(
      imported.publicKey.export({ format: "jwk" }),
      createPublicKey(key.privateKey).export({ format: "jwk" }),
    );
    const input = Buffer.from(`${header}.${segment}`);
    const under =
      key.alg === "ES256" ? ({ key: imported.publicKey, dsaEncoding: "ieee-p1363" } as const) : imported.publicKey;
    const digest = key.alg === "EdDSA" ? null : "sha256";
    assert.equal(verify(digest, input, under, Buffer.from(signature, "base64url")), true);
  });

  test(`${title}: verifyJws refuses the published token, because it does not say what kind of token it is`, () => {
    assert.equal(verdict(published), "type_not_allowed");
  });
}
