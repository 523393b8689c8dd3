/** The private keys of a test's own authority, opened as the authority opens them: to sign what it never would. */
import { createPrivateKey } from "node:crypto";

import type { KeyStore } from "../../src/engine/ports.ts";
import type { SigningMaterial } from "../../src/keys/jws.ts";
import { unseal } from "../../src/keys/seal.ts";

/** In the order of their activation. */
export async function signersOf(store: KeyStore, master: Uint8Array): Promise<readonly SigningMaterial[]> {
  const { signing } = await store.loadKeys();
  return signing
    .toSorted((a, b) => a.activeAt - b.activeAt)
    .map(({ kid, sealed }) => {
      const key = Buffer.from(unseal(master, `signing-key ${kid}`, sealed));
      return { kid, alg: "EdDSA", privateKey: createPrivateKey({ key, format: "der", type: "pkcs8" }) };
    });
}
