/**
 * Keys and signatures of nobody, to be verified where there is nothing to verify with, so that it takes as long
 * (THREATS R-11). Nothing that verifies under them is ever believed: whoever found their private halves would sign for
 * nobody.
 */
import { createHash } from "node:crypto";

import type { PublicNumbers } from "./public-numbers.ts";

/** An odd number of so many bytes whose factors nobody knows. */
function rsaDecoy(size: number): PublicNumbers {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, at) =>
    createHash("sha256").update(`jeton decoy ${size} ${at}`).digest(),
  );
  const n = Buffer.concat(blocks).subarray(0, size);
  n[0]! |= 0x80;
  n[size - 1]! |= 1;
  return { type: "RSA", n, e: Uint8Array.of(1, 0, 1) };
}

/** x is the SHA-256 of "jeton decoy P-256 3": the first in the row that belongs to a point. */
const p256Decoy: PublicNumbers = {
  type: "P-256",
  x: Buffer.from("2a58e59f8fd953418a8bb73ee15163fa9a593f98a2106067bd1a6d223c0421f4", "hex"),
  y: Buffer.from("5062dbdcc95fc46411763965cbbae197dd5c0dd6957a2faa2cea387b8df8f76d", "hex"),
};

/** The SHA-256 of "jeton decoy Ed25519 0", less its highest bit. */
const ed25519Decoy: PublicNumbers = {
  type: "Ed25519",
  x: Buffer.from("fbc6b40207c6812743f0f9c5916d70fdc39501b89100aa9c81cf842fc80eb656", "hex"),
};

/** `size` counts the bytes of the modulus, and for the curves nothing. */
export function openDecoys(): (type: PublicNumbers["type"], size: number) => PublicNumbers {
  const made = new Map<number, PublicNumbers>();
  return (type, size) => {
    if (type !== "RSA") return type === "P-256" ? p256Decoy : ed25519Decoy;
    const decoy = made.get(size) ?? rsaDecoy(size);
    made.set(size, decoy);
    return decoy;
  };
}

/** Below every modulus and every order, and of full size. */
export function constantOf(type: PublicNumbers["type"], size: number): Uint8Array {
  const bytes = new Uint8Array(type === "RSA" ? size : 64).fill(0x55);
  // The last byte of S is the highest, and the order of Ed25519 a little above 2^252.
  if (type === "Ed25519") bytes[63] = 5;
  return bytes;
}
