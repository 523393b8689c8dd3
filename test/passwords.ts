/**
 * Passwords for tests that are about something else. Real hashes and real comparisons, but each of them once: a hash takes
 * as long as a hundred other steps of a test.
 */
import { createHash, randomBytes } from "node:crypto";

import type { Secret } from "../src/core/secret.ts";
import type { Passwords } from "../src/engine/ports.ts";
import { passwords } from "../src/identity/passwords.ts";

/** What came of a comparison, by a digest of what was compared; the answer never changes. */
const compared = new Map<string, boolean>();

const pairOf = (stored: string | null, password: Secret): string =>
  createHash("sha256")
    .update(JSON.stringify([stored, password.reveal()]))
    .digest("base64");

/** Answers as `real` does, which is asked once. */
export const remembering = <P extends Passwords>(real: P): P => ({
  ...real,
  verify: async (stored, password, signal) => {
    const pair = pairOf(stored, password);
    const known = compared.get(pair);
    if (known !== undefined) return known;
    const answer = await real.verify(stored, password, signal);
    if (answer !== undefined) compared.set(pair, answer);
    return answer;
  },
});

const real = passwords(randomBytes);
const hashes = new Map<string, Promise<string | undefined>>();

/** The people of a test share the hash of their password: nobody compares theirs. */
export const sharing: Passwords = {
  ...remembering(real),
  hash: async (password) => {
    const known = hashes.get(password.reveal()) ?? real.hash(password);
    hashes.set(password.reveal(), known);
    const made = await known;
    if (made !== undefined) compared.set(pairOf(made, password), true);
    return made;
  },
};
