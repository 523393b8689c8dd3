/** The private keys of a test's own authority, opened as the authority opens them: to sign what it never would. */
import { createPrivateKey } from "node:crypto";

import type { KeyStore } from "../../src/engine/key-store.ts";
import type { SigningMaterial } from "../../src/keys/jws.ts";
import type { KeyPurpose } from "../../src/keys/keyring.ts";
import { unseal } from "../../src/keys/seal.ts";

/** Those of one ring, in the order of their activation. */
export async function signersOf(
  store: KeyStore,
  master: Uint8Array,
  ring: KeyPurpose = "access",
): Promise<readonly SigningMaterial[]> {
  const { signing } = await store.loadKeys();
  return signing
    .filter(({ purpose }) => purpose === ring)
    .toSorted((a, b) => a.activeAt - b.activeAt)
    .map(({ kid, sealed }) => {
      const key = Buffer.from(unseal(master, `${ring === "access" ? "" : "api-"}signing-key ${kid}`, sealed));
      return { kid, alg: "EdDSA", privateKey: createPrivateKey({ key, format: "der", type: "pkcs8" }) };
    });
}
