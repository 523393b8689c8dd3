/**
 * Whether a password is the one behind a hash that another product made. Off this thread on both runtimes, and within
 * the bounds of core/password-hash.ts.
 */
import { pbkdf2, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

import type { PasswordHash } from "../core/password-hash.ts";
import { unreachable } from "../core/result.ts";

const deriveByPbkdf2 = promisify(pbkdf2);

const deriveByScrypt = (
  password: string,
  { salt, key, n, r, p }: Extract<PasswordHash, { kind: "scrypt" }>,
): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    // What the function itself counts: the table, the blocks and some room.
    const maxmem = 128 * r * (n + p + 2) + (1 << 20);
    scrypt(password, salt, key.length, { N: n, r, p, maxmem }, (fault, derived) => {
      // Without a fault, Node.js says null and Bun undefined.
      if (fault instanceof Error) reject(fault);
      else resolve(derived);
    });
  });

/** bcrypt looks at 72 bytes, and some programs stop at a NUL. */
const bcryptBytes = 72;

/** Loaded when the first such hash is met: most servers never do, and it is a library to start up. */
const bcrypt = () => import("@node-rs/bcrypt");

/**
 * A password of which bcrypt would see a part only is never right: otherwise all that begin with it would be (L-09).
 * It is not compared, which tells nobody anything but the length of what was sent.
 */
const fitsBcrypt = (password: string): boolean =>
  !password.includes("\0") && new TextEncoder().encode(password).length <= bcryptBytes;

export async function verifyForeign(
  text: string,
  hash: Exclude<PasswordHash, { kind: "argon2" }>,
  password: string,
): Promise<boolean> {
  switch (hash.kind) {
    case "bcrypt":
      return fitsBcrypt(password) && (await bcrypt()).verify(password, text);
    case "scrypt":
      return timingSafeEqual(await deriveByScrypt(password, hash), hash.key);
    case "pbkdf2":
      return timingSafeEqual(
        await deriveByPbkdf2(password, hash.salt, hash.iterations, hash.key.length, hash.digest),
        hash.key,
      );
    default:
      return unreachable(hash);
  }
}
