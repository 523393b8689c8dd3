/** Fermat's factorisation, as it is tried on a key that somebody sets. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { isFactoredByFermat } from "../../src/keys/fermat.ts";
import { newPair } from "./rsa-pairs.ts";

/** (a - b)(a + b), whose root is `far` below a, rounded: b² is 2a(far - ½). */
function productAt(far: bigint): bigint {
  const a = 3n ** 700n;
  let b = 0n;
  for (let bit = 1n << 1200n; bit > 0n; bit >>= 1n) if ((b + bit) ** 2n <= a * (2n * far - 1n)) b += bit;
  return (a - b) * (a + b);
}

test("R-05: what the first hundred steps from the root find is found, and what lies beyond is not", () => {
  for (const square of [1n, 9n, 65_537n ** 2n, (3n ** 700n) ** 2n]) assert.equal(isFactoredByFermat(square), true);
  for (const far of [1n, 2n, 50n, 100n]) assert.equal(isFactoredByFermat(productAt(far)), true, String(far));
  for (const far of [101n, 200n, 10_000n]) assert.equal(isFactoredByFermat(productAt(far)), false, String(far));
});

test("R-05: a key as programs make it is not factored", () => {
  for (const bits of [2048, 3072]) {
    const { n } = newPair(bits).privateKey.export({ format: "jwk" });
    assert.equal(isFactoredByFermat(BigInt(`0x${Buffer.from(String(n), "base64url").toString("hex")}`)), false);
  }
});
