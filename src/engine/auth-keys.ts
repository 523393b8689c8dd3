/**
 * One's own authentication key. Whoever sets one can sign in ever after, so an access token is not enough for it: it
 * takes a sign-in by password of a moment ago (RFC 9470, ASVS 7.5.1).
 */
import type { AuthKeyFault, AuthKeyRecord } from "../core/auth-key.ts";
import { granted, refused, type Outcome } from "../core/result.ts";
import type { Circumstances } from "./circumstances.ts";
import { refusalOf } from "./done.ts";
import { onSession, type Principal } from "./introspect.ts";
import type { AuthKeys, Clock, Store } from "./ports.ts";
import { recentSession } from "./recent-session.ts";

export interface AuthKeysDeps {
  readonly store: Pick<Store, "findAuthKey" | "setAuthKey" | "deleteAuthKey">;
  readonly authKeys: Pick<AuthKeys, "read">;
  readonly clock: Clock;
}

const advice = {
  private:
    "public_key: this is a private key. Nothing was stored. It has left your hands, so make a new pair, and send the public half of that one.",
  several: "public_key: there is more than one key. Send one.",
  unknown_type:
    "public_key: only RSA keys can sign in, as `ssh-rsa ...` or as PEM; certificates and other keys cannot.",
  unreadable: "public_key: this is no public key in OpenSSH's form (one line) or in PEM.",
  modulus: "public_key: the modulus must be odd and have 2,048 to 8,192 bits. Do: ssh-keygen -t rsa -b 3072",
  exponent: "public_key: the exponent must be odd and from 65,537 to 2^32. Do: ssh-keygen -t rsa -b 3072",
  factorable: "public_key: this key can be broken: its modulus has a weakness that is known. Make another pair.",
} as const satisfies Record<AuthKeyFault, string>;

const usedBefore =
  "public_key: this key was in use before and was replaced or deleted, so it is not taken again. Make another pair.";

export async function ownAuthKey(
  { store }: Pick<AuthKeysDeps, "store">,
  { holder }: Principal,
): Promise<Outcome<AuthKeyRecord>> {
  const found = await store.findAuthKey(holder.subject);
  return found === undefined ? refused("not_found") : granted(found);
}

/** Refuses with `reauthentication_needed`, `invalid_request` (saying what is wrong with the key) or `invalid_token`. */
export async function setAuthKey(
  { store, authKeys, clock }: AuthKeysDeps,
  caller: Principal,
  publicKey: string,
  from: Circumstances,
): Promise<Outcome<AuthKeyRecord>> {
  const now = clock.now();
  const session = recentSession(caller, now);
  if (session === undefined) return refused("reauthentication_needed");
  const key = await authKeys.read(publicKey);
  if (!key.ok) return refused("invalid_request", advice[key.reason]);
  const { subject } = caller.holder;
  const done = await store.setAuthKey({ subject, key: key.value, by: onSession(session, from), now });
  if (done.kind === "wrong-state") return refused("invalid_request", usedBefore);
  return done.kind === "done" ? granted(done.authKey) : refusalOf(done.kind);
}

/** Refuses with `reauthentication_needed`, `not_found` or `invalid_token`. */
export async function deleteAuthKey(
  { store, clock }: AuthKeysDeps,
  caller: Principal,
  from: Circumstances,
): Promise<Outcome<true>> {
  const now = clock.now();
  const session = recentSession(caller, now);
  if (session === undefined) return refused("reauthentication_needed");
  const done = await store.deleteAuthKey({ subject: caller.holder.subject, by: onSession(session, from), now });
  return done.kind === "done" ? granted(true) : refusalOf(done.kind);
}
